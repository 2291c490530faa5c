//! The schema of a value or body, compiled when it is first needed.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

/// A schema that an operation names: a definition in a document of the API.
pub struct SchemaContract {
    /// What messages call it.
    name: Arc<str>,
    source: Source,
    compiled: [OnceLock<Result<Compiled, String>>; VARIANTS],
}

#[cfg_attr(not(feature = "validation"), allow(dead_code))]
enum Source {
    /// The document of the API, and where in it the schema is.
    Json(Arc<Value>, String),
    /// XML Schema.
    #[cfg_attr(not(feature = "libxml"), allow(dead_code))]
    Xml(Arc<str>),
    /// There is nothing to compare with.
    Missing(Lack),
}

/// Why there is nothing to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lack {
    /// The API has no such document.
    Document,
    /// The document has no definitions.
    Definitions,
    /// The document has no definition of that name.
    Definition,
}

/// How a body is compared, when the policy says otherwise than the schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Variant {
    /// Whether properties that are not declared are good; none when the schema decides.
    pub(crate) additional_properties: Option<bool>,
    /// Whether the names of properties are compared without case.
    pub(crate) ignores_case: bool,
}

const VARIANTS: usize = 6;

/// What does not conform, and where in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Breach {
    pub(crate) message: String,
    /// The steps from the root: names and indices.
    pub(crate) path: String,
}

#[cfg(feature = "validation")]
type Compiled = jsonschema::Validator;
#[cfg(not(feature = "validation"))]
type Compiled = std::convert::Infallible;

impl SchemaContract {
    /// The definition at `pointer` in a document of JSON schemas.
    pub fn json(name: impl Into<Arc<str>>, document: Arc<Value>, pointer: impl Into<String>) -> Self {
        Self { name: name.into(), source: Source::Json(document, pointer.into()), compiled: Default::default() }
    }

    /// A schema of XML, as the text of its document (XSD).
    pub fn xml(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), source: Source::Xml(text.into()), compiled: Default::default() }
    }

    /// The text of a schema of XML.
    #[cfg(feature = "libxml")]
    pub(crate) fn xsd(&self) -> Option<&Arc<str>> {
        match &self.source {
            Source::Xml(text) => Some(text),
            _ => None,
        }
    }

    /// A definition that the document of the API does not have.
    pub fn missing(name: impl Into<Arc<str>>) -> Self {
        Self::lacking(name, Lack::Definition)
    }

    /// A definition of a document that the API does not have.
    pub fn missing_document(name: impl Into<Arc<str>>) -> Self {
        Self::lacking(name, Lack::Document)
    }

    /// A definition of a document that has no definitions.
    pub fn missing_definitions(name: impl Into<Arc<str>>) -> Self {
        Self::lacking(name, Lack::Definitions)
    }

    fn lacking(name: impl Into<Arc<str>>, lack: Lack) -> Self {
        Self { name: name.into(), source: Source::Missing(lack), compiled: Default::default() }
    }

    /// What messages call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Why there is nothing to compare with; none when there is.
    pub(crate) fn lack(&self) -> Option<Lack> {
        match self.source {
            Source::Missing(lack) => Some(lack),
            _ => None,
        }
    }

    /// What does not conform of a value whose text has so many bytes; the error says why the schema cannot be used.
    #[cfg(feature = "validation")]
    pub(crate) fn check(&self, value: &Value, length: usize, variant: Variant) -> Result<Vec<Breach>, &str> {
        let compiled = self.compiled(variant)?;
        let lowered = match variant.ignores_case.then(|| super::lowered::instance(value)).transpose() {
            Ok(lowered) => lowered,
            Err(alike) => return Ok(vec![alike]),
        };
        let value = lowered.as_ref().unwrap_or(value);
        if compiled.is_valid(value) {
            return Ok(Vec::new());
        }
        if length > LONGEST_OF_ALL {
            return Ok(compiled.validate(value).err().iter().map(breach).collect());
        }
        Ok(compiled.iter_errors(value).take(MOST_BREACHES).map(|error| breach(&error)).collect())
    }

    #[cfg(feature = "validation")]
    fn compiled(&self, variant: Variant) -> Result<&Compiled, &str> {
        let compiled = self.compiled.get(variant.index()).ok_or("the schema cannot be used")?;
        let compiled = compiled.get_or_init(|| match &self.source {
            Source::Json(document, pointer) => compile(document, pointer, variant),
            Source::Xml(_) => Err("the schema is one of XML".to_owned()),
            Source::Missing(_) => Err(format!("the schema has no definition {}", self.name)),
        });
        compiled.as_ref().map_err(String::as_str)
    }

    /// Without the feature `validation` there is nothing that checks; no document that needs it compiles.
    #[cfg(not(feature = "validation"))]
    pub(crate) fn check(&self, _: &Value, _: usize, _: Variant) -> Result<Vec<Breach>, &str> {
        let _ = &self.compiled;
        Err("schemas are not checked in this build")
    }
}

/// The most breaches that are told of one value.
#[cfg(feature = "validation")]
const MOST_BREACHES: usize = 100;
/// Of a value whose text is longer, in bytes, the first breach is told: all of them are found before any is known.
#[cfg(feature = "validation")]
const LONGEST_OF_ALL: usize = 16 << 10;
/// The largest document of schemas that is used, in bytes of its text: what API Management takes.
#[cfg(any(feature = "validation", feature = "libxml"))]
pub(crate) const LARGEST_DOCUMENT: usize = 4 << 20;

#[cfg(feature = "validation")]
impl Variant {
    fn index(self) -> usize {
        let properties = match self.additional_properties {
            None => 0,
            Some(true) => 1,
            Some(false) => 2,
        };
        properties + 3 * usize::from(self.ignores_case)
    }
}

#[cfg(feature = "validation")]
fn compile(document: &Value, pointer: &str, variant: Variant) -> Result<Compiled, String> {
    if is_too_large(document) {
        return Err(format!("the document of the schema is larger than {LARGEST_DOCUMENT} bytes"));
    }
    let schema = super::translate::schema(document, pointer, variant)?;
    let patterns = jsonschema::PatternOptions::fancy_regex().backtrack_limit(100_000).size_limit(1 << 20);
    jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .should_validate_formats(true)
        .should_ignore_unknown_formats(true)
        .with_pattern_options(patterns)
        .offline()
        .build(&schema)
        .map_err(|error| error.to_string())
}

/// Whether the text of a document is larger than what is used.
#[cfg(feature = "validation")]
fn is_too_large(document: &Value) -> bool {
    /// Takes so many bytes.
    struct Room(usize);

    impl std::io::Write for Room {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(std::io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    serde_json::to_writer(Room(LARGEST_DOCUMENT), document).is_err()
}

#[cfg(feature = "validation")]
fn breach(error: &jsonschema::ValidationError<'_>) -> Breach {
    /// A value that is longer than this is not told.
    const LONGEST: usize = 200;
    let text = error.to_string();
    let message = if text.len() > LONGEST { error.masked().to_string() } else { text };
    Breach { message, path: error.instance_path().as_str().to_owned() }
}

impl fmt::Debug for SchemaContract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SchemaContract").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "validation"))]
mod tests {
    use serde_json::json;

    use super::*;

    fn breaches(schema: Value, value: &Value, variant: Variant) -> Result<Vec<String>, String> {
        let contract = SchemaContract::json("A", Arc::new(schema), "");
        let found = contract.check(value, value.to_string().len(), variant).map_err(str::to_owned)?;
        Ok(found.into_iter().map(|breach| breach.message).collect())
    }

    #[test]
    fn of_a_long_value_the_first_breach_is_told() {
        let schema = json!({ "items": { "type": "string" } });
        let long = Value::from(vec![1; 100_000]);
        assert_eq!(breaches(schema.clone(), &long, Variant::default()).unwrap().len(), 1);
        assert_eq!(breaches(schema, &json!([1, 2]), Variant::default()).unwrap().len(), 2);
    }

    #[test]
    fn names_that_differ_in_case_alone_are_a_breach() {
        let schema = json!({
            "properties": { "Id": { "type": "integer" } }, "patternProperties": { "^X-[A-Z]+$": { "type": "integer" } },
            "dependentRequired": { "Card": ["Name"] }, "additionalProperties": false,
        });
        let variant = Variant { ignores_case: true, ..Variant::default() };
        for (value, expected) in [
            (json!({ "ID": 1, "x-a": 1 }), None),
            (json!({ "ID": "bad", "id": 1 }), Some("The property names 'ID' and 'id' differ in case alone.")),
            (json!({ "X-a": "bad" }), Some("\"bad\" is not of type \"integer\"")),
            (json!({ "b": 1 }), Some("Additional properties are not allowed ('b' was unexpected)")),
        ] {
            let found = breaches(schema.clone(), &value, variant).unwrap();
            assert_eq!(found.first().map(String::as_str), expected, "{value}");
        }
        let schema = json!({ "dependentRequired": { "Card": ["Name"] } });
        assert_eq!(breaches(schema, &json!({ "CARD": 1 }), variant).unwrap(), ["\"name\" is a required property"]);
    }

    #[test]
    fn a_document_that_is_too_large_is_not_used() {
        let schema = json!({ "type": "integer", "unused": "x".repeat(LARGEST_DOCUMENT) });
        let expected = Err("the document of the schema is larger than 4194304 bytes".to_owned());
        assert_eq!(breaches(schema, &json!(1), Variant::default()), expected);
    }
}
