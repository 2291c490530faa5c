//! An entity whose files are being gathered.

use std::collections::{BTreeMap, btree_map};
use std::rc::Rc;

use crate::load::json::{Node, Value};
use crate::load::problem::Problem;
use crate::load::source::Source;

/// The entities of one folder by name.
#[derive(Debug, Default)]
pub(super) struct Drafts(BTreeMap<String, Draft>);

/// The files of one entity.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) json: Option<(Rc<Source>, Node)>,
    pub(super) xml: Option<Rc<Source>>,
}

impl Drafts {
    pub(super) fn entry(&mut self, name: &str) -> &mut Draft {
        if !self.0.contains_key(name) {
            self.0.insert(name.to_owned(), Draft::default());
        }
        self.0.entry(name.to_owned()).or_default()
    }
}

impl IntoIterator for Drafts {
    type Item = (String, Draft);
    type IntoIter = btree_map::IntoIter<String, Draft>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Draft {
    /// Takes the properties; refuses a second file of them.
    pub(super) fn put_json(&mut self, (source, node): (Rc<Source>, Node)) -> Result<(), Problem> {
        let Value::Object(_) = node.value else {
            let message = format!("is {}: expected an object with the properties of the entity", node.value.kind());
            return Err(source.problem(node.offset, message));
        };
        if let Some((first, _)) = &self.json {
            let message = format!("holds an entity that `{}` holds too: remove one", first.file);
            return Err(Problem::new(source.file.clone(), None, message));
        }
        self.json = Some((source, node));
        Ok(())
    }

    /// Takes the XML; refuses a second file of it.
    pub(super) fn put_xml(&mut self, source: Rc<Source>) -> Result<(), Problem> {
        if let Some(first) = &self.xml {
            let message = format!("holds a text that `{}` holds too: remove one", first.file);
            return Err(Problem::new(source.file.clone(), None, message));
        }
        self.xml = Some(source);
        Ok(())
    }
}

/// Members of the envelope that Azure puts around properties.
const ENVELOPE: &[&str] =
    &["$schema", "apiVersion", "dependsOn", "etag", "id", "location", "name", "properties", "systemData", "type"];

/// Whether an object is an envelope rather than the properties: a backend has a member `properties` of its own.
fn is_envelope(node: &Node) -> bool {
    let has_properties = node.get("properties").is_some_and(|properties| properties.members().is_some());
    let members = node.members().unwrap_or_default();
    has_properties && members.iter().all(|(name, _)| ENVELOPE.contains(&name.as_str()))
}

/// The properties, bare or out of their envelope.
pub(super) fn properties(node: &mut Node) -> Node {
    let envelope = if is_envelope(node) { node.remove("properties") } else { None };
    envelope.unwrap_or_else(|| std::mem::replace(node, Node::object(0)))
}

/// The name in an envelope.
pub(super) fn name(node: &Node) -> Option<&str> {
    if !is_envelope(node) {
        return None;
    }
    node.get("name")?.as_str()?.rsplit('/').next()
}
