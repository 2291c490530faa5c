//! The envelope around the properties of a resource.

use serde::{Deserialize, Serialize};

use super::extra::Extra;

/// The envelope that Azure puts around the properties of a resource.
///
/// ```json
/// { "name": "orders", "type": "Microsoft.ApiManagement/service/backends", "properties": { "url": "https://orders" } }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Resource<T> {
    /// Full resource id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Name; in a template, the names of all parents joined by `/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Resource type, such as `Microsoft.ApiManagement/service/backends`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The entity.
    pub properties: T,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl<T> Resource<T> {
    /// Puts an entity into an envelope with its name.
    pub fn new(name: impl Into<String>, properties: T) -> Self {
        Self { id: None, name: Some(name.into()), kind: None, properties, extra: Extra::default() }
    }

    /// The last segment of the id, or else of the name: responses are known to carry a name that differs from the id.
    pub fn short_name(&self) -> Option<&str> {
        self.id.as_deref().or(self.name.as_deref())?.rsplit('/').next()
    }
}
