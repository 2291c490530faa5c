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
    /// The document has no definition of that name.
    Missing,
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
        Self { name: name.into(), source: Source::Missing, compiled: Default::default() }
    }

    /// What messages call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the document has no such definition.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self.source, Source::Missing)
    }

    /// What does not conform; the error says why the schema cannot be used.
    #[cfg(feature = "validation")]
    pub(crate) fn check(&self, value: &Value, variant: Variant) -> Result<Vec<Breach>, &str> {
        let compiled = self.compiled(variant)?;
        let lowered = variant.ignores_case.then(|| super::translate::lowered(value));
        let value = lowered.as_ref().unwrap_or(value);
        if compiled.is_valid(value) {
            return Ok(Vec::new());
        }
        Ok(compiled.iter_errors(value).take(MOST_BREACHES).map(|error| breach(&error)).collect())
    }

    #[cfg(feature = "validation")]
    fn compiled(&self, variant: Variant) -> Result<&Compiled, &str> {
        let compiled = self.compiled.get(variant.index()).ok_or("the schema cannot be used")?;
        let compiled = compiled.get_or_init(|| match &self.source {
            Source::Json(document, pointer) => compile(document, pointer, variant),
            Source::Xml(_) => Err("the schema is one of XML".to_owned()),
            Source::Missing => Err(format!("the schema has no definition {}", self.name)),
        });
        compiled.as_ref().map_err(String::as_str)
    }

    /// Without the feature `validation` there is nothing that checks; no document that needs it compiles.
    #[cfg(not(feature = "validation"))]
    pub(crate) fn check(&self, _: &Value, _: Variant) -> Result<Vec<Breach>, &str> {
        let _ = &self.compiled;
        Err("schemas are not checked in this build")
    }
}

/// The most breaches that are told of one value.
#[cfg(feature = "validation")]
const MOST_BREACHES: usize = 100;

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
