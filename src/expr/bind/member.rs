//! Members, calls and indexers.

use super::Binder;
use super::argument::{ArgValue, Argument};
use super::name::{Group, Operand, Receiver};
use super::overload::{Candidate, Chosen, member_name};
use super::suggest;
use super::tree::{Access, Call, LocalId, Node, NodeKind};
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::{self, ExprKind, TypeRef};
use crate::expr::types::{Ty, TypeId, TypeInfo, table};

/// A type and what its members are declared on, most derived first.
fn levels(ty: &Ty) -> Vec<(TypeId, Vec<Ty>)> {
    let mut out: Vec<(TypeId, Vec<Ty>)> = Vec::new();
    let mut queue = std::collections::VecDeque::new();
    match ty {
        Ty::Array(..) => queue.push_back(Ty::Named(TypeId::Array)),
        Ty::Nullable(inner) => queue.push_back(Ty::generic(TypeId::NullableOf, [(**inner).clone()])),
        Ty::Anonymous(_) => queue.push_back(Ty::Object),
        other => queue.push_back(other.clone()),
    }
    while let Some(next) = queue.pop_front() {
        let Some(id) = next.id() else { continue };
        if out.iter().any(|(seen, args)| *seen == id && args == next.args()) {
            continue;
        }
        let info = table().info(id);
        out.push((id, next.args().to_vec()));
        for base in info.base.iter().chain(&info.interfaces) {
            queue.push_back(base.substitute(next.args()));
        }
    }
    if !out.iter().any(|(id, _)| *id == TypeId::Object) {
        out.push((TypeId::Object, Vec::new()));
    }
    out
}

fn infos(ty: &Ty) -> impl Iterator<Item = (&'static TypeInfo, TypeId, Vec<Ty>)> + use<> {
    levels(ty).into_iter().map(|(id, args)| (table().info(id), id, args))
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

    fn static_member(
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
        let names = infos(&ty).flat_map(|(info, ..)| member_names(info));
        let near = suggest::nearest(name.text, &names.collect::<Vec<_>>());
        let message = format!("'{}' does not contain a definition for '{}'{near}", ty.short(), name.text);
        Operand::Value(self.error_node(name.span, "CS0117", message))
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
        for (info, _, args) in infos(&receiver.ty) {
            if let Some(property) = info.properties.get(name.text).filter(|p| !p.is_static) {
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

    fn unknown_member(&mut self, ty: &Ty, name: &str, span: Span) -> Operand<'t> {
        let mut names: Vec<&str> = infos(ty).flat_map(|(info, ..)| member_names(info)).collect();
        names.extend(table().extensions.keys());
        let near = suggest::nearest(name, &names);
        let message = format!("'{}' does not contain a definition for '{name}'{near}", ty.short());
        Operand::Value(self.error_node(span, "CS1061", message))
    }

    fn note_property(&mut self, owner: TypeId, name: &str) {
        match (owner, name) {
            (TypeId::IRequest, "Body") => {}
            (TypeId::IRequest, "Certificate") => self.needs.request_certificate = true,
            (TypeId::IRequest, "MatchedParameters") => self.needs.matched_parameters = true,
            (TypeId::IRequest, _) => self.needs.request = true,
            (TypeId::IExpressionContext, "Variables") => self.needs.variables = true,
            (TypeId::IExpressionContext, "Timestamp" | "Elapsed") => self.needs.timestamp = true,
            _ => {}
        }
    }

    /// Notes which bodies a call reads, and whether it keeps them.
    pub(super) fn note_needs(&mut self, call: &Call) {
        if call.method.owner != TypeId::IMessageBody {
            return;
        }
        let of_request = path_contains(&call.args, TypeId::IRequest);
        let of_response = path_contains(&call.args, TypeId::IExpressionContext) && !of_request;
        let preserves = matches!(call.args.last().and_then(Node::as_const), Some(crate::expr::Value::Bool(true)));
        let unsure = !of_request && !of_response;
        if of_request || unsure {
            self.needs.request_body = true;
            self.needs.preserves_request_body &= preserves;
        }
        if of_response || unsure {
            self.needs.response_body = true;
            self.needs.preserves_response_body &= preserves;
        }
    }

    /// Candidates of a method group: the first level that has the name, then the next.
    fn group_levels(&self, group: &Group<'t>) -> Vec<Vec<Candidate>> {
        let (ty, of_type) = match &group.receiver {
            Receiver::Instance(node) => (&node.ty, false),
            Receiver::Type(ty) => (ty, true),
            Receiver::Function(_) => return Vec::new(),
        };
        let interface = ty.is_interface();
        let mut out: Vec<Vec<Candidate>> = Vec::new();
        for (info, _, args) in infos(ty) {
            let Some(methods) = info.methods.get(group.name) else { continue };
            let level: Vec<Candidate> = methods
                .iter()
                .filter(|m| m.is_static == of_type || (of_type && m.is_static))
                .filter(|m| self.lenient || m.access == crate::expr::types::Access::All || methods.len() == 1)
                .map(|method| Candidate { method, owner_args: args.clone() })
                .collect();
            if interface {
                match out.first_mut() {
                    Some(first) => {
                        let shown: Vec<Vec<Ty>> = first.iter().map(Candidate::parameter_types).collect();
                        first.extend(level.into_iter().filter(|c| !shown.contains(&c.parameter_types())));
                    }
                    None => out.push(level),
                }
            } else if !level.is_empty() {
                out.push(level);
            }
        }
        out
    }

    fn extension_candidates(&self, name: &str) -> Vec<Candidate> {
        let found = table().extensions.get(name).into_iter().flatten();
        found
            .filter_map(|(id, index)| table().info(*id).methods.get(name)?.get(*index))
            .map(|method| Candidate { method, owner_args: Vec::new() })
            .collect()
    }

    /// The method of a group that takes certain arguments.
    pub(super) fn resolve_group(&mut self, group: &Group<'t>, args: &[Argument<'t>]) -> Option<Chosen> {
        for level in self.group_levels(group) {
            if let Ok(chosen) = self.resolve(&level, args, group.type_args.as_deref(), group.span) {
                return Some(chosen);
            }
        }
        None
    }

    /// `f(…)`
    pub(super) fn invocation(&mut self, callee: &'t ast::Expr<'t>, args: &'t [ast::Arg<'t>], span: Span) -> Node {
        let operand = self.operand(callee);
        match operand {
            Operand::Group(group) => {
                let args = self.arguments(args);
                self.call_group(group, args, span)
            }
            Operand::Value(node) => {
                let mut args = self.arguments(args);
                if node.ty.is_error() {
                    self.report_lambda_errors(&args);
                    return Node::error(span);
                }
                let Some((types, result)) = self.delegate(&node.ty) else {
                    let name = match &Self::bare(callee).kind {
                        ExprKind::Member(_, name) => name.text,
                        _ => "expression",
                    };
                    let message = format!("Non-invocable member '{name}' cannot be used like a method.");
                    return self.error_node(span, "CS1955", message);
                };
                self.invoke(node, &types, result, &mut args, span)
            }
            Operand::Type(ty) => {
                let message = format!("Non-invocable member '{}' cannot be used like a method.", ty.short());
                self.error_node(span, "CS1955", message)
            }
            other => {
                let node = self.value(other, span);
                if !node.ty.is_error() {
                    self.error(span, "CS0149", "Method name expected");
                }
                Node::error(span)
            }
        }
    }

    fn invoke(&mut self, delegate: Node, types: &[Ty], result: Ty, args: &mut [Argument<'t>], span: Span) -> Node {
        if types.len() != args.len() {
            let message = format!("Delegate '{}' does not take {} arguments", delegate.ty.short(), args.len());
            return self.error_node(span, "CS1593", message);
        }
        let mut prelude = Vec::new();
        let mut nodes = Vec::new();
        for (i, (argument, ty)) in args.iter_mut().zip(types).enumerate() {
            if !self.fits(argument, ty, false) {
                let miss = super::overload::Miss::Argument(i, ty.clone());
                return self.report_miss(miss, "Invoke", args, span);
            }
            nodes.push(self.pass(argument, ty, &mut prelude).0);
        }
        Node::new(result, span, NodeKind::Invoke { delegate: delegate.boxed(), args: nodes })
    }

    pub(super) fn call_group(&mut self, group: Group<'t>, mut args: Vec<Argument<'t>>, span: Span) -> Node {
        if let Receiver::Function(index) = group.receiver {
            return self.call_function(index, args, group.type_args, span);
        }
        if args.iter().any(|a| a.ty().is_some_and(Ty::is_error)) {
            self.report_lambda_errors(&args);
            return Node::error(span);
        }
        let mut miss = None;
        for level in self.group_levels(&group) {
            match self.resolve(&level, &args, group.type_args.as_deref(), span) {
                Ok(chosen) => {
                    let receiver = match group.receiver {
                        Receiver::Instance(node) => Some(node),
                        _ => None,
                    };
                    return self.call(&chosen, receiver, args, span);
                }
                Err(reason) => {
                    miss.get_or_insert(reason);
                }
            }
        }
        let Receiver::Instance(receiver) = group.receiver else {
            let miss = miss.unwrap_or(super::overload::Miss::Count);
            return self.report_miss(miss, group.name, &args, span);
        };
        if receiver.ty.is_delegate()
            && group.name == "Invoke"
            && let Some((types, result)) = self.delegate(&receiver.ty)
        {
            return self.invoke(receiver, &types, result, &mut args, span);
        }
        let extensions = self.extension_candidates(group.name);
        if extensions.is_empty() {
            let miss = miss.unwrap_or(super::overload::Miss::Count);
            return self.report_miss(miss, group.name, &args, span);
        }
        let receiver_ty = receiver.ty.clone();
        args.insert(0, Self::given(receiver));
        match self.resolve(&extensions, &args, group.type_args.as_deref(), span) {
            Ok(chosen) => self.call(&chosen, None, args, span),
            Err(reason) => {
                let unfit = matches!(reason, super::overload::Miss::Argument(0, _))
                    || !self.any_extension_fits(&extensions, &args);
                if miss.is_none()
                    && unfit
                    && let Operand::Value(node) = self.unknown_member(&receiver_ty, group.name, group.span)
                {
                    return node;
                }
                let reason = match (miss, reason) {
                    (Some(first), super::overload::Miss::Count) => first,
                    (_, reason) => reason,
                };
                self.report_miss(reason, group.name, &args, span)
            }
        }
    }

    /// Whether some extension method could take the receiver at all.
    fn any_extension_fits(&mut self, extensions: &[Candidate], args: &[Argument<'t>]) -> bool {
        let Some(ArgValue::Value(receiver)) = args.first().map(|a| &a.value) else { return false };
        let ty = receiver.ty.clone();
        extensions.iter().any(|candidate| {
            let Some(parameter) = candidate.method.params.first() else { return false };
            if !parameter.ty.has_params() {
                return crate::expr::types::is_subtype(&ty, &parameter.ty);
            }
            match parameter.ty.id() {
                Some(id) => matches!(ty, Ty::Array(..)) || crate::expr::types::find_base(&ty, id).is_some(),
                None => true,
            }
        })
    }

    /// `a[i]`
    pub(super) fn index(&mut self, target: &'t ast::Expr<'t>, args: &'t [ast::Arg<'t>], span: Span) -> Node {
        let receiver = self.expr(target);
        let args = self.arguments(args);
        self.index_node(receiver, args, span)
    }

    pub(super) fn index_node(&mut self, receiver: Node, mut args: Vec<Argument<'t>>, span: Span) -> Node {
        if receiver.ty.is_error() || args.iter().any(|a| a.ty().is_some_and(Ty::is_error)) {
            return Node::error(span);
        }
        if let Ty::Array(element, rank) = &receiver.ty {
            let element = (**element).clone();
            if args.len() != usize::from(*rank) {
                return self.error_node(span, "CS0022", format!("Wrong number of indices inside []; expected {rank}"));
            }
            let mut indices = Vec::new();
            for argument in &mut args {
                let ArgValue::Value(node) = std::mem::replace(&mut argument.value, ArgValue::Taken) else {
                    return self.error_node(span, "CS1503", "an index must be a number");
                };
                let to = [Ty::Int, Ty::UInt, Ty::Long, Ty::ULong].into_iter().find(|t| self.converts(&node, t));
                indices.push(self.convert(node, &to.unwrap_or(Ty::Int)));
            }
            return Node::new(element, span, NodeKind::Element(receiver.boxed(), indices));
        }
        match self.find_indexer(&receiver.ty, &args, span) {
            Ok((property, owner_args, chosen)) => {
                self.check_access(property.access, span, || member_name(property.owner, property.name));
                let mut prelude = Vec::new();
                let mut nodes = vec![receiver];
                for (i, argument) in args.iter_mut().enumerate() {
                    nodes.push(self.pass(argument, &chosen[i], &mut prelude).0);
                }
                let ty = property.ty.substitute(&owner_args);
                let access = Access { property, type_args: owner_args.as_slice().into(), args: nodes };
                Node::new(ty, span, NodeKind::Get(Box::new(access)))
            }
            Err(node) => node,
        }
    }

    #[allow(clippy::type_complexity)]
    fn find_indexer(
        &mut self,
        ty: &Ty,
        args: &[Argument<'t>],
        span: Span,
    ) -> Result<(&'static crate::expr::types::Property, Vec<Ty>, Vec<Ty>), Node> {
        let mut wrong: Option<(usize, Ty)> = None;
        let mut any = false;
        for (info, _, owner_args) in infos(ty) {
            let mut best: Option<(&'static crate::expr::types::Property, Vec<Ty>)> = None;
            for property in &info.indexers {
                any = true;
                if property.params.len() != args.len() {
                    continue;
                }
                let types: Vec<Ty> = property.params.iter().map(|p| p.ty.substitute(&owner_args)).collect();
                let bad = args.iter().zip(&types).position(|(a, t)| !self.fits(a, t, false));
                if let Some(bad) = bad {
                    wrong.get_or_insert((bad, types[bad].clone()));
                    continue;
                }
                let better = best.as_ref().is_none_or(|(_, old)| {
                    args.iter().zip(old.iter().zip(&types)).any(|(a, (old, new))| {
                        a.ty() == Some(new) || (a.ty() != Some(old) && super::overload::better_type(new, old) > 0)
                    })
                });
                if better {
                    best = Some((property, types));
                }
            }
            if let Some((property, types)) = best {
                return Ok((property, owner_args, types));
            }
        }
        Err(match wrong {
            Some((index, expected)) => {
                let from = args[index].ty().map_or_else(|| "lambda expression".to_owned(), Ty::short);
                let message = format!("Argument {}: cannot convert from '{from}' to '{}'", index + 1, expected.short());
                self.error_node(args[index].span, "CS1503", message)
            }
            None if any => {
                self.error_node(span, "CS1501", format!("No overload for 'this' takes {} arguments", args.len()))
            }
            None => {
                let message = format!("Cannot apply indexing with [] to an expression of type '{}'", ty.short());
                self.error_node(span, "CS0021", message)
            }
        })
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

fn member_names(info: &'static TypeInfo) -> impl Iterator<Item = &'static str> {
    info.properties.keys().copied().chain(info.methods.keys().copied()).chain(info.constants.iter().map(|(n, _)| *n))
}

/// Whether the receiver of a call is read through a member of some type.
fn path_contains(args: &[Node], owner: TypeId) -> bool {
    let Some(mut node) = args.first() else { return false };
    loop {
        match &node.kind {
            NodeKind::Get(access) => {
                if access.property.owner == owner {
                    return true;
                }
                match access.args.first() {
                    Some(next) => node = next,
                    None => return false,
                }
            }
            NodeKind::ConditionalAccess { receiver, rest, .. } => {
                return path_contains(std::slice::from_ref(receiver), owner)
                    || path_contains(std::slice::from_ref(rest), owner);
            }
            NodeKind::Convert(_, inner) => node = inner,
            _ => return false,
        }
    }
}
