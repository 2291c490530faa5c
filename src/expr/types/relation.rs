//! How types relate at run time: subclasses, interfaces, variance.

use std::sync::Arc;

use super::list::TypeId;
use super::table::table;
use super::ty::Ty;

/// Walks the base class and interfaces of a type, its arguments put in.
fn for_each_base(ty: &Ty, visit: &mut dyn FnMut(&Ty) -> bool) -> bool {
    match ty {
        Ty::Named(id) | Ty::Generic(id, _) => {
            let info = table().info(*id);
            let args = ty.args();
            info.base.iter().chain(&info.interfaces).any(|base| visit(&base.substitute(args)))
        }
        Ty::Array(element, 1) => {
            let element = std::slice::from_ref(&**element);
            visit(&Ty::Named(TypeId::Array))
                || visit(&Ty::Generic(TypeId::IList, Arc::from(element)))
                || visit(&Ty::Generic(TypeId::IReadOnlyList, Arc::from(element)))
        }
        Ty::Array(..) => visit(&Ty::Named(TypeId::Array)),
        Ty::Anonymous(_) => visit(&Ty::Object),
        _ => false,
    }
}

/// Whether `ty` is `base`, or derives from it, or implements it; variance included.
pub(crate) fn is_subtype(ty: &Ty, base: &Ty) -> bool {
    if let (Ty::Named(id), Ty::Named(base)) = (ty, base) {
        return *base == TypeId::Object || table().has_ancestor(*id, *base);
    }
    if ty == base || *base == Ty::Object {
        return !matches!(ty, Ty::Void);
    }
    if let Some(id) = ty.id() {
        let Some(wanted) = base.id().filter(|wanted| table().has_ancestor(id, *wanted)) else { return false };
        return match (ty, base) {
            (_, Ty::Named(_)) => true,
            (Ty::Generic(_, from), Ty::Generic(_, to)) if id == wanted => variant(id, from, to),
            _ => for_each_base(ty, &mut |b| is_subtype(b, base)),
        };
    }
    if let (Ty::Array(a, r), Ty::Array(b, s)) = (ty, base) {
        return r == s && is_reference_conversion(a, b);
    }
    if let (Ty::Array(element, 1), Ty::Generic(id, args)) = (ty, base) {
        use TypeId::{ICollection, IEnumerable, IList, IReadOnlyCollection, IReadOnlyList};
        if matches!(id, IEnumerable | ICollection | IList | IReadOnlyCollection | IReadOnlyList) {
            return args.first().is_some_and(|to| is_reference_conversion(element, to));
        }
    }
    for_each_base(ty, &mut |b| is_subtype(b, base))
}

/// Identity, or a conversion between reference types that keeps the object.
pub(crate) fn is_reference_conversion(from: &Ty, to: &Ty) -> bool {
    from == to || (from.is_reference() && to.is_reference() && is_subtype(from, to))
}

fn variant(id: TypeId, from: &[Ty], to: &[Ty]) -> bool {
    let variance = &table().info(id).variance;
    from.iter().zip(to).zip(variance).all(|((from, to), variance)| match variance {
        1 => is_reference_conversion(from, to),
        -1 => is_reference_conversion(to, from),
        _ => from == to,
    })
}

/// The construction of the generic type `id` that `ty` is, derives from or implements.
pub(crate) fn find_base(ty: &Ty, id: TypeId) -> Option<Ty> {
    if ty.id() == Some(id) {
        return Some(ty.clone());
    }
    if ty.id().is_some_and(|ty| !table().has_ancestor(ty, id)) {
        return None;
    }
    let mut found = None;
    for_each_base(ty, &mut |base| {
        found = find_base(base, id);
        found.is_some()
    });
    found
}

/// The item type, when `ty` can be enumerated with a type.
pub(crate) fn as_enumerable(ty: &Ty) -> Option<Ty> {
    match find_base(ty, TypeId::IEnumerable)? {
        Ty::Generic(_, args) => args.first().cloned(),
        _ => None,
    }
}
