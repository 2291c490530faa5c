//! The schema resources of a SOAP API: one for each schema of the document, able to stand alone.

use std::collections::HashMap;

use roxmltree::Node;
use serde_json::json;

use super::types::Types;
use crate::import::names::digest;
use crate::model::{ApiSchema, Resource};

/// The schemas of a document under the ids that operations refer to.
pub(super) struct Schemas<'d> {
    resources: Vec<Resource<ApiSchema>>,
    ids: HashMap<Node<'d, 'd>, String>,
}

impl<'d> Schemas<'d> {
    pub(super) fn new(types: &Types<'d>) -> Self {
        let (mut resources, mut ids) = (Vec::new(), HashMap::new());
        for (number, schema) in types.schemas.iter().enumerate() {
            let alone = standalone(schema.node);
            let id = digest(format!("{number}{alone}").as_bytes());
            ids.insert(schema.node, id.clone());
            let mut resource = ApiSchema::new().content_type("application/vnd.ms-azure-apim.xsd+xml");
            resource.document = Some(json!({ "value": alone }).into());
            resources.push(Resource::new(id, resource));
        }
        Self { resources, ids }
    }

    /// The id of the schema that a component stands in.
    pub(super) fn id(&self, component: Node<'d, 'd>) -> Option<&str> {
        self.ids.get(&component.parent()?).map(String::as_str)
    }

    pub(super) fn into_resources(self) -> Vec<Resource<ApiSchema>> {
        self.resources
    }
}

/// The text of a schema with the prefixes that are declared around it.
fn standalone(schema: Node<'_, '_>) -> String {
    let text = schema.document().input_text().get(schema.range()).unwrap_or_default();
    let start_tag = text.split('>').next().unwrap_or_default();
    let name_end = start_tag.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(start_tag.len());
    let mut declarations = String::new();
    for namespace in schema.namespaces() {
        let (declaration, uri) = match namespace.name() {
            Some("xml") => continue,
            Some(prefix) => (format!("xmlns:{prefix}="), namespace.uri()),
            None => ("xmlns=".to_owned(), namespace.uri()),
        };
        if !start_tag.contains(&declaration) {
            let uri = uri.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
            declarations.push_str(&format!(" {declaration}\"{uri}\""));
        }
    }
    format!("{}{declarations}{}", &text[..name_end], &text[name_end..])
}
