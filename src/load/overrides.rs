//! Values that are laid over a configuration: secrets, and what differs between environments.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::rc::Rc;

use super::item::{Item, singular};
use super::json::{self, Node, Value};
use super::problem::Problem;
use super::source::Source;

/// Overrides by the key of the item that they change.
#[derive(Debug, Default)]
pub(super) struct Overrides {
    entries: BTreeMap<String, Override>,
    /// Values of named values by display name or resource name, in lower case.
    named_values: BTreeMap<String, String>,
    used: RefCell<HashSet<String>>,
}

#[derive(Debug)]
struct Override {
    source: Rc<Source>,
    what: String,
    properties: Node,
}

/// The lists that an overrides file may have, and the kinds of their elements.
const SECTIONS: &[(&str, &str)] = &[
    ("apis", "apis"),
    ("apiversionsets", "apiversionsets"),
    ("backends", "backends"),
    ("caches", "caches"),
    ("certificates", "certificates"),
    ("diagnostics", "diagnostics"),
    ("gateways", "gateways"),
    ("groups", "groups"),
    ("loggers", "loggers"),
    ("namedvalues", "namedvalues"),
    ("policyfragments", "policyfragments"),
    ("products", "products"),
    ("schemas", "schemas"),
    ("subscriptions", "subscriptions"),
    ("tags", "tags"),
    ("users", "users"),
    ("versionsets", "apiversionsets"),
];

impl Overrides {
    /// Gives a named value its value.
    pub(super) fn named_value(&mut self, name: &str, value: &str) {
        self.named_values.insert(name.to_lowercase(), value.to_owned());
    }

    /// Reads an overrides file; JSON, or YAML when this build reads it.
    pub(super) fn read(&mut self, path: &Path, problems: &mut Vec<Problem>) {
        let file = path.display().to_string();
        let source = match Source::read(path, file) {
            Ok(source) => source,
            Err(problem) => return problems.push(problem),
        };
        let is_yaml = path
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("yaml") || ending.eq_ignore_ascii_case("yml"));
        let parsed = if is_yaml {
            read_yaml(&source)
        } else {
            json::parse(&source.text).map_err(|(offset, message)| source.problem(offset, message))
        };
        match parsed {
            Ok(mut root) => {
                fill_tokens(&mut root, &source, problems);
                self.read_sections(&root, &source, None, problems);
            }
            Err(problem) => problems.push(problem),
        }
    }

    fn read_sections(
        &mut self,
        root: &Node,
        source: &Rc<Source>,
        workspace: Option<&str>,
        problems: &mut Vec<Problem>,
    ) {
        let Some(members) = root.members() else {
            problems.push(
                source.problem(root.offset, "overrides are not an object: expected `namedValues`, `backends`, …"),
            );
            return;
        };
        for (section, list) in members {
            let lower = section.to_ascii_lowercase();
            let kind = SECTIONS.iter().find(|(name, _)| *name == lower).map(|(_, kind)| *kind);
            let is_workspaces = lower == "workspaces" && workspace.is_none();
            if kind.is_none() && !is_workspaces {
                // Sections of the publishing tools that say where and what to publish.
                if !matches!(lower.as_str(), "apimservicename" | "$schema") {
                    problems.push(source.problem(list.offset, format!("`{section}` cannot be overridden")));
                }
                continue;
            }
            let Some(elements) = list.elements() else {
                let message = format!(
                    "`{section}` is {}: expected an array of objects with `name` and `properties`",
                    list.value.kind()
                );
                problems.push(source.problem(list.offset, message));
                continue;
            };
            for element in elements {
                let Some(name) = element.get("name").and_then(Node::as_str) else {
                    problems.push(source.problem(element.offset, format!("element of `{section}` has no `name`")));
                    continue;
                };
                let Some(kind) = kind else {
                    let mut inner = element.clone();
                    inner.remove("name");
                    self.read_sections(&inner, source, Some(name), problems);
                    continue;
                };
                let key = Item::key_of(workspace, kind, name);
                let what = format!("{} `{name}`", singular(kind).unwrap_or(kind));
                for (member, value) in element.members().unwrap_or_default() {
                    if ["name", "properties"].iter().any(|known| member.eq_ignore_ascii_case(known)) {
                        continue;
                    }
                    let message = match value.elements() {
                        Some(_) => format!("`{member}` of {what} cannot be overridden"),
                        None => format!("`{member}` of the override of {what} is not known: put it into `properties`"),
                    };
                    problems.push(source.problem(value.offset, message));
                }
                let Some(properties) = element.get("properties") else {
                    problems
                        .push(source.problem(element.offset, format!("the override of {what} has no `properties`")));
                    continue;
                };
                if properties.members().is_none() {
                    let kind = properties.value.kind();
                    let message = format!("`properties` of the override of {what} is {kind}: expected an object");
                    problems.push(source.problem(properties.offset, message));
                    continue;
                }
                if self.entries.get(&key).is_some_and(|earlier| Rc::ptr_eq(&earlier.source, source)) {
                    problems.push(source.problem(element.offset, format!("{what} is overridden twice")));
                    continue;
                }
                let properties = properties.clone();
                self.entries.insert(key, Override { source: Rc::clone(source), what, properties });
            }
        }
    }

    /// Lays what is overridden over an item.
    pub(super) fn apply(&self, item: &mut Item) {
        if item.path.len() != 1 {
            return;
        }
        let key = item.key();
        if let Some(over) = self.entries.get(&key) {
            item.properties.merge(&over.properties);
            self.used.borrow_mut().insert(key);
        }
        if !self.named_values.is_empty() && item.workspace.is_none() && item.kinds() == ["namedvalues"] {
            let display = item.properties.get("displayName").and_then(Node::as_str).unwrap_or_default().to_lowercase();
            let value = [display, item.name(0).to_lowercase()]
                .into_iter()
                .find_map(|name| self.named_values.get(&name).map(|value| (name, value)));
            if let Some((name, value)) = value {
                self.used.borrow_mut().insert(name);
                let offset = item.properties.offset;
                item.properties.remove("keyVault");
                item.properties.set("value", Node::new(offset, Value::String(value.clone())));
            }
        }
    }

    /// Overrides of entities that do not exist in the configuration at `root`.
    pub(super) fn unused(&self, root: &str) -> Vec<Problem> {
        let used = self.used.borrow();
        let entries = self.entries.iter().filter(|(key, _)| !used.contains(*key));
        let named_values = self.named_values.keys().filter(|name| !used.contains(*name));
        let given =
            |name: &String| Problem::new(root, None, format!("named value `{name}` is given in code but not defined"));
        entries
            .map(|(_, over)| {
                let message = format!("{} is overridden but not defined", over.what);
                over.source.problem(over.properties.offset, message)
            })
            .chain(named_values.map(given))
            .collect()
    }
}

/// Replaces `{#[NAME]#}` by the environment variable `NAME`, as publishing pipelines do.
fn fill_tokens(node: &mut Node, source: &Source, problems: &mut Vec<Problem>) {
    match &mut node.value {
        Value::String(text) => match filled(text) {
            Ok(Some(filled)) => *text = filled,
            Ok(None) => {}
            Err(name) => {
                problems.push(source.problem(node.offset, format!("environment variable `{name}` is not set")));
            }
        },
        Value::Array(elements) => elements.iter_mut().for_each(|node| fill_tokens(node, source, problems)),
        Value::Object(members) => members.iter_mut().for_each(|(_, node)| fill_tokens(node, source, problems)),
        _ => {}
    }
}

fn filled(text: &str) -> Result<Option<String>, String> {
    if !text.contains("{#[") {
        return Ok(None);
    }
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{#[") {
        let Some((name, after)) = after.split_once("]#}") else { break };
        let name = name.trim();
        filled.push_str(before);
        filled.push_str(&std::env::var(name).map_err(|_| name.to_owned())?);
        rest = after;
    }
    filled.push_str(rest);
    Ok(Some(filled))
}

#[cfg(feature = "import")]
fn read_yaml(source: &Source) -> Result<Node, Problem> {
    match serde_saphyr::from_str::<serde_json::Value>(&source.text) {
        Ok(value) => Ok(Node::from(&value)),
        Err(error) => {
            let message = error.to_string();
            Err(Problem::new(source.file.clone(), None, message.lines().next().unwrap_or_default()))
        }
    }
}

#[cfg(not(feature = "import"))]
fn read_yaml(source: &Source) -> Result<Node, Problem> {
    Err(Problem::new(source.file.clone(), None, "reading YAML needs the feature `import`: write the overrides as JSON"))
}
