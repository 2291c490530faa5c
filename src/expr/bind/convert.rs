//! Conversions.

use super::Binder;
use super::implicit::Implicit;
use super::implicit::implicit;
use super::name::Operand;
use super::tree::{Call, Conversion, Node, NodeKind};
use crate::expr::syntax::Span;
use crate::expr::types::{Method, Ty, TypeId};
use crate::expr::value::Value;

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

    pub(super) fn conversion_error(&mut self, node: &Node, to: &Ty) {
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
    pub(super) fn user_call(&mut self, node: Node, method: &'static Method, to: &Ty) -> Node {
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
