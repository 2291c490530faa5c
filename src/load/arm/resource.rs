//! The resources of a template: loops, conditions, nesting, nested deployments.

use std::collections::HashMap;
use std::rc::Rc;

use super::evaluate::{Failure, copy_of, evaluate};
use super::scope::Scope;
use super::unknown;
use crate::load::item::{Collected, Item};
use crate::load::json::{Node, Value};
use crate::load::source::Source;

/// What resource types of the service begin with.
const SERVICE: &str = "microsoft.apimanagement/service";

/// Nested deployments beyond this are refused.
const MAX_DEPLOYMENTS: usize = 20;

/// Reads resources into items.
pub(super) struct Reader<'a> {
    source: Rc<Source>,
    collected: &'a mut Collected,
    deployments: usize,
    found: usize,
}

/// Type and name of the resource around a nested one.
#[derive(Clone, Copy)]
struct Parent<'a> {
    kind: &'a str,
    name: &'a str,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: Rc<Source>, collected: &'a mut Collected) -> Self {
        Self { source, collected, deployments: 0, found: 0 }
    }

    /// Reads all resources of a template.
    pub(super) fn template(&mut self, template: &Node, scope: &Scope) {
        self.resources(template.get("resources"), scope, None);
    }

    /// Reads one resource.
    pub(super) fn resource(&mut self, resource: &Node, scope: &Scope) {
        self.looped(resource, scope, None);
    }

    /// Reports a template that holds nothing of API Management.
    pub(super) fn warn_when_empty(&mut self) {
        if self.found == 0 && self.collected.problems.is_empty() {
            let message =
                "has no resource of API Management: expected types such as `Microsoft.ApiManagement/service/apis`";
            self.collected.problems.push(self.source.problem(0, message));
        }
    }

    fn fail(&mut self, at: &Node, failure: Failure) {
        let offset = failure.offset.unwrap_or(at.offset);
        self.collected.problems.push(self.source.problem(offset, failure.message));
    }

    fn refuse(&mut self, at: &Node, message: impl Into<String>) {
        self.collected.problems.push(self.source.problem(at.offset, message));
    }

    /// An array, or the object by symbolic names of language version 2.0.
    fn resources(&mut self, resources: Option<&Node>, scope: &Scope, parent: Option<Parent<'_>>) {
        let Some(resources) = resources else { return };
        match &resources.value {
            Value::Array(elements) => elements.iter().for_each(|resource| self.looped(resource, scope, parent)),
            Value::Object(members) => members.iter().for_each(|(_, resource)| self.looped(resource, scope, parent)),
            other => self.refuse(resources, format!("`resources` is {}: expected an array or an object", other.kind())),
        }
    }

    fn looped(&mut self, resource: &Node, scope: &Scope, parent: Option<Parent<'_>>) {
        let Some(copy) = resource.get("copy") else { return self.conditional(resource, scope, parent) };
        match copy_of(copy, scope) {
            Ok((name, count)) => {
                for index in 0..count {
                    scope.in_loop(&name, index, || self.conditional(resource, scope, parent));
                }
            }
            Err(failure) => self.fail(copy, failure),
        }
    }

    fn conditional(&mut self, resource: &Node, scope: &Scope, parent: Option<Parent<'_>>) {
        if scope.is_exhausted() {
            return;
        }
        if resource.get("existing").is_some_and(|existing| existing.value == Value::Bool(true)) {
            self.found += 1;
            return;
        }
        if let Some(condition) = resource.get("condition") {
            match evaluate(condition, scope).map(|node| node.value) {
                Ok(Value::Bool(true)) => {}
                Ok(Value::Bool(false)) => {
                    self.found += 1;
                    return;
                }
                Ok(other) => {
                    let what = unknown::find_in(&other).map(|what| format!("`{what}`, which is not known here"));
                    let what = what.unwrap_or_else(|| other.kind().to_owned());
                    return self.refuse(condition, format!("`condition` is {what}: expected true or false"));
                }
                Err(failure) => return self.fail(condition, failure),
            }
        }
        let text = |reader: &mut Self, member: &str| {
            let Some(node) = resource.get(member) else {
                reader.refuse(resource, format!("resource has no `{member}`"));
                return None;
            };
            match evaluate(node, scope) {
                Ok(Node { value: Value::String(text), .. }) => Some(text),
                Ok(other) => {
                    reader
                        .refuse(node, format!("`{member}` of a resource is {}: expected a string", other.value.kind()));
                    None
                }
                Err(failure) => {
                    reader.fail(node, failure);
                    None
                }
            }
        };
        let (Some(kind), Some(name)) = (text(self, "type"), text(self, "name")) else { return };
        let kind = match parent {
            Some(parent) if !kind.to_ascii_lowercase().starts_with("microsoft.") => format!("{}/{kind}", parent.kind),
            _ => kind,
        };
        let name = match parent {
            Some(parent) if name.split('/').count() + 1 < kind.split('/').count() => format!("{}/{name}", parent.name),
            _ => name,
        };
        self.typed(resource, scope, &kind, &name);
        self.resources(resource.get("resources"), scope, Some(Parent { kind: &kind, name: &name }));
    }

    fn typed(&mut self, resource: &Node, scope: &Scope, kind: &str, name: &str) {
        let lower = kind.to_ascii_lowercase();
        if lower == "microsoft.resources/deployments" {
            return self.deployment(resource, scope);
        }
        let Some(rest) = lower.strip_prefix(SERVICE).filter(|rest| rest.is_empty() || rest.starts_with('/')) else {
            let message = format!("resource type `{kind}` is not read");
            self.collected.warnings.push(self.source.problem(resource.offset, message));
            return;
        };
        self.found += 1;
        let at = resource.get("name").unwrap_or(resource);
        // Types keep their spelling; the names that stand for the service and all parents are joined by `/`.
        let types: Vec<&str> = kind.get(kind.len() - rest.len()..).unwrap_or_default().split('/').skip(1).collect();
        let mut names = name.split('/');
        let service = names.next().unwrap_or_default();
        let names: Vec<&str> = names.collect();
        if types.len() != names.len() {
            let expected = vec!["name"; types.len() + 1].join("/");
            return self.refuse(
                at,
                format!("name `{}` does not fit type `{kind}`: expected `{expected}`", unknown::unmark(name)),
            );
        }
        if let Some(what) = names.iter().find_map(|name| unknown::find(name)) {
            return self
                .refuse(at, format!("the name depends on `{what}`, which is not known here: give it as a parameter"));
        }
        let mut path: Vec<(String, String)> =
            types.iter().zip(&names).map(|(kind, name)| ((*kind).to_owned(), (*name).to_owned())).collect();
        let workspace = match path.first() {
            Some((kind, name)) if kind.eq_ignore_ascii_case("workspaces") => Some(name.clone()),
            _ => None,
        };
        if workspace.is_some() {
            path.remove(0);
        }
        let properties = if path.is_empty() && workspace.is_none() {
            Some(self.service(resource, scope, service))
        } else {
            self.properties(resource, scope)
        };
        let mut is_broken = properties.is_none();
        let properties = properties.unwrap_or_else(|| Node::object(resource.offset));
        let mut item = Item { source: Rc::clone(&self.source), workspace, path, properties, text: None };
        for (offset, what) in unknown::settle(&mut item.properties) {
            let message =
                format!("{}: depends on `{what}`, which is not known here: {}", item.describe(), remedy(&what));
            self.collected.problems.push(self.source.problem(offset, message));
            is_broken = true;
        }
        if is_broken {
            self.collected.broken.insert(item.key());
        } else {
            self.collected.items.push(item);
        }
    }

    /// The evaluated properties of a resource.
    fn properties(&mut self, resource: &Node, scope: &Scope) -> Option<Node> {
        let Some(node) = resource.get("properties") else { return Some(Node::object(resource.offset)) };
        match evaluate(node, scope) {
            Ok(properties) => Some(properties),
            Err(failure) => {
                self.fail(node, failure);
                None
            }
        }
    }

    /// Name, region, host names and trusted certificates of the service, as far as they are known.
    fn service(&mut self, resource: &Node, scope: &Scope, name: &str) -> Node {
        let text = |text: &str| Node::new(resource.offset, Value::String(text.to_owned()));
        let known = |node: Option<&Node>| {
            let node = evaluate(node?, scope).ok()?;
            node.as_str().filter(|text| unknown::find(text).is_none()).map(str::to_owned)
        };
        let mut service = Node::object(resource.offset);
        if unknown::find(name).is_none() {
            service.set("name", text(name));
        }
        if let Some(location) = known(resource.get("location")) {
            service.set("location", text(&location));
        }
        let hosts = resource.get("properties").and_then(|node| node.get("hostnameConfigurations"));
        let hosts = hosts
            .and_then(Node::elements)
            .unwrap_or_default()
            .iter()
            .filter(|host| known(host.get("type")).is_none_or(|kind| kind.eq_ignore_ascii_case("Proxy")));
        let hosts = hosts.filter_map(|host| known(host.get("hostName"))).map(|host| text(&host)).collect();
        service.set("hostNames", Node::new(resource.offset, Value::Array(hosts)));
        let certificates = resource.get("properties").and_then(|node| node.get("certificates"));
        let authorities = certificates.and_then(Node::elements).unwrap_or_default().iter().filter_map(|certificate| {
            let mut authority = Node::object(certificate.offset);
            authority.set("data", text(&known(certificate.get("encodedCertificate"))?));
            if let Some(password) = known(certificate.get("certificatePassword")) {
                authority.set("password", text(&password));
            }
            Some(authority)
        });
        service.set("authorities", Node::new(resource.offset, Value::Array(authorities.collect())));
        service
    }

    fn deployment(&mut self, resource: &Node, scope: &Scope) {
        let properties = resource.get("properties");
        let Some(template) = properties.and_then(|node| node.get("template")) else {
            let message =
                "nested deployment has no `template`: links to templates are not followed: compile them into one";
            return self.refuse(resource, message);
        };
        if self.deployments == MAX_DEPLOYMENTS {
            return self.refuse(resource, format!("deployments are nested more than {MAX_DEPLOYMENTS} deep"));
        }
        self.deployments += 1;
        let inner =
            properties.and_then(|node| node.get("expressionEvaluationOptions")).and_then(|node| node.get("scope"));
        if inner.and_then(Node::as_str).is_some_and(|scope| scope.eq_ignore_ascii_case("inner")) {
            let mut given = HashMap::new();
            let parameters = properties.and_then(|node| node.get("parameters")).and_then(Node::members);
            for (name, node) in parameters.unwrap_or_default() {
                let Some(value) = node.get("value") else { continue };
                match evaluate(value, scope) {
                    Ok(value) => {
                        given.insert(name.to_lowercase(), value);
                    }
                    Err(failure) => self.fail(value, failure),
                }
            }
            let inner = Scope::new(template, given, Some(scope));
            self.template(template, &inner);
        } else {
            self.template(template, scope);
        }
        self.deployments -= 1;
    }
}

fn remedy(what: &str) -> &'static str {
    if what.starts_with("parameters(") { "give the parameter a value" } else { "replace it by a parameter" }
}
