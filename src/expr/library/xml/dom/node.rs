//! `XmlNode`: the object behind every node, and what they share.

use std::any::Any;

use super::super::object::{count_shift, count_walk, parse, xml_text};
use super::attribute;
use super::list::NodeList;
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::library::args::{boolean, string};
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Iterate, Object, Str, Value};
use crate::expr::xlinq::{Layout, Root, XContent, XDeclaration, XNamespace, XObject, XObjectClass};

/// A node: one of a tree, or the declaration that .NET counts among the nodes of a document.
#[derive(Clone)]
pub(super) enum Node {
    Tree(XObject),
    Declaration(XObject, XDeclaration),
}

/// A node of a tree as a value; none is null.
pub(super) fn value(object: impl Into<Option<XObject>>) -> Value {
    object.into().map_or(Value::Null, |object| Value::object(Node::Tree(object)))
}

/// The instance of a member.
pub(super) fn this(args: &[Value]) -> Result<&Node, Fault> {
    args.first().and_then(Value::downcast::<Node>).ok_or_else(Fault::null_reference)
}

/// The instance of a member, in its tree; that of a declaration is its document.
pub(super) fn object(args: &[Value]) -> Result<&XObject, Fault> {
    Ok(match this(args)? {
        Node::Tree(object) | Node::Declaration(object, _) => object,
    })
}

/// The node of the tree that a value is, if it is an `XmlNode`.
pub(in crate::expr::library) fn object_of(value: &Value) -> Option<&XObject> {
    match value.downcast::<Node>()? {
        Node::Tree(object) | Node::Declaration(object, _) => Some(object),
    }
}

impl Object for Node {
    fn ty(&self) -> Ty {
        Ty::Named(match self {
            Self::Declaration(..) => TypeId::XmlDeclaration,
            Self::Tree(object) => match object.class() {
                XObjectClass::Document => TypeId::XmlDocument,
                XObjectClass::Element => TypeId::XmlElement,
                XObjectClass::Attribute => TypeId::XmlAttribute,
                XObjectClass::Text => TypeId::XmlText,
                XObjectClass::CData => TypeId::XmlCDataSection,
                XObjectClass::Comment => TypeId::XmlComment,
                XObjectClass::ProcessingInstruction => TypeId::XmlProcessingInstruction,
                XObjectClass::DocumentType => TypeId::XmlDocumentType,
            },
        })
    }

    fn is_same(&self, other: &dyn Object) -> Option<bool> {
        let other: &dyn Any = other;
        Some(match (self, other.downcast_ref()) {
            (Self::Tree(a), Some(Self::Tree(b))) | (Self::Declaration(a, _), Some(Self::Declaration(b, _))) => {
                a.ptr_eq(b)
            }
            _ => false,
        })
    }

    fn iterate(&self, run: &mut Run<'_>) -> Result<Option<Box<dyn Iterate>>, Fault> {
        let mut nodes = self.children(run)?.into_iter();
        Ok(Some(Box::new(move |_: &mut Run<'_>| Ok(nodes.next()))))
    }
}

impl Node {
    /// The nodes inside, a declaration first.
    pub(super) fn children(&self, run: &mut Run<'_>) -> Result<Vec<Value>, Fault> {
        let Self::Tree(object) = self else { return Ok(Vec::new()) };
        run.charge(object.node_count() * size_of::<Value>() * 2)?;
        let declaration = object.declaration().map(|parts| Value::object(Self::Declaration(object.clone(), parts)));
        Ok(declaration.into_iter().chain(object.nodes().into_iter().map(value)).collect())
    }

    /// `Value`: null for elements and documents.
    fn text(&self) -> Option<String> {
        match self {
            Self::Declaration(_, parts) => Some(declaration_text(parts)),
            Self::Tree(object) => match object.class() {
                XObjectClass::Document | XObjectClass::Element | XObjectClass::DocumentType => None,
                _ => Some(object.value()),
            },
        }
    }

    fn name(&self) -> String {
        let Self::Tree(object) = self else { return "xml".to_owned() };
        match object.class() {
            XObjectClass::Document => "#document".to_owned(),
            XObjectClass::Text => "#text".to_owned(),
            XObjectClass::CData => "#cdata-section".to_owned(),
            XObjectClass::Comment => "#comment".to_owned(),
            XObjectClass::ProcessingInstruction => object.target().unwrap_or_default(),
            XObjectClass::DocumentType => object.document_type_parts().map(|parts| parts.name).unwrap_or_default(),
            XObjectClass::Element | XObjectClass::Attribute => object.qualified_name(),
        }
    }

    fn local_name(&self) -> String {
        let name = self.name();
        name.split_once(':').map(|(_, local)| local.to_owned()).unwrap_or(name)
    }

    fn prefix(&self) -> String {
        self.name().split_once(':').map(|(prefix, _)| prefix.to_owned()).unwrap_or_default()
    }
}

/// `Value` of a declaration: what stands between its marks.
pub(super) fn declaration_text(parts: &XDeclaration) -> String {
    parts.to_string().trim_start_matches("<?xml ").trim_end_matches("?>").to_owned()
}

/// `OuterXml`
pub(super) fn outer_xml(run: &mut Run<'_>, node: &Node) -> Result<String, Fault> {
    match node {
        Node::Declaration(_, parts) => Ok(parts.to_string()),
        Node::Tree(object) => {
            let declaration = object.declaration().map(|parts| parts.to_string()).unwrap_or_default();
            Ok(declaration + &xml_text(run, object, Layout::Plain)?.text())
        }
    }
}

fn inner_xml(run: &mut Run<'_>, node: &Node) -> Result<String, Fault> {
    let Node::Tree(object) = node else { return Ok(String::new()) };
    if !object.is_container() {
        return Ok(if object.class() == XObjectClass::Attribute { object.value() } else { String::new() });
    }
    let mut text = String::new();
    for child in node.children(run)? {
        text.push_str(&outer_xml(run, child.downcast().ok_or_else(Fault::null_reference)?)?);
    }
    Ok(text)
}

/// `InnerText`: of a comment and its kin the text itself.
fn inner_text(run: &mut Run<'_>, node: &Node) -> Result<String, Fault> {
    let Node::Tree(object) = node else { return Ok(node.text().unwrap_or_default()) };
    count_walk(run, object)?;
    let text = object.value();
    run.charge(text.len())?;
    Ok(text)
}

fn set_text(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Fault> {
    let text = text_at(args, 1);
    run.charge(text.len() + 64)?;
    object(args)?.set_value(&text);
    Ok(Value::Null)
}

fn set_inner_xml(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Fault> {
    let target = object(args)?;
    let xml = text_at(args, 1);
    let is_document = target.class() == XObjectClass::Document;
    let source = if is_document {
        parse(run, &xml, Root::Document)?
    } else {
        parse(run, &format!("<_>{xml}</_>"), Root::Element)?
    };
    target.remove_nodes();
    for node in source.nodes() {
        put(run, target, target.node_count(), &node)?;
    }
    Ok(Value::Null)
}

/// Puts a node into a container, taking it from where it is; prefixes that are in force there are not declared again.
pub(super) fn put(run: &mut Run<'_>, container: &XObject, at: usize, node: &XObject) -> Result<(), Fault> {
    count_shift(run, container, at.min(container.node_count()))?;
    run.charge(64)?;
    let holds = std::iter::successors(Some(container.clone()), XObject::container).any(|outer| outer.ptr_eq(node));
    if holds {
        return Err(Fault::argument("The node to be inserted is an ancestor of this node."));
    }
    let mut at = at;
    if let Some(from) = node.container() {
        count_shift(run, &from, 0)?;
        let place = node.place_beside(0)?.1;
        node.remove()?;
        keep_open(&from)?;
        at -= usize::from(from.ptr_eq(container) && place < at);
    }
    for declaration in node.attributes().iter().filter(|attribute| attribute.is_namespace_declaration()) {
        let prefix = declaration.name().and_then(|name| name.declared_prefix().map(str::to_owned)).unwrap_or_default();
        let known = container.namespace_of_prefix(&prefix);
        if !prefix.is_empty() && known.is_some_and(|known| known.name() == declaration.value()) {
            declaration.remove()?;
        }
    }
    container.insert(at, &XContent::Object(node.clone()))?;
    Ok(())
}

/// Inserts before or after another node, or at an end when there is none; gives the node.
fn insert(run: &mut Run<'_>, args: &[Value], reference: Option<&Value>, after: usize) -> Result<Value, Fault> {
    let container = object(args)?;
    let node = match args[1].downcast::<Node>() {
        None => return Err(Fault::null_reference()),
        Some(Node::Declaration(_, parts)) => {
            container.set_declaration(Some(parts.clone()));
            return Ok(args[1].clone());
        }
        Some(Node::Tree(node)) => node,
    };
    let end = if after == 0 { container.node_count() } else { 0 };
    let at = match reference.and_then(Value::downcast::<Node>) {
        None => end,
        Some(Node::Declaration(..)) => 0,
        Some(Node::Tree(beside)) => match beside.place_beside(after) {
            Ok((parent, at)) if parent.ptr_eq(container) => at,
            _ => return Err(Fault::argument("The reference node is not a child of this node.")),
        },
    };
    put(run, container, at, node)?;
    Ok(args[1].clone())
}

fn remove(run: &mut Run<'_>, container: &XObject, old: &Value) -> Result<(), Fault> {
    match old.downcast::<Node>() {
        Some(Node::Declaration(..)) => container.set_declaration(None),
        Some(Node::Tree(node)) if node.container().is_some_and(|parent| parent.ptr_eq(container)) => {
            count_shift(run, container, 0)?;
            node.remove()?;
            keep_open(container)?;
        }
        _ => return Err(Fault::argument("The node to be removed is not a child of this node.")),
    }
    Ok(())
}

fn sibling(args: &[Value], step: fn(&XObject) -> Option<XObject>) -> Result<Value, Fault> {
    Ok(match this(args)? {
        Node::Tree(node) if node.class() != XObjectClass::Attribute => value(step(node)),
        _ => Value::Null,
    })
}

/// `Clone()` and `CloneNode(deep)`
fn clone(run: &mut Run<'_>, node: &Node, deep: bool) -> Result<Value, Fault> {
    let Node::Tree(node) = node else { return Ok(Value::object(node.clone())) };
    run.charge(node.subtree_weight())?;
    let copy = node.deep_clone();
    if !deep && copy.node_count() > 0 {
        copy.remove_nodes();
        keep_open(&copy)?;
    }
    Ok(value(copy))
}

/// An element that has lost its last node is written with an end tag.
pub(super) fn keep_open(element: &XObject) -> Result<(), Fault> {
    if element.class() == XObjectClass::Element && element.node_count() == 0 {
        element.insert(0, &XContent::Text(String::new()))?;
    }
    Ok(())
}

/// The first child element of a name.
fn child(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Fault> {
    let (node, name) = (object(args)?, text_at(args, 1));
    count_shift(run, node, 0)?;
    let namespace = args.get(2).map(|_| text_at(args, 2));
    let mut elements = node.nodes().into_iter().filter(|node| node.class() == XObjectClass::Element);
    Ok(value(elements.find(|element| is_named(element, &name, namespace.as_deref()))))
}

/// Whether an element or attribute has a name: as it is written, or a local one with its namespace.
pub(super) fn is_named(node: &XObject, name: &str, namespace: Option<&str>) -> bool {
    match namespace {
        None => node.qualified_name() == *name,
        Some(namespace) => node.name().is_some_and(|own| own.local() == name && own.namespace().name() == namespace),
    }
}

/// The text of a string argument; empty for null.
pub(super) fn text_at(args: &[Value], index: usize) -> String {
    args.get(index).and_then(Value::as_text).map(Str::to_string).unwrap_or_default()
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::XmlNode)
        .def("string Name", |_, a| Ok(this(a)?.name().into()))
        .def("string LocalName", |_, a| Ok(this(a)?.local_name().into()))
        .def("string Prefix", |_, a| Ok(this(a)?.prefix().into()))
        .def("string NamespaceURI", |_, a| {
            Ok(match this(a)? {
                Node::Tree(node) => node.name().map_or_else(String::new, |name| name.namespace().name().to_owned()),
                Node::Declaration(..) => String::new(),
            }
            .into())
        })
        .def("XmlNodeType NodeType", |_, a| {
            let number = match this(a)? {
                Node::Tree(node) => node.class().node_type(),
                Node::Declaration(..) => 17,
            };
            Ok(Value::enumeration(TypeId::XmlNodeType, number))
        })
        .def_set(
            "string Value",
            |run, a| {
                let text = this(a)?.text();
                run.charge(text.as_ref().map_or(0, String::len))?;
                Ok(text.into())
            },
            |run, a| match this(a)?.text() {
                Some(_) => set_text(run, a),
                None => Err(Fault::invalid_operation("Cannot set a value on node type 'Element' or 'Document'.")),
            },
        )
        .def_set("string InnerText", |run, a| Ok(inner_text(run, this(a)?)?.into()), set_text_of)
        .def_set("string InnerXml", |run, a| Ok(inner_xml(run, this(a)?)?.into()), |run, a| set_inner_xml(run, a))
        .def("string OuterXml", |run, a| Ok(outer_xml(run, this(a)?)?.into()))
        .def("XmlNode ParentNode", |_, a| {
            Ok(match this(a)? {
                Node::Tree(node) if node.class() != XObjectClass::Attribute => value(node.container()),
                Node::Tree(_) => Value::Null,
                Node::Declaration(document, _) => value(document.clone()),
            })
        })
        .def("XmlDocument OwnerDocument", |_, a| {
            let node = object(a)?;
            Ok(if node.class() == XObjectClass::Document { Value::Null } else { value(node.owner_document()) })
        })
        .def("XmlNodeList ChildNodes", |_, a| Ok(Value::object(NodeList::Children(this(a)?.clone()))))
        .def("bool HasChildNodes", |run, a| Ok((!this(a)?.children(run)?.is_empty()).into()))
        .def("XmlNode FirstChild", |run, a| Ok(this(a)?.children(run)?.into_iter().next().unwrap_or(Value::Null)))
        .def("XmlNode LastChild", |_, a| Ok(value(object(a)?.last_node())))
        .def("XmlNode NextSibling", |_, a| match this(a)? {
            Node::Declaration(document, _) => Ok(value(document.first_node())),
            Node::Tree(_) => sibling(a, XObject::next),
        })
        .def("XmlNode PreviousSibling", |_, a| sibling(a, XObject::previous))
        .def("XmlAttributeCollection Attributes", |_, a| Ok(attribute::of(object(a)?)))
        .def("XmlElement this[string name]", |run, a| child(run, a))
        .def("XmlElement this[string localname, string ns]", |run, a| child(run, a))
        .def("XmlNode AppendChild(XmlNode newChild)", |run, a| insert(run, a, None, 0))
        .def("XmlNode PrependChild(XmlNode newChild)", |run, a| insert(run, a, None, 1))
        .def("XmlNode InsertBefore(XmlNode newChild, XmlNode refChild)", |run, a| insert(run, a, a.get(2), 0))
        .def("XmlNode InsertAfter(XmlNode newChild, XmlNode refChild)", |run, a| insert(run, a, a.get(2), 1))
        .def("XmlNode RemoveChild(XmlNode oldChild)", |run, a| {
            remove(run, object(a)?, &a[1])?;
            Ok(a[1].clone())
        })
        .def("XmlNode ReplaceChild(XmlNode newChild, XmlNode oldChild)", |run, a| {
            insert(run, a, a.get(2), 0)?;
            remove(run, object(a)?, &a[2])?;
            Ok(a[2].clone())
        })
        .def("void RemoveAll()", |_, a| {
            let node = object(a)?;
            if node.node_count() > 0 {
                node.remove_nodes();
                keep_open(node)?;
            }
            node.remove_attributes();
            Ok(Value::Null)
        })
        .def("XmlNode Clone()", |run, a| clone(run, this(a)?, true))
        .def("XmlNode CloneNode(bool deep)", |run, a| clone(run, this(a)?, boolean(&a[1])))
        .def("void Normalize()", |_, a| this(a).map(|_| Value::Null))
        .def("string GetNamespaceOfPrefix(string prefix)", |_, a| {
            let found = object(a)?.namespace_of_prefix(&string(&a[1], "prefix")?.text());
            Ok(found.map_or_else(String::new, |found| found.name().to_owned()).into())
        })
        .def("string GetPrefixOfNamespace(string namespaceURI)", |_, a| {
            let namespace = XNamespace::new(&string(&a[1], "namespaceURI")?.text());
            Ok(object(a)?.prefix_of_namespace(&namespace).unwrap_or_default().into())
        });
    table
        .on(TypeId::XmlCharacterData)
        .def_set("string Data", |_, a| Ok(object(a)?.value().into()), |run, a| set_text(run, a))
        .def("int Length", |_, a| Ok(Value::Int(Str::from(object(a)?.value()).len() as i32)));
    table
        .on(TypeId::XmlProcessingInstruction)
        .def("string Target", |_, a| Ok(object(a)?.target().unwrap_or_default().into()))
        .def_set("string Data", |_, a| Ok(object(a)?.value().into()), |run, a| set_text(run, a));
    table
        .on(TypeId::XmlDeclaration)
        .def("string Version", |_, a| Ok(declaration(a)?.version.unwrap_or_default().into()))
        .def("string Encoding", |_, a| Ok(declaration(a)?.encoding.unwrap_or_default().into()))
        .def("string Standalone", |_, a| Ok(declaration(a)?.standalone.unwrap_or_default().into()));
}

fn declaration(args: &[Value]) -> Result<XDeclaration, Fault> {
    match this(args)? {
        Node::Declaration(_, parts) => Ok(parts.clone()),
        Node::Tree(_) => Err(Fault::null_reference()),
    }
}

fn set_text_of(run: &mut Run<'_>, args: &mut [Value]) -> Result<Value, Fault> {
    if object(args)?.class() == XObjectClass::Document {
        return Err(Fault::invalid_operation("The 'InnerText' of a 'Document' node is read-only and cannot be set."));
    }
    set_text(run, args)
}
