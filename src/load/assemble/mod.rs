//! Turns what readers found into a store: types it, puts children into their parents, checks references.

mod children;
mod outer;
mod policy;
mod unknown_members;

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use serde::Deserialize;

use super::Loaded;
use super::item::{Collected, Item};
use super::json::Node;
use super::overrides::Overrides;
use super::problem::{Problem, Problems};
use super::reference::Reference;
use super::specification::{self, Unread};
use crate::model::{CertificateAuthority, Store, WorkspaceProperties};
use unknown_members::UnknownMembers;

/// Makes a store of all that was found at `root`, or says all that is wrong.
pub(super) fn assemble(collected: Collected, overrides: &Overrides, root: &str) -> Result<Loaded, Problems> {
    let Collected { mut items, mut specifications, problems, warnings, broken, files } = collected;
    let mut assembly =
        Assembly { store: Store::new(), references: Vec::new(), unread: Unread::default(), problems, warnings, broken };
    for item in &mut items {
        overrides.apply(item);
    }
    assembly.warnings.extend(overrides.unused(root));
    assembly.refuse_duplicates(&items);
    for item in items.iter().filter(|item| item.kinds() == ["apis"]) {
        match specification::of_template(item) {
            Ok(found) => specifications.extend(found),
            Err(problem) => assembly.problems.push(problem),
        }
    }
    // Parents come before their children; the operations of a specification before the policies of operations.
    let depth = items.iter().map(|item| item.path.len()).max().unwrap_or_default().max(1);
    for depth in 0..=depth {
        // Links of tags come last: they may lead to what has the same depth.
        let is_of_tag = |item: &&Item| item.kinds().first().is_some_and(|kind| kind == "tags");
        let here = || items.iter().filter(|item| item.path.len() == depth);
        here().filter(|item| !is_of_tag(item)).chain(here().filter(is_of_tag)).for_each(|item| assembly.place(item));
        if depth == 1 {
            let Assembly { store, warnings, problems, broken, .. } = &mut assembly;
            assembly.unread = specification::read_all(&specifications, &items, store, warnings, problems, broken);
        }
    }
    assembly.refuse_same_display_names(&items);
    let Assembly { store, references, mut problems, warnings, broken, .. } = assembly;
    problems.extend(references.iter().filter_map(|reference| reference.check(&store, &broken)));
    if problems.is_empty() {
        return Ok(Loaded { store, warnings, files });
    }
    problems.sort_by(|a, b| (&a.file, a.position).cmp(&(&b.file, b.position)));
    problems.dedup();
    Err(Problems::new(problems))
}

struct Assembly {
    store: Store,
    references: Vec<Reference>,
    unread: Unread,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
    broken: HashSet<String>,
}

impl Assembly {
    fn refuse_duplicates(&mut self, items: &[Item]) {
        let mut seen: HashMap<String, &Item> = HashMap::with_capacity(items.len());
        for item in items {
            if let Some(first) = seen.insert(item.key(), item) {
                let (line, column) = first.source.position(first.properties.offset);
                let place = format!("{}:{line}:{column}", first.source.file);
                self.problems.push(item.problem(format_args!("is defined twice, first at {place}")));
            }
        }
    }

    /// `{{name}}` must mean one named value.
    fn refuse_same_display_names(&mut self, items: &[Item]) {
        let mut seen: HashMap<(Option<&str>, String), &Item> = HashMap::new();
        for item in items.iter().filter(|item| item.kinds() == ["namedvalues"]) {
            let display = item.properties.get("displayName");
            let name = display.and_then(|node| node.as_str()).unwrap_or(item.name(0));
            if let Some(first) = seen.insert((item.workspace.as_deref(), name.to_lowercase()), item)
                && first.key() != item.key()
            {
                let offset = display.map_or(item.properties.offset, |node| node.offset);
                let message =
                    format!("{}: `displayName` `{name}` is that of {}, too", item.describe(), first.describe());
                self.problems.push(item.source.problem(offset, message));
            }
        }
    }

    /// Reads the properties of an item as an entity; warns of members that are not known.
    fn read<'a, T: Deserialize<'a> + UnknownMembers>(&mut self, item: &'a Item) -> Option<T> {
        match T::deserialize(&item.properties) {
            Ok(entity) => {
                entity.unknown_members(&item.properties, &mut |name, offset| {
                    let message = format!("{}: `{name}` is not known and has no effect", item.describe());
                    self.warnings.push(item.source.problem(offset, message));
                });
                Some(entity)
            }
            Err(misfit) => {
                let offset = misfit.offset.unwrap_or(item.properties.offset);
                self.problems.push(item.source.problem(offset, format!("{}: {misfit}", item.describe())));
                self.broken.insert(item.key());
                None
            }
        }
    }

    fn refer(&mut self, item: &Item, member: &str, kind: &'static str) {
        self.references.extend(Reference::new(item, member, item.properties.get(member), kind));
    }

    fn place(&mut self, item: &Item) {
        let kinds = item.kinds();
        let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
        match kinds.as_slice() {
            [] => self.place_service(item),
            ["policies"] => {
                let policy = self.policy(item);
                self.store.entities_mut(item.workspace.as_deref()).policy = policy;
            }
            [_] => self.place_outer(item, kinds.first().unwrap_or(&"")),
            ["apis", child] => self.place_in_api(item, child),
            ["apis", "operations", child] => self.place_in_operation(item, child),
            ["apis", "resolvers", "policies"] => {
                let policy = self.policy(item);
                let found = self.api(item).and_then(|api| api.resolvers.get_mut(item.name(1)));
                match found {
                    Some(entry) => entry.policy = policy,
                    None => self.orphan(item),
                }
            }
            ["products", child] => self.place_in_product(item, child),
            ["gateways", "apis"] => {
                self.references.push(Reference::to_name(item, item.name(1), "apis"));
                match self.store.entities_mut(item.workspace.as_deref()).gateways.get_mut(item.name(0)) {
                    Some(entry) => entry.apis.push(item.name(1).to_owned()),
                    None => self.orphan(item),
                }
            }
            ["groups", "users"] => {
                match self.store.entities_mut(item.workspace.as_deref()).groups.get_mut(item.name(0)) {
                    Some(entry) => entry.users.push(item.name(1).to_owned()),
                    None => self.orphan(item),
                }
            }
            ["tags", child] => self.place_in_tag(item, child),
            _ => self.ignore(item),
        }
    }

    fn place_service(&mut self, item: &Item) {
        if let Some(workspace) = &item.workspace {
            if let Some(properties) = self.read::<WorkspaceProperties>(item) {
                self.store.workspaces.get_or_default(workspace).properties = properties;
            }
            return;
        }
        let text = |node: &Node| node.as_str().map(str::to_owned);
        for (member, node) in item.properties.members().unwrap_or_default() {
            let fits = match member.as_str() {
                "name" => {
                    self.store.name = text(node);
                    self.store.name.is_some()
                }
                "location" => {
                    self.store.location = text(node);
                    self.store.location.is_some()
                }
                "hostNames" => {
                    let hosts = node.elements().and_then(|hosts| hosts.iter().map(text).collect());
                    let fits = hosts.is_some();
                    self.store.host_names = hosts.unwrap_or_default();
                    fits
                }
                "authorities" => {
                    let authority = |node: &Node| {
                        let found = CertificateAuthority::new(node.get("data")?.as_str()?);
                        Some(match node.get("password").and_then(Node::as_str) {
                            Some(password) => found.password(password),
                            None => found,
                        })
                    };
                    let authorities = node.elements().and_then(|all| all.iter().map(authority).collect());
                    let fits = authorities.is_some();
                    self.store.authorities = authorities.unwrap_or_default();
                    fits
                }
                _ => {
                    let message = format!("service: `{member}` is not known and has no effect");
                    self.warnings.push(item.source.problem(node.offset, message));
                    true
                }
            };
            if !fits {
                let expected = match member.as_str() {
                    "hostNames" => "an array of strings",
                    "authorities" => "an array of objects with `data`",
                    _ => "a string",
                };
                let message = format!("service: `{member}` is {}: expected {expected}", node.value.kind());
                self.problems.push(item.source.problem(node.offset, message));
            }
        }
    }

    /// Reports a child without its parent, once a parent.
    fn orphan(&mut self, item: &Item) {
        let ancestor = |depth: usize| Item {
            source: Rc::clone(&item.source),
            workspace: item.workspace.clone(),
            path: item.path.iter().take(depth).cloned().collect(),
            properties: Node::object(0),
            text: None,
        };
        let depth = item.path.len().saturating_sub(1);
        if (1..depth).any(|depth| self.broken.contains(&ancestor(depth).key())) {
            return;
        }
        let parent = ancestor(depth);
        if self.unread.covers(item) {
            self.warnings
                .push(item.problem("is left out: the specification with its operation is not read by this build"));
            return;
        }
        if self.broken.insert(parent.key()) {
            self.problems.push(item.problem(format_args!("{} is not defined", parent.describe())));
        }
    }

    fn ignore(&mut self, item: &Item) {
        self.warnings.push(item.problem("is not read: this kind of entity has no effect here"));
    }
}
