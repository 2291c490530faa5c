//! `foreach`.

use super::Binder;
use super::tree::{Call, Node, NodeKind, Role, StmtKind};
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::{self, TypeRef};
use crate::expr::types::{Ty, TypeId, as_enumerable, is_subtype, table};

impl<'t> Binder<'t> {
    pub(super) fn for_each(
        &mut self,
        ty: &TypeRef<'t>,
        name: &'t str,
        name_span: Span,
        source: &'t ast::Expr<'t>,
        body: &'t ast::Statement<'t>,
    ) -> StmtKind {
        let source = self.rvalue(source);
        let source = self.enumerator(source);
        let item_ty = match &source.ty {
            Ty::Array(element, _) => Some((**element).clone()),
            Ty::Error => Some(Ty::Error),
            other => item_type(other),
        };
        let item_ty = item_ty.unwrap_or_else(|| {
            let message = format!("foreach statement cannot operate on variables of type '{}' because it does not contain a public definition for 'GetEnumerator'", source.ty.short());
            self.error(source.span, "CS1579", message);
            Ty::Error
        });
        self.push_inner_scope();
        let temp = self.temp(item_ty.clone());
        let (local_ty, item) = if ty.is_var() {
            (item_ty, None)
        } else {
            let wanted = self.type_of(ty);
            if wanted == item_ty {
                (wanted, None)
            } else {
                let read = Node::new(item_ty, name_span, NodeKind::Local(temp));
                let cast = self.cast(read, &wanted, name_span);
                (wanted, Some(cast))
            }
        };
        let local = self.declare(name, local_ty, name_span);
        self.locals[local.0 as usize].role = Role::ForEach;
        let body = self.loop_body(body);
        let scope = self.pop_scope();
        StmtKind::ForEach { local, item, temp, source, body, scope }
    }

    /// Asks a type for its own enumerator where that gives other items than the sequence that it also is.
    pub(super) fn enumerator(&mut self, source: Node) -> Node {
        let Some(id) = source.ty.id().filter(|_| !source.ty.is_interface()) else { return source };
        let own = table().info(id).methods.get("GetEnumerator").and_then(|m| m.iter().find(|m| m.params.is_empty()));
        let Some(method) = own else { return source };
        let given = method.ty.substitute(source.ty.args());
        let Some(item) = given.args().first().cloned() else { return source };
        if as_enumerable(&source.ty).is_none_or(|plain| plain == item) {
            return source;
        }
        let (ty, span) = (Ty::generic(TypeId::IEnumerable, [item]), source.span);
        let type_args = source.ty.args().into();
        let call = Call { method, type_args, args: vec![source], refs: Vec::new(), order: None };
        Node::new(ty, span, NodeKind::Call(Box::new(call)))
    }
}

/// The item type of `foreach`.
pub(super) fn item_type(ty: &Ty) -> Option<Ty> {
    if *ty == Ty::String {
        return Some(Ty::Char);
    }
    as_enumerable(ty).or_else(|| is_subtype(ty, &Ty::Named(TypeId::PlainIEnumerable)).then_some(Ty::Object))
}
