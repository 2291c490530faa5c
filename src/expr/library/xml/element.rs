//! `XElement`.

use super::content::{insert_all, text_of};
use super::node::named;
use super::object::{count_walk, name_at, objects, parse, parse_with, save, this, value};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::library::args::{int, string};
use crate::expr::types::{Table, TypeId};
use crate::expr::value::Value;
use crate::expr::xlinq::{Layout, Root, XNamespace, XObject};

fn build(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Fault> {
    let name = name_at(args, 0).ok_or_else(|| Fault::argument_null("name"))?;
    run.charge(128)?;
    let element = XObject::element(name.clone());
    if let Some(content) = args.get(1) {
        insert_all(run, &element, 0, content)?;
    }
    Ok(value(element))
}

/// The text that a value has, none for null.
fn optional_text(run: &mut Run<'_>, new: &Value) -> Result<Option<String>, Fault> {
    if new.is_null() { Ok(None) } else { text_of(run, new).map(Some) }
}

fn replace_all(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Fault> {
    let element = this(args)?;
    element.remove_nodes();
    element.remove_attributes();
    insert_all(run, element, 0, &args[1])?;
    Ok(Value::Null)
}

fn replace_attributes(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Fault> {
    let element = this(args)?;
    element.remove_attributes();
    insert_all(run, element, element.node_count(), &args[1])?;
    Ok(Value::Null)
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::XElement)
        .def("new(XName name)", |run, a| build(run, a))
        .def("new(XName name, object content)", |run, a| build(run, a))
        .def("new(XName name, params object[] content)", |run, a| build(run, a))
        .def("new(XElement other)", |run, a| match a[0].downcast::<XObject>() {
            Some(other) => {
                run.charge(other.subtree_weight())?;
                Ok(value(other.deep_clone()))
            }
            None => Err(Fault::argument_null("other")),
        })
        .def("static XElement Parse(string text)", |run, a| {
            Ok(value(parse(run, &string(&a[0], "text")?.text(), Root::Element)?))
        })
        .def("static XElement Parse(string text, LoadOptions options)", |run, a| {
            let keep_space = int(&a[1]) & 1 == 1;
            Ok(value(parse_with(run, &string(&a[0], "text")?.text(), Root::Element, keep_space)?))
        })
        .def("void Save(StringWriter textWriter)", |run, a| save(run, a, Layout::Indented))
        .def("void Save(StringWriter textWriter, SaveOptions options)", |run, a| {
            let layout = if int(&a[2]) & 1 == 1 { Layout::Plain } else { Layout::Indented };
            save(run, a, layout)
        })
        .def_set(
            "XName Name",
            |_, a| Ok(this(a)?.name().map_or(Value::Null, Value::object)),
            |_, a| {
                let name = name_at(a, 1).ok_or_else(|| Fault::argument_null("value"))?;
                this(a)?.set_name(name.clone());
                Ok(Value::Null)
            },
        )
        .def_set(
            "string Value",
            |run, a| {
                count_walk(run, this(a)?)?;
                let text = this(a)?.value();
                run.charge(text.len())?;
                Ok(text.into())
            },
            |run, a| {
                let text = string(&a[1], "value")?.text();
                run.charge(text.len())?;
                this(a)?.set_value(&text);
                Ok(Value::Null)
            },
        )
        .def("bool IsEmpty", |_, a| Ok(this(a)?.is_empty().into()))
        .def("bool HasAttributes", |_, a| Ok((!this(a)?.attributes().is_empty()).into()))
        .def("bool HasElements", |_, a| Ok(this(a)?.root_element().is_some().into()))
        .def("XAttribute FirstAttribute", |_, a| Ok(value(this(a)?.attributes().into_iter().next())))
        .def("XAttribute LastAttribute", |_, a| Ok(value(this(a)?.attributes().pop())))
        .def("XAttribute Attribute(XName name)", |_, a| {
            let element = this(a)?;
            Ok(value(name_at(a, 1).and_then(|name| element.attribute_named(name))))
        })
        .def("IEnumerable<XAttribute> Attributes()", |_, a| Ok(objects(TypeId::XAttribute, this(a)?.attributes())))
        .def("IEnumerable<XAttribute> Attributes(XName name)", |_, a| {
            let element = this(a)?;
            let found = name_at(a, 1).and_then(|name| element.attribute_named(name));
            Ok(objects(TypeId::XAttribute, found.into_iter().collect()))
        })
        .def("IEnumerable<XElement> AncestorsAndSelf()", |_, a| named(a, |element| element.ancestors(None, true)))
        .def("IEnumerable<XElement> AncestorsAndSelf(XName name)", |_, a| {
            named(a, |element| element.ancestors(None, true))
        })
        .def("IEnumerable<XElement> DescendantsAndSelf()", |_, a| named(a, |element| element.descendants(None, true)))
        .def("IEnumerable<XElement> DescendantsAndSelf(XName name)", |_, a| {
            named(a, |element| element.descendants(None, true))
        })
        .def("IEnumerable<XNode> DescendantNodesAndSelf()", |_, a| {
            Ok(objects(TypeId::XNode, this(a)?.descendant_nodes(true)))
        })
        .def("XNamespace GetDefaultNamespace()", |_, a| {
            let namespace = this(a)?.namespace_of_prefix("");
            Ok(Value::object(namespace.unwrap_or_else(|| XNamespace::new(""))))
        })
        .def("XNamespace GetNamespaceOfPrefix(string prefix)", |_, a| {
            let element = this(a)?;
            let prefix = string(&a[1], "prefix")?.text();
            if prefix.is_empty() {
                return Err(Fault::argument("'' is an invalid prefix."));
            }
            Ok(element.namespace_of_prefix(&prefix).map_or(Value::Null, Value::object))
        })
        .def("string GetPrefixOfNamespace(XNamespace ns)", |_, a| {
            let element = this(a)?;
            let Some(namespace) = a[1].downcast::<XNamespace>() else { return Err(Fault::argument_null("ns")) };
            Ok(Value::from(element.prefix_of_namespace(namespace)))
        })
        .def("void RemoveAll()", |_, a| {
            let element = this(a)?;
            element.remove_attributes();
            element.remove_nodes();
            Ok(Value::Null)
        })
        .def("void RemoveAttributes()", |_, a| {
            this(a)?.remove_attributes();
            Ok(Value::Null)
        })
        .def("void ReplaceAll(object content)", |run, a| replace_all(run, a))
        .def("void ReplaceAll(params object[] content)", |run, a| replace_all(run, a))
        .def("void ReplaceAttributes(object content)", |run, a| replace_attributes(run, a))
        .def("void ReplaceAttributes(params object[] content)", |run, a| replace_attributes(run, a))
        .def("void SetAttributeValue(XName name, object value)", |run, a| {
            let name = name_at(a, 1).ok_or_else(|| Fault::argument_null("name"))?;
            let text = optional_text(run, &a[2])?;
            run.charge(64 + text.as_ref().map_or(0, String::len))?;
            Ok(this(a)?.set_attribute_value(name, text.as_deref()).map(|()| Value::Null)?)
        })
        .def("void SetElementValue(XName name, object value)", |run, a| {
            let name = name_at(a, 1).ok_or_else(|| Fault::argument_null("name"))?;
            let text = optional_text(run, &a[2])?;
            run.charge(64 + text.as_ref().map_or(0, String::len))?;
            Ok(this(a)?.set_element_value(name, text.as_deref()).map(|()| Value::Null)?)
        })
        .def("void SetValue(object value)", |run, a| {
            let text = text_of(run, &a[1])?;
            run.charge(text.len())?;
            this(a)?.set_value(&text);
            Ok(Value::Null)
        });
}
