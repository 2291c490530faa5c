//! `XName` and `XNamespace`.

use super::object::name_at;
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::library::args::string;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Str, Value};
use crate::expr::xlinq::{XML, XMLNS, XName, XNamespace};

impl Object for XName {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::XName)
    }

    fn to_text(&self, _: &mut Run<'_>) -> Result<Option<Str>, Fault> {
        Ok(Some(self.to_string().into()))
    }

    fn equals(&self, other: &Value) -> Option<bool> {
        Some(other.downcast::<Self>() == Some(self))
    }

    fn hash_code(&self) -> Option<i32> {
        Some(hash(self))
    }

    fn is_same(&self, other: &dyn Object) -> Option<bool> {
        let other: &dyn std::any::Any = other;
        Some(other.downcast_ref::<Self>() == Some(self))
    }
}

impl Object for XNamespace {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::XNamespace)
    }

    fn to_text(&self, _: &mut Run<'_>) -> Result<Option<Str>, Fault> {
        Ok(Some(self.name().into()))
    }

    fn equals(&self, other: &Value) -> Option<bool> {
        Some(other.downcast::<Self>() == Some(self))
    }

    fn hash_code(&self) -> Option<i32> {
        Some(hash(self))
    }

    fn is_same(&self, other: &dyn Object) -> Option<bool> {
        let other: &dyn std::any::Any = other;
        Some(other.downcast_ref::<Self>() == Some(self))
    }
}

fn hash(value: &impl std::hash::Hash) -> i32 {
    use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
    BuildHasherDefault::<DefaultHasher>::default().hash_one(value) as i32
}

fn this(args: &[Value]) -> Result<&XName, Fault> {
    name_at(args, 0).ok_or_else(Fault::null_reference)
}

fn namespace(args: &[Value]) -> Result<&XNamespace, Fault> {
    args.first().and_then(Value::downcast::<XNamespace>).ok_or_else(Fault::null_reference)
}

fn namespace_of(name: &str) -> Value {
    Value::object(XNamespace::new(name))
}

fn same<T: Object + PartialEq>(args: &[Value]) -> bool {
    args[0].downcast::<T>() == args[1].downcast::<T>()
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::XName)
        .def("string LocalName", |_, a| Ok(this(a)?.local().into()))
        .def("string NamespaceName", |_, a| Ok(this(a)?.namespace().name().into()))
        .def("XNamespace Namespace", |_, a| Ok(Value::object(this(a)?.namespace().clone())))
        .def("static XName Get(string expandedName)", |_, a| {
            Ok(Value::object(XName::parse(&string(&a[0], "expandedName")?.text())?))
        })
        .def("static XName Get(string localName, string namespaceName)", |_, a| {
            let namespace = XNamespace::new(&string(&a[1], "namespaceName")?.text());
            Ok(Value::object(namespace.named(&string(&a[0], "localName")?.text())?))
        })
        .def("implicit operator XName(string expandedName)", |_, a| match a[0].as_text() {
            Some(text) => Ok(Value::object(XName::parse(&text.text())?)),
            None => Ok(Value::Null),
        })
        .def("static bool operator ==(XName left, XName right)", |_, a| Ok(same::<XName>(a).into()))
        .def("static bool operator !=(XName left, XName right)", |_, a| Ok((!same::<XName>(a)).into()));
    table
        .on(TypeId::XNamespace)
        .def("string NamespaceName", |_, a| Ok(namespace(a)?.name().into()))
        .def("XName GetName(string localName)", |_, a| {
            Ok(Value::object(namespace(a)?.named(&string(&a[1], "localName")?.text())?))
        })
        .def("static XNamespace Get(string namespaceName)", |_, a| {
            Ok(namespace_of(&string(&a[0], "namespaceName")?.text()))
        })
        .def("static XNamespace None", |_, _| Ok(namespace_of("")))
        .def("static XNamespace Xml", |_, _| Ok(namespace_of(XML)))
        .def("static XNamespace Xmlns", |_, _| Ok(namespace_of(XMLNS)))
        .def("implicit operator XNamespace(string namespaceName)", |_, a| {
            Ok(a[0].as_text().map_or(Value::Null, |text| namespace_of(&text.text())))
        })
        .def("static XName operator +(XNamespace ns, string localName)", |_, a| {
            let Some(namespace) = a[0].downcast::<XNamespace>() else { return Err(Fault::argument_null("ns")) };
            Ok(Value::object(namespace.named(&string(&a[1], "localName")?.text())?))
        })
        .def("static bool operator ==(XNamespace left, XNamespace right)", |_, a| Ok(same::<XNamespace>(a).into()))
        .def("static bool operator !=(XNamespace left, XNamespace right)", |_, a| Ok((!same::<XNamespace>(a)).into()));
}
