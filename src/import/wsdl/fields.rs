//! The message of an operation as a tree of fields, from its XML schema.

use roxmltree::Node;

use super::types::{Kind, Types, XSD, expand, is_xsd};

/// How deep a message is followed, and through how many parts of the schemas.
const DEEPEST: usize = 32;
const MOST_PARTS: usize = 5_000;

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

/// Reads the element of a message part.
pub(super) fn read<'d>(types: &Types<'d>, part: Node<'d, 'd>) -> Option<Field<'d>> {
    let element = types.find(part, Kind::Element, part.attribute("element")?)?;
    let mut reader = Reader { types, left: MOST_PARTS, depth: 0 };
    Some(reader.element(element))
}

struct Reader<'t, 'd> {
    types: &'t Types<'d>,
    left: usize,
    depth: usize,
}

impl<'d> Reader<'_, 'd> {
    fn element(&mut self, particle: Node<'d, 'd>) -> Field<'d> {
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
        let inline = element.children().find(|node| is_xsd(*node, "complexType") || is_xsd(*node, "simpleType"));
        let content = match (element.attribute("type"), inline) {
            (Some(name), _) => self.named(element, name),
            (None, Some(inline)) => self.of_type(inline),
            (None, None) => Content::Scalar("string"),
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
        let child = |node: Node<'d, 'd>, name: &str| node.children().find(|child| is_xsd(*child, name));
        let derived = |node| child(node, "extension").or_else(|| child(node, "restriction"));
        if is_xsd(node, "simpleType") {
            let base = derived(node).and_then(|derived| Some((derived, derived.attribute("base")?)));
            return base.map_or(Content::Scalar("string"), |(derived, base)| self.named(derived, base));
        }
        if let Some(derived) = child(node, "simpleContent").and_then(derived) {
            return derived.attribute("base").map_or(Content::Scalar("string"), |base| self.named(derived, base));
        }
        let mut fields = Vec::new();
        match child(node, "complexContent").and_then(derived) {
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
        for child in node.children().filter(|child| child.tag_name().namespace() == Some(XSD)) {
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
