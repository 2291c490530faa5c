//! What an operation's responses look like: its examples, or samples made from its schemas.

use std::fmt::Write as _;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::model::{ApiEntry, Operation, Representation};
use crate::policy::{RepresentationFacts, ResponseFacts};

/// How deep a sample may nest.
const MAX_DEPTH: usize = 10;

/// How many values one sample may have: schemas may refer to each other many times over.
const MAX_VALUES: usize = 10_000;

/// The responses that an operation declares.
pub(super) fn responses(api: &ApiEntry, operation: &Operation) -> Vec<ResponseFacts> {
    let responses = operation.responses.iter().filter_map(|response| {
        let representations = response.representations.iter().map(|one| representation(api, one)).collect();
        Some(ResponseFacts::new(response.status_code?, representations))
    });
    responses.collect()
}

fn representation(api: &ApiEntry, representation: &Representation) -> RepresentationFacts {
    let mut examples = examples(representation);
    if examples.is_empty() {
        examples.extend(from_schema(api, representation));
    }
    RepresentationFacts::new(&*representation.content_type, examples)
}

/// The examples as they are stored; text is taken as written.
fn examples(representation: &Representation) -> Vec<Bytes> {
    let named = representation.examples.as_deref().and_then(Value::as_object);
    let named = named.into_iter().flat_map(Map::values).filter_map(|example| match example {
        Value::Object(parts) => parts.get("value"),
        other => Some(other),
    });
    // Contracts of old versions have one `sample` instead.
    let sample = representation.extra.get("sample").filter(|sample| !sample.is_null());
    named.chain(sample).map(text).collect()
}

fn text(value: &Value) -> Bytes {
    match value {
        Value::String(text) => text.clone().into(),
        other => other.to_string().into(),
    }
}

fn from_schema(api: &ApiEntry, representation: &Representation) -> Option<Bytes> {
    let name = representation.type_name.as_deref()?;
    let document = api.schemas.get(representation.schema_id.as_deref()?)?.document.as_deref()?;
    let places = [["components", "schemas"].as_slice(), &["definitions"], &["schemas"], &[]];
    let schema = places.into_iter().find_map(|path| {
        let holder = path.iter().try_fold(document, |value, part| value.get(part))?;
        holder.get(name)
    })?;
    let sample = Sampler { document, left: MAX_VALUES }.sample(schema, 0);
    let media = representation.content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if media.ends_with("/xml") || media.ends_with("+xml") {
        let mut out = String::new();
        element(name, &sample, &mut out);
        return Some(out.into());
    }
    Some(text(&sample))
}

struct Sampler<'d> {
    document: &'d Value,
    left: usize,
}

impl Sampler<'_> {
    /// A value that a schema describes.
    fn sample(&mut self, schema: &Value, depth: usize) -> Value {
        if depth > MAX_DEPTH || self.left == 0 {
            return Value::Null;
        }
        self.left -= 1;
        let given = schema.get("example").or_else(|| schema.get("default"));
        let given = given.or_else(|| schema.get("examples")?.get(0)).or_else(|| schema.get("const"));
        if let Some(given) = given.or_else(|| schema.get("enum")?.get(0)) {
            return given.clone();
        }
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            let target = target.strip_prefix('#').and_then(|pointer| self.document.pointer(pointer));
            return target.map_or(Value::Null, |target| self.sample(target, depth + 1));
        }
        if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
            let mut members = self.members(schema, depth);
            for part in parts {
                if let Value::Object(more) = self.sample(part, depth + 1) {
                    members.extend(more);
                }
            }
            return Value::Object(members);
        }
        if let Some(one) = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(|list| list.get(0)) {
            return self.sample(one, depth + 1);
        }
        match kind(schema) {
            "string" => json!("string"),
            "integer" => json!(0),
            "number" => json!(0.0),
            "boolean" => json!(true),
            "array" => {
                let item = schema.get("items").map(|item| self.sample(item, depth + 1));
                Value::Array(item.into_iter().filter(|item| !item.is_null()).collect())
            }
            "object" => Value::Object(self.members(schema, depth)),
            _ => Value::Null,
        }
    }

    fn members(&mut self, schema: &Value, depth: usize) -> Map<String, Value> {
        let properties = schema.get("properties").and_then(Value::as_object);
        properties.into_iter().flatten().map(|(name, schema)| (name.clone(), self.sample(schema, depth + 1))).collect()
    }
}

/// The type of a schema; of a list of types the first that is not null.
fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("null")
        }
        _ if schema.get("properties").is_some() => "object",
        _ if schema.get("items").is_some() => "array",
        _ => "",
    }
}

/// A sample as XML: one element a member, one for each item of a list.
fn element(name: &str, value: &Value, out: &mut String) {
    // INVARIANT: writing to a String does not fail.
    match value {
        Value::Array(items) => items.iter().for_each(|item| element(name, item, out)),
        Value::Object(members) => {
            let _ = write!(out, "<{name}>");
            members.iter().for_each(|(name, value)| element(name, value, out));
            let _ = write!(out, "</{name}>");
        }
        Value::Null => {
            let _ = write!(out, "<{name} />");
        }
        scalar => {
            let text = scalar.as_str().map_or_else(|| scalar.to_string(), str::to_owned);
            let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let _ = write!(out, "<{name}>{text}</{name}>");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_follow_the_schema() {
        let document = json!({"components": {"schemas": {
            "Pet": {"type": "object", "properties": {
                "id": {"type": "integer"}, "name": {"type": "string", "example": "Rex"}, "price": {"type": "number"},
                "tags": {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}}, "alive": {"type": "boolean"},
                "owner": {"$ref": "#/components/schemas/Owner"}
            }},
            "Owner": {"type": ["null", "string"]},
            "Loop": {"properties": {"a": {"$ref": "#/components/schemas/Loop"}, "b": {"$ref": "#/components/schemas/Loop"}}}
        }}});
        let mut sampler = Sampler { document: &document, left: MAX_VALUES };
        let pet = sampler.sample(&document["components"]["schemas"]["Pet"], 0);
        let expected = json!({"id": 0, "name": "Rex", "price": 0.0, "tags": ["a"], "alive": true, "owner": "string"});
        assert_eq!(pet, expected);
        assert!(sampler.sample(&document["components"]["schemas"]["Loop"], 0).is_object());
        let mut xml = String::new();
        element("Pet", &json!({"tags": ["a", "<"], "none": null}), &mut xml);
        assert_eq!(xml, "<Pet><none /><tags>a</tags><tags>&lt;</tags></Pet>");
    }
}
