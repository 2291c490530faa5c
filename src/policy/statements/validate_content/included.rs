//! Schemas of XML that include others of the service: one text of all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use roxmltree::{Document, Node};

use super::super::super::validation::LARGEST_DOCUMENT;
use super::xml::{MOST_NODES, XSD, parse};

/// What stands before the id of a schema in `schemaLocation`.
const PLACE: &str = "/schemas/";
/// What a schema says for all of its components: it must be the same in all that become one.
const OF_ALL: [&str; 4] = ["elementFormDefault", "attributeFormDefault", "blockDefault", "finalDefault"];

/// The text of a schema of that id with those that it includes as `/schemas/<id>`; the error says what is wrong with them.
pub(super) fn whole(id: &str, text: &str, known: &BTreeMap<String, Arc<str>>) -> Result<String, String> {
    let document = read(text)?;
    let root = document.root_element();
    let seen = BTreeSet::from([id.to_ascii_lowercase()]);
    let mut merged = Merged { root, known, seen, components: String::new() };
    let (mut out, mut copied) = (String::new(), 0);
    for include in includes(root) {
        let range = include.range();
        out.push_str(text.get(copied..range.start).unwrap_or_default());
        out.push_str(&merged.include(include)?);
        copied = range.end;
    }
    let end = text.get(..root.range().end).and_then(|text| text.rfind("</")).filter(|end| *end >= copied);
    let Some(end) = end else { return Ok(text.to_owned()) };
    out.push_str(text.get(copied..end).unwrap_or_default());
    out.push_str(&merged.components);
    out.push_str(text.get(end..).unwrap_or_default());
    Ok(out)
}

/// What is put together around the first schema.
struct Merged<'r, 'k> {
    root: Node<'r, 'r>,
    known: &'k BTreeMap<String, Arc<str>>,
    seen: BTreeSet<String>,
    /// The components of those that are included.
    components: String,
}

impl Merged<'_, '_> {
    /// Takes in the schema that an element names; gives what has to stand in the place of the element.
    fn include(&mut self, include: Node<'_, '_>) -> Result<String, String> {
        let location = include.attribute("schemaLocation").unwrap_or_default();
        let Some(id) = location.trim().strip_prefix(PLACE) else {
            return Err(format!("`include` leads to `{location}`: expected `{PLACE}` and the id of a schema"));
        };
        let id = id.to_ascii_lowercase();
        let mut head = String::new();
        if !self.seen.insert(id.clone()) {
            return Ok(head);
        }
        let text = self.known.get(&id).ok_or_else(|| format!("it includes `{id}`, which is not defined"))?.clone();
        let document = read(&text).map_err(|problem| format!("it includes `{id}`: {problem}"))?;
        let own = document.root_element();
        self.agrees(own).map_err(|problem| format!("it includes `{id}`, {problem}"))?;
        for child in own.children().filter(Node::is_element) {
            match child.tag_name().name() {
                "include" if is_xsd(child) => head.push_str(&self.include(child)?),
                "import" if is_xsd(child) => head.push_str(&self.component(&text, own, child)),
                _ => {
                    let component = self.component(&text, own, child);
                    self.components.push_str(&component);
                }
            }
            if self.components.len() > LARGEST_DOCUMENT {
                return Err(format!("what it includes is larger than {LARGEST_DOCUMENT} bytes"));
            }
        }
        Ok(head)
    }

    /// Whether a schema can be part of the first one.
    fn agrees(&self, own: Node<'_, '_>) -> Result<(), String> {
        if !is_xsd(own) || own.tag_name().name() != "schema" {
            return Err("which is no schema".to_owned());
        }
        let is_other = own.attribute("targetNamespace").is_some()
            && own.attribute("targetNamespace") != self.root.attribute("targetNamespace");
        if is_other {
            return Err("which has another `targetNamespace`".to_owned());
        }
        match OF_ALL.into_iter().find(|name| default(own, name) != default(self.root, name)) {
            Some(name) => Err(format!("which has another `{name}`")),
            None => Ok(()),
        }
    }

    /// A component with the prefixes that the schema around it declares.
    fn component(&self, text: &str, own: Node<'_, '_>, component: Node<'_, '_>) -> String {
        let written = text.get(component.range()).unwrap_or_default();
        let name = written.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).unwrap_or(written.len());
        let (start, rest) = written.split_at(name);
        let tag = rest.split('>').next().unwrap_or_default();
        let mut out = start.to_owned();
        let mut declare = |name: &str, uri: &str| {
            if !tag.contains(&format!("{name}=")) {
                let uri = uri.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
                // INVARIANT: writing to a text does not fail.
                let _ = write!(out, " {name}=\"{uri}\"");
            }
        };
        let mut has_default = false;
        for namespace in own.namespaces() {
            match namespace.name() {
                Some("xml") => {}
                Some(prefix) => declare(&format!("xmlns:{prefix}"), namespace.uri()),
                None => {
                    has_default = true;
                    declare("xmlns", namespace.uri());
                }
            }
        }
        if !has_default {
            // A schema without a namespace of its own takes that of the schema that includes it.
            let taken = own.attribute("targetNamespace").is_none().then(|| self.root.attribute("targetNamespace"));
            declare("xmlns", taken.flatten().unwrap_or_default());
        }
        out + rest + "\n"
    }
}

fn read(text: &str) -> Result<Document<'_>, String> {
    parse(text, MOST_NODES).map_err(|(message, ..)| message)
}

fn includes<'r>(root: Node<'r, 'r>) -> impl Iterator<Item = Node<'r, 'r>> {
    root.children().filter(|child| is_xsd(*child) && child.tag_name().name() == "include")
}

fn is_xsd(node: Node<'_, '_>) -> bool {
    node.tag_name().namespace() == Some(XSD)
}

/// What a schema says for all of its components; forms are unqualified when it says nothing.
fn default<'n>(schema: Node<'n, '_>, name: &str) -> &'n str {
    let otherwise = if name.ends_with("FormDefault") { "unqualified" } else { "" };
    schema.attribute(name).unwrap_or(otherwise)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn known() -> BTreeMap<String, Arc<str>> {
        let schema = |attributes: &str, content: &str| {
            format!("<xs:schema xmlns:xs=\"{XSD}\" {attributes}>{content}</xs:schema>").into()
        };
        BTreeMap::from([
            (
                "line".to_owned(),
                schema(
                    "xmlns:t=\"urn:t\" targetNamespace=\"urn:t\"",
                    "<xs:include schemaLocation=\"/schemas/money\"/><xs:include schemaLocation=\"/schemas/order\"/><xs:complexType name=\"Line\"><xs:attribute name=\"price\" type=\"t:Money\"/></xs:complexType>",
                ),
            ),
            (
                "money".to_owned(),
                schema(
                    "",
                    "<xs:simpleType name=\"Money\"><xs:restriction base=\"Amount\"/></xs:simpleType><xs:simpleType name=\"Amount\"><xs:restriction base=\"xs:decimal\"/></xs:simpleType>",
                ),
            ),
            (
                "order".to_owned(),
                schema(
                    "xmlns:o=\"urn:t\" targetNamespace=\"urn:t\"",
                    "<xs:include schemaLocation=\"/schemas/Line\"/><xs:element name=\"order\" type=\"o:Line\"/>",
                ),
            ),
            ("other".to_owned(), schema("targetNamespace=\"urn:other\"", "")),
            ("qualified".to_owned(), schema("elementFormDefault=\"qualified\"", "")),
            ("text".to_owned(), "<a/>".into()),
        ])
    }

    fn including(location: &str) -> String {
        format!(
            "<xs:schema xmlns:xs=\"{XSD}\" targetNamespace=\"urn:t\"><xs:include schemaLocation=\"{location}\"/></xs:schema>"
        )
    }

    #[test]
    fn schemas_that_include_each_other_are_one() {
        let known = known();
        let order = whole("Order", &known["order"], &known).unwrap();
        assert_eq!(super::super::xml::problem(&order), None, "{order}");
        let check = |xml: &str| super::super::xml::check(Some(&order), xml, false, 1_000).unwrap().len();
        assert_eq!(check("<order xmlns=\"urn:t\" price=\"1.5\"/>"), 0);
        assert_eq!(check("<order xmlns=\"urn:t\" price=\"cheap\"/>"), 1);
    }

    #[test]
    fn what_cannot_be_included_is_said() {
        for (location, expected) in [
            ("a.xsd", "`include` leads to `a.xsd`: expected `/schemas/` and the id of a schema"),
            ("/schemas/gone", "it includes `gone`, which is not defined"),
            ("/schemas/other", "it includes `other`, which has another `targetNamespace`"),
            ("/schemas/qualified", "it includes `qualified`, which has another `elementFormDefault`"),
            ("/schemas/text", "it includes `text`, which is no schema"),
        ] {
            assert_eq!(whole("main", &including(location), &known()), Err(expected.to_owned()));
        }
        let plain = "<a><b/></a>";
        assert_eq!(whole("main", plain, &known()).as_deref(), Ok(plain));
    }

    proptest! {
        #[test]
        fn any_text_is_put_together_or_refused(text in "[<>/a\":= é]{0,40}", inner in "[<>/a\":= é]{0,40}") {
            let known = BTreeMap::from([("a".to_owned(), inner.into())]);
            let _ = (whole("b", &text, &known), whole("b", &including("/schemas/a"), &known));
        }
    }
}
