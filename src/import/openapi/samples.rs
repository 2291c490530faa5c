//! Examples of bodies: those that a document gives, or one made from the schema.

use serde_json::{Map, Value, json};

use super::node::Node;
use super::references::{resolve, target};

/// The most values in one sample, so that a wide schema does not blow up the result.
const LARGEST: usize = 200;
/// The most values in all samples of a document.
pub(super) const LARGEST_IN_ALL: usize = 200_000;
/// How deep a sample goes.
const DEEPEST: usize = 8;

/// The `examples` of a representation: the document's example, else one made from the schema for JSON types.
///
/// `left` is how many values all further samples of the document may have; behind that there are none.
pub(super) fn examples(root: &Node, media: &Node, content_type: &str, left: &mut usize) -> Option<Value> {
    let schema = resolve(root, media.get("schema"));
    let value = [media.find("example"), first(root, media.get("examples")), schema.find("example")]
        .into_iter()
        .flatten()
        .next()
        .map(Node::to_json);
    let value = match value {
        Some(value) => value,
        None if is_json(content_type) && media.find("schema").is_some() && *left > 0 => {
            let most = LARGEST.min(*left);
            let mut sampler = Sampler { root, left: most, open: Vec::new() };
            let sample = sampler.sample(media.get("schema"));
            *left -= most - sampler.left;
            sample
        }
        None if content_type.starts_with("text/plain") => return Some(json!({ "default": {} })),
        None => return None,
    };
    Some(json!({ "default": { "value": value } }))
}

/// The value of the first of several examples, by name or in a list.
fn first<'d>(root: &'d Node<'d>, examples: &'d Node<'d>) -> Option<&'d Node<'d>> {
    match examples {
        Node::Map(_) => resolve(root, &examples.members().first()?.1).find("value"),
        other => other.items().first(),
    }
}

fn is_json(content_type: &str) -> bool {
    let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media == "text/json" || media.ends_with("/json") || media.ends_with("+json")
}

struct Sampler<'d> {
    root: &'d Node<'d>,
    /// How many values may still be made.
    left: usize,
    /// References on the way here: a schema that contains itself ends at its second level.
    open: Vec<&'d str>,
}

impl<'d> Sampler<'d> {
    fn sample(&mut self, schema: &'d Node<'d>) -> Value {
        if self.left == 0 || self.open.len() > DEEPEST {
            return Value::Null;
        }
        self.left -= 1;
        let target = target(schema);
        if target.is_some_and(|target| self.open.contains(&target)) {
            return Value::Null;
        }
        self.open.push(target.unwrap_or_default());
        let value = self.of_resolved(resolve(self.root, schema));
        self.open.pop();
        value
    }

    fn of_resolved(&mut self, schema: &'d Node<'d>) -> Value {
        let given = [schema.find("example"), schema.find("default"), schema.get("enum").items().first()];
        if let Some(given) = given.into_iter().flatten().next() {
            return given.to_json();
        }
        if !schema.get("allOf").items().is_empty() {
            let mut all = self.object(schema);
            for part in schema.get("allOf").items() {
                match self.sample(part) {
                    Value::Object(members) => all.extend(members),
                    Value::Null => {}
                    other if all.is_empty() => return other,
                    _ => {}
                }
            }
            return Value::Object(all);
        }
        if let Some(part) = schema.get("oneOf").items().first().or_else(|| schema.get("anyOf").items().first()) {
            return self.sample(part);
        }
        match kind(schema) {
            "integer" | "number" => json!(0),
            "boolean" => json!(true),
            "array" => json!([self.sample(schema.get("items"))]),
            "object" => Value::Object(self.object(schema)),
            _ => json!("string"),
        }
    }

    fn object(&mut self, schema: &'d Node<'d>) -> Map<String, Value> {
        let mut members = Map::new();
        for (name, property) in schema.get("properties").members() {
            if self.left == 0 {
                break;
            }
            members.insert(name.clone().into_owned(), self.sample(property));
        }
        members
    }
}

/// The JSON type of a schema; in 3.1 the first of several that is not null.
pub(super) fn kind<'n>(schema: &'n Node<'_>) -> &'n str {
    let types = schema.get("type");
    let mut several = types.items().iter().filter_map(Node::text);
    let written = types.text().or_else(|| several.find(|kind| *kind != "null"));
    match written {
        Some(kind @ ("string" | "number" | "integer" | "boolean" | "array" | "object")) => kind,
        _ if schema.find("properties").is_some() => "object",
        _ => "string",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(schema: &str) -> String {
        let text = format!(r#"{{"schema": {schema}}}"#);
        let media: Node<'_> = serde_json::from_str(&text).unwrap();
        examples(&media, &media, "application/json", &mut 1_000).unwrap()["default"]["value"].to_string()
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
