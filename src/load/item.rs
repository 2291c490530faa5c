//! What readers of templates and folders hand over: entities that are not yet typed, each with its place.

use std::collections::HashSet;
use std::path::PathBuf;
use std::rc::Rc;

use super::json::Node;
use super::problem::Problem;
use super::source::Source;

/// One entity: where it belongs, where it is written, and its properties.
#[derive(Debug)]
pub(super) struct Item {
    /// The file that holds the properties.
    pub(super) source: Rc<Source>,
    pub(super) workspace: Option<String>,
    /// Kinds, as in resource types, and names from the outside in; empty for the service or workspace itself.
    pub(super) path: Vec<(String, String)>,
    pub(super) properties: Node,
    /// The file that is the text of a policy or fragment.
    pub(super) text: Option<Rc<Source>>,
}

/// The specification of an API, whose operations it holds.
#[derive(Debug)]
#[cfg_attr(not(feature = "import"), expect(dead_code, reason = "only importers read it"))]
pub(super) struct Specification {
    /// The specification, or the template that it stands in.
    pub(super) source: Rc<Source>,
    /// The text, when it stands in a template.
    pub(super) inline: Option<String>,
    pub(super) workspace: Option<String>,
    /// The API; none when there is nothing but the specification, which then says how the API is called.
    pub(super) api: Option<String>,
    /// Files in the same folder, with their names, that it may import.
    pub(super) beside: Vec<(String, Rc<Source>)>,
}

#[cfg(feature = "import")]
impl Specification {
    /// The text.
    pub(super) fn text(&self) -> &str {
        self.inline.as_deref().unwrap_or(&self.source.text)
    }
}

/// Everything that a reader found.
#[derive(Debug, Default)]
pub(super) struct Collected {
    pub(super) items: Vec<Item>,
    pub(super) specifications: Vec<Specification>,
    pub(super) problems: Vec<Problem>,
    /// Keys of items that have problems of their own: that they are missing is not another one.
    pub(super) broken: HashSet<String>,
    pub(super) warnings: Vec<Problem>,
    /// The files that were read.
    pub(super) files: Vec<PathBuf>,
}

impl Item {
    /// The kinds of the path, in lower case and under their present names.
    pub(super) fn kinds(&self) -> Vec<String> {
        let present = |kind: &String| match kind.to_ascii_lowercase().as_str() {
            "properties" => "namedvalues".to_owned(),
            "api-version-sets" => "apiversionsets".to_owned(),
            kind => kind.to_owned(),
        };
        self.path.iter().map(|(kind, _)| present(kind)).collect()
    }

    /// The names of the path.
    pub(super) fn name(&self, index: usize) -> &str {
        self.path.get(index).map_or("", |(_, name)| name)
    }

    /// What two items that are the same entity have in common.
    pub(super) fn key(&self) -> String {
        let mut key = self.workspace.as_deref().unwrap_or_default().to_lowercase();
        for (kind, (_, name)) in self.kinds().iter().zip(&self.path) {
            key.push('/');
            key.push_str(kind);
            key.push('/');
            key.push_str(&name.to_lowercase());
        }
        key
    }

    /// The key of an item that stands directly in a service or workspace.
    pub(super) fn key_of(workspace: Option<&str>, kind: &str, name: &str) -> String {
        format!("{}/{kind}/{name}", workspace.unwrap_or_default()).to_lowercase()
    }

    /// The entity for a message: ``operation `list` of API `orders` ``.
    pub(super) fn describe(&self) -> String {
        let mut text = String::new();
        for (kind, (written, name)) in self.kinds().iter().zip(&self.path).rev() {
            if !text.is_empty() {
                text.push_str(" of ");
            }
            text.push_str(singular(kind).unwrap_or(written));
            if kind != "policies" {
                text.push_str(&format!(" `{name}`"));
            }
        }
        match &self.workspace {
            _ if text.is_empty() && self.workspace.is_none() => "service".to_owned(),
            Some(workspace) if text.is_empty() => format!("workspace `{workspace}`"),
            Some(workspace) => format!("{text} in workspace `{workspace}`"),
            None => text,
        }
    }

    pub(super) fn problem(&self, message: impl std::fmt::Display) -> Problem {
        self.source.problem(self.properties.offset, format!("{}: {message}", self.describe()))
    }
}

/// What one entity of a kind, in lower case, is called.
pub(super) fn singular(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "apis" => "API",
        "apiversionsets" => "version set",
        "backends" => "backend",
        "caches" => "cache",
        "certificates" => "certificate",
        "diagnostics" => "diagnostic",
        "gateways" => "gateway",
        "groups" => "group",
        "loggers" => "logger",
        "namedvalues" => "named value",
        "operations" => "operation",
        "policies" => "policy",
        "policyfragments" => "policy fragment",
        "products" => "product",
        "releases" => "release",
        "resolvers" => "resolver",
        "schemas" => "schema",
        "subscriptions" => "subscription",
        "tags" => "tag",
        "users" => "user",
        "apilinks" | "productlinks" | "operationlinks" | "grouplinks" => "link",
        _ => return None,
    })
}
