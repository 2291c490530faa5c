//! Another display name of a named value: what refers to it is written anew, as in the service.

use std::ops::Range;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::model::{Entities, Policy};
use crate::secret;
use crate::xml::{self, Document, Element, Node, PieceKind, Text};

/// Makes `{{new}}` of each `{{old}}` in a service or workspace.
pub(super) fn rename(entities: &mut Entities, old: &str, new: &str) {
    let names = Names { old, new };
    entities.backends.iter_mut().for_each(|(_, backend)| names.in_entity(backend));
    entities.loggers.iter_mut().for_each(|(_, logger)| names.in_entity(logger));
    entities.caches.iter_mut().for_each(|(_, cache)| names.in_entity(cache));
    names.in_policy(entities.policy.as_mut());
    entities.products.iter_mut().for_each(|(_, entry)| names.in_policy(entry.policy.as_mut()));
    for (_, entry) in entities.apis.iter_mut() {
        if let Some(url) = entry.api.service_url.as_mut() {
            names.in_text(url);
        }
        names.in_policy(entry.policy.as_mut());
        entry.operations.iter_mut().for_each(|(_, inner)| names.in_policy(inner.policy.as_mut()));
        entry.resolvers.iter_mut().for_each(|(_, inner)| names.in_policy(inner.policy.as_mut()));
    }
    entities.policy_fragments.iter_mut().for_each(|(_, fragment)| names.in_document(&mut fragment.value));
}

#[derive(Clone, Copy)]
struct Names<'a> {
    old: &'a str,
    new: &'a str,
}

impl Names<'_> {
    /// In any text of an entity but the names of its members.
    fn in_entity<T: Serialize + DeserializeOwned>(self, entity: &mut T) {
        let Ok(mut value) = serde_json::to_value(&*entity) else { return };
        if self.in_value(&mut value)
            && let Ok(renamed) = serde_json::from_value(value)
        {
            *entity = renamed;
        }
    }

    fn in_value(self, value: &mut Value) -> bool {
        match value {
            Value::String(text) => self.in_text(text),
            Value::Array(items) => items.iter_mut().fold(false, |found, item| self.in_value(item) | found),
            Value::Object(members) => members.values_mut().fold(false, |found, item| self.in_value(item) | found),
            _ => false,
        }
    }

    fn in_text(self, text: &mut String) -> bool {
        let found = secret::references(text).filter(|found| found.name.eq_ignore_ascii_case(self.old));
        let places: Vec<_> = found.map(|found| found.range).collect();
        self.put(text, places)
    }

    fn in_policy(self, policy: Option<&mut Policy>) {
        if let Some(policy) = policy {
            self.in_document(&mut policy.value);
        }
    }

    fn in_document(self, text: &mut String) {
        if !text.contains("{{") {
            return;
        }
        let Ok(document) = xml::parse(text) else { return };
        let mut places = Vec::new();
        self.in_element(&document, &document.root, Spelling::Any, &mut places);
        places.sort_by_key(|place| place.start);
        self.put(text, places);
    }

    fn in_element(self, document: &Document, element: &Element, spelling: Spelling, places: &mut Vec<Range<usize>>) {
        for attribute in &element.attributes {
            self.in_pieces(document, &attribute.value, spelling, places);
        }
        let template = element.attribute("template").map(|template| template.value.raw(document));
        let is_liquid = template.is_some_and(|template| template.trim().eq_ignore_ascii_case("liquid"));
        let spelling = if is_liquid { Spelling::Exact } else { spelling };
        for child in &element.children {
            match child {
                Node::Element(child) => self.in_element(document, child, spelling, places),
                Node::Text(text) => self.in_pieces(document, text, spelling, places),
            }
        }
    }

    fn in_pieces(self, document: &Document, text: &Text, spelling: Spelling, places: &mut Vec<Range<usize>>) {
        for piece in text.pieces().filter(|piece| piece.kind != PieceKind::Comment) {
            let (written, start) = (document.text(piece.span), piece.span.start);
            let is_it = |name: &str| match spelling {
                Spelling::Any => name.eq_ignore_ascii_case(self.old),
                Spelling::Exact => name == self.old,
            };
            let found = spaced_references(written).filter(|(name, _)| is_it(name));
            places.extend(found.map(|(_, range)| start + range.start..start + range.end));
        }
    }

    /// Puts the new name into places of a text, which are in order; whether there is one.
    fn put(self, text: &mut String, places: Vec<Range<usize>>) -> bool {
        let has_places = !places.is_empty();
        for place in places.into_iter().rev() {
            text.replace_range(place, &format!("{{{{{}}}}}", self.new));
        }
        has_places
    }
}

/// How a reference may differ from the name; Liquid has words of its own between such braces.
#[derive(Clone, Copy)]
enum Spelling {
    Any,
    Exact,
}

/// The references of a policy document, in which there may be white space within the braces.
fn spaced_references(text: &str) -> impl Iterator<Item = (&str, Range<usize>)> {
    text.match_indices("{{").filter_map(move |(start, _)| {
        let inner = text.get(start + 2..)?;
        let (inside, _) = inner.split_once("}}")?;
        let name = inside.trim_ascii();
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        (!name.is_empty() && name.chars().all(is_name)).then(|| (name, start..start + inside.len() + 4))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{Api, ApiEntry, Backend, Credentials, Logger, PolicyFragment, Proxy};

    #[test]
    fn every_reference_is_written_anew_and_nothing_else() {
        let mut all = Entities::default();
        let credentials = Credentials::new().header("x-key", "a{{Old}}b").query("code", "{{older}}");
        let proxy = Proxy::new("http://{{old}}.proxy:8080").password("{{OLD}}");
        let backend = Backend::new("https://{{old}}.internal/").unwrap().credentials(credentials).proxy(proxy);
        all.backends.insert("b", backend);
        all.loggers.insert("l", Logger::new().credential("connectionString", "{{old}}"));
        let mut api = ApiEntry::new(Api::new("a").service_url("https://{{old}}/"));
        api.policy = Some(Policy::new(
            r#"<policies><inbound><!-- {{old}} --><set-variable name="v" value="@("{{ Old }}" + "{{older}}" + $"{{old}}")" />
            <set-body template="liquid">{{old}} {{Old}} {{body.old}}</set-body></inbound></policies>"#,
        ));
        all.apis.insert("a", api);
        all.policy_fragments.insert("f", PolicyFragment::new("<fragment><x>{{old}}</x></fragment>"));
        rename(&mut all, "old", "new");

        let backend = all.backends.get("b").unwrap();
        assert_eq!(backend.url.as_deref(), Some("https://{{new}}.internal/"));
        let shown = serde_json::to_string(backend).unwrap();
        assert!(
            shown.contains("a{{new}}b") && shown.contains("{{older}}") && shown.contains("http://{{new}}.proxy:8080")
        );
        assert!(!shown.to_lowercase().contains("{{old}}"), "{shown}");
        assert_eq!(all.loggers.get("l").unwrap().credentials["connectionString"].expose(), "{{new}}");
        let api = all.apis.get("a").unwrap();
        assert_eq!(api.api.service_url.as_deref(), Some("https://{{new}}/"));
        assert_eq!(
            api.policy.as_ref().unwrap().value,
            r#"<policies><inbound><!-- {{old}} --><set-variable name="v" value="@("{{new}}" + "{{older}}" + $"{{new}}")" />
            <set-body template="liquid">{{new}} {{Old}} {{body.old}}</set-body></inbound></policies>"#
        );
        assert_eq!(all.policy_fragments.get("f").unwrap().value, "<fragment><x>{{new}}</x></fragment>");
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in ".*", braces in "[ab{} é<>&\"@(]*") {
            let names = Names { old: "a", new: "bb" };
            for text in [text, braces.clone(), format!("<policies x=\"{braces}\">{braces}</policies>")] {
                names.in_text(&mut text.clone());
                names.in_document(&mut text.clone());
            }
        }
    }
}
