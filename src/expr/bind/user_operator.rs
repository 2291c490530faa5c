//! Operators that types declare.

use super::Binder;
use super::overload::{Candidate, Miss};
use super::tree::{Node, NodeKind};
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::BinaryOp;
use crate::expr::types::{Operator, Ty, table};

impl<'t> Binder<'t> {
    /// An operator that a type of the operands declares.
    pub(super) fn user_operator(
        &mut self,
        op: BinaryOp,
        left: &Node,
        right: &Node,
        span: Span,
    ) -> Option<Result<super::overload::Chosen, Node>> {
        let operator = Operator::of(op.symbol())?;
        let mut candidates = Vec::new();
        for node in [left, right] {
            let mut next = node.ty.underlying().id();
            while let Some(id) = next {
                let info = table().info(id);
                if let Some(methods) = info.operators.get(&operator)
                    && !candidates.iter().any(|c: &Candidate| std::ptr::eq(c.method, &methods[0]))
                {
                    let args = node.ty.underlying().args().to_vec();
                    candidates.extend(methods.iter().map(|method| Candidate { method, owner_args: args.clone() }));
                }
                next = info.base.as_ref().and_then(Ty::id);
            }
        }
        if candidates.is_empty() {
            return None;
        }
        let probe = |node: &Node| {
            Self::given(Node::new(
                node.ty.clone(),
                node.span,
                match node.as_const() {
                    Some(value) => NodeKind::Const(value.clone()),
                    None => NodeKind::Nothing,
                },
            ))
        };
        let args = [probe(left), probe(right)];
        match self.resolve(&candidates, &args, None, span) {
            Ok(chosen) => Some(Ok(chosen)),
            Err(Miss::Ambiguous) => Some(Err(self.bad_operands("CS0034", op, &left.ty, &right.ty, span))),
            Err(_) => None,
        }
    }

    /// An operator of a type's own on nullables of it.
    #[expect(clippy::result_large_err, reason = "what cannot be lifted is given back")]
    pub(super) fn lifted_user_operator(
        &mut self,
        op: BinaryOp,
        left: Node,
        right: Node,
        span: Span,
    ) -> Result<Node, (Node, Node)> {
        let nullable = |t: &Ty| matches!(t, Ty::Nullable(_)) || *t == Ty::Null;
        let inner =
            |ty: &Ty, other: &Ty| if *ty == Ty::Null { other.underlying().clone() } else { ty.underlying().clone() };
        let (a, b) = (inner(&left.ty, &right.ty), inner(&right.ty, &left.ty));
        if !(nullable(&left.ty) || nullable(&right.ty)) || !a.is_value_type() || !b.is_value_type() {
            return Err((left, right));
        }
        let probe = |ty: &Ty| Node::new(ty.clone(), span, NodeKind::Nothing);
        if !matches!(self.user_operator(op, &probe(&a), &probe(&b), span), Some(Ok(_))) {
            return Err((left, right));
        }
        Ok(self.lift_binary(op, left, right, span, |binder, l, r| binder.binary(op, l, r, span)))
    }
}
