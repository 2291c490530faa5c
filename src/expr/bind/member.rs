//! Members, calls and indexers.

use std::collections::VecDeque;

use super::Binder;
use super::apply::member_name;
use super::assign::ITEMS;
use super::name::{Group, Operand, Receiver};
use super::suggest;
use super::tree::{Access, LocalId, Node, NodeKind};
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::{self, TypeRef};
use crate::expr::types::{Ty, TypeId, TypeInfo, is_outside_member, table};

/// A type and what its members are declared on, most derived first; worked out as far as it is asked.
struct Levels {
    queue: VecDeque<Ty>,
    seen: Vec<Ty>,
    /// Whether the bases of the last one are not in the queue yet.
    is_open: bool,
}

impl Iterator for Levels {
    type Item = (&'static TypeInfo, TypeId, Vec<Ty>);

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(last) = self.seen.last().filter(|_| self.is_open) {
            // Only a search that goes on past a type needs what the type is derived from.
            let info = last.id().map(|id| table().info(id));
            let bases = info.into_iter().flat_map(|info| info.base.iter().chain(&info.interfaces));
            self.queue.extend(bases.map(|base| base.substitute(last.args())));
            self.is_open = false;
        }
        loop {
            let next = match self.queue.pop_front() {
                Some(next) => next,
                None if self.seen.contains(&Ty::Object) => return None,
                None => Ty::Object,
            };
            let Some(id) = next.id() else { continue };
            if self.seen.contains(&next) {
                continue;
            }
            let info = table().info(id);
            let args = next.args().to_vec();
            self.seen.push(next);
            self.is_open = true;
            return Some((info, id, args));
        }
    }
}

pub(super) fn infos(ty: &Ty) -> impl Iterator<Item = (&'static TypeInfo, TypeId, Vec<Ty>)> + use<> {
    let first = match ty {
        Ty::Array(..) => Ty::Named(TypeId::Array),
        Ty::Nullable(inner) => Ty::generic(TypeId::NullableOf, [(**inner).clone()]),
        Ty::Anonymous(_) => Ty::Object,
        other => other.clone(),
    };
    Levels { queue: VecDeque::from([first]), seen: Vec::new(), is_open: false }
}

impl<'t> Binder<'t> {
    /// `a.b`
    pub(super) fn member(&mut self, target: &'t ast::Expr<'t>, name: &'t ast::Name<'t>, span: Span) -> Operand<'t> {
        let type_args =
            name.args.as_ref().map(|args: &Vec<TypeRef<'t>>| args.iter().map(|t| self.type_of(t)).collect::<Vec<_>>());
        match self.operand(target) {
            Operand::Namespace(namespace) => {
                let full = format!("{namespace}.{}", name.text);
                if let Some(ty) = self.find_type(&full, type_args.unwrap_or_default(), span) {
                    return Operand::Type(ty);
                }
                if table().is_namespace(&full) {
                    return Operand::Namespace(full);
                }
                self.unknown_type(&full, span);
                Operand::Value(Node::error(span))
            }
            Operand::Type(ty) => self.static_member(ty, name, type_args, span),
            operand => {
                let receiver = self.value(operand, target.span);
                self.instance_member(receiver, name, type_args, span)
            }
        }
    }

    pub(super) fn static_member(
        &mut self,
        ty: Ty,
        name: &'t ast::Name<'t>,
        type_args: Option<Vec<Ty>>,
        span: Span,
    ) -> Operand<'t> {
        if ty.is_error() {
            return Operand::Value(Node::error(span));
        }
        for (info, id, args) in infos(&ty) {
            if !self.lenient && is_outside_member(id, name.text) {
                return self.outside_member(id, name.text, name.span);
            }
            if let Some((_, value)) = info.constants.iter().find(|(n, _)| *n == name.text) {
                let value = crate::expr::Value::enumeration(id, *value);
                return Operand::Value(Node::constant(ty, span, value));
            }
            if let Some(property) = info.properties.get(name.text).filter(|p| p.is_static) {
                self.check_access(property.access, span, || member_name(property.owner, property.name));
                let value_type = property.ty.substitute(&args);
                if let Some(value) = &property.constant {
                    return Operand::Value(Node::constant(value_type, span, value.clone()));
                }
                let access = Access { property, type_args: args.as_slice().into(), args: Vec::new() };
                return Operand::Value(Node::new(value_type, span, NodeKind::Get(Box::new(access))));
            }
            if info.methods.contains_key(name.text) {
                return Operand::Group(Group {
                    name: name.text,
                    span: name.span,
                    receiver: Receiver::Type(ty),
                    type_args,
                });
            }
        }
        if let Some(id) = ty.id()
            && let Some(nested) = table().nested(id, name.text)
        {
            return Operand::Type(Ty::Named(nested));
        }
        if let Some((_, id, _)) = infos(&ty).find(|(_, id, _)| is_outside_member(*id, name.text)) {
            return self.outside_member(id, name.text, name.span);
        }
        let names = infos(&ty).flat_map(|(info, ..)| member_names(info));
        let near = suggest::nearest(name.text, &names.collect::<Vec<_>>());
        let message = format!("'{}' does not contain a definition for '{}'{near}", ty.short(), name.text);
        Operand::Value(self.error_node(name.span, "CS0117", message))
    }

    /// A member that .NET has and API Management does not allow.
    fn outside_member(&mut self, id: TypeId, name: &str, span: Span) -> Operand<'t> {
        let what = member_name(id, name);
        self.not_allowed(span, format!("`{what}` is not on the list of allowed types and members"));
        Operand::Value(Node::error(span))
    }

    /// Whether a type has a member of a name, static or not: what `nameof` asks.
    pub(super) fn check_has_member(&mut self, ty: &Ty, name: &str, span: Span) {
        if !ty.is_error() && !infos(ty).any(|(info, ..)| member_names(info).any(|n| n == name)) {
            let message = format!("'{}' does not contain a definition for '{name}'", ty.short());
            self.error(span, "CS0117", message);
        }
    }

    pub(super) fn instance_member(
        &mut self,
        receiver: Node,
        name: &'t ast::Name<'t>,
        type_args: Option<Vec<Ty>>,
        span: Span,
    ) -> Operand<'t> {
        if receiver.ty.is_error() {
            return Operand::Value(Node::error(span));
        }
        if matches!(receiver.ty, Ty::Void | Ty::Null) {
            let message = format!("Operator '.' cannot be applied to operand of type '{}'", receiver.ty.short());
            return Operand::Value(self.error_node(span, "CS0023", message));
        }
        if let Ty::Anonymous(anonymous) = &receiver.ty
            && let Some(index) = anonymous.names.iter().position(|n| **n == *name.text)
        {
            let ty = anonymous.types[index].clone();
            return Operand::Value(Node::new(ty, span, NodeKind::AnonymousMember(receiver.boxed(), index)));
        }
        let is_delegate = receiver.ty.is_delegate() && name.text == "Invoke";
        let item = receiver.ty.item_named(name.text).and_then(|index| ITEMS.get(index).copied());
        for (info, id, args) in infos(&receiver.ty) {
            if !self.lenient && is_outside_member(id, name.text) {
                return self.outside_member(id, name.text, name.span);
            }
            if let Some(property) = info.properties.get(item.unwrap_or(name.text)).filter(|p| !p.is_static) {
                self.check_access(property.access, span, || member_name(property.owner, property.name));
                let ty = property.ty.substitute(&args);
                self.note_property(property.owner, property.name);
                let access = Access { property, type_args: args.as_slice().into(), args: vec![receiver] };
                return Operand::Value(Node::new(ty, span, NodeKind::Get(Box::new(access))));
            }
            if info.methods.contains_key(name.text) {
                let receiver = Receiver::Instance(receiver);
                return Operand::Group(Group { name: name.text, span: name.span, receiver, type_args });
            }
        }
        if is_delegate || table().extensions.contains_key(name.text) {
            let receiver = Receiver::Instance(receiver);
            return Operand::Group(Group { name: name.text, span: name.span, receiver, type_args });
        }
        self.unknown_member(&receiver.ty, name.text, name.span)
    }

    pub(super) fn unknown_member(&mut self, ty: &Ty, name: &str, span: Span) -> Operand<'t> {
        let is_outside = |id: TypeId| !self.lenient && id.decl().access == crate::expr::types::Access::Lenient;
        if let Some((_, id, _)) = infos(ty).find(|(_, id, _)| is_outside(*id) || is_outside_member(*id, name)) {
            return self.outside_member(id, name, span);
        }
        let mut names: Vec<&str> = infos(ty).flat_map(|(info, ..)| member_names(info)).collect();
        names.extend(table().extensions.keys());
        let near = suggest::nearest(name, &names);
        let message = format!("'{}' does not contain a definition for '{name}'{near}", ty.short());
        Operand::Value(self.error_node(span, "CS1061", message))
    }

    /// `a?.b`
    pub(super) fn conditional_access(
        &mut self,
        target: &'t ast::Expr<'t>,
        rest: &'t ast::Expr<'t>,
        span: Span,
    ) -> Node {
        let receiver = self.rvalue(target);
        if receiver.ty.is_error() {
            return Node::error(span);
        }
        if receiver.ty.is_value_type() && !matches!(receiver.ty, Ty::Nullable(_)) || receiver.ty == Ty::Null {
            let message = format!("Operator '?' cannot be applied to operand of type '{}'", receiver.ty.short());
            return self.error_node(span, "CS0023", message);
        }
        let inner = receiver.ty.underlying().clone();
        let temp: LocalId = self.temp(inner.clone());
        let saved = self.receiver.replace((temp, inner));
        let rest = self.expr(rest);
        self.receiver = saved;
        if rest.ty.is_error() {
            return Node::error(span);
        }
        let ty = if rest.ty.is_value_type() && !matches!(rest.ty, Ty::Nullable(_)) {
            Ty::nullable(rest.ty.clone())
        } else {
            rest.ty.clone()
        };
        let kind = NodeKind::ConditionalAccess { receiver: receiver.boxed(), temp, rest: rest.boxed() };
        Node::new(ty, span, kind)
    }
}

pub(super) fn member_names(info: &'static TypeInfo) -> impl Iterator<Item = &'static str> {
    info.properties.keys().copied().chain(info.methods.keys().copied()).chain(info.constants.iter().map(|(n, _)| *n))
}
