//! Calls of methods and delegates.

use super::Binder;
use super::argument::{ArgValue, Argument};
use super::member::infos;
use super::name::{Group, Operand, Receiver};
use super::overload::{Candidate, Chosen};
use super::tree::{Node, NodeKind};
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::{self, ExprKind};
use crate::expr::types::{Ty, table};

impl<'t> Binder<'t> {
    /// Candidates of a method group: the first level that has the name, then the next; of each level what is allowed
    /// comes before what is not, so that the latter is refused only where nothing else is meant.
    pub(super) fn group_levels(&self, group: &Group<'t>) -> Vec<Vec<Candidate>> {
        let (ty, of_type) = match &group.receiver {
            Receiver::Instance(node) => (&node.ty, false),
            Receiver::Type(ty) => (ty, true),
            Receiver::Function(_) => return Vec::new(),
        };
        let interface = ty.is_interface();
        let mut out: Vec<Vec<Candidate>> = Vec::new();
        for (info, _, args) in infos(ty) {
            let Some(methods) = info.methods.get(group.name) else { continue };
            let usable = methods.iter().filter(|m| m.is_static == of_type);
            let (allowed, outside): (Vec<_>, Vec<_>) =
                usable.partition(|m| self.lenient || m.access == crate::expr::types::Access::All);
            for (level, methods) in [allowed, outside].into_iter().enumerate() {
                let candidates = methods.into_iter().map(|method| Candidate { method, owner_args: args.clone() });
                match out.get_mut(level).filter(|_| interface) {
                    Some(first) => {
                        let shown: Vec<Vec<Ty>> = first.iter().map(Candidate::parameter_types).collect();
                        first.extend(candidates.filter(|c| !shown.contains(&c.parameter_types())));
                    }
                    None => out.push(candidates.collect()),
                }
            }
        }
        out.retain(|level| !level.is_empty());
        out
    }

    pub(super) fn extension_candidates(&self, name: &str) -> Vec<Candidate> {
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

    pub(super) fn invoke(
        &mut self,
        delegate: Node,
        types: &[Ty],
        result: Ty,
        args: &mut [Argument<'t>],
        span: Span,
    ) -> Node {
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
    pub(super) fn any_extension_fits(&mut self, extensions: &[Candidate], args: &[Argument<'t>]) -> bool {
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
}
