//! Examples of bodies: those that a document gives, or one made from the schema.

use std::collections::HashMap;

use super::Version;
use super::bodies::Media;
use super::document::Node;
use super::json_writer::write_name;
use super::references::{References, target};
use crate::model::Json;

/// The most values in one sample, so that a wide schema does not blow up the result.
const LARGEST: usize = 200;
/// The most values in all samples of a document; bodies behind that have none.
const LARGEST_IN_ALL: usize = 200_000;
/// How deep a sample goes.
const DEEPEST: usize = 8;

/// The samples of a document.
pub(super) struct Samples<'d> {
    /// How many values further samples may still have.
    left: usize,
    /// How many values that the document gives may still be in them; a long text counts as several.
    given_left: usize,
    /// Those of named schemas, which bodies share.
    shared: HashMap<&'d str, Json>,
    /// The last of them: the media types of one body repeat it.
    last: Option<(&'d str, Json)>,
}

impl Default for Samples<'_> {
    fn default() -> Self {
        Self { left: LARGEST_IN_ALL, given_left: LARGEST_IN_ALL, shared: HashMap::new(), last: None }
    }
}

impl<'d> Samples<'d> {
    /// The `examples` of a representation: the document's example, else one made from the schema for JSON types.
    ///
    /// Also tells whether it is the body's own, and not shared with others.
    pub(super) fn of(
        &mut self,
        references: &References<'d>,
        media: &Media<'d>,
        content_type: &str,
        version: Version,
    ) -> (Option<Json>, bool) {
        let Media { schema, target, example, examples } = *media;
        // In 2.0 examples stand below their media types.
        let of_several = examples.and_then(|examples| match version {
            Version::V2 => examples.find(content_type),
            _ => first(references, examples),
        });
        if let Some(given) = example.or(of_several) {
            return (Some(wrap(|out| given.write(out))), true);
        }
        let is_json = is_json(content_type);
        let name = target.filter(|_| is_json);
        if let (Some(name), Some((last, sample))) = (name, &self.last)
            && name == *last
        {
            return (Some(sample.clone()), false);
        }
        if let Some((name, shared)) = name.and_then(|name| Some((name, self.shared.get(name)?))) {
            self.last = Some((name, shared.clone()));
            return (Some(shared.clone()), false);
        }
        let sample = self.sample(references, schema, content_type);
        if let (Some(name), Some(sample)) = (name, &sample) {
            self.shared.insert(name, sample.clone());
            self.last = Some((name, sample.clone()));
        }
        (sample, true)
    }

    /// A sample that is made from a schema, or the schema's own.
    fn sample(&mut self, references: &References<'d>, schema: Option<Node<'d>>, content_type: &str) -> Option<Json> {
        if let Some(given) = schema.and_then(|schema| references.resolve(schema).find("example")) {
            return Some(wrap(|out| given.write(out)));
        }
        if let Some(schema) = schema.filter(|schema| !schema.is_null() && self.left > 0 && is_json(content_type)) {
            let most = LARGEST.min(self.left);
            let mut sampler = Sampler { references, left: most, given_left: &mut self.given_left, open: Vec::new() };
            let sample = sampler.sample(schema);
            self.left -= most - sampler.left;
            return Some(wrap(|out| sample.write(out)));
        }
        content_type.starts_with("text/plain").then(|| Json::from_text(r#"{"default":{}}"#.to_owned()))
    }
}

/// An example as entities hold it: by name, with `write` writing its value.
pub(super) fn wrap(write: impl FnOnce(&mut String)) -> Json {
    let mut text = r#"{"default":{"value":"#.to_owned();
    write(&mut text);
    text.push_str("}}");
    Json::from_text(text)
}

/// The value of the first of several examples, by name or in a list.
fn first<'d>(references: &References<'d>, examples: Node<'d>) -> Option<Node<'d>> {
    match examples.members().next() {
        Some((_, example)) => references.resolve(example).find("value"),
        None => examples.items().next(),
    }
}

fn is_json(content_type: &str) -> bool {
    let media = content_type.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let end = media.last_chunk::<5>();
    end.is_some_and(|end| matches!(end[0], b'/' | b'+') && end[1..].eq_ignore_ascii_case(b"json"))
}

/// A value made from a schema.
enum Sample<'d> {
    Null,
    /// One that the document gives.
    Given(Node<'d>),
    Zero,
    True,
    Text,
    List(Box<Sample<'d>>),
    Map(Vec<(&'d str, Sample<'d>)>),
}

impl Sample<'_> {
    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Given(node) => node.write(out),
            Self::Zero => out.push('0'),
            Self::True => out.push_str("true"),
            Self::Text => out.push_str("\"string\""),
            Self::List(item) => {
                out.push('[');
                item.write(out);
                out.push(']');
            }
            Self::Map(members) => {
                out.push('{');
                for (number, (name, value)) in members.iter().enumerate() {
                    out.push_str(if number == 0 { "" } else { "," });
                    write_name(name, out);
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

struct Sampler<'d, 'r> {
    references: &'r References<'d>,
    /// How many values may still be made.
    left: usize,
    given_left: &'r mut usize,
    /// References on the way here: a schema that contains itself ends at its second level.
    open: Vec<&'d str>,
}

impl<'d> Sampler<'d, '_> {
    fn sample(&mut self, schema: Node<'d>) -> Sample<'d> {
        if self.left == 0 || self.open.len() > DEEPEST {
            return Sample::Null;
        }
        self.left -= 1;
        let target = target(schema);
        if target.is_some_and(|target| self.open.contains(&target)) {
            return Sample::Null;
        }
        self.open.push(target.unwrap_or_default());
        let value = self.of_resolved(if target.is_some() { self.references.resolve(schema) } else { schema });
        self.open.pop();
        value
    }

    fn of_resolved(&mut self, schema: Node<'d>) -> Sample<'d> {
        let keywords = ["example", "default", "enum", "allOf", "oneOf", "anyOf", "type", "items", "properties"];
        let [example, default, values, all_of, one_of, any_of, types, items, properties] = schema.find_all(keywords);
        let first = |list: Option<Node<'d>>| list.and_then(|list| list.items().next());
        if let Some(given) = example.or(default).or_else(|| first(values)) {
            let weight = given.weight(*self.given_left);
            return match self.given_left.checked_sub(weight) {
                Some(left) => {
                    *self.given_left = left;
                    Sample::Given(given)
                }
                None => Sample::Null,
            };
        }
        if let Some(parts) = all_of.filter(|parts| parts.has_items()) {
            let mut all = self.object(properties);
            for part in parts.items() {
                match self.sample(part) {
                    // A later part may say a member again: the last one stays when the text is read.
                    Sample::Map(members) => all.extend(members),
                    Sample::Null => {}
                    other if all.is_empty() => return other,
                    _ => {}
                }
            }
            return Sample::Map(all);
        }
        if let Some(part) = first(one_of).or_else(|| first(any_of)) {
            return self.sample(part);
        }
        match kind_of(types, properties.is_some()) {
            "integer" | "number" => Sample::Zero,
            "boolean" => Sample::True,
            "array" => Sample::List(Box::new(items.map_or(Sample::Text, |items| self.sample(items)))),
            "object" => Sample::Map(self.object(properties)),
            _ => Sample::Text,
        }
    }

    fn object(&mut self, properties: Option<Node<'d>>) -> Vec<(&'d str, Sample<'d>)> {
        let mut members = Vec::new();
        for (name, property) in properties.into_iter().flat_map(Node::members) {
            if self.left == 0 {
                break;
            }
            members.push((name, self.sample(property)));
        }
        members
    }
}

/// The JSON type of a schema; in 3.1 the first of several that is not null.
pub(super) fn kind(schema: Node<'_>) -> &str {
    let [types, properties] = schema.find_all(["type", "properties"]);
    kind_of(types, properties.is_some())
}

fn kind_of(types: Option<Node<'_>>, has_properties: bool) -> &str {
    let mut several = types.into_iter().flat_map(Node::items).filter_map(Node::text);
    match types.and_then(Node::text).or_else(|| several.find(|kind| *kind != "null")) {
        Some(kind @ ("string" | "number" | "integer" | "boolean" | "array" | "object")) => kind,
        _ if has_properties => "object",
        _ => "string",
    }
}

#[cfg(test)]
mod tests {
    use super::super::json;
    use super::*;

    fn made(schema: &str) -> String {
        let text = format!(r#"{{"schema": {schema}}}"#);
        let document = json::read(&text, 127, 10_000).unwrap();
        let media = document.root();
        Samples::default().of(&References::new(media), &Media::of(media), "application/json", Version::V31).0.unwrap()["default"]["value"]
            .to_string()
    }

    #[test]
    fn makes_samples() {
        for (schema, sample) in [
            (r#"{"type": "integer"}"#, "0"),
            (r#"{"type": ["null", "boolean"]}"#, "true"),
            (r#"{"type": "array", "items": {"type": "string", "enum": ["a", "b"]}}"#, r#"["a"]"#),
            (r#"{"properties": {"b": {}, "a": {"example": 7}}}"#, r#"{"a":7,"b":"string"}"#),
            (r#"{"allOf": [{"properties": {"b": {}}}, {"properties": {"a": {}}}]}"#, r#"{"a":"string","b":"string"}"#),
            (r##"{"properties": {"me": {"$ref": "#/schema"}}}"##, r#"{"me":{"me":null}}"#),
        ] {
            assert_eq!(made(schema), sample, "{schema}");
        }
    }

    #[test]
    fn stops_at_wide_schemas() {
        let wide = format!(
            "{{\"properties\": {{{}}}}}",
            (0..50).map(|n| format!("\"p{n}\": {{\"$ref\": \"#/schema\"}}")).collect::<Vec<_>>().join(",")
        );
        assert!(made(&wide).len() < 20_000);
    }
}
