//! Conversions.

use super::Binder;
use super::name::Operand;
use super::tree::{Call, Conversion, Node, NodeKind};
use crate::expr::syntax::Span;
use crate::expr::types::{Method, Ty, TypeId, is_reference_conversion, is_subtype, table};
use crate::expr::value::Value;

/// An implicit conversion that exists.
#[derive(Clone, Debug)]
pub(super) enum Implicit {
    /// The value stays as it is: identity, reference, boxing, null, `T` to `T?`.
    Same,
    /// A number changes its representation; for nullables too.
    Number,
    User(&'static Method),
}

/// Whether an implicit numeric conversion exists.
pub(super) fn widens(from: TypeId, to: TypeId) -> bool {
    use TypeId::*;
    match from {
        SByte => matches!(to, Int16 | Int32 | Int64 | Single | Double | Decimal),
        Byte => matches!(to, Int16 | UInt16 | Int32 | UInt32 | Int64 | UInt64 | Single | Double | Decimal),
        Int16 => matches!(to, Int32 | Int64 | Single | Double | Decimal),
        UInt16 => matches!(to, Int32 | UInt32 | Int64 | UInt64 | Single | Double | Decimal),
        Int32 => matches!(to, Int64 | Single | Double | Decimal),
        UInt32 => matches!(to, Int64 | UInt64 | Single | Double | Decimal),
        Int64 | UInt64 => matches!(to, Single | Double | Decimal),
        Char => matches!(to, UInt16 | Int32 | UInt32 | Int64 | UInt64 | Single | Double | Decimal),
        Single => matches!(to, Double),
        _ => false,
    }
}

/// Whether a constant int or long fits an integral type.
fn constant_fits(value: &Value, to: TypeId) -> bool {
    use TypeId::*;
    let v = match value {
        Value::Int(v) => i128::from(*v),
        Value::Long(v) if to == UInt64 => i128::from(*v),
        _ => return false,
    };
    match to {
        SByte => i8::try_from(v).is_ok(),
        Byte => u8::try_from(v).is_ok(),
        Int16 => i16::try_from(v).is_ok(),
        UInt16 => u16::try_from(v).is_ok(),
        UInt32 => u32::try_from(v).is_ok(),
        UInt64 => u64::try_from(v).is_ok(),
        _ => false,
    }
}

/// The implicit conversion between two types, for a constant when it is one.
pub(super) fn implicit(from: &Ty, constant: Option<&Value>, to: &Ty) -> Option<Implicit> {
    if from == to || from.is_error() || to.is_error() {
        return Some(Implicit::Same);
    }
    if matches!(from, Ty::Void) || matches!(to, Ty::Void | Ty::Null) {
        return None;
    }
    if matches!(from, Ty::Null) {
        return (to.is_reference() || matches!(to, Ty::Nullable(_))).then_some(Implicit::Same);
    }
    if let (Some(a), Some(b)) = (from.id(), to.id()) {
        if widens(a, b) {
            return Some(Implicit::Number);
        }
        if let Some(value) = constant {
            if constant_fits(value, b) {
                return Some(Implicit::Number);
            }
            if to.is_enum() && matches!(value, Value::Int(0)) {
                return Some(Implicit::Number);
            }
        }
    }
    if let Ty::Nullable(inner) = to {
        let source = from.underlying();
        let constant = constant.filter(|_| !matches!(from, Ty::Nullable(_)));
        if source == &**inner {
            return Some(Implicit::Same);
        }
        match implicit(source, constant, inner) {
            Some(Implicit::Number) => return Some(Implicit::Number),
            Some(Implicit::User(method)) if from == source => return Some(Implicit::User(method)),
            _ => {}
        }
    }
    if matches!(from, Ty::Nullable(_)) {
        let boxed = is_subtype(from.underlying(), to) && to.is_reference();
        return boxed.then_some(Implicit::Same);
    }
    if to.is_reference() && is_subtype(from, to) {
        return Some(Implicit::Same);
    }
    if from.is_reference() && to.is_reference() && is_reference_conversion(from, to) {
        return Some(Implicit::Same);
    }
    user_conversion(from, to, true).map(Implicit::User)
}

/// A conversion operator of either type.
fn user_conversion(from: &Ty, to: &Ty, implicit_only: bool) -> Option<&'static Method> {
    if from.is_interface() || to.is_interface() || *from == Ty::Object || *to == Ty::Object {
        return None;
    }
    let mut found: Option<(&'static Method, u8)> = None;
    let target = to.underlying();
    let mut owners = Vec::new();
    for ty in [from.underlying(), target] {
        let mut next = ty.id();
        while let Some(id) = next {
            if id == TypeId::Object {
                break;
            }
            owners.push(id);
            next = table().info(id).base.as_ref().and_then(Ty::id);
        }
    }
    for id in owners {
        for (is_implicit, method) in &table().info(id).conversions {
            if implicit_only && !is_implicit {
                continue;
            }
            let Some(parameter) = method.params.first() else { continue };
            let takes = *from == parameter.ty || (from.is_reference() && is_subtype(from, &parameter.ty));
            let number_takes = !takes && standard_number(from, &parameter.ty);
            let narrow_takes = !takes && !implicit_only && is_subtype(&parameter.ty, from) && from.is_reference();
            let gives = method.ty == *to || method.ty == *target;
            let base_gives = !gives && method.ty.is_reference() && is_subtype(&method.ty, to);
            let derived_gives = !gives && !implicit_only && method.ty.is_reference() && is_subtype(to, &method.ty);
            let number_gives = !gives
                && match (method.ty.underlying().id(), target.id()) {
                    (Some(a), Some(b)) => {
                        widens(a, b)
                            || (!implicit_only && a != b && method.ty.underlying().is_numeric() && target.is_numeric())
                    }
                    _ => false,
                };
            let takes_rank = if takes {
                0
            } else if number_takes {
                2
            } else if narrow_takes {
                4
            } else {
                continue;
            };
            let gives_rank = if method.ty == *to {
                0
            } else if gives {
                1
            } else if base_gives || derived_gives {
                2
            } else if number_gives {
                8
            } else {
                continue;
            };
            let rank = takes_rank * 4 + gives_rank + u8::from(!is_implicit);
            if found.is_none_or(|(_, r)| rank < r) {
                found = Some((method, rank));
            }
        }
    }
    found.map(|(method, _)| method)
}

fn standard_number(from: &Ty, to: &Ty) -> bool {
    matches!((from.id(), to.id()), (Some(a), Some(b)) if widens(a, b))
}

impl<'t> Binder<'t> {
    /// Whether a bound expression converts implicitly.
    pub(super) fn converts(&self, node: &Node, to: &Ty) -> bool {
        implicit(&node.ty, node.as_const(), to).is_some()
    }

    /// Converts implicitly, or says that it cannot be done.
    pub(super) fn convert(&mut self, node: Node, to: &Ty) -> Node {
        match implicit(&node.ty, node.as_const(), to) {
            Some(conversion) => self.apply(node, to, &conversion),
            None => {
                let span = node.span;
                self.conversion_error(&node, to);
                Node::new(to.clone(), span, NodeKind::Error)
            }
        }
    }

    fn conversion_error(&mut self, node: &Node, to: &Ty) {
        let span = node.span;
        let (from, target) = (node.ty.short(), to.short());
        if matches!(node.ty, Ty::Null) {
            let message = format!("Cannot convert null to '{target}' because it is a non-nullable value type");
            return self.error(span, "CS0037", message);
        }
        if let Some(value) = node.as_const() {
            if node.ty == Ty::Int && to.is_integral() && *to != Ty::Char {
                let text = constant_text(value);
                return self.error(
                    span,
                    "CS0031",
                    format!("Constant value '{text}' cannot be converted to a '{target}'"),
                );
            }
            if node.ty == Ty::Double && matches!(*to, Ty::Float | Ty::Decimal) {
                let suffix = if *to == Ty::Float { 'F' } else { 'M' };
                let message = format!(
                    "Literal of type double cannot be implicitly converted to type '{target}'; use an '{suffix}' suffix to create a literal of this type"
                );
                return self.error(span, "CS0664", message);
            }
        }
        if self.has_explicit(&node.ty, to) {
            let message = format!(
                "Cannot implicitly convert type '{from}' to '{target}'. An explicit conversion exists (are you missing a cast?)"
            );
            self.error(span, "CS0266", message);
        } else {
            self.error(span, "CS0029", format!("Cannot implicitly convert type '{from}' to '{target}'"));
        }
    }

    /// Applies an implicit conversion.
    pub(super) fn apply(&mut self, node: Node, to: &Ty, conversion: &Implicit) -> Node {
        let span = node.span;
        if node.ty == *to {
            return node;
        }
        match conversion {
            Implicit::Same => {
                let kind = match node.kind {
                    NodeKind::Const(value) => NodeKind::Const(value),
                    NodeKind::Error => NodeKind::Error,
                    kind => NodeKind::Convert(Conversion::Same, Box::new(Node::new(node.ty, span, kind))),
                };
                Node::new(to.clone(), span, kind)
            }
            Implicit::Number => match (node.ty.underlying().id(), to.underlying().id()) {
                (Some(from), Some(into)) => self.number(node, from, into, to.clone(), false),
                _ => node,
            },
            Implicit::User(method) => self.user_call(node, method, to),
        }
    }

    /// Converts between numeric types; a null of a nullable stays null.
    pub(super) fn number(&mut self, node: Node, from: TypeId, into: TypeId, to: Ty, checked: bool) -> Node {
        let span = node.span;
        if let Some(value) = node.as_const() {
            match super::constant::convert(value, into, checked) {
                Some(Ok(folded)) => return Node::constant(to, span, folded),
                Some(Err(())) => {
                    let (text, target) = (constant_text(value), Ty::Named(into).short());
                    let message = format!(
                        "Constant value '{text}' cannot be converted to a '{target}' (use 'unchecked' syntax to override)"
                    );
                    return self.error_node(span, "CS0221", message);
                }
                None => {}
            }
        }
        Node::new(to, span, NodeKind::Convert(Conversion::Number { from, to: into, checked }, node.boxed()))
    }

    /// Calls a conversion operator, with the standard conversions around it.
    fn user_call(&mut self, node: Node, method: &'static Method, to: &Ty) -> Node {
        let span = node.span;
        let parameter = method.params.first().map_or(Ty::Error, |p| p.ty.clone());
        let argument = match self.explicit_standard(node, &parameter) {
            Ok(argument) => argument,
            Err(node) => node,
        };
        let call = Call { method, type_args: [].into(), args: vec![argument], refs: Vec::new(), order: None };
        let result = Node::new(method.ty.clone(), span, NodeKind::Call(Box::new(call)));
        if result.ty == *to {
            return result;
        }
        match self.explicit_standard(result, to) {
            Ok(node) | Err(node) => node,
        }
    }

    fn has_explicit(&self, from: &Ty, to: &Ty) -> bool {
        let (a, b) = (from.underlying(), to.underlying());
        let numeric = |t: &Ty| t.is_numeric() || t.is_enum();
        (numeric(a) && numeric(b))
            || (from.is_reference() && to.is_value_type() && is_subtype(b, from))
            || (from.is_reference() && to.is_reference() && reference_cast(from, to))
            || (matches!(from, Ty::Nullable(_)) && a == b)
            || user_conversion(from, to, false).is_some()
    }

    /// Explicit conversions without user-defined ones.
    fn explicit_standard(&mut self, node: Node, to: &Ty) -> Result<Node, Node> {
        if let Some(conversion @ (Implicit::Same | Implicit::Number)) = implicit(&node.ty, node.as_const(), to) {
            return Ok(self.apply(node, to, &conversion));
        }
        let span = node.span;
        let (from, target) = (node.ty.clone(), to.clone());
        let numeric = |t: &Ty| t.is_numeric() || t.is_enum();
        if numeric(from.underlying())
            && numeric(target.underlying())
            && let (Some(a), Some(b)) = (from.underlying().id(), target.underlying().id())
        {
            if matches!(from, Ty::Nullable(_)) && !matches!(target, Ty::Nullable(_)) {
                let inner = from.underlying().clone();
                let inner = Node::new(inner, span, NodeKind::Convert(Conversion::Unwrap, node.boxed()));
                return Ok(if a == b { inner } else { self.number(inner, a, b, target, self.checked) });
            }
            let checked = self.checked || node.as_const().is_some_and(|_| !self.explicitly_unchecked);
            return Ok(self.number(node, a, b, target, checked));
        }
        if matches!(from, Ty::Nullable(_)) && from.underlying() == &target {
            return Ok(Node::new(target, span, NodeKind::Convert(Conversion::Unwrap, node.boxed())));
        }
        if from.is_reference() && target.is_value_type() && is_subtype(target.underlying(), &from) {
            return Ok(Node::new(target.clone(), span, NodeKind::Convert(Conversion::Unbox(target), node.boxed())));
        }
        if from.is_reference() && target.is_reference() && reference_cast(&from, &target) {
            return Ok(Node::new(target.clone(), span, NodeKind::Convert(Conversion::Reference(target), node.boxed())));
        }
        Err(node)
    }

    /// `(T)x`
    pub(super) fn cast(&mut self, node: Node, to: &Ty, span: Span) -> Node {
        if node.ty.is_error() || to.is_error() {
            return Node::new(to.clone(), span, NodeKind::Error);
        }
        let mut node = match self.explicit_standard(node, to) {
            Ok(mut done) => {
                done.span = span;
                return done;
            }
            Err(node) => node,
        };
        if let Some(method) = user_conversion(&node.ty, to, false) {
            node.span = span;
            return self.user_call(node, method, to);
        }
        if node.ty == Ty::Null {
            let message = format!("Cannot convert null to '{}' because it is a non-nullable value type", to.short());
            return self.error_node(span, "CS0037", message);
        }
        let message = format!("Cannot convert type '{}' to '{}'", node.ty.short(), to.short());
        self.error_node(span, "CS0030", message)
    }

    /// Whether `as T` can be asked of a type at all.
    pub(super) fn can_be(&self, from: &Ty, to: &Ty) -> bool {
        if from.is_error() || to.is_error() || implicit(from, None, to).is_some_and(|i| matches!(i, Implicit::Same)) {
            return true;
        }
        (from.is_reference() && is_subtype(to.underlying(), from)) || (from.is_reference() && reference_cast(from, to))
    }

    /// Converts any operand, lambdas and method groups included.
    pub(super) fn convert_operand(&mut self, operand: Operand<'t>, to: &Ty, span: Span) -> Node {
        match operand {
            Operand::Lambda(lambda, span) => self.convert_lambda(lambda, to, span),
            Operand::Group(group) => self.convert_group(group, to),
            other => {
                let node = self.value(other, span);
                if node.ty == Ty::Void && *to != Ty::Void {
                    return self.error_node(
                        span,
                        "CS0029",
                        format!("Cannot implicitly convert type 'void' to '{}'", to.short()),
                    );
                }
                self.convert(node, to)
            }
        }
    }
}

/// Whether a cast between reference types can succeed at run time.
fn reference_cast(from: &Ty, to: &Ty) -> bool {
    if is_subtype(from, to) || is_subtype(to, from) {
        return true;
    }
    let open = |t: &Ty| t.is_interface();
    let sealed = |t: &Ty| matches!(t.id(), Some(TypeId::String)) || matches!(t, Ty::Array(..));
    match (from, to) {
        (Ty::Array(a, r), Ty::Array(b, s)) => r == s && a.is_reference() && b.is_reference() && reference_cast(a, b),
        (Ty::Anonymous(_), _) | (_, Ty::Anonymous(_)) => false,
        _ if from.is_delegate() || to.is_delegate() => false,
        _ => {
            (open(from) && !sealed(to))
                || (open(to) && !sealed(from))
                || (open(from) && open(to))
                || array_interface(from, to)
        }
    }
}

/// An array against an interface of arrays whose item may vary.
fn array_interface(from: &Ty, to: &Ty) -> bool {
    match (from, to) {
        (other, Ty::Array(..)) if other.is_interface() => matches!(
            other.id(),
            Some(
                TypeId::IEnumerable
                    | TypeId::IList
                    | TypeId::ICollection
                    | TypeId::IReadOnlyList
                    | TypeId::IReadOnlyCollection
                    | TypeId::PlainIEnumerable
            )
        ),
        (Ty::Array(..), other) if other.is_interface() => array_interface(other, from),
        _ => false,
    }
}

/// A constant as a message shows it.
pub(super) fn constant_text(value: &Value) -> String {
    match value {
        Value::Double(v) => v.to_string(),
        Value::Float(v) => v.to_string(),
        Value::Decimal(v) => v.to_string(),
        Value::Bool(v) => v.to_string(),
        Value::Str(text) => format!("\"{text}\""),
        other => other.integral().map_or_else(String::new, |v| v.to_string()),
    }
}
