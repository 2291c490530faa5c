//! `System.Xml.Linq.Extensions`: members of sequences of nodes, and the two comparers.

use super::object::{name_at, objects};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::types::{Table, TypeId};
use crate::expr::value::Value;
use crate::expr::xlinq::{XObject, XObjectClass};

/// What `pick` finds in each item of the source.
fn each(run: &mut Run<'_>, args: &[Value], pick: impl Fn(&XObject) -> Vec<XObject>) -> Result<Vec<XObject>, Fault> {
    if args[0].is_null() {
        return Err(Fault::argument_null("source"));
    }
    let mut found = Vec::new();
    for object in run.collect(&args[0])?.iter().filter_map(Value::downcast::<XObject>) {
        let picked = pick(object);
        run.steps(1 + picked.len())?;
        run.charge(picked.len() * size_of::<Value>())?;
        found.extend(picked);
    }
    Ok(found)
}

/// As `each`, only elements, and only of the name that the second argument gives.
fn elements(run: &mut Run<'_>, args: &[Value], pick: impl Fn(&XObject) -> Vec<XObject>) -> Result<Value, Fault> {
    let mut found = each(run, args, pick)?;
    let name = name_at(args, 1);
    found.retain(|object| {
        object.class() == XObjectClass::Element && name.is_none_or(|name| object.name().as_ref() == Some(name))
    });
    Ok(objects(TypeId::XElement, found))
}

fn remove(run: &mut Run<'_>, args: &mut [Value]) -> Result<Value, Fault> {
    for object in each(run, args, |object| vec![object.clone()])? {
        object.remove()?;
    }
    Ok(Value::Null)
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::XExtensions)
        .def("static IEnumerable<XElement> Elements<T>(this IEnumerable<T> source) where T : XContainer", |run, a| {
            elements(run, a, XObject::nodes)
        })
        .def(
            "static IEnumerable<XElement> Elements<T>(this IEnumerable<T> source, XName name) where T : XContainer",
            |run, a| elements(run, a, XObject::nodes),
        )
        .def(
            "static IEnumerable<XElement> Descendants<T>(this IEnumerable<T> source) where T : XContainer",
            |run, a| elements(run, a, |object| object.descendants(None, false)),
        )
        .def(
            "static IEnumerable<XElement> Descendants<T>(this IEnumerable<T> source, XName name) where T : XContainer",
            |run, a| elements(run, a, |object| object.descendants(None, false)),
        )
        .def("static IEnumerable<XElement> DescendantsAndSelf(this IEnumerable<XElement> source)", |run, a| {
            elements(run, a, |object| object.descendants(None, true))
        })
        .def(
            "static IEnumerable<XElement> DescendantsAndSelf(this IEnumerable<XElement> source, XName name)",
            |run, a| elements(run, a, |object| object.descendants(None, true)),
        )
        .def("static IEnumerable<XElement> Ancestors<T>(this IEnumerable<T> source) where T : XNode", |run, a| {
            elements(run, a, |object| object.ancestors(None, false))
        })
        .def(
            "static IEnumerable<XElement> Ancestors<T>(this IEnumerable<T> source, XName name) where T : XNode",
            |run, a| elements(run, a, |object| object.ancestors(None, false)),
        )
        .def("static IEnumerable<XElement> AncestorsAndSelf(this IEnumerable<XElement> source)", |run, a| {
            elements(run, a, |object| object.ancestors(None, true))
        })
        .def(
            "static IEnumerable<XElement> AncestorsAndSelf(this IEnumerable<XElement> source, XName name)",
            |run, a| elements(run, a, |object| object.ancestors(None, true)),
        )
        .def("static IEnumerable<XNode> Nodes<T>(this IEnumerable<T> source) where T : XContainer", |run, a| {
            Ok(objects(TypeId::XNode, each(run, a, XObject::nodes)?))
        })
        .def(
            "static IEnumerable<XNode> DescendantNodes<T>(this IEnumerable<T> source) where T : XContainer",
            |run, a| Ok(objects(TypeId::XNode, each(run, a, |object| object.descendant_nodes(false))?)),
        )
        .def("static IEnumerable<XNode> DescendantNodesAndSelf(this IEnumerable<XElement> source)", |run, a| {
            Ok(objects(TypeId::XNode, each(run, a, |object| object.descendant_nodes(true))?))
        })
        .def("static IEnumerable<XAttribute> Attributes(this IEnumerable<XElement> source)", |run, a| {
            Ok(objects(TypeId::XAttribute, each(run, a, XObject::attributes)?))
        })
        .def("static IEnumerable<XAttribute> Attributes(this IEnumerable<XElement> source, XName name)", |run, a| {
            let found = match name_at(a, 1) {
                Some(name) => each(run, a, |object| object.attribute_named(name).into_iter().collect())?,
                None => Vec::new(),
            };
            Ok(objects(TypeId::XAttribute, found))
        })
        .def("static IEnumerable<T> InDocumentOrder<T>(this IEnumerable<T> source) where T : XNode", |run, a| {
            let mut found = each(run, a, |object| vec![object.clone()])?;
            let mut failure = None;
            found.sort_by(|a, b| {
                a.compare_document_order(b).unwrap_or_else(|error| {
                    failure.get_or_insert(error);
                    std::cmp::Ordering::Equal
                })
            });
            match failure {
                Some(error) => Err(error.into()),
                None => Ok(objects(TypeId::XNode, found)),
            }
        })
        .def("static void Remove<T>(this IEnumerable<T> source) where T : XNode", remove)
        .def("static void Remove(this IEnumerable<XAttribute> source)", remove);
}
