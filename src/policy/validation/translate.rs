//! Schemas of OpenAPI as schemas of JSON Schema 2020-12: what a definition needs of its document, in today's words.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::lowered;
use super::schema::Variant;

/// How deep a schema may nest.
const DEEPEST: usize = 100;

/// The schema at `pointer`, with everything that it refers to.
pub(super) fn schema(document: &Value, pointer: &str, variant: Variant) -> Result<Value, String> {
    let mut bundle = json!({ "$ref": format!("#{pointer}") });
    let (mut waiting, mut seen) = (vec![home(pointer)], BTreeSet::new());
    while let Some(place) = waiting.pop() {
        if !seen.insert(place.clone()) {
            continue;
        }
        let found = document.pointer(&place).ok_or_else(|| format!("the reference #{place} leads nowhere"))?;
        let mut translator = Translator { variant, references: Vec::new() };
        let translated = translator.schema(found, 0)?;
        waiting.extend(translator.references.iter().map(|reference| home(reference)));
        put(&mut bundle, &place, translated);
    }
    Ok(bundle)
}

/// The definition that a pointer leads into: `/components/schemas/Order` of `/components/schemas/Order/properties/id`.
fn home(pointer: &str) -> String {
    let segments: Vec<_> = pointer.split('/').skip(1).collect();
    let depth = match segments.first() {
        Some(&"components") => 3,
        Some(&"definitions" | &"$defs" | &"schemas") => 2,
        _ => segments.len(),
    };
    segments.iter().take(depth).fold(String::new(), |home, segment| home + "/" + segment)
}

/// Puts a value at a pointer into an object, with the objects on the way.
fn put(root: &mut Value, pointer: &str, value: Value) {
    let mut at = root;
    for segment in pointer.split('/').skip(1) {
        let name = segment.replace("~1", "/").replace("~0", "~");
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        let Some(members) = at.as_object_mut() else { return };
        at = members.entry(name).or_insert(Value::Null);
    }
    *at = value;
}

struct Translator {
    variant: Variant,
    references: Vec<String>,
}

impl Translator {
    fn schema(&mut self, schema: &Value, depth: usize) -> Result<Value, String> {
        if depth > DEEPEST {
            return Err(format!("the schema is nested more than {DEEPEST} deep"));
        }
        let members = match schema {
            Value::Object(members) => members,
            Value::Bool(_) => return Ok(schema.clone()),
            _ => return Err("a schema is neither an object nor a boolean".to_owned()),
        };
        if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
            let pointer = reference.strip_prefix('#').filter(|pointer| pointer.starts_with('/'));
            let pointer = pointer.ok_or_else(|| format!("the reference {reference} leads out of the document"))?;
            let decoded = percent_encoding::percent_decode_str(pointer).decode_utf8_lossy().into_owned();
            self.references.push(decoded);
        }
        let mut out = Map::new();
        for (keyword, value) in members {
            let value = match keyword.as_str() {
                "if" | "then" | "else" => return Err(format!("the keyword {keyword} is not supported")),
                "properties" | "patternProperties" | "definitions" | "$defs" | "dependentSchemas" => {
                    self.named(keyword, value, depth)?
                }
                "items" if value.is_array() => {
                    let items = self.list(value, depth)?;
                    out.insert("prefixItems".to_owned(), items);
                    continue;
                }
                "items"
                | "not"
                | "contains"
                | "additionalProperties"
                | "propertyNames"
                | "unevaluatedItems"
                | "unevaluatedProperties"
                | "additionalItems" => self.schema(value, depth + 1)?,
                "allOf" | "anyOf" | "oneOf" | "prefixItems" => self.list(value, depth)?,
                "required" if self.variant.ignores_case => lowered::names(value),
                "dependentRequired" if self.variant.ignores_case => lowered::dependent(value),
                // Of OpenAPI 3.0 and of draft 4: whether the limit itself is left out.
                "exclusiveMinimum" | "exclusiveMaximum" if value.is_boolean() => continue,
                "minimum" if members.get("exclusiveMinimum") == Some(&Value::Bool(true)) => {
                    out.insert("exclusiveMinimum".to_owned(), value.clone());
                    continue;
                }
                "maximum" if members.get("exclusiveMaximum") == Some(&Value::Bool(true)) => {
                    out.insert("exclusiveMaximum".to_owned(), value.clone());
                    continue;
                }
                // What names the document or another dialect would change what references mean.
                "$schema" | "$id" | "id" | "$anchor" | "$dynamicAnchor" | "$vocabulary" | "nullable"
                | "discriminator" | "xml" | "externalDocs" | "example" | "examples" | "readOnly" | "writeOnly"
                | "deprecated" => continue,
                _ => value.clone(),
            };
            out.insert(keyword.clone(), value);
        }
        self.additional(&mut out);
        Ok(if members.get("nullable") == Some(&Value::Bool(true)) { nullable(out) } else { Value::Object(out) })
    }

    /// What the policy says of properties that are not declared.
    fn additional(&self, out: &mut Map<String, Value>) {
        match self.variant.additional_properties {
            Some(true) => {
                out.remove("additionalProperties");
                out.remove("unevaluatedProperties");
            }
            Some(false) if out.contains_key("properties") => {
                out.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            _ => {}
        }
    }

    fn named(&mut self, keyword: &str, value: &Value, depth: usize) -> Result<Value, String> {
        let members = value.as_object().ok_or_else(|| format!("{keyword} of a schema is not an object"))?;
        let ignores_case = self.variant.ignores_case;
        let mut out = Map::new();
        for (name, value) in members {
            let name = match keyword {
                "properties" | "dependentSchemas" if ignores_case => name.to_lowercase(),
                // Of an expression another case may be another meaning: `\D`.
                "patternProperties" if ignores_case => format!("(?i){name}"),
                _ => name.clone(),
            };
            if out.contains_key(&name) {
                return Err(format!("two names in {keyword} are '{name}' without case"));
            }
            out.insert(name, self.schema(value, depth + 1)?);
        }
        Ok(Value::Object(out))
    }

    fn list(&mut self, value: &Value, depth: usize) -> Result<Value, String> {
        let items = value.as_array().ok_or("a list of schemas is not an array")?;
        items.iter().map(|item| self.schema(item, depth + 1)).collect::<Result<_, _>>().map(Value::Array)
    }
}

/// The same schema, which null is good for too.
fn nullable(mut schema: Map<String, Value>) -> Value {
    let kind = schema.get("type").and_then(Value::as_str).map(str::to_owned);
    let is_plain =
        ["$ref", "allOf", "anyOf", "oneOf", "not", "const"].iter().all(|keyword| !schema.contains_key(*keyword));
    let Some(kind) = kind.filter(|_| is_plain) else { return json!({ "anyOf": [{ "type": "null" }, schema] }) };
    schema.insert("type".to_owned(), json!([kind, "null"]));
    if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut)
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    Value::Object(schema)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(schema: Value) -> Result<Value, String> {
        let document = json!({ "components": { "schemas": { "A": schema, "B": { "type": "integer" }, "C": {} } } });
        let bundle = super::schema(&document, "/components/schemas/A", Variant::default())?;
        assert_eq!(bundle["$ref"], "#/components/schemas/A");
        Ok(bundle["components"]["schemas"].clone())
    }

    #[test]
    fn words_of_openapi_are_translated() {
        for (written, expected) in [
            (
                json!({ "type": "string", "nullable": true, "enum": ["a"] }),
                json!({ "type": ["string", "null"], "enum": ["a", null] }),
            ),
            (json!({ "minimum": 1, "exclusiveMinimum": true }), json!({ "exclusiveMinimum": 1 })),
            (json!({ "maximum": 1, "exclusiveMaximum": false }), json!({ "maximum": 1 })),
            (json!({ "exclusiveMinimum": 3 }), json!({ "exclusiveMinimum": 3 })),
            (json!({ "items": [{ "type": "string" }] }), json!({ "prefixItems": [{ "type": "string" }] })),
            (
                json!({ "properties": { "nullable": { "nullable": true } }, "enum": [{ "nullable": true }] }),
                json!({ "properties": { "nullable": { "anyOf": [{ "type": "null" }, {}] } }, "enum": [{ "nullable": true }] }),
            ),
            (json!({ "example": 1, "discriminator": {}, "$id": "x" }), json!({})),
        ] {
            assert_eq!(of(written).unwrap(), json!({ "A": expected }));
        }
    }

    #[test]
    fn only_what_is_needed_is_taken() {
        let found = of(
            json!({ "properties": { "b": { "$ref": "#/components/schemas/B" }, "a": { "$ref": "#/components/schemas/A" } } }),
        );
        assert!(found.as_ref().is_ok_and(|all| all.get("B").is_some() && all.get("C").is_none()), "{found:?}");
        for (schema, expected) in [
            (json!({ "$ref": "#/components/schemas/Z" }), "the reference #/components/schemas/Z leads nowhere"),
            (json!({ "$ref": "https://a.example/b" }), "the reference https://a.example/b leads out of the document"),
            (json!({ "if": {} }), "the keyword if is not supported"),
            (json!({ "properties": 1 }), "properties of a schema is not an object"),
            (json!({ "allOf": [1] }), "a schema is neither an object nor a boolean"),
        ] {
            assert_eq!(of(schema), Err(expected.to_owned()));
        }
    }

    #[test]
    fn variants_change_names_and_what_is_allowed() {
        let document = json!({ "definitions": { "A": { "properties": { "Id": {} }, "required": ["Id"], "additionalProperties": true } } });
        let variant = Variant { additional_properties: Some(false), ignores_case: true };
        let found = super::schema(&document, "/definitions/A", variant).unwrap();
        let expected = json!({ "properties": { "id": {} }, "required": ["id"], "additionalProperties": false });
        assert_eq!(found["definitions"]["A"], expected);
    }

    proptest! {
        #[test]
        fn any_document_is_a_schema_or_an_error(text in "(\\{\"|\"\\}|properties|\\$ref|\"|:|\\[|\\]|#/definitions/A|,|1){0,40}") {
            if let Ok(value) = serde_json::from_str::<Value>(&text) {
                let _ = super::schema(&json!({ "definitions": { "A": value } }), "/definitions/A", Variant::default());
            }
        }
    }
}
