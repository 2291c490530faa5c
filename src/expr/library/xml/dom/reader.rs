//! `XmlReader` and `XmlReaderSettings`.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::super::object::{parse_with, xml_text};
use super::node::{Node, declaration_text, is_named, outer_xml, text_at};
use super::walk::{Omitted, Walk};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::library::args::{boolean, int};
use crate::expr::library::string_reader;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Str, Value};
use crate::expr::xlinq::{Layout, Root, XObject, XObjectClass};

/// An `XmlReader`.
pub(in crate::expr::library::xml) struct Reader(Mutex<State>);

/// Text is read at the first step, so that what is wrong with it is thrown there.
enum State {
    Text(Str, Omitted),
    Walk(Walk),
    Closed,
}

/// `XmlReaderSettings`
struct Settings(Mutex<Omitted>);

impl Object for Reader {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::XmlReader)
    }

    fn dispose(&self) {
        *self.lock() = State::Closed;
    }
}

impl Object for Settings {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::XmlReaderSettings)
    }
}

/// `XNode.CreateReader()`
pub(in crate::expr::library::xml) fn over(node: XObject) -> Value {
    Value::object(Reader(Mutex::new(State::Walk(Walk::new(node, Omitted::default())))))
}

impl Reader {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works on the walk; a reader that is closed is at its end.
    fn walk<R>(
        &self,
        run: &mut Run<'_>,
        work: impl FnOnce(&mut Run<'_>, &mut Walk) -> Result<R, Fault>,
    ) -> Result<R, Fault> {
        let mut state = self.lock();
        if let State::Text(text, omitted) = &*state {
            let document = parse_with(run, &text.text(), Root::Document, true)?;
            *state = State::Walk(Walk::new(document, *omitted));
        }
        match &mut *state {
            State::Walk(walk) => work(run, walk),
            _ => Err(Fault::invalid_operation("The XmlReader is closed.")),
        }
    }

    /// Takes the node that the reader is on, or the whole when it has not begun; goes behind it.
    pub(in crate::expr::library::xml) fn take(&self, run: &mut Run<'_>) -> Result<XObject, Fault> {
        let node = self.walk(run, |_, walk| Ok(walk.skip()))?;
        node.ok_or_else(|| Fault::invalid_operation("The XmlReader state should be Interactive."))
    }
}

fn this(args: &[Value]) -> Result<&Reader, Fault> {
    args.first().and_then(Value::downcast::<Reader>).ok_or_else(Fault::null_reference)
}

fn settings(value: Option<&Value>) -> Omitted {
    let settings = value.and_then(Value::downcast::<Settings>);
    settings.map(|settings| *settings.0.lock().unwrap_or_else(PoisonError::into_inner)).unwrap_or_default()
}

fn create(_: &mut Run<'_>, args: &mut [Value]) -> Result<Value, Fault> {
    let text = string_reader::rest(&args[0], "input")?;
    Ok(Value::object(Reader(Mutex::new(State::Text(text, settings(args.get(1)))))))
}

/// What is looked at: a node or an attribute, and its text.
fn look<R>(run: &mut Run<'_>, args: &[Value], look: impl FnOnce(&Walk) -> R) -> Result<R, Fault> {
    this(args)?.walk(run, |_, walk| Ok(look(walk)))
}

fn step(run: &mut Run<'_>, walk: &mut Walk) -> Result<bool, Fault> {
    run.steps(32)?;
    Ok(walk.step())
}

fn name(walk: &Walk) -> String {
    if walk.declaration().is_some() {
        return "xml".to_owned();
    }
    match walk.attribute().or_else(|| walk.node()) {
        Some(node) => match node.class() {
            XObjectClass::Element | XObjectClass::Attribute => node.qualified_name(),
            XObjectClass::ProcessingInstruction => node.target().unwrap_or_default(),
            _ => String::new(),
        },
        None => String::new(),
    }
}

fn text(walk: &Walk) -> String {
    if let (Some(parts), None) = (walk.declaration(), walk.attribute()) {
        return declaration_text(parts);
    }
    match walk.attribute().or_else(|| walk.node()) {
        Some(node) if !node.is_container() => node.value(),
        _ => String::new(),
    }
}

fn attribute(walk: &Walk, args: &[Value]) -> Option<XObject> {
    let (name, namespace) = (text_at(args, 1), args.get(2).map(|_| text_at(args, 2)));
    let all = walk.element()?.attributes();
    all.into_iter().find(|attribute| is_named(attribute, &name, namespace.as_deref()))
}

fn unexpected(walk: &Walk) -> Fault {
    let name = name(walk);
    Fault::new(TypeId::XmlException, format!("'{name}' is an invalid node at this place."))
}

/// Goes to the next content: an element, its end, or a text.
fn move_to_content(run: &mut Run<'_>, walk: &mut Walk) -> Result<(), Fault> {
    walk.look_at(None);
    while matches!(walk.node_type(), 0 | 7 | 8 | 10 | 13 | 17) {
        if !step(run, walk)? {
            break;
        }
    }
    Ok(())
}

/// Whether an element of the name that was asked begins here.
fn is_wanted(walk: &Walk, args: &[Value]) -> bool {
    let namespace = args.get(2).map(|_| text_at(args, 2));
    walk.element().is_some_and(|element| is_named(element, &text_at(args, 1), namespace.as_deref()))
}

fn read_to_following(run: &mut Run<'_>, args: &mut [Value]) -> Result<Value, Fault> {
    this(args)?.walk(run, |run, walk| {
        while step(run, walk)? {
            if is_wanted(walk, args) {
                return Ok(true.into());
            }
        }
        Ok(false.into())
    })
}

fn read_to_descendant(run: &mut Run<'_>, args: &mut [Value]) -> Result<Value, Fault> {
    this(args)?.walk(run, |run, walk| {
        let (depth, is_begun) = (walk.depth(), walk.is_begun());
        if is_begun && walk.element().is_none_or(XObject::is_empty) {
            return Ok(false.into());
        }
        while step(run, walk)? && (!is_begun || walk.depth() > depth) {
            if is_wanted(walk, args) {
                return Ok(true.into());
            }
        }
        Ok(false.into())
    })
}

fn read_to_next_sibling(run: &mut Run<'_>, args: &mut [Value]) -> Result<Value, Fault> {
    this(args)?.walk(run, |run, walk| {
        while !walk.is_over() {
            if walk.skip().is_none() {
                step(run, walk)?;
            }
            run.step()?;
            if is_wanted(walk, args) {
                return Ok(true.into());
            }
            if walk.is_end() {
                break;
            }
        }
        Ok(false.into())
    })
}

/// The text of an element without elements inside; goes behind it.
fn element_text(run: &mut Run<'_>, args: &[Value]) -> Result<String, Fault> {
    this(args)?.walk(run, |run, walk| {
        move_to_content(run, walk)?;
        let Some(element) = walk.element().cloned() else { return Err(unexpected(walk)) };
        if element.nodes().iter().any(|node| node.class() == XObjectClass::Element) {
            return Err(unexpected(walk));
        }
        let text = element.value();
        run.charge(text.len())?;
        walk.skip();
        Ok(text)
    })
}

/// The markup of what the reader is on, or of what is inside; goes behind it.
fn markup(run: &mut Run<'_>, args: &[Value], with_itself: bool) -> Result<Value, Fault> {
    this(args)?.walk(run, |run, walk| {
        let Some(node) = walk.skip() else { return Ok("".into()) };
        if with_itself {
            return Ok(outer_xml(run, &Node::Tree(node))?.into());
        }
        let mut all = String::new();
        for inner in node.nodes() {
            all.push_str(&xml_text(run, &inner, Layout::Plain)?.text());
        }
        Ok(all.into())
    })
}

fn is_start(run: &mut Run<'_>, args: &[Value]) -> Result<bool, Fault> {
    this(args)?.walk(run, |run, walk| {
        move_to_content(run, walk)?;
        Ok(if args.len() > 1 { is_wanted(walk, args) } else { walk.element().is_some() })
    })
}

fn start(run: &mut Run<'_>, args: &mut [Value]) -> Result<Value, Fault> {
    if !is_start(run, args)? {
        return Err(look(run, args, unexpected)?);
    }
    this(args)?.walk(run, step).map(|_| Value::Null)
}

/// Looks at another attribute of the element.
fn move_to(run: &mut Run<'_>, args: &[Value], pick: impl FnOnce(&Walk) -> Option<XObject>) -> Result<Value, Fault> {
    this(args)?.walk(run, |_, walk| {
        let found = pick(walk);
        Ok((found.is_some() && walk.look_at(found)).into())
    })
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::XmlReader)
        .def("static XmlReader Create(StringReader input)", create)
        .def("static XmlReader Create(StringReader input, XmlReaderSettings settings)", create)
        .def("static XmlReader Create(string inputUri)", |_, _| {
            Err(Fault::not_supported("Files and addresses cannot be read by an expression."))
        })
        .def("bool Read()", |run, a| this(a)?.walk(run, step).map(Value::from))
        .def("XmlNodeType NodeType", |run, a| {
            Ok(Value::enumeration(TypeId::XmlNodeType, look(run, a, Walk::node_type)?))
        })
        .def("string Name", |run, a| Ok(look(run, a, name)?.into()))
        .def("string LocalName", |run, a| {
            let name = look(run, a, name)?;
            Ok(name.rsplit(':').next().unwrap_or_default().into())
        })
        .def("string Prefix", |run, a| {
            let name = look(run, a, name)?;
            Ok(name.split_once(':').map_or("", |(prefix, _)| prefix).into())
        })
        .def("string NamespaceURI", |run, a| {
            let name = look(run, a, |walk| walk.attribute().or_else(|| walk.node()).and_then(XObject::name))?;
            Ok(name.map_or_else(String::new, |name| name.namespace().name().to_owned()).into())
        })
        .def("string Value", |run, a| {
            let text = look(run, a, text)?;
            run.charge(text.len())?;
            Ok(text.into())
        })
        .def("bool HasValue", |run, a| Ok(matches!(look(run, a, Walk::node_type)?, 2..=4 | 7 | 8 | 13 | 17).into()))
        .def("int Depth", |run, a| Ok(Value::Int(look(run, a, Walk::depth)? as i32)))
        .def("bool EOF", |run, a| Ok(look(run, a, Walk::is_over)?.into()))
        .def("bool IsEmptyElement", |run, a| {
            Ok(look(run, a, |walk| walk.element().is_some_and(XObject::is_empty))?.into())
        })
        .def("bool HasAttributes", |run, a| Ok((attribute_count(run, a)? > 0).into()))
        .def("int AttributeCount", |run, a| Ok(Value::Int(attribute_count(run, a)? as i32)))
        .def("string GetAttribute(string name)", |run, a| get_attribute(run, a))
        .def("string GetAttribute(string name, string namespaceURI)", |run, a| get_attribute(run, a))
        .def("string GetAttribute(int i)", |run, a| {
            let index = usize::try_from(int(&a[1])).unwrap_or(usize::MAX);
            let found =
                look(run, a, |walk| walk.element().and_then(|element| element.attributes().into_iter().nth(index)))?;
            let found = found.ok_or_else(|| {
                Fault::out_of_range("Specified argument was out of the range of valid values. (Parameter 'i')")
            })?;
            Ok(found.value().into())
        })
        .def("string this[string name]", |run, a| get_attribute(run, a))
        .def("bool MoveToAttribute(string name)", |run, a| move_to(run, a, |walk| attribute(walk, a)))
        .def("bool MoveToFirstAttribute()", |run, a| {
            move_to(run, a, |walk| walk.element().and_then(|element| element.attributes().into_iter().next()))
        })
        .def("bool MoveToNextAttribute()", |run, a| {
            move_to(run, a, |walk| match walk.attribute() {
                Some(attribute) => attribute.next(),
                None => walk.element().and_then(|element| element.attributes().into_iter().next()),
            })
        })
        .def("bool MoveToElement()", |run, a| {
            this(a)?.walk(run, |_, walk| {
                let was_inside = walk.attribute().is_some();
                walk.look_at(None);
                Ok(was_inside.into())
            })
        })
        .def("XmlNodeType MoveToContent()", |run, a| {
            this(a)?.walk(run, |run, walk| {
                move_to_content(run, walk)?;
                Ok(Value::enumeration(TypeId::XmlNodeType, walk.node_type()))
            })
        })
        .def("bool IsStartElement()", |run, a| Ok(is_start(run, a)?.into()))
        .def("bool IsStartElement(string name)", |run, a| Ok(is_start(run, a)?.into()))
        .def("bool IsStartElement(string localname, string ns)", |run, a| Ok(is_start(run, a)?.into()))
        .def("void ReadStartElement()", start)
        .def("void ReadStartElement(string name)", start)
        .def("void ReadStartElement(string localname, string ns)", start)
        .def("void ReadEndElement()", |run, a| {
            this(a)?.walk(run, |run, walk| {
                move_to_content(run, walk)?;
                if !walk.is_end() {
                    return Err(unexpected(walk));
                }
                step(run, walk).map(|_| Value::Null)
            })
        })
        .def("bool ReadToFollowing(string name)", read_to_following)
        .def("bool ReadToFollowing(string localName, string namespaceURI)", read_to_following)
        .def("bool ReadToDescendant(string name)", read_to_descendant)
        .def("bool ReadToDescendant(string localName, string namespaceURI)", read_to_descendant)
        .def("bool ReadToNextSibling(string name)", read_to_next_sibling)
        .def("bool ReadToNextSibling(string localName, string namespaceURI)", read_to_next_sibling)
        .def("string ReadElementContentAsString()", |run, a| Ok(element_text(run, a)?.into()))
        .def("string ReadElementString()", |run, a| Ok(element_text(run, a)?.into()))
        .def("string ReadElementString(string name)", |run, a| {
            if !is_start(run, a)? {
                return Err(look(run, a, unexpected)?);
            }
            Ok(element_text(run, a)?.into())
        })
        .def("string ReadInnerXml()", |run, a| markup(run, a, false))
        .def("string ReadOuterXml()", |run, a| markup(run, a, true))
        .def("void Skip()", |run, a| {
            this(a)?.walk(run, |run, walk| {
                if walk.skip().is_none() {
                    step(run, walk)?;
                }
                Ok(Value::Null)
            })
        })
        .def("void Close()", |_, a| {
            this(a)?.dispose();
            Ok(Value::Null)
        });
    let mut on = table.on(TypeId::XmlReaderSettings);
    on.def("new()", |_, _| Ok(Value::object(Settings(Mutex::default()))));
    on.def_set(
        "bool IgnoreWhitespace",
        |_, a| Ok(settings(a.first()).white_space.into()),
        |_, a| set(a, |omitted| &mut omitted.white_space),
    );
    on.def_set(
        "bool IgnoreComments",
        |_, a| Ok(settings(a.first()).comments.into()),
        |_, a| set(a, |omitted| &mut omitted.comments),
    );
    on.def_set(
        "bool IgnoreProcessingInstructions",
        |_, a| Ok(settings(a.first()).instructions.into()),
        |_, a| set(a, |omitted| &mut omitted.instructions),
    );
    on.def_set(
        "DtdProcessing DtdProcessing",
        |_, _| Ok(Value::enumeration(TypeId::DtdProcessing, 0)),
        |_, _| Ok(Value::Null),
    );
    on.def_set("XmlResolver XmlResolver", |_, _| Ok(Value::Null), |_, _| Ok(Value::Null));
}

fn set(args: &[Value], part: impl FnOnce(&mut Omitted) -> &mut bool) -> Result<Value, Fault> {
    let settings = args.first().and_then(Value::downcast::<Settings>).ok_or_else(Fault::null_reference)?;
    *part(&mut settings.0.lock().unwrap_or_else(PoisonError::into_inner)) = boolean(&args[1]);
    Ok(Value::Null)
}

fn attribute_count(run: &mut Run<'_>, args: &[Value]) -> Result<usize, Fault> {
    look(run, args, |walk| walk.element().map_or(0, |element| element.attributes().len()))
}

fn get_attribute(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Fault> {
    let found = look(run, args, |walk| attribute(walk, args))?;
    Ok(found.map(|found| found.value()).into())
}
