//! Overload resolution: which method a call means.

use super::Binder;
use super::argument::{ArgValue, Argument};
use super::implicit::implicit;
use crate::expr::syntax::Span;
use crate::expr::types::{Method, Mode, Parameter, Ty, is_subtype};

/// A method that could be meant, with the type arguments of its owner.
pub(super) struct Candidate {
    pub(super) method: &'static Method,
    pub(super) owner_args: Vec<Ty>,
}

impl Candidate {
    /// The types of the parameters: a method hides those of base interfaces that have the same.
    pub(super) fn parameter_types(&self) -> Vec<Ty> {
        self.method.params.iter().map(|p| p.ty.substitute(&self.owner_args)).collect()
    }
}

/// A candidate that takes the arguments.
pub(super) struct Chosen {
    pub(super) method: &'static Method,
    /// Of the owner, then of the method.
    pub(super) type_args: Vec<Ty>,
    /// The parameter of each argument.
    pub(super) mapping: Vec<usize>,
    /// Whether the last arguments go to a `params` array one by one.
    pub(super) expanded: bool,
}

/// Why no candidate is applicable.
pub(super) enum Miss {
    /// Nothing takes so many arguments.
    Count,
    /// The argument that does not fit, and what it should be.
    Argument(usize, Ty),
    Inference,
    Name(Span, String),
    Ambiguous,
}

impl Chosen {
    /// The type that an argument has to have.
    pub(super) fn expected(&self, argument: usize) -> Ty {
        let index = self.mapping.get(argument).copied().unwrap_or_default();
        match self.method.params.get(index) {
            Some(parameter) => self.parameter_type(parameter),
            None => Ty::Error,
        }
    }

    pub(super) fn parameter_type(&self, parameter: &Parameter) -> Ty {
        let ty = parameter.ty.substitute(&self.type_args);
        match ty.element() {
            Some(element) if self.expanded && parameter.mode == Mode::Params => element.clone(),
            _ => ty,
        }
    }
}

/// Maps arguments to parameters by position and name.
pub(super) fn map_arguments(
    params: &[(&str, bool, bool)],
    args: &[Argument<'_>],
    expanded: bool,
) -> Result<Vec<usize>, Option<(Span, String)>> {
    let mut mapping = Vec::with_capacity(args.len());
    let mut filled = vec![false; params.len()];
    let last = params.len().saturating_sub(1);
    for (i, argument) in args.iter().enumerate() {
        let index = match argument.name {
            Some((name, span)) => match params.iter().position(|(n, ..)| *n == name) {
                Some(index) if !filled[index] => index,
                _ => return Err(Some((span, name.to_owned()))),
            },
            None if expanded && i >= last => last,
            None if i < params.len() => i,
            None => return Err(None),
        };
        filled[index] = true;
        mapping.push(index);
    }
    let missing = params
        .iter()
        .zip(&filled)
        .enumerate()
        .any(|(i, ((_, optional, _), filled))| !(*filled || *optional || expanded && i == last));
    if missing { Err(None) } else { Ok(mapping) }
}

impl<'t> Binder<'t> {
    /// The best of the candidates.
    pub(super) fn resolve(
        &mut self,
        candidates: &[Candidate],
        args: &[Argument<'t>],
        explicit: Option<&[Ty]>,
        span: Span,
    ) -> Result<Chosen, Miss> {
        let mut applicable: Vec<Chosen> = Vec::new();
        let mut miss = Miss::Count;
        for candidate in candidates {
            for expanded in [false, true] {
                if expanded && !candidate.method.params.last().is_some_and(|p| p.mode == Mode::Params) {
                    continue;
                }
                if !self.burn(span) {
                    return Err(Miss::Inference);
                }
                match self.try_candidate(candidate, args, explicit, expanded) {
                    Ok(chosen) => {
                        applicable.push(chosen);
                        break;
                    }
                    Err(reason) => {
                        if matches!(miss, Miss::Count)
                            || matches!(reason, Miss::Argument(..)) && !matches!(miss, Miss::Argument(..))
                        {
                            miss = reason;
                        }
                    }
                }
            }
        }
        match applicable.len() {
            0 => return Err(miss),
            1 => return applicable.pop().ok_or(miss),
            _ => {}
        }
        let mut best = 0;
        for i in 1..applicable.len() {
            if self.is_better(&applicable[i], &applicable[best], args) {
                best = i;
            }
        }
        for i in 0..applicable.len() {
            if i != best && !self.is_better(&applicable[best], &applicable[i], args) {
                return Err(Miss::Ambiguous);
            }
        }
        Ok(applicable.swap_remove(best))
    }

    pub(super) fn try_candidate(
        &mut self,
        candidate: &Candidate,
        args: &[Argument<'t>],
        explicit: Option<&[Ty]>,
        expanded: bool,
    ) -> Result<Chosen, Miss> {
        let method = candidate.method;
        let params: Vec<_> =
            method.params.iter().map(|p| (p.name, p.default.is_some(), p.mode == Mode::Params)).collect();
        let mapping = map_arguments(&params, args, expanded).map_err(|name| match name {
            Some((span, name)) => Miss::Name(span, name),
            None => Miss::Count,
        })?;
        for (i, argument) in args.iter().enumerate() {
            let parameter = &method.params[mapping[i]];
            if !argument.fits_mode(parameter.mode) {
                return Err(Miss::Argument(i, parameter.ty.substitute(&candidate.owner_args)));
            }
        }
        let mut chosen = Chosen { method, type_args: candidate.owner_args.clone(), mapping, expanded };
        if method.type_params > 0 {
            match explicit {
                Some(explicit) if explicit.len() == usize::from(method.type_params) => {
                    chosen.type_args.extend(explicit.iter().cloned());
                }
                Some(_) => return Err(Miss::Count),
                None => {
                    let expected: Vec<Ty> = (0..args.len())
                        .map(|i| {
                            let parameter = &method.params[chosen.mapping[i]];
                            match parameter.ty.element() {
                                Some(element) if expanded && parameter.mode == Mode::Params => element.clone(),
                                _ => parameter.ty.clone(),
                            }
                        })
                        .collect();
                    let known = &candidate.owner_args;
                    let inferred = self.infer(known, method.type_params, &expected, args);
                    chosen.type_args = inferred.ok_or(Miss::Inference)?;
                }
            }
        } else if explicit.is_some_and(|e| !e.is_empty()) {
            return Err(Miss::Count);
        }
        if let (Some(wanted), Some(given)) = (&method.constraint, chosen.type_args.get(candidate.owner_args.len()))
            && !is_subtype(given, wanted)
        {
            return Err(Miss::Inference);
        }
        for (i, argument) in args.iter().enumerate() {
            let expected = chosen.expected(i);
            let receiver = method.extension && i == 0;
            if !self.fits(argument, &expected, receiver) {
                return Err(Miss::Argument(i, expected));
            }
        }
        Ok(chosen)
    }

    /// Whether an argument can be passed as a type.
    pub(super) fn fits(&mut self, argument: &Argument<'t>, to: &Ty, is_receiver: bool) -> bool {
        match &argument.value {
            ArgValue::Value(node) if is_receiver => {
                node.ty != Ty::Null && matches!(implicit(&node.ty, None, to), Some(super::implicit::Implicit::Same))
            }
            ArgValue::Value(node) => self.converts(node, to),
            ArgValue::Lambda(lambda) => self.lambda_fits(lambda, to),
            ArgValue::Group(Some(group)) => self.group_fits(group, to),
            ArgValue::Declare(..) | ArgValue::Discard => true,
            ArgValue::Place(place) => place.ty == *to || place.ty.is_error(),
            ArgValue::Group(None) | ArgValue::Taken => false,
        }
    }
}
