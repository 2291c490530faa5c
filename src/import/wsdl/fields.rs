//! The message of an operation as a tree of fields, from its XML schema.

use roxmltree::Node;

use super::ncname::is_name;
use super::types::{Kind, Types, XSD, expand, is_xsd};
use crate::import::generated::is_literal;

/// How deep a message is followed, and through how many parts of the schemas.
const DEEPEST: usize = 32;
const MOST_PARTS: usize = 5_000;
/// The longest namespace that is written, in bytes.
const LONGEST_NAMESPACE: usize = 2_000;

/// An element of a message.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field<'d> {
    pub(super) name: &'d str,
    /// Empty when the element is in no namespace.
    pub(super) namespace: &'d str,
    pub(super) is_optional: bool,
    pub(super) is_nillable: bool,
    /// Whether it may occur more than once: allowed only as the single child of its parent.
    pub(super) is_repeated: bool,
    pub(super) content: Content<'d>,
}

/// What an element holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Content<'d> {
    /// Text that stands for a JSON type: `string`, `integer`, `number`, `boolean`.
    Scalar(&'static str),
    Fields(Vec<Field<'d>>),
}

impl<'d> Field<'d> {
    /// The name in JSON: the first letter in lower case, nothing else changed.
    pub(super) fn json_name(&self) -> String {
        let mut characters = self.name.chars();
        characters.next().into_iter().flat_map(char::to_lowercase).chain(characters).collect()
    }

    /// The item of a wrapped array: the field is a list and its only child repeats.
    pub(super) fn item(&self) -> Option<&Field<'d>> {
        match &self.content {
            Content::Fields(fields) => match fields.as_slice() {
                [only] if only.is_repeated => Some(only),
                _ => None,
            },
            Content::Scalar(_) => None,
        }
    }

    /// A name or namespace, its own or of a field in it, that cannot be written into a policy, behind the code for that.
    pub(super) fn unwritable(&self) -> Option<(&'static str, &'d str)> {
        if !is_name(self.name) {
            return Some(("invalid-name", self.name));
        }
        if self.namespace.len() > LONGEST_NAMESPACE || !is_literal(self.namespace) {
            return Some(("unsafe-text", self.namespace));
        }
        match &self.content {
            Content::Fields(fields) => fields.iter().find_map(Field::unwritable),
            Content::Scalar(_) => None,
        }
    }

    /// A repeated element that is not the single child of its parent.
    pub(super) fn unwrapped_array(&self) -> Option<&Field<'d>> {
        let Content::Fields(fields) = &self.content else { return None };
        let is_wrapper = self.item().is_some();
        fields.iter().find_map(
            |field| {
                if field.is_repeated && !is_wrapper { Some(field) } else { field.unwrapped_array() }
            },
        )
    }
}

/// Reads the element of a message part. Each node that is looked at is taken off `work`; without any left nothing is.
pub(super) fn read<'d>(types: &Types<'d>, part: Node<'d, 'd>, work: &mut usize) -> Option<Field<'d>> {
    let element = types.find(part, Kind::Element, part.attribute("element")?)?;
    let mut reader = Reader { types, left: MOST_PARTS, depth: 0, work };
    Some(reader.element(element))
}

struct Reader<'t, 'w, 'd> {
    types: &'t Types<'d>,
    left: usize,
    depth: usize,
    work: &'w mut usize,
}

impl<'d> Reader<'_, '_, 'd> {
    /// The children of a node that are of XML Schema.
    fn children(&mut self, node: Node<'d, 'd>) -> Vec<Node<'d, 'd>> {
        let before = *self.work;
        let looked_at = node.children().take(before).inspect(|_| *self.work -= 1);
        looked_at.filter(|child| child.tag_name().namespace() == Some(XSD)).collect()
    }

    fn child(&mut self, node: Node<'d, 'd>, names: &[&str]) -> Option<Node<'d, 'd>> {
        self.children(node).into_iter().find(|child| names.contains(&child.tag_name().name()))
    }

    fn element(&mut self, particle: Node<'d, 'd>) -> Field<'d> {
        // Names are looked up among the namespaces that are in scope, and looked at letter by letter.
        let name = particle.attribute("name").map_or(0, str::len);
        *self.work = self.work.saturating_sub(1 + particle.namespaces().len() / 8 + name / 8);
        let referred = particle.attribute("ref").and_then(|name| self.types.find(particle, Kind::Element, name));
        let element = referred.unwrap_or(particle);
        let schema = element.ancestors().find(|node| is_xsd(*node, "schema"));
        let is_global = element.parent() == schema;
        let is_qualified = element.attribute("form").or_else(|| schema?.attribute("elementFormDefault"));
        let namespace = schema.map(|schema| self.types.namespace(schema)).unwrap_or_default();
        let most = particle.attribute("maxOccurs").unwrap_or("1");
        Field {
            name: element.attribute("name").unwrap_or_default(),
            namespace: if is_global || is_qualified == Some("qualified") { namespace } else { "" },
            is_optional: particle.attribute("minOccurs") == Some("0"),
            is_nillable: matches!(element.attribute("nillable"), Some("true" | "1")),
            is_repeated: most == "unbounded" || most.parse().is_ok_and(|most: u64| most > 1),
            content: self.content(element),
        }
    }

    fn content(&mut self, element: Node<'d, 'd>) -> Content<'d> {
        self.depth += 1;
        let content = match element.attribute("type") {
            Some(name) => self.named(element, name),
            None => match self.child(element, &["complexType", "simpleType"]) {
                Some(inline) => self.of_type(inline),
                None => Content::Scalar("string"),
            },
        };
        self.depth -= 1;
        content
    }

    fn named(&mut self, at: Node<'d, 'd>, name: &'d str) -> Content<'d> {
        match expand(at, name) {
            Some((XSD, local)) => Content::Scalar(json_type(local)),
            _ => match self.types.find(at, Kind::Type, name) {
                Some(node) if self.depth <= DEEPEST && self.left > 0 => {
                    self.depth += 1;
                    self.left -= 1;
                    let content = self.of_type(node);
                    self.depth -= 1;
                    content
                }
                _ => Content::Scalar("string"),
            },
        }
    }

    fn of_type(&mut self, node: Node<'d, 'd>) -> Content<'d> {
        const DERIVED: &[&str] = &["extension", "restriction"];
        if is_xsd(node, "simpleType") {
            let base = self.child(node, DERIVED).and_then(|derived| Some((derived, derived.attribute("base")?)));
            return base.map_or(Content::Scalar("string"), |(derived, base)| self.named(derived, base));
        }
        let content = self.child(node, &["simpleContent", "complexContent"]);
        let derived = content.and_then(|content| self.child(content, DERIVED));
        if let Some(derived) = derived.filter(|_| content.is_some_and(|content| is_xsd(content, "simpleContent"))) {
            return derived.attribute("base").map_or(Content::Scalar("string"), |base| self.named(derived, base));
        }
        let mut fields = Vec::new();
        match derived {
            Some(derived) => {
                let base = derived.attribute("base").filter(|_| is_xsd(derived, "extension"));
                if let Some(Content::Fields(inherited)) = base.map(|base| self.named(derived, base)) {
                    fields = inherited;
                }
                self.particles(derived, false, &mut fields);
            }
            None => self.particles(node, false, &mut fields),
        }
        Content::Fields(fields)
    }

    fn particles(&mut self, node: Node<'d, 'd>, is_choice: bool, fields: &mut Vec<Field<'d>>) {
        if self.depth > DEEPEST {
            return;
        }
        self.depth += 1;
        self.left = self.left.saturating_sub(1);
        for child in self.children(node) {
            if self.left == 0 {
                break;
            }
            match child.tag_name().name() {
                "element" => {
                    self.left -= 1;
                    let mut field = self.element(child);
                    field.is_optional |= is_choice;
                    fields.push(field);
                }
                "sequence" | "all" => self.particles(child, is_choice, fields),
                "choice" => self.particles(child, true, fields),
                "group" => {
                    let group = child.attribute("ref").and_then(|name| self.types.find(child, Kind::Group, name));
                    group.into_iter().for_each(|group| self.particles(group, is_choice, fields));
                }
                _ => {}
            }
        }
        self.depth -= 1;
    }
}

/// The JSON type of a type of XML Schema.
fn json_type(name: &str) -> &'static str {
    match name {
        "boolean" => "boolean",
        "decimal" | "float" | "double" => "number",
        "int" | "integer" | "long" | "short" | "byte" | "unsignedInt" | "unsignedLong" | "unsignedShort"
        | "unsignedByte" | "positiveInteger" | "negativeInteger" | "nonNegativeInteger" | "nonPositiveInteger" => {
            "integer"
        }
        _ => "string",
    }
}
