//! The JSON form of XML: what `JsonConvert.SerializeObject` makes of an `XElement` or `XDocument`.

use std::collections::HashMap;

use super::object::{XObject, XObjectClass};
use crate::expr::dotnet::exception::{Exception, Result};
use crate::expr::json::JToken;

/// How deep elements may nest in their JSON form.
const MAX_DEPTH: usize = 256;

/// The namespace whose attributes steer the conversion, such as `json:Array`.
const JSON: &str = "http://james.newtonking.com/projects/json";

impl XObject {
    /// The JSON form: attributes with `@`, text as `#text`, repeated elements as arrays; comments are left out.
    pub(crate) fn to_json_token(&self) -> Result<JToken> {
        let object = JToken::object();
        if self.class() == XObjectClass::Document {
            if let Some(declaration) = self.declaration() {
                let parts = JToken::object();
                for (name, part) in [
                    ("@version", declaration.version),
                    ("@encoding", declaration.encoding),
                    ("@standalone", declaration.standalone),
                ] {
                    if let Some(part) = part {
                        parts.add_property(name, Some(&JToken::string(&part)))?;
                    }
                }
                object.add_property("?xml", Some(&parts))?;
            }
            add_groups(self, &object, 0)?;
        } else {
            object.add_property(&property_name(self), Some(&value_of(self, 0)?))?;
        }
        Ok(object)
    }
}

/// The children of one name.
struct Group {
    name: String,
    values: Vec<JToken>,
    is_array: bool,
}

/// Children by name, in the order of the first of each name; several of one name become an array.
fn add_groups(container: &XObject, object: &JToken, depth: usize) -> Result<()> {
    let mut groups: Vec<Group> = Vec::new();
    let mut places = HashMap::new();
    for node in container.nodes() {
        if node.class() == XObjectClass::Comment {
            continue;
        }
        let name = property_name(&node);
        let place = *places.entry(name.clone()).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Group { name, values: Vec::new(), is_array: false });
        }
        if let Some(group) = groups.get_mut(place) {
            group.is_array |= node.attributes().iter().any(|mark| is_array_mark(mark) && mark.value() == "true");
            group.values.push(value_of(&node, depth + 1)?);
        }
    }
    for group in groups {
        let value = match group.values.as_slice() {
            [value] if !group.is_array => value.clone(),
            values => {
                let array = JToken::array();
                values.iter().try_for_each(|value| array.add(value))?;
                array
            }
        };
        object.set_by_name(Some(&group.name), Some(&value))?;
    }
    Ok(())
}

fn is_array_mark(attribute: &XObject) -> bool {
    attribute.name().is_some_and(|name| name.namespace().name() == JSON && name.local() == "Array")
}

fn value_of(node: &XObject, depth: usize) -> Result<JToken> {
    if depth > MAX_DEPTH {
        return Err(Exception::new(
            "Newtonsoft.Json.JsonSerializationException",
            format!("Elements nest deeper than {MAX_DEPTH}."),
        ));
    }
    if node.class() != XObjectClass::Element {
        return Ok(JToken::string(&node.value()));
    }
    let (attributes, nodes) = (node.attributes(), node.nodes());
    let plain = attributes.iter().all(steers_conversion);
    match nodes.as_slice() {
        [text] if plain && text.class() == XObjectClass::Text => return Ok(JToken::string(&text.value())),
        [] if attributes.is_empty() => {
            return Ok(if node.is_empty() { JToken::null() } else { JToken::string("") });
        }
        _ => {}
    }
    let object = JToken::object();
    for attribute in attributes {
        if !steers_conversion(&attribute) {
            object.set_by_name(Some(&property_name(&attribute)), Some(&JToken::string(&attribute.value())))?;
        }
    }
    add_groups(node, &object, depth)?;
    Ok(object)
}

fn steers_conversion(attribute: &XObject) -> bool {
    is_array_mark(attribute) || (attribute.is_namespace_declaration() && attribute.value() == JSON)
}

fn property_name(node: &XObject) -> String {
    match node.class() {
        XObjectClass::Element => node.qualified_name(),
        XObjectClass::Attribute => format!("@{}", node.qualified_name()),
        XObjectClass::CData => "#cdata-section".to_owned(),
        XObjectClass::Comment => "#comment".to_owned(),
        XObjectClass::Text => "#text".to_owned(),
        XObjectClass::ProcessingInstruction => format!("?{}", node.target().unwrap_or_default()),
        XObjectClass::DocumentType => "!DOCTYPE".to_owned(),
        XObjectClass::Document => String::new(),
    }
}
