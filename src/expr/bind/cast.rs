//! Explicit conversions.

use super::Binder;
use super::implicit::{Implicit, implicit, standard, user_conversion};
use super::tree::{Conversion, Node, NodeKind};
use crate::expr::syntax::Span;
use crate::expr::types::{Ty, TypeId, is_subtype};

impl<'t> Binder<'t> {
    pub(super) fn has_explicit(&self, from: &Ty, to: &Ty) -> bool {
        let (a, b) = (from.underlying(), to.underlying());
        let numeric = |t: &Ty| t.is_numeric() || t.is_enum();
        (numeric(a) && numeric(b))
            || (from.is_reference() && to.is_value_type() && is_subtype(b, from))
            || (from.is_reference() && to.is_reference() && reference_cast(from, to))
            || (matches!(from, Ty::Nullable(_)) && a == b)
            || user_conversion(from, to, false).is_some()
    }

    /// Explicit conversions without user-defined ones.
    pub(super) fn explicit_standard(&mut self, node: Node, to: &Ty) -> Result<Node, Node> {
        if let Some(conversion) = standard(&node.ty, node.as_const(), to) {
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
}

/// Whether a cast between reference types can succeed at run time.
pub(super) fn reference_cast(from: &Ty, to: &Ty) -> bool {
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
pub(super) fn array_interface(from: &Ty, to: &Ty) -> bool {
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
