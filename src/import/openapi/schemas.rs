//! The schema resource of an API, and the names of types in it that operations refer to.

use serde_json::{Map, Value};

use super::Version;
use super::node::Node;
use super::references;
use crate::import::names::Taken;
use crate::model::{ApiSchema, Resource};

/// The types of one API: those that the document names, and inline ones under names made for them.
pub(super) struct Schemas {
    id: String,
    taken: Taken,
    made: Vec<(String, Value)>,
}

impl Schemas {
    pub(super) fn new(root: &Node, id: String) -> Self {
        let mut taken = Taken::default();
        for (name, _) in references::schemas(root) {
            taken.insert(name);
        }
        Self { id, taken, made: Vec::new() }
    }

    /// Schema id and type name for a schema; an inline one is moved here under a name that starts with `name`.
    pub(super) fn refer(&mut self, schema: &Node, name: impl FnOnce() -> String) -> (String, String) {
        if let Some(name) = references::target(schema).and_then(references::schema_name) {
            return (self.id.clone(), name.into_owned());
        }
        let name = self.taken.unique(name());
        self.made.push((name.clone(), schema.to_json()));
        (self.id.clone(), name)
    }

    /// The schema resource; none when there is no type.
    pub(super) fn into_resource(self, root: Node<'_>, version: Version) -> Option<Resource<ApiSchema>> {
        let own = references::into_schemas(root).map(|(name, schema)| (name.into_owned(), schema.into_json()));
        let types: Map<_, _> = own.chain(self.made).collect();
        if types.is_empty() {
            return None;
        }
        let (content_type, document) = match version {
            Version::V2 => (
                "application/vnd.ms-azure-apim.swagger.definitions+json",
                Map::from_iter([("definitions".to_owned(), Value::Object(types))]),
            ),
            _ => (
                "application/vnd.oai.openapi.components+json",
                Map::from_iter([(
                    "components".to_owned(),
                    Value::Object(Map::from_iter([("schemas".to_owned(), Value::Object(types))])),
                )]),
            ),
        };
        let mut schema = ApiSchema::new().content_type(content_type);
        schema.document = Some(Value::Object(document));
        Some(Resource::new(self.id, schema))
    }
}
