//! Comparers that look inside: of tokens, of nodes, of sets; and the default ones.

use super::hash_set;
use crate::expr::json::JToken;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Value};
use crate::expr::xlinq::XObject;

/// What a comparer compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deep {
    /// Tokens, as `JToken.DeepEquals` does.
    Tokens,
    /// Nodes, as `XNode.DeepEquals` does.
    Nodes,
    /// Sets, by their items.
    Sets,
}

/// How deep tokens are looked at for their hash codes.
const MAX_DEPTH: u32 = 1024;

impl Deep {
    pub(crate) fn equal(self, a: &Value, b: &Value) -> bool {
        if a.is_null() || b.is_null() {
            return a.is_null() && b.is_null();
        }
        match self {
            Self::Tokens => match (a.downcast::<JToken>(), b.downcast::<JToken>()) {
                (Some(a), Some(b)) => a.deep_equals(b),
                _ => a.equals(b),
            },
            Self::Nodes => match (a.downcast::<XObject>(), b.downcast::<XObject>()) {
                (Some(a), Some(b)) => a.deep_equals(b),
                _ => a.equals(b),
            },
            Self::Sets => hash_set::same_items(a, b),
        }
    }

    pub(crate) fn hash(self, value: &Value) -> i32 {
        match self {
            Self::Tokens => value.downcast::<JToken>().map_or(0, |token| token_hash(token, MAX_DEPTH)),
            Self::Nodes => value.downcast::<XObject>().map_or(0, |node| Value::str(node.value()).hash_code()),
            Self::Sets => hash_set::items_of(value).iter().fold(0, |code, item| code ^ item.hash_code()),
        }
    }
}

/// The same for tokens that are equal: the order of properties does not count.
fn token_hash(token: &JToken, depth: u32) -> i32 {
    if !token.is_container() {
        return Value::object(token.clone()).hash_code();
    }
    let name = token.name().map_or(0, |name| Value::str(name).hash_code());
    if depth == 0 {
        return name ^ token.count() as i32;
    }
    let children = token.children();
    let all = children.iter().fold(name, |code, child| code.wrapping_add(token_hash(child, depth - 1)));
    // Mixed, so that what moves from one level to another changes the code.
    all.wrapping_mul(0x9E37_79B1_u32 as i32).rotate_left(13)
}

/// A comparer of one of these sorts; none is the default one.
pub(crate) struct DeepComparer {
    ty: Ty,
    deep: Option<Deep>,
}

impl Object for DeepComparer {
    fn ty(&self) -> Ty {
        self.ty.clone()
    }
}

/// What a comparer compares.
pub(crate) fn deep_of(comparer: &Value) -> Option<Deep> {
    comparer.downcast::<DeepComparer>()?.deep
}

/// A comparer of a sort.
pub(crate) fn of(deep: Deep) -> Value {
    let ty = match deep {
        Deep::Tokens => Ty::Named(TypeId::JTokenEqualityComparer),
        Deep::Nodes => Ty::Named(TypeId::XNodeEqualityComparer),
        Deep::Sets => Ty::generic(TypeId::EqualityComparer, [Ty::Object]),
    };
    Value::object(DeepComparer { ty, deep: Some(deep) })
}

/// `EqualityComparer<T>.Default` or `Comparer<T>.Default`.
pub(crate) fn default_of(id: TypeId, element: Ty) -> Value {
    Value::object(DeepComparer { ty: Ty::generic(id, [element]), deep: None })
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::JTokenEqualityComparer)
        .def("new()", |_, _| Ok(of(Deep::Tokens)))
        .def("bool Equals(JToken x, JToken y)", |_, a| Ok(Deep::Tokens.equal(&a[1], &a[2]).into()))
        .def("int GetHashCode(JToken obj)", |_, a| Ok(Deep::Tokens.hash(&a[1]).into()));
    table.on(TypeId::JToken).def("static JTokenEqualityComparer EqualityComparer", |_, _| Ok(of(Deep::Tokens)));
    table
        .on(TypeId::XNodeEqualityComparer)
        .def("new()", |_, _| Ok(of(Deep::Nodes)))
        .def("bool Equals(XNode x, XNode y)", |_, a| Ok(Deep::Nodes.equal(&a[1], &a[2]).into()))
        .def("int GetHashCode(XNode obj)", |_, a| Ok(Deep::Nodes.hash(&a[1]).into()));
    table.on(TypeId::XNode).def("static XNodeEqualityComparer EqualityComparer", |_, _| Ok(of(Deep::Nodes)));
    table
        .on(TypeId::HashSet)
        .def("static IEqualityComparer<HashSet<T>> CreateSetComparer()", |_, _| Ok(of(Deep::Sets)));
    table
        .on(TypeId::EqualityComparer)
        .def("static EqualityComparer<T> Default", |run, _| Ok(default_of(TypeId::EqualityComparer, run.type_arg(0))));
    table
        .on(TypeId::IEqualityComparer)
        .def("lenient bool Equals(T x, T y)", |_, a| {
            Ok(super::equality::Comparing::of(Some(&a[0])).equal(&a[1], &a[2]).into())
        })
        .def("lenient int GetHashCode(T obj)", |_, a| {
            Ok(super::equality::Comparing::of(Some(&a[0])).hash(&a[1]).into())
        });
    table
        .on(TypeId::Comparer)
        .def("static Comparer<T> Default", |run, _| Ok(default_of(TypeId::Comparer, run.type_arg(0))));
    table.on(TypeId::IComparer).def("lenient int Compare(T x, T y)", |run, a| {
        let order = super::equality::Comparing::of(Some(&a[0])).compare(run, &a[1], &a[2])?;
        Ok((order as i32).into())
    });
}
