//! Inference of type arguments.

use super::Binder;
use super::argument::{ArgValue, Argument};
use super::implicit::implicit;
use crate::expr::types::{Ty, TypeId, find_base, table};

/// What is known of one type parameter.
#[derive(Default)]
struct Bounds {
    fixed: Option<Ty>,
    exact: Vec<Ty>,
    lower: Vec<Ty>,
    upper: Vec<Ty>,
}

struct Inference {
    /// How many parameters are known from the owner.
    known: u16,
    params: Vec<Bounds>,
}

impl Inference {
    fn bounds(&mut self, index: u16) -> Option<&mut Bounds> {
        self.params.get_mut(usize::from(index)).filter(|b| b.fixed.is_none())
    }

    fn is_open(&self, index: u16) -> bool {
        index >= self.known && self.params.get(usize::from(index)).is_some_and(|b| b.fixed.is_none())
    }

    fn args(&self) -> Vec<Ty> {
        self.params.iter().enumerate().map(|(i, b)| b.fixed.clone().unwrap_or(Ty::Param(i as u16))).collect()
    }

    fn exact(&mut self, from: &Ty, to: &Ty) {
        match (from, to) {
            (_, Ty::Param(i)) => {
                if let Some(bounds) = self.bounds(*i) {
                    bounds.exact.push(from.clone());
                }
            }
            (Ty::Array(a, r), Ty::Array(b, s)) if r == s => self.exact(a, b),
            (Ty::Nullable(a), Ty::Nullable(b)) => self.exact(a, b),
            (Ty::Generic(a, x), Ty::Generic(b, y)) if a == b => {
                x.iter().zip(y.iter()).for_each(|(x, y)| self.exact(x, y));
            }
            _ => {}
        }
    }

    fn lower(&mut self, from: &Ty, to: &Ty) {
        if matches!(from, Ty::Null | Ty::Void | Ty::Error) {
            return;
        }
        match (from, to) {
            (_, Ty::Param(i)) => {
                if let Some(bounds) = self.bounds(*i) {
                    bounds.lower.push(from.clone());
                }
            }
            (Ty::Array(a, r), Ty::Array(b, s)) if r == s => self.element(a, b),
            (Ty::Nullable(a), Ty::Nullable(b)) => self.lower(a, b),
            (Ty::Array(a, 1), Ty::Generic(id, args)) => {
                use TypeId::{ICollection, IEnumerable, IList, IReadOnlyCollection, IReadOnlyList};
                if matches!(id, IEnumerable | ICollection | IList | IReadOnlyCollection | IReadOnlyList)
                    && let Some(item) = args.first()
                {
                    self.element(a, item);
                }
            }
            (_, Ty::Generic(id, to_args)) => {
                let Some(Ty::Generic(_, from_args)) = find_base(from, *id) else { return };
                let variance = &table().info(*id).variance;
                for ((x, y), variance) in from_args.iter().zip(to_args.iter()).zip(variance) {
                    match variance {
                        1 => self.element(x, y),
                        -1 if x.is_reference() => self.upper(x, y),
                        _ => self.exact(x, y),
                    }
                }
            }
            _ => {}
        }
    }

    fn element(&mut self, from: &Ty, to: &Ty) {
        if from.is_reference() { self.lower(from, to) } else { self.exact(from, to) }
    }

    fn upper(&mut self, from: &Ty, to: &Ty) {
        match (from, to) {
            (_, Ty::Param(i)) => {
                if let Some(bounds) = self.bounds(*i) {
                    bounds.upper.push(from.clone());
                }
            }
            _ => self.exact(from, to),
        }
    }

    /// Fixes one type parameter; false when its bounds contradict or there are none.
    fn fix(&mut self, index: u16) -> bool {
        let Some(bounds) = self.params.get_mut(usize::from(index)) else { return false };
        if bounds.fixed.is_some() {
            return true;
        }
        let fits = |candidate: &Ty| {
            bounds.exact.iter().all(|t| t == candidate)
                && bounds.lower.iter().all(|t| implicit(t, None, candidate).is_some())
                && bounds.upper.iter().all(|t| implicit(candidate, None, t).is_some())
        };
        let all: Vec<&Ty> = bounds.exact.iter().chain(&bounds.lower).chain(&bounds.upper).collect();
        let found: Vec<&Ty> = all.into_iter().filter(|t| fits(t)).collect();
        let best = found.iter().find(|t| found.iter().all(|other| implicit(other, None, t).is_some()));
        bounds.fixed = best.map(|t| (**t).clone());
        bounds.fixed.is_some()
    }
}

impl<'t> Binder<'t> {
    /// All type arguments: those of the owner, which are known, then the inferred ones.
    pub(super) fn infer(
        &mut self,
        known: &[Ty],
        count: u16,
        expected: &[Ty],
        args: &[Argument<'t>],
    ) -> Option<Vec<Ty>> {
        let total = known.len() + usize::from(count);
        let mut inference = Inference { known: known.len() as u16, params: Vec::new() };
        inference.params.resize_with(total, Bounds::default);
        for (bounds, ty) in inference.params.iter_mut().zip(known) {
            bounds.fixed = Some(ty.clone());
        }
        let mut waiting = Vec::new();
        for (i, (argument, to)) in args.iter().zip(expected).enumerate() {
            match &argument.value {
                ArgValue::Value(node) => inference.lower(&node.ty, to),
                ArgValue::Place(place) => inference.exact(&place.ty, to),
                ArgValue::Lambda(lambda) => {
                    if let Some((params, _)) = self.delegate(to) {
                        let types: Vec<_> =
                            lambda.params.iter().map(|p| p.ty.as_ref().map(|t| self.type_of(t))).collect();
                        for (ty, param) in types.into_iter().zip(&params) {
                            if let Some(ty) = ty {
                                inference.exact(&ty, param);
                            }
                        }
                    }
                    waiting.push(i);
                }
                ArgValue::Group(_) => waiting.push(i),
                _ => {}
            }
        }
        while !waiting.is_empty() {
            let ready = waiting.iter().position(|i| {
                self.delegate(&expected[*i]).is_none_or(|(params, _)| {
                    params.iter().all(|p| {
                        let mut open = Vec::new();
                        open_params(p, &mut open);
                        open.into_iter().all(|i| !inference.is_open(i) || has_bounds(&inference, i))
                    })
                })
            })?;
            let i = waiting.remove(ready);
            let Some((params, result)) = self.delegate(&expected[i]) else { continue };
            for param in &params {
                let mut open = Vec::new();
                open_params(param, &mut open);
                for index in open {
                    if inference.is_open(index) && !inference.fix(index) {
                        return None;
                    }
                }
            }
            let known = inference.args();
            let types: Vec<Ty> = params.iter().map(|p| p.substitute(&known)).collect();
            let returned = match &args[i].value {
                ArgValue::Lambda(lambda) => self.lambda_return(lambda, &types),
                ArgValue::Group(Some(group)) => self.group_return(group, &types),
                _ => None,
            };
            match returned {
                Some(ty) => inference.lower(&ty, &result),
                None if result.mentions(&|i| inference.is_open(i)) => return None,
                None => {}
            }
        }
        for index in known.len() as u16..total as u16 {
            if !inference.fix(index) {
                return None;
            }
        }
        Some(inference.args())
    }

    /// Parameters and result of a delegate type.
    pub(super) fn delegate(&self, ty: &Ty) -> Option<(Vec<Ty>, Ty)> {
        let id = ty.id()?;
        let delegate = table().info(id).delegate.as_ref()?;
        let params = delegate.params.iter().map(|p| p.ty.substitute(ty.args())).collect();
        Some((params, delegate.ty.substitute(ty.args())))
    }
}

fn open_params(ty: &Ty, out: &mut Vec<u16>) {
    match ty {
        Ty::Param(i) => out.push(*i),
        Ty::Generic(_, args) => args.iter().for_each(|t| open_params(t, out)),
        Ty::Array(inner, _) | Ty::Nullable(inner) => open_params(inner, out),
        _ => {}
    }
}

fn has_bounds(inference: &Inference, index: u16) -> bool {
    inference
        .params
        .get(usize::from(index))
        .is_some_and(|b| !(b.exact.is_empty() && b.lower.is_empty() && b.upper.is_empty()))
}

/// The best common type of expressions, as for `new[] { … }`.
pub(super) fn best_common(types: &[(Ty, Option<crate::expr::Value>)]) -> Option<Ty> {
    types
        .iter()
        .map(|(ty, _)| ty)
        .filter(|ty| !matches!(ty, Ty::Null | Ty::Void))
        .find(|candidate| types.iter().all(|(ty, constant)| implicit(ty, constant.as_ref(), candidate).is_some()))
        .cloned()
}
