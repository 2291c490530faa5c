//! What an expression reads of the exchange.

use super::Binder;
use super::tree::{Call, Node, NodeKind};
use crate::expr::types::TypeId;

impl<'t> Binder<'t> {
    pub(super) fn note_property(&mut self, owner: TypeId, name: &str) {
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
}

/// Whether the receiver of a call is read through a member of some type.
pub(super) fn path_contains(args: &[Node], owner: TypeId) -> bool {
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
