//! Indexers and items of arrays.

use super::Binder;
use super::apply::member_name;
use super::argument::{ArgValue, Argument};
use super::member::infos;
use super::tree::{Access, Node, NodeKind};
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::{self};
use crate::expr::types::Ty;

impl<'t> Binder<'t> {
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
    pub(super) fn find_indexer(
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
                        a.ty() == Some(new) || (a.ty() != Some(old) && super::better::better_type(new, old) > 0)
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
}
