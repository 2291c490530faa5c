//! `XAttribute`.

use super::content::text_of;
use super::object::{name_at, objects, this, value};
use crate::expr::fault::Fault;
use crate::expr::library::args::string;
use crate::expr::types::{Table, TypeId};
use crate::expr::value::Value;
use crate::expr::xlinq::XObject;

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::XAttribute)
        .def("new(XName name, object value)", |run, a| {
            let name = name_at(a, 0).ok_or_else(|| Fault::argument_null("name"))?.clone();
            let text = text_of(run, &a[1])?;
            run.charge(128 + text.len())?;
            Ok(value(XObject::attribute(name, &text)?))
        })
        .def("new(XAttribute other)", |_, a| match a[0].downcast::<XObject>() {
            Some(other) => Ok(value(other.deep_clone())),
            None => Err(Fault::argument_null("other")),
        })
        .def("XName Name", |_, a| Ok(this(a)?.name().map_or(Value::Null, Value::object)))
        .def_set(
            "string Value",
            |_, a| Ok(this(a)?.value().into()),
            |run, a| {
                let text = string(&a[1], "value")?.text();
                run.charge(text.len())?;
                this(a)?.set_value(&text);
                Ok(Value::Null)
            },
        )
        .def("void SetValue(object value)", |run, a| {
            let text = text_of(run, &a[1])?;
            run.charge(text.len())?;
            this(a)?.set_value(&text);
            Ok(Value::Null)
        })
        .def("bool IsNamespaceDeclaration", |_, a| Ok(this(a)?.is_namespace_declaration().into()))
        .def("XAttribute NextAttribute", |_, a| Ok(value(this(a)?.next())))
        .def("XAttribute PreviousAttribute", |_, a| Ok(value(this(a)?.previous())))
        .def("void Remove()", |_, a| Ok(this(a)?.remove().map(|()| Value::Null)?))
        .def("static IEnumerable<XAttribute> EmptySequence", |_, _| Ok(objects(TypeId::XAttribute, Vec::new())));
    table
        .on(TypeId::XElement)
        .def("static IEnumerable<XElement> EmptySequence", |_, _| Ok(objects(TypeId::XElement, Vec::new())));
}
