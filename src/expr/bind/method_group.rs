//! Method groups as delegates.

use super::Binder;
use super::argument::Argument;
use super::better::better_type;
use super::implicit::implicit;
use super::name::{Group, Receiver};
use super::tree::{Node, NodeKind};
use crate::expr::types::Ty;
use std::sync::Arc;

impl<'t> Binder<'t> {
    /// The signature candidates of a method group, given parameter types, as arguments.
    pub(super) fn group_args(&self, group: &Group<'t>, types: &[Ty]) -> Vec<Argument<'t>> {
        types.iter().map(|ty| Self::given(Node::new(ty.clone(), group.span, NodeKind::Nothing))).collect()
    }

    pub(super) fn group_return(&mut self, group: &Group<'t>, types: &[Ty]) -> Option<Ty> {
        if let Receiver::Function(index) = group.receiver {
            let function = &self.local_functions[index];
            return (function.params.len() == types.len()).then(|| function.result.clone());
        }
        let args = self.group_args(group, types);
        let chosen = self.resolve_group(group, &args)?;
        Some(chosen.method.ty.substitute(&chosen.type_args))
    }

    pub(super) fn group_fits(&mut self, group: &Group<'t>, to: &Ty) -> bool {
        let Some((types, result)) = self.delegate(to) else { return false };
        match self.group_return(group, &types) {
            Some(ty) => result == Ty::Void || (ty != Ty::Void && implicit(&ty, None, &result).is_some()),
            None => false,
        }
    }

    pub(super) fn compare_group(&mut self, group: &Group<'t>, x: &Ty, y: &Ty) -> i8 {
        let (Some((a, r)), Some((b, s))) = (self.delegate(x), self.delegate(y)) else { return 0 };
        if a != b {
            return 0;
        }
        match self.group_return(group, &a) {
            Some(ty) if ty == r && ty != s => 1,
            Some(ty) if ty == s && ty != r => -1,
            _ => better_type(&r, &s),
        }
    }

    /// A method group as a delegate.
    pub(super) fn convert_group(&mut self, group: Group<'t>, to: &Ty) -> Node {
        let span = group.span;
        let Some((types, result)) = self.delegate(to) else {
            let message = format!("Cannot convert method group '{}' to non-delegate type '{}'", group.name, to.short());
            return self.error_node(span, "CS0428", message);
        };
        let mismatch = format!("No overload for '{}' matches delegate '{}'", group.name, to.short());
        if let Receiver::Function(index) = group.receiver {
            let function = &self.local_functions[index];
            let fits =
                function.params == types && (result == Ty::Void || implicit(&function.result, None, &result).is_some());
            if !fits {
                return self.error_node(span, "CS0123", mismatch);
            }
            let id = function.function;
            self.note_function(id);
            return Node::new(to.clone(), span, NodeKind::FunctionDelegate(id));
        }
        let args = self.group_args(&group, &types);
        let Some(chosen) = self.resolve_group(&group, &args) else {
            return self.error_node(span, "CS0123", mismatch);
        };
        let returned = chosen.method.ty.substitute(&chosen.type_args);
        if result != Ty::Void && implicit(&returned, None, &result).is_none() {
            return self.error_node(span, "CS0407", mismatch);
        }
        self.check_access(chosen.method.access, span, || {
            super::apply::member_name(chosen.method.owner, chosen.method.name)
        });
        let receiver = match group.receiver {
            Receiver::Instance(node) => Some(node.boxed()),
            _ => None,
        };
        let type_args: Arc<[Ty]> = chosen.type_args.as_slice().into();
        Node::new(to.clone(), span, NodeKind::NativeDelegate { method: chosen.method, type_args, receiver })
    }
}
