//! `XmlDocument`.

use super::super::object::{parse_with, xml_text};
use super::element::{by_tag_name, element_name, with_prefix};
use super::node::{Node, object, put, text_at, value};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::library::args::{boolean, string};
use crate::expr::library::{string_reader, string_writer};
use crate::expr::types::{Table, TypeId};
use crate::expr::value::Value;
use crate::expr::xlinq::{Layout, Root, XDeclaration, XName, XNamespace, XObject, XObjectClass};

/// The mark of a document that keeps white space.
struct KeepsSpace;

fn keeps_space(document: &XObject) -> bool {
    document.annotated().notes().iter().any(|note| note.is::<KeepsSpace>())
}

/// `LoadXml`, `Load`: what was there before goes away.
fn load(run: &mut Run<'_>, document: &XObject, xml: &str) -> Result<Value, Fault> {
    let source = parse_with(run, xml, Root::Document, keeps_space(document))?;
    document.remove_nodes();
    document.set_declaration(source.declaration());
    for node in source.nodes() {
        put(run, document, document.node_count(), &node)?;
    }
    Ok(Value::Null)
}

fn optional(args: &[Value], index: usize) -> Option<String> {
    args.get(index).and_then(Value::as_text).map(|text| text.to_string()).filter(|text| !text.is_empty())
}

fn create(run: &mut Run<'_>, object: XObject) -> Result<Value, Fault> {
    run.charge(64 + object.weight())?;
    Ok(value(object))
}

/// `CreateElement`: a prefix is declared where it is not in force.
fn create_element(run: &mut Run<'_>, prefix: &str, local: &str, namespace: &str) -> Result<Value, Fault> {
    let element = XObject::element(element_name(local, namespace)?);
    if !prefix.is_empty() && !namespace.is_empty() {
        let declaration = XName::new(XNamespace::new(crate::expr::xlinq::XMLNS), prefix);
        element.set_attribute_value(&declaration, Some(namespace))?;
    }
    create(run, element)
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::XmlDocument)
        .def("new()", |_, _| Ok(value(XObject::document(None))))
        .def("void LoadXml(string xml)", |run, a| {
            let xml = string(&a[1], "xml")?.text();
            load(run, object(a)?, &xml)
        })
        .def("void Load(StringReader txtReader)", |run, a| {
            let xml = string_reader::rest(&a[1], "txtReader")?;
            load(run, object(a)?, &xml.text())
        })
        .def("void Load(string filename)", |_, _| {
            Err(Fault::not_supported("Files and addresses cannot be read by an expression."))
        })
        .def("void Save(StringWriter writer)", |run, a| {
            let mut declaration = object(a)?.declaration().unwrap_or_default();
            declaration.version.get_or_insert_with(|| "1.0".to_owned());
            declaration.encoding = Some("utf-16".to_owned());
            let line_end = run.settings.line_end.as_str();
            let text = xml_text(run, object(a)?, Layout::Indented)?;
            string_writer::push(run, &a[1], "writer", &format!("{declaration}{line_end}{text}").into())?;
            Ok(Value::Null)
        })
        .def_set(
            "bool PreserveWhitespace",
            |_, a| Ok(keeps_space(object(a)?).into()),
            |_, a| {
                let notes = object(a)?.annotated();
                notes.remove_notes(&|note| note.is::<KeepsSpace>());
                if boolean(&a[1]) {
                    notes.add_note(std::sync::Arc::new(KeepsSpace));
                }
                Ok(Value::Null)
            },
        )
        .def_set("XmlResolver XmlResolver", |_, _| Ok(Value::Null), |_, _| Ok(Value::Null))
        .def("XmlElement DocumentElement", |_, a| Ok(value(object(a)?.root_element())))
        .def("XmlDocumentType DocumentType", |_, a| {
            let nodes = object(a)?.nodes().into_iter();
            Ok(value(nodes.into_iter().find(|node| node.class() == XObjectClass::DocumentType)))
        })
        .def("XmlNodeList GetElementsByTagName(string name)", |run, a| by_tag_name(run, a))
        .def("XmlNodeList GetElementsByTagName(string localName, string namespaceURI)", |run, a| by_tag_name(run, a))
        .def("XmlElement CreateElement(string name)", |run, a| {
            let name = string(&a[1], "name")?.text();
            create_element(run, "", &name, "")
        })
        .def("XmlElement CreateElement(string qualifiedName, string namespaceURI)", |run, a| {
            let name = string(&a[1], "qualifiedName")?.text();
            let (prefix, local) = with_prefix(&name);
            create_element(run, prefix, local, &text_at(a, 2))
        })
        .def("XmlElement CreateElement(string prefix, string localName, string namespaceURI)", |run, a| {
            let local = string(&a[2], "localName")?.text();
            create_element(run, &text_at(a, 1), &local, &text_at(a, 3))
        })
        .def("XmlAttribute CreateAttribute(string name)", |run, a| {
            let name = super::attribute::name_in(object(a)?, &string(&a[1], "name")?.text())?;
            create(run, XObject::attribute(name, "")?)
        })
        .def("XmlAttribute CreateAttribute(string qualifiedName, string namespaceURI)", |run, a| {
            let name = string(&a[1], "qualifiedName")?.text();
            let name = element_name(with_prefix(&name).1, &text_at(a, 2))?;
            create(run, XObject::attribute(name, "")?)
        })
        .def("XmlAttribute CreateAttribute(string prefix, string localName, string namespaceURI)", |run, a| {
            let name = element_name(&string(&a[2], "localName")?.text(), &text_at(a, 3))?;
            create(run, XObject::attribute(name, "")?)
        })
        .def("XmlText CreateTextNode(string text)", |run, a| create(run, XObject::text(&text_at(a, 1))))
        .def("XmlCDataSection CreateCDataSection(string data)", |run, a| create(run, XObject::cdata(&text_at(a, 1))))
        .def("XmlComment CreateComment(string data)", |run, a| create(run, XObject::comment(&text_at(a, 1))))
        .def("XmlProcessingInstruction CreateProcessingInstruction(string target, string data)", |run, a| {
            let instruction = XObject::processing_instruction(&text_at(a, 1), &text_at(a, 2))?;
            create(run, instruction)
        })
        .def("XmlDeclaration CreateXmlDeclaration(string version, string encoding, string standalone)", |_, a| {
            let parts = XDeclaration { version: optional(a, 1), encoding: optional(a, 2), standalone: optional(a, 3) };
            Ok(Value::object(Node::Declaration(object(a)?.clone(), parts)))
        })
        .def("XmlNode ImportNode(XmlNode node, bool deep)", |run, a| {
            let Some(node) = a[1].downcast::<Node>() else {
                return Err(Fault::invalid_operation("Cannot import a null node."));
            };
            let Node::Tree(node) = node else { return Ok(a[1].clone()) };
            run.charge(node.subtree_weight())?;
            let copy = node.deep_clone();
            if !boolean(&a[2]) {
                copy.remove_nodes();
            }
            Ok(value(copy))
        })
        .def("XmlNameTable NameTable", |_, _| Ok(super::namespaces::name_table()));
}
