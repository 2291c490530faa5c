//! The schema resource of an API, and the names of types in it that operations refer to.

use std::sync::Arc;

use super::document::Node;
use super::json_writer::write_name;
use super::{Version, references};
use crate::import::names::Taken;
use crate::model::{ApiSchema, Json, Resource};

/// The types of one API: those that the document names, and inline ones under names made for them.
pub(super) struct Schemas<'d> {
    id: Arc<str>,
    taken: Taken,
    own: Node<'d>,
    /// The members that were made, as JSON, each with a comma before it.
    made: String,
    /// The last reference that was followed: the media types of one body repeat it.
    last: Option<(&'d str, Arc<str>)>,
}

/// The id of a schema resource and the name of a type in it.
pub(super) type TypeName = (Arc<str>, Arc<str>);

impl<'d> Schemas<'d> {
    pub(super) fn new(root: Node<'d>, id: String) -> Self {
        let own = references::schemas(root);
        let mut taken = Taken::default();
        for (name, _) in own.members() {
            taken.insert(name);
        }
        Self { id: id.into(), taken, own, made: String::new(), last: None }
    }

    /// Schema id and type name for a schema, which is a reference to `target` or an inline one; an inline one is moved here under a name that starts with `name`.
    pub(super) fn refer(
        &mut self,
        schema: Node<'d>,
        target: Option<&'d str>,
        name: impl FnOnce() -> String,
    ) -> TypeName {
        if let (Some(target), Some((last, name))) = (target, &self.last)
            && target == *last
        {
            return (Arc::clone(&self.id), Arc::clone(name));
        }
        match target.and_then(|target| Some((target, references::schema_name(target)?))) {
            Some((target, name)) => {
                let name: Arc<str> = name.into();
                self.last = Some((target, Arc::clone(&name)));
                (Arc::clone(&self.id), name)
            }
            None => self.add(name(), |out| schema.write(out)),
        }
    }

    /// How many bytes were made.
    pub(super) fn size(&self) -> usize {
        self.made.len()
    }

    /// The same for a schema that is written as JSON.
    pub(super) fn add(&mut self, name: String, write: impl FnOnce(&mut String)) -> TypeName {
        let name = self.taken.unique(name);
        self.made.push(',');
        write_name(&name, &mut self.made);
        write(&mut self.made);
        (Arc::clone(&self.id), name.into())
    }

    /// The schema resource; none when there is no type.
    pub(super) fn into_resource(self, version: Version) -> Option<Resource<ApiSchema>> {
        let has_own = self.own.has_members();
        if !has_own && self.made.is_empty() {
            return None;
        }
        let (content_type, start, end) = match version {
            Version::V2 => ("application/vnd.ms-azure-apim.swagger.definitions+json", "{\"definitions\":", "}"),
            _ => ("application/vnd.oai.openapi.components+json", "{\"components\":{\"schemas\":", "}}"),
        };
        let length = self.own.source().map_or(0, str::len) + self.made.len();
        let mut text = String::with_capacity(start.len() + length + end.len() + 1);
        text.push_str(start);
        if has_own {
            self.own.write(&mut text);
            text.pop();
            text.push_str(&self.made);
        } else {
            text.push('{');
            text.push_str(self.made.get(1..).unwrap_or_default());
        }
        text.push('}');
        text.push_str(end);
        let mut schema = ApiSchema::new().content_type(content_type);
        schema.document = Some(Json::from_text(text));
        Some(Resource::new(&*self.id, schema))
    }
}
