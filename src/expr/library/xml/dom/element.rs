//! `XmlElement`.

use super::super::object::count_walk;
use super::attribute::{find, name_in};
use super::list::NodeList;
use super::node::{is_named, object, text_at, value};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::library::args::string;
use crate::expr::types::{Table, TypeId};
use crate::expr::value::Value;
use crate::expr::xlinq::{XName, XNamespace, XObject, check_name};

/// The name of an element or attribute in a namespace; a prefix without a namespace stays a part of the name, as .NET
/// writes it.
pub(super) fn element_name(name: &str, namespace: &str) -> Result<XName, Fault> {
    for part in name.splitn(2, ':') {
        check_name(part)?;
    }
    Ok(XName::new(XNamespace::new(namespace), name))
}

/// The prefix and the local part of a name.
pub(super) fn with_prefix(name: &str) -> (&str, &str) {
    name.split_once(':').unwrap_or(("", name))
}

/// `GetElementsByTagName`: a name as it is written, or a local one and a namespace; `*` is any.
pub(super) fn by_tag_name(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Fault> {
    let node = object(args)?;
    count_walk(run, node)?;
    let (name, namespace) = (text_at(args, 1), args.get(2).map(|_| text_at(args, 2)));
    let is_wanted = |element: &XObject| match namespace.as_deref() {
        None => name == "*" || is_named(element, &name, None),
        Some(namespace) => element.name().is_some_and(|own| {
            (name == "*" || own.local() == name) && (namespace == "*" || own.namespace().name() == namespace)
        }),
    };
    let found: Vec<XObject> = node.descendants(None, false).into_iter().filter(is_wanted).collect();
    run.charge(found.len() * size_of::<Value>())?;
    Ok(Value::object(NodeList::Known(found.into_iter().map(value).collect())))
}

fn set_attribute(run: &mut Run<'_>, args: &[Value], name: XName, text: &str) -> Result<(), Fault> {
    run.charge(64 + text.len())?;
    Ok(object(args)?.set_attribute_value(&name, Some(text))?)
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::XmlElement)
        .def("string GetAttribute(string name)", |_, a| {
            Ok(find(a)?.map_or_else(String::new, |found| found.value()).into())
        })
        .def("string GetAttribute(string localName, string namespaceURI)", |_, a| {
            Ok(find(a)?.map_or_else(String::new, |found| found.value()).into())
        })
        .def("XmlAttribute GetAttributeNode(string name)", |_, a| Ok(value(find(a)?)))
        .def("bool HasAttribute(string name)", |_, a| Ok(find(a)?.is_some().into()))
        .def("bool HasAttribute(string localName, string namespaceURI)", |_, a| Ok(find(a)?.is_some().into()))
        .def("bool HasAttributes", |_, a| Ok((!object(a)?.attributes().is_empty()).into()))
        .def("bool IsEmpty", |_, a| Ok(object(a)?.is_empty().into()))
        .def("void SetAttribute(string name, string value)", |run, a| {
            let name = match find(&a[..2])?.and_then(|known| known.name()) {
                Some(known) => known,
                None => name_in(object(a)?, &string(&a[1], "name")?.text())?,
            };
            set_attribute(run, a, name, &text_at(a, 2))?;
            Ok(Value::Null)
        })
        .def("string SetAttribute(string localName, string namespaceURI, string value)", |run, a| {
            let local = string(&a[1], "localName")?.text();
            let name = element_name(with_prefix(&local).1, &text_at(a, 2))?;
            set_attribute(run, a, name, &text_at(a, 3))?;
            Ok(a[3].clone())
        })
        .def("void RemoveAttribute(string name)", |_, a| {
            find(a)?.map(|found| found.remove()).transpose()?;
            Ok(Value::Null)
        })
        .def("void RemoveAttribute(string localName, string namespaceURI)", |_, a| {
            find(a)?.map(|found| found.remove()).transpose()?;
            Ok(Value::Null)
        })
        .def("void RemoveAllAttributes()", |_, a| {
            object(a)?.remove_attributes();
            Ok(Value::Null)
        })
        .def("XmlNodeList GetElementsByTagName(string name)", |run, a| by_tag_name(run, a))
        .def("XmlNodeList GetElementsByTagName(string localName, string namespaceURI)", |run, a| by_tag_name(run, a));
}
