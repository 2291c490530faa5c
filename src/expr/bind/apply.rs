//! The call of a chosen method, and the message when none is chosen.

use super::Binder;
use super::argument::Argument;
use super::overload::Chosen;
use super::overload::Miss;
use super::tree::{Call, Node, NodeKind};
use crate::expr::syntax::Span;
use crate::expr::types::{Mode, Ty, TypeId};
use std::sync::Arc;

impl<'t> Binder<'t> {
    /// The call of a chosen method; the receiver (if any) is already the first argument.
    pub(super) fn call(
        &mut self,
        chosen: &Chosen,
        receiver: Option<Node>,
        mut args: Vec<Argument<'t>>,
        span: Span,
    ) -> Node {
        let method = chosen.method;
        self.check_access(method.access, span, || member_name(method.owner, method.name));
        let offset = usize::from(receiver.is_some());
        let mut slots: Vec<Option<Node>> = Vec::new();
        slots.resize_with(method.params.len(), || None);
        let mut spread = Vec::new();
        let mut refs = Vec::new();
        let mut prelude = Vec::new();
        let mut order = Vec::new();
        for (i, arg) in args.iter_mut().enumerate() {
            let index = chosen.mapping[i];
            let expected = chosen.expected(i);
            let (node, target) = self.pass(arg, &expected, &mut prelude);
            if let Some(target) = target {
                refs.push((index + offset, target));
            }
            if chosen.expanded && method.params[index].mode == Mode::Params {
                spread.push(node);
            } else {
                order.push(index + offset);
                slots[index] = Some(node);
            }
        }
        let mut nodes: Vec<Node> = receiver.into_iter().collect();
        for (index, parameter) in method.params.iter().enumerate() {
            let ty = parameter.ty.substitute(&chosen.type_args);
            let node = match slots[index].take() {
                Some(node) => node,
                None if parameter.mode == Mode::Params => {
                    let element = ty.element().cloned().unwrap_or(Ty::Error);
                    let items = std::mem::take(&mut spread);
                    Node::new(ty, span, NodeKind::ArrayItems { element, lengths: vec![items.len()], items })
                }
                None => {
                    let value = parameter.default.clone().unwrap_or(crate::expr::Value::Null);
                    let value = if value.is_null() { crate::expr::Value::default_of(&ty) } else { value };
                    Node::constant(ty, span, value)
                }
            };
            nodes.push(node);
        }
        let in_order = order.is_sorted();
        let order = (!in_order).then(|| {
            let rest = (0..nodes.len()).filter(|i| !order.contains(i));
            (0..offset).chain(order.iter().copied()).chain(rest.filter(|i| *i >= offset)).collect()
        });
        let ty = method.ty.substitute(&chosen.type_args);
        let type_args: Arc<[Ty]> = chosen.type_args.as_slice().into();
        let call = Call { method, type_args, args: nodes, refs, order };
        self.note_needs(&call);
        let node = Node::new(ty, span, NodeKind::Call(Box::new(call)));
        self.with_prelude(prelude, node)
    }

    /// Says why no candidate fits.
    pub(super) fn report_miss(&mut self, miss: Miss, name: &str, args: &[Argument<'t>], span: Span) -> Node {
        if args.iter().any(|a| a.ty().is_some_and(Ty::is_error)) {
            return Node::error(span);
        }
        match miss {
            Miss::Count => {
                let message = format!("No overload for method '{name}' takes {} arguments", args.len());
                self.error_node(span, "CS1501", message)
            }
            Miss::Name(span, parameter) => {
                let message = format!("The best overload for '{name}' does not have a parameter named '{parameter}'");
                self.error_node(span, "CS1739", message)
            }
            Miss::Ambiguous => {
                self.error_node(span, "CS0121", format!("The call is ambiguous between several methods '{name}'"))
            }
            Miss::Inference => {
                if self.report_lambda_errors(args) {
                    return Node::error(span);
                }
                let message = format!(
                    "The type arguments for method '{name}' cannot be inferred from the usage. Try specifying the type arguments explicitly."
                );
                self.error_node(span, "CS0411", message)
            }
            Miss::Argument(index, expected) => {
                if self.report_lambda_errors(args) {
                    return Node::error(span);
                }
                let argument = &args[index];
                let (at, from) =
                    (argument.span, argument.ty().map_or_else(|| "lambda expression".to_owned(), Ty::short));
                let message = format!("Argument {}: cannot convert from '{from}' to '{}'", index + 1, expected.short());
                self.error_node(at, "CS1503", message)
            }
        }
    }
}

/// `Type.Member` for messages.
pub(super) fn member_name(owner: TypeId, name: &str) -> String {
    if name == ".ctor" { format!("new {}", owner.simple_name()) } else { format!("{}.{name}", owner.simple_name()) }
}
