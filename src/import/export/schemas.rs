//! The types of an API as schemas of a document, in the words of its version.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::document::Members;
use super::{OpenApiVersion, ParameterOf};
use crate::import::finding::Findings;
use crate::import::names::Taken;
use crate::model::{ApiEntry, Parameter};

const PREFIX: &str = "#/components/schemas/";

/// The types of all schema resources, and the names under which the document has them.
pub(super) struct Schemas {
    pub(super) members: Members<Value>,
    names: HashMap<(String, String), String>,
    index: HashMap<String, usize>,
}

impl Schemas {
    pub(super) fn new(entry: &ApiEntry, version: OpenApiVersion, findings: &mut Findings) -> Self {
        let mut taken = Taken::default();
        let mut found = Vec::new();
        let mut names = HashMap::new();
        for (id, schema) in &entry.schemas {
            let document = schema.document.as_deref();
            let types = document.and_then(|document| {
                document.pointer("/components/schemas").or_else(|| document.get("definitions"))?.as_object()
            });
            let Some(types) = types else {
                let message = format!("schema `{id}` is not of OpenAPI: bodies that it describes have no schema");
                findings.warn("schema-not-exported", "", message);
                continue;
            };
            for (name, schema) in types {
                let unique = taken.unique(name.clone());
                names.insert((id.to_lowercase(), name.clone()), unique.clone());
                found.push((id, unique, schema));
            }
        }
        let mut schemas = Self { members: Members::default(), names, index: HashMap::new() };
        for (id, name, schema) in found {
            let schema = Writer { schemas: &schemas, id, name: &name, version, findings }.schema(schema);
            schemas.index.insert(name.clone(), schemas.members.0.len());
            schemas.members.push(name, schema);
        }
        schemas
    }

    /// A reference to a type.
    pub(super) fn refer(&self, id: Option<&str>, name: Option<&str>) -> Option<Value> {
        let name = self.names.get(&(id?.to_lowercase(), name?.to_owned()))?;
        Some(json!({ "$ref": format!("{PREFIX}{}", escape(name)) }))
    }

    /// The schema of a parameter: its type, or what it says of itself where the type says less.
    pub(super) fn of_parameter(&self, parameter: &Parameter, of: ParameterOf) -> Value {
        let id = parameter.schema_id.as_deref().filter(|_| of != ParameterOf::Form);
        if let Some(reference) = self.refer(id, parameter.type_name.as_deref()) {
            let target = self.target(&reference);
            let says = |member: &str| target.and_then(|target| target.get(member)).is_some();
            if (parameter.default_value.is_none() || says("default")) && (parameter.values.is_empty() || says("enum")) {
                return reference;
            }
        }
        let kind = parameter.kind.as_deref().unwrap_or_default();
        let known = matches!(kind, "string" | "number" | "integer" | "boolean" | "array" | "object");
        let kind = if known { kind } else { "string" };
        let mut schema = Map::new();
        schema.insert("type".to_owned(), json!(kind));
        if kind == "array" {
            schema.insert("items".to_owned(), json!({}));
        }
        if let Some(value) = &parameter.default_value {
            schema.insert("default".to_owned(), typed(kind, value));
        }
        if !parameter.values.is_empty() {
            schema.insert("enum".to_owned(), parameter.values.iter().map(|value| typed(kind, value)).collect());
        }
        Value::Object(schema)
    }

    /// What a reference leads to, through further references.
    fn target(&self, reference: &Value) -> Option<&Value> {
        let mut name = reference.get("$ref")?.as_str()?;
        for _ in 0..32 {
            let target = self.members.0.get(*self.index.get(&unescape(name.strip_prefix(PREFIX)?))?)?;
            match target.1.get("$ref").and_then(Value::as_str) {
                Some(next) => name = next,
                None => return Some(&target.1),
            }
        }
        None
    }
}

/// A value that the API has as text, in the type of its parameter.
fn typed(kind: &str, value: &Value) -> Value {
    match value {
        Value::String(text) if kind != "string" => {
            serde_json::from_str(text).ok().filter(|read: &Value| !read.is_string()).unwrap_or_else(|| value.clone())
        }
        _ => value.clone(),
    }
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1").replace('%', "%25")
}

fn unescape(name: &str) -> String {
    let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
    name.replace("~1", "/").replace("~0", "~")
}

/// Writes one type.
struct Writer<'a> {
    schemas: &'a Schemas,
    id: &'a str,
    name: &'a str,
    version: OpenApiVersion,
    findings: &'a mut Findings,
}

impl Writer<'_> {
    fn schema(&mut self, schema: &Value) -> Value {
        let Value::Object(members) = schema else { return schema.clone() };
        let mut made = Map::new();
        for (name, value) in members {
            let value = match name.as_str() {
                "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas" => self.each(value),
                "items" | "allOf" | "anyOf" | "oneOf" | "prefixItems" => match value {
                    Value::Array(all) => all.iter().map(|one| self.schema(one)).collect(),
                    one => self.schema(one),
                },
                "additionalProperties"
                | "not"
                | "if"
                | "then"
                | "else"
                | "contains"
                | "propertyNames"
                | "unevaluatedItems"
                | "unevaluatedProperties"
                | "additionalItems" => self.schema(value),
                "$ref" => match self.reference(value) {
                    Some(reference) => reference,
                    None => continue,
                },
                "discriminator" => self.discriminator(value),
                _ => value.clone(),
            };
            made.insert(name.clone(), value);
        }
        if made.get("type").and_then(Value::as_str) == Some("file") {
            made.insert("type".to_owned(), json!("string"));
            made.insert("format".to_owned(), json!("binary"));
        }
        match self.version {
            OpenApiVersion::V30 => to_30(&mut made),
            OpenApiVersion::V31 => to_31(&mut made),
        }
        Value::Object(made)
    }

    fn each(&mut self, schemas: &Value) -> Value {
        match schemas {
            Value::Object(all) => all.iter().map(|(name, one)| (name.clone(), self.schema(one))).collect(),
            other => other.clone(),
        }
    }

    fn reference(&mut self, value: &Value) -> Option<Value> {
        let written = value.as_str()?;
        if let Some(reference) = self.renamed(written) {
            return Some(Value::String(reference));
        }
        let message = format!("type `{}`: `$ref` to `{written}` is left out: only types are exported", self.name);
        self.findings.warn("reference-not-exported", format!("/components/schemas/{}", escape(self.name)), message);
        None
    }

    fn renamed(&self, written: &str) -> Option<String> {
        let path = written.strip_prefix(PREFIX).or_else(|| written.strip_prefix("#/definitions/"))?;
        let (name, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
        let name = self.schemas.names.get(&(self.id.to_lowercase(), unescape(name)))?;
        Some(format!("{PREFIX}{}{rest}", escape(name)))
    }

    /// In 2.0 the name of a property, later an object; its mapping holds names or references.
    fn discriminator(&self, value: &Value) -> Value {
        let mut value = match value {
            Value::String(property) => json!({ "propertyName": property }),
            other => other.clone(),
        };
        if let Some(Value::Object(mapping)) = value.get_mut("mapping") {
            for target in mapping.values_mut() {
                if let Some(renamed) = target.as_str().and_then(|target| self.renamed(target)) {
                    *target = Value::String(renamed);
                }
            }
        }
        value
    }
}

/// Says in the words of 3.0 what only 3.1 knows.
fn to_30(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = schema.get("type") {
        let named: Vec<Value> = types.iter().filter(|kind| *kind != "null").cloned().collect();
        if named.len() < types.len() {
            schema.insert("nullable".to_owned(), json!(true));
        }
        match named.as_slice() {
            [] => {
                schema.remove("type");
            }
            [kind] => {
                schema.insert("type".to_owned(), kind.clone());
            }
            _ => {
                schema.remove("type");
                let any: Value = named.iter().map(|kind| json!({ "type": kind })).collect();
                if schema.contains_key("anyOf") {
                    let both = json!([{ "anyOf": schema.remove("anyOf") }, { "anyOf": any }]);
                    match schema.get_mut("allOf").and_then(Value::as_array_mut) {
                        Some(all) => all.extend(both.as_array().cloned().unwrap_or_default()),
                        None => {
                            schema.insert("allOf".to_owned(), both);
                        }
                    }
                } else {
                    schema.insert("anyOf".to_owned(), any);
                }
            }
        }
    }
    if let Some(value) = schema.remove("const") {
        schema.entry("enum").or_insert_with(|| json!([value]));
    }
    if let Some(Value::Array(examples)) = schema.get("examples") {
        let first = examples.first().cloned();
        schema.remove("examples");
        if let Some(first) = first {
            schema.entry("example").or_insert(first);
        }
    }
    for (exclusive, limit) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        if let Some(value) = schema.get(exclusive).filter(|value| value.is_number()).cloned() {
            schema.insert(limit.to_owned(), value);
            schema.insert(exclusive.to_owned(), json!(true));
        }
    }
}

/// Says in the words of 3.1 what 3.0 says in others.
fn to_31(schema: &mut Map<String, Value>) {
    if schema.remove("nullable") == Some(json!(true))
        && let Some(Value::String(kind)) = schema.get("type")
    {
        let types = json!([kind, "null"]);
        schema.insert("type".to_owned(), types);
    }
    for (exclusive, limit) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        if let Some(Value::Bool(is_exclusive)) = schema.get(exclusive) {
            let is_exclusive = *is_exclusive;
            schema.remove(exclusive);
            if is_exclusive && let Some(value) = schema.remove(limit) {
                schema.insert(exclusive.to_owned(), value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_it_in_the_words_of_the_version() {
        for (old, new) in [
            (json!({"type": "string", "nullable": true}), json!({"type": ["string", "null"]})),
            (json!({"minimum": 1, "exclusiveMinimum": true}), json!({"exclusiveMinimum": 1})),
        ] {
            let (Value::Object(mut from_old), Value::Object(mut from_new)) = (old.clone(), new.clone()) else {
                panic!()
            };
            to_31(&mut from_old);
            to_30(&mut from_new);
            assert_eq!((Value::Object(from_old), Value::Object(from_new)), (new, old));
        }
        let Value::Object(mut schema) = json!({"type": ["string", "integer"], "const": 1, "examples": [2, 3]}) else {
            panic!()
        };
        to_30(&mut schema);
        let expected = json!({"anyOf": [{"type": "string"}, {"type": "integer"}], "enum": [1], "example": 2});
        assert_eq!(Value::Object(schema), expected);
    }
}
