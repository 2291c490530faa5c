//! `XmlAttribute` and `XmlAttributeCollection`.

use super::element::element_name;
use super::node::{Node, is_named, object, text_at, value};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::library::args::int;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Iterate, Object, Value};
use crate::expr::xlinq::{XMLNS, XName, XNamespace, XObject, XObjectClass};

/// The attributes of an element.
struct Attributes(XObject);

impl Object for Attributes {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::XmlAttributeCollection)
    }

    fn iterate(&self, run: &mut Run<'_>) -> Result<Option<Box<dyn Iterate>>, Fault> {
        let all = self.0.attributes();
        run.charge(all.len() * size_of::<Value>())?;
        let mut all = all.into_iter().map(value);
        Ok(Some(Box::new(move |_: &mut Run<'_>| Ok(all.next()))))
    }
}

/// `Attributes`: null for what is no element.
pub(super) fn of(node: &XObject) -> Value {
    if node.class() == XObjectClass::Element { Value::object(Attributes(node.clone())) } else { Value::Null }
}

fn element(args: &[Value]) -> Result<&XObject, Fault> {
    args.first().and_then(Value::downcast::<Attributes>).map(|all| &all.0).ok_or_else(Fault::null_reference)
}

fn find_in(element: &XObject, args: &[Value]) -> Option<XObject> {
    let (name, namespace) = (text_at(args, 1), args.get(2).filter(|v| v.as_text().is_some()).map(|_| text_at(args, 2)));
    element.attributes().into_iter().find(|attribute| is_named(attribute, &name, namespace.as_deref()))
}

/// The attribute of an element by the name as it is written, or by local name and namespace.
pub(super) fn find(args: &[Value]) -> Result<Option<XObject>, Fault> {
    Ok(find_in(object(args)?, args))
}

/// The name that a text means at an element: a prefix is looked up, `xmlns` declares.
pub(super) fn name_in(element: &XObject, name: &str) -> Result<XName, Fault> {
    let Some((prefix, local)) = name.split_once(':') else { return element_name(name, "") };
    let namespace = match prefix {
        "xmlns" => Some(XNamespace::new(XMLNS)),
        prefix => element.namespace_of_prefix(prefix),
    };
    match namespace {
        Some(namespace) => element_name(local, namespace.name()),
        None => element_name(name, ""),
    }
}

fn removed(found: Option<XObject>) -> Result<Value, Fault> {
    let Some(found) = found else { return Ok(Value::Null) };
    found.remove()?;
    Ok(value(found))
}

/// Puts an attribute in, in place of one with its name.
fn append(run: &mut Run<'_>, element: &XObject, attribute: &Value) -> Result<Value, Fault> {
    let Some(Node::Tree(new)) = attribute.downcast::<Node>() else { return Err(Fault::null_reference()) };
    let Some(name) = new.name() else { return Err(Fault::argument("The node is not an attribute.")) };
    run.charge(64)?;
    if let Some(known) = element.attribute_named(&name).filter(|known| !known.ptr_eq(new)) {
        known.remove()?;
    }
    if new.container().is_none() {
        element.add(&crate::expr::xlinq::XContent::Object(new.clone()))?;
    }
    Ok(attribute.clone())
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::XmlAttribute)
        .def("XmlElement OwnerElement", |_, a| Ok(value(object(a)?.parent())))
        .def("bool Specified", |_, _| Ok(true.into()));
    table
        .on(TypeId::XmlNamedNodeMap)
        .def("int Count", |_, a| Ok(Value::Int(element(a)?.attributes().len() as i32)))
        .def("XmlNode GetNamedItem(string name)", |_, a| Ok(value(find_in(element(a)?, a))))
        .def("XmlNode GetNamedItem(string localName, string namespaceURI)", |_, a| Ok(value(find_in(element(a)?, a))))
        .def("XmlNode RemoveNamedItem(string name)", |_, a| removed(find_in(element(a)?, a)))
        .def("XmlNode SetNamedItem(XmlNode node)", |run, a| append(run, element(a)?, &a[1]))
        .def("XmlNode Item(int index)", |_, a| item(a).map(|found| found.unwrap_or(Value::Null)));
    table
        .on(TypeId::XmlAttributeCollection)
        .def("XmlAttribute this[string name]", |_, a| Ok(value(find_in(element(a)?, a))))
        .def("XmlAttribute this[string localName, string namespaceURI]", |_, a| Ok(value(find_in(element(a)?, a))))
        .def("XmlAttribute this[int i]", |_, a| item(a)?.ok_or_else(Fault::index_out_of_range))
        .def("XmlAttribute Append(XmlAttribute node)", |run, a| append(run, element(a)?, &a[1]))
        .def("XmlAttribute Remove(XmlAttribute node)", |_, a| match a[1].downcast::<Node>() {
            Some(Node::Tree(node))
                if node.container().is_some_and(|owner| element(a).is_ok_and(|e| owner.ptr_eq(e))) =>
            {
                removed(Some(node.clone()))
            }
            _ => Ok(Value::Null),
        })
        .def("void RemoveAll()", |_, a| {
            element(a)?.remove_attributes();
            Ok(Value::Null)
        });
}

fn item(args: &[Value]) -> Result<Option<Value>, Fault> {
    let index = usize::try_from(int(&args[1])).ok();
    Ok(index.and_then(|index| element(args).ok()?.attributes().into_iter().nth(index)).map(value))
}
