//! Which of two conversions, and of two candidates, is better.

use super::Binder;
use super::argument::{ArgValue, Argument};
use super::implicit::implicit;
use super::overload::Chosen;
use crate::expr::types::{Ty, TypeId};

impl<'t> Binder<'t> {
    pub(super) fn is_better(&mut self, a: &Chosen, b: &Chosen, args: &[Argument<'t>]) -> bool {
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
    pub(super) fn compare_conversions(&mut self, argument: &Argument<'t>, x: &Ty, y: &Ty) -> i8 {
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

/// How much of a parameter's type is fixed: a type parameter is the least.
pub(super) fn specificity(ty: &Ty) -> u32 {
    match ty {
        Ty::Param(_) => 0,
        Ty::Generic(_, args) => 2 + args.iter().map(specificity).sum::<u32>(),
        Ty::Array(element, _) => 2 + specificity(element),
        Ty::Nullable(inner) => 1 + specificity(inner),
        _ => 3,
    }
}
