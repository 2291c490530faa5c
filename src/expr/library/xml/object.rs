//! `XObject`: the object behind every node and attribute, and what they share.

use std::any::Any;

use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::library::{sequence, string_writer};
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Str, Value};
use crate::expr::xlinq::{Layout, Root, XName, XObject, XObjectClass};

/// A node or attribute as a value; none is null.
pub(crate) fn value(object: impl Into<Option<XObject>>) -> Value {
    object.into().map_or(Value::Null, Value::object)
}

/// The instance of a member.
pub(super) fn this(args: &[Value]) -> Result<&XObject, Fault> {
    args.first().and_then(Value::downcast::<XObject>).ok_or_else(Fault::null_reference)
}

/// A sequence of nodes or attributes.
pub(super) fn objects(element: TypeId, objects: Vec<XObject>) -> Value {
    sequence::of(Ty::Named(element), objects.into_iter().map(Value::object).collect())
}

/// Reads XML text under the run's budget; white space between markup is dropped.
pub(crate) fn parse(run: &mut Run<'_>, xml: &str, root: Root) -> Result<XObject, Fault> {
    parse_with(run, xml, root, false)
}

/// Reads XML text under the run's budget.
pub(super) fn parse_with(run: &mut Run<'_>, xml: &str, root: Root, keep_space: bool) -> Result<XObject, Fault> {
    let marks = xml.bytes().filter(|byte| matches!(byte, b'<' | b'=')).count();
    run.room(xml.len() + marks.saturating_mul(NODE))?;
    run.steps(xml.len().saturating_mul(2))?;
    let object = XObject::parse(xml, root, keep_space)?;
    run.charge(object.weight())?;
    Ok(object)
}

/// XML text of a node under the run's budget.
pub(super) fn xml_text(run: &mut Run<'_>, object: &XObject, layout: Layout) -> Result<Str, Fault> {
    let limit = usize::try_from(run.bytes_left() / 2).unwrap_or(usize::MAX);
    let text = object.to_xml(layout, run.settings.line_end.as_str(), limit).map_err(|exception| {
        if exception.class == "System.OutOfMemoryException" {
            Fault::budget("the expression ran out of its budget of bytes")
        } else {
            exception.into()
        }
    })?;
    run.steps(text.len().saturating_mul(PRINTED))?;
    run.charge(text.len())?;
    Ok(text.into())
}

/// `Save(writer)`: a declaration and the XML text, into a `StringWriter`.
pub(super) fn save(run: &mut Run<'_>, args: &[Value], layout: Layout) -> Result<Value, Fault> {
    let object = this(args)?;
    let mut declaration = object.declaration().unwrap_or_default();
    declaration.version.get_or_insert_with(|| "1.0".to_owned());
    declaration.encoding = Some("utf-16".to_owned());
    let line_end = if layout == Layout::Indented { run.settings.line_end.as_str() } else { "" };
    let text = xml_text(run, object, layout)?;
    string_writer::push(run, &args[1], "textWriter", &format!("{declaration}{line_end}{text}").into())?;
    Ok(Value::Null)
}

/// What an element or attribute takes at least, in bytes.
const NODE: usize = 100;
/// The basic steps of a byte of XML text that is written.
const PRINTED: usize = 8;

/// Counts the work of a walk through a whole tree.
pub(super) fn count_walk(run: &mut Run<'_>, object: &XObject) -> Result<(), Fault> {
    run.steps(object.weight() / 8)
}

/// Counts the work of moving the nodes behind a place.
pub(super) fn count_shift(run: &mut Run<'_>, container: &XObject, at: usize) -> Result<(), Fault> {
    run.steps(container.node_count().saturating_sub(at) / 8)
}

/// An argument that is an `XName` or null.
pub(super) fn name_at(args: &[Value], index: usize) -> Option<&XName> {
    args.get(index).and_then(Value::downcast::<XName>)
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::XObject)
        .def("XmlNodeType NodeType", |_, a| Ok(Value::enumeration(TypeId::XmlNodeType, this(a)?.class().node_type())))
        .def("XElement Parent", |_, a| Ok(value(this(a)?.parent())))
        .def("XDocument Document", |_, a| Ok(value(this(a)?.owner_document())))
        .def("string BaseUri", |_, _| Ok("".into()));
}

impl Object for XObject {
    fn ty(&self) -> Ty {
        Ty::Named(match self.class() {
            XObjectClass::Document => TypeId::XDocument,
            XObjectClass::Element => TypeId::XElement,
            XObjectClass::Attribute => TypeId::XAttribute,
            XObjectClass::Text => TypeId::XText,
            XObjectClass::CData => TypeId::XCData,
            XObjectClass::Comment => TypeId::XComment,
            XObjectClass::ProcessingInstruction => TypeId::XProcessingInstruction,
            XObjectClass::DocumentType => TypeId::XDocumentType,
        })
    }

    fn to_text(&self, run: &mut Run<'_>) -> Result<Option<Str>, Fault> {
        xml_text(run, self, Layout::Indented).map(Some)
    }

    fn is_same(&self, other: &dyn Object) -> Option<bool> {
        let other: &dyn Any = other;
        Some(other.downcast_ref::<Self>().is_some_and(|other| self.ptr_eq(other)))
    }
}
