//! Overload resolution: which method a call means.

use std::sync::Arc;

use super::Binder;
use super::argument::{ArgValue, Argument};
use super::convert::implicit;
use super::tree::{Call, Node, NodeKind};
use crate::expr::syntax::Span;
use crate::expr::types::{Method, Mode, Parameter, Ty, TypeId};

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
    mapping: Vec<usize>,
    /// Whether the last arguments go to a `params` array one by one.
    expanded: bool,
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

    fn parameter_type(&self, parameter: &Parameter) -> Ty {
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

    fn try_candidate(
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
                node.ty != Ty::Null && matches!(implicit(&node.ty, None, to), Some(super::convert::Implicit::Same))
            }
            ArgValue::Value(node) => self.converts(node, to),
            ArgValue::Lambda(lambda) => self.lambda_fits(lambda, to),
            ArgValue::Group(Some(group)) => self.group_fits(group, to),
            ArgValue::Declare(..) | ArgValue::Discard => true,
            ArgValue::Place(place) => place.ty == *to || place.ty.is_error(),
            ArgValue::Group(None) | ArgValue::Taken => false,
        }
    }

    fn is_better(&mut self, a: &Chosen, b: &Chosen, args: &[Argument<'t>]) -> bool {
        let mut better = false;
        let mut same = true;
        for (i, argument) in args.iter().enumerate() {
            let (x, y) = (a.expected(i), b.expected(i));
            same &= x == y;
            match self.compare_conversions(argument, &x, &y) {
                1 => better = true,
                -1 => return false,
                _ => {}
            }
        }
        if better {
            return true;
        }
        let generic = |c: &Chosen| c.method.type_params > 0;
        if same || !args.iter().any(|a| matches!(a.value, ArgValue::Lambda(_))) {
            if generic(a) != generic(b) {
                return !generic(a);
            }
            if a.expanded != b.expanded {
                return !a.expanded;
            }
            if a.method.params.len() != b.method.params.len() {
                let fewer_defaults = a.method.params.len() < b.method.params.len();
                return if a.expanded { !fewer_defaults } else { fewer_defaults };
            }
        }
        let specific = |c: &Chosen, d: &Chosen| {
            let pairs =
                || (0..args.len()).map(|i| (&c.method.params[c.mapping[i]].ty, &d.method.params[d.mapping[i]].ty));
            pairs().all(|(x, y)| specificity(x) >= specificity(y))
                && pairs().any(|(x, y)| specificity(x) > specificity(y))
        };
        specific(a, b)
    }

    /// 1 when the conversion to `x` is better, -1 when the one to `y` is.
    fn compare_conversions(&mut self, argument: &Argument<'t>, x: &Ty, y: &Ty) -> i8 {
        if x == y {
            return 0;
        }
        if let ArgValue::Lambda(lambda) = &argument.value {
            return self.compare_lambda(lambda, x, y);
        }
        if let ArgValue::Group(Some(group)) = &argument.value {
            return self.compare_group(group, x, y);
        }
        if let Some(ty) = argument.ty() {
            if ty == x {
                return 1;
            }
            if ty == y {
                return -1;
            }
        }
        better_type(x, y)
    }

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

/// How much of a parameter's type is fixed: a type parameter is the least.
fn specificity(ty: &Ty) -> u32 {
    match ty {
        Ty::Param(_) => 0,
        Ty::Generic(_, args) => 2 + args.iter().map(specificity).sum::<u32>(),
        Ty::Array(element, _) => 2 + specificity(element),
        Ty::Nullable(inner) => 1 + specificity(inner),
        _ => 3,
    }
}

/// 1 when `x` is the better target, -1 when `y` is.
pub(super) fn better_type(x: &Ty, y: &Ty) -> i8 {
    let (xy, yx) = (implicit(x, None, y).is_some(), implicit(y, None, x).is_some());
    if xy != yx {
        return if xy { 1 } else { -1 };
    }
    let signed =
        |t: &Ty| matches!(t.underlying().id(), Some(TypeId::SByte | TypeId::Int16 | TypeId::Int32 | TypeId::Int64));
    let unsigned =
        |t: &Ty| matches!(t.underlying().id(), Some(TypeId::Byte | TypeId::UInt16 | TypeId::UInt32 | TypeId::UInt64));
    if signed(x) && unsigned(y) {
        1
    } else if unsigned(x) && signed(y) {
        -1
    } else {
        0
    }
}
