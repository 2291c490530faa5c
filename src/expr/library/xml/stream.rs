//! Readers and writers over nodes: `CreateReader`, `CreateWriter`, and what takes them.

use super::content::insert_all;
use super::dom::reader::{self, Reader};
use super::object::{parse_with, this, value};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::library::args::int;
use crate::expr::library::string_reader;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Value};
use crate::expr::xlinq::{Root, XObject, XObjectClass};

/// An `XmlWriter` into a container.
struct Writer(XObject);

impl Object for Writer {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::XmlWriter)
    }
}

/// What a reader is on; it goes behind it.
fn rest(run: &mut Run<'_>, value: &Value) -> Result<XObject, Fault> {
    value.downcast::<Reader>().ok_or_else(|| Fault::argument_null("reader"))?.take(run)
}

fn copy(run: &mut Run<'_>, node: &XObject) -> Result<Value, Fault> {
    run.charge(node.subtree_weight())?;
    Ok(value(node.deep_clone()))
}

/// `XElement.Load(reader)`
fn load(run: &mut Run<'_>, args: &mut [Value]) -> Result<Value, Fault> {
    let node = rest(run, &args[0])?;
    let element = if node.class() == XObjectClass::Document { node.root_element() } else { Some(node) };
    match element.filter(|element| element.class() == XObjectClass::Element) {
        Some(element) => copy(run, &element),
        None => Err(Fault::invalid_operation("The XmlReader must be on a node of type Element.")),
    }
}

/// `XElement.Load(new StringReader(…))`
fn load_text(run: &mut Run<'_>, args: &mut [Value]) -> Result<Value, Fault> {
    let keep_space = args.get(1).is_some_and(|options| int(options) & 1 == 1);
    let text = string_reader::rest(&args[0], "textReader")?;
    Ok(value(parse_with(run, &text.text(), Root::Element, keep_space)?))
}

fn no_file(_: &mut Run<'_>, _: &mut [Value]) -> Result<Value, Fault> {
    Err(Fault::not_supported("Files and addresses cannot be read by an expression."))
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::XNode)
        .def("XmlReader CreateReader()", |_, a| Ok(reader::over(this(a)?.clone())))
        .def("void WriteTo(XmlWriter writer)", |run, a| {
            let node = this(a)?.clone();
            let writer = a[1].downcast::<Writer>().ok_or_else(|| Fault::argument_null("writer"))?;
            let content = copy(run, &node)?;
            insert_all(run, &writer.0, writer.0.node_count(), &content)?;
            Ok(Value::Null)
        })
        .def("static XNode ReadFrom(XmlReader reader)", |run, a| {
            let node = rest(run, &a[0])?;
            copy(run, &node)
        });
    table.on(TypeId::XContainer).def("XmlWriter CreateWriter()", |_, a| Ok(Value::object(Writer(this(a)?.clone()))));
    table
        .on(TypeId::XElement)
        .def("static XElement Load(XmlReader reader)", load)
        .def("static XElement Load(XmlReader reader, LoadOptions options)", load)
        .def("static XElement Load(StringReader textReader)", load_text)
        .def("static XElement Load(StringReader textReader, LoadOptions options)", load_text)
        .def("static XElement Load(string uri)", no_file)
        .def("static XElement Load(string uri, LoadOptions options)", no_file)
        .def("void Save(string fileName)", no_file)
        .def("void Save(string fileName, SaveOptions options)", no_file)
        .def("void Save(XmlWriter writer)", |run, a| {
            let node = this(a)?.clone();
            let writer = a[1].downcast::<Writer>().ok_or_else(|| Fault::argument_null("writer"))?;
            let content = copy(run, &node)?;
            insert_all(run, &writer.0, writer.0.node_count(), &content)?;
            Ok(Value::Null)
        });
    table
        .on(TypeId::XDocument)
        .def("void Save(string fileName)", no_file)
        .def("void Save(string fileName, SaveOptions options)", no_file);
}
