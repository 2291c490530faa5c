//! The parts of an OpenAPI document, with their members in the order in which people write them.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

/// Members by name, in the order in which they were added.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Members<T>(pub(super) Vec<(String, T)>);

impl<T> Default for Members<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Members<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn get(&self, name: &str) -> Option<&T> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    pub(super) fn push(&mut self, name: impl Into<String>, value: T) {
        self.0.push((name.into(), value));
    }
}

impl<T: Serialize> Serialize for Members<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    pub(super) openapi: &'static str,
    pub(super) info: Info,
    pub(super) servers: Vec<Server>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tags: Vec<Tag>,
    pub(super) paths: Members<Item>,
    #[serde(rename = "x-ms-paths", skip_serializing_if = "Members::is_empty")]
    pub(super) ms_paths: Members<Item>,
    pub(super) components: Components,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) security: Vec<Members<[String; 0]>>,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Info {
    pub(super) title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) terms_of_service: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) contact: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) license: Option<Value>,
    pub(super) version: String,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub(super) struct Server {
    pub(super) url: String,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub(super) struct Tag {
    pub(super) name: String,
}

/// The operations of a path by method.
pub(super) type Item = Members<Operation>;

#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Operation {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) summary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    pub(super) operation_id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) parameters: Vec<Parameter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) request_body: Option<RequestBody>,
    pub(super) responses: Members<Response>,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub(super) struct Parameter {
    pub(super) name: String,
    #[serde(rename = "in")]
    pub(super) place: &'static str,
    #[serde(flatten)]
    pub(super) value: Described,
}

/// A parameter or header without its name and place.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub(super) struct Described {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) required: bool,
    pub(super) schema: Value,
    #[serde(flatten)]
    pub(super) examples: Examples,
}

/// One example, or several by name.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub(super) struct Examples {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) example: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) examples: Option<Value>,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub(super) struct RequestBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    pub(super) content: Members<Media>,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub(super) struct Media {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) schema: Option<BodySchema>,
    #[serde(flatten)]
    pub(super) examples: Examples,
}

/// A type, or a form whose fields stay in their order.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub(super) enum BodySchema {
    Type(Value),
    Form(Form),
}

#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub(super) struct Form {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) properties: Members<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) required: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub(super) struct Response {
    pub(super) description: String,
    #[serde(skip_serializing_if = "Members::is_empty")]
    pub(super) headers: Members<Described>,
    #[serde(skip_serializing_if = "Members::is_empty")]
    pub(super) content: Members<Media>,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Components {
    #[serde(skip_serializing_if = "Members::is_empty")]
    pub(super) schemas: Members<Value>,
    #[serde(skip_serializing_if = "Members::is_empty")]
    pub(super) security_schemes: Members<SecurityScheme>,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub(super) struct SecurityScheme {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) name: String,
    #[serde(rename = "in")]
    pub(super) place: &'static str,
}
