//! Operations: one for each path and method.

use std::collections::HashMap;

use super::document::{Node, escape};
use super::dropped::Kind;
use super::{Context, bodies, parameters};
use crate::import::limits::LONGEST_PATH;
use crate::import::names::{self, Taken};
use crate::model::{Operation, OperationRequest, Resource};

/// The members of a path that are operations.
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// The operations of a document, and the tags of those that have any.
#[derive(Default)]
pub(super) struct Made {
    pub(super) operations: Vec<Resource<Operation>>,
    pub(super) tags: Vec<(String, Vec<String>)>,
}

/// Makes the operations of a document, in its order.
pub(super) fn operations(context: &mut Context<'_>) -> Made {
    let root = context.root;
    let mut maker = Maker::default();
    for list in ["paths", "x-ms-paths"] {
        for (path, item) in root.get(list).members().filter(|(path, _)| !path.starts_with("x-")) {
            if path.len() > LONGEST_PATH {
                let message = format!("a path has {} bytes: at most {LONGEST_PATH} are taken", path.len());
                context.findings.refuse(
                    "path-too-long",
                    format!("/{list}/{}", escape(names::cut(path, 100).0)),
                    message,
                );
                continue;
            }
            let pointer = format!("/{list}/{}", escape(path));
            if !path.starts_with('/') {
                let message = format!("path `{path}` does not begin with `/`");
                context.findings.refuse("path-without-slash", &pointer, message);
            }
            let item = context.references.resolve(item);
            if item.find("servers").is_some() {
                context.findings.warn("path-servers-ignored", &pointer, "servers of a path are left out");
            }
            for (method, operation) in item.find_in_order(METHODS) {
                let pointer = format!("{pointer}/{method}");
                context.room.take(pointer.len(), None);
                if method == "trace" {
                    context.findings.warn("trace-ignored", &pointer, "`TRACE` operations are left out");
                    continue;
                }
                if !operation.is_map() {
                    continue;
                }
                if maker.made.operations.len() >= context.options.max_operations {
                    let message = format!("more than {} operations", context.options.max_operations);
                    context.findings.refuse("too-many-operations", pointer, message);
                    return maker.made;
                }
                if context.room.is_full() {
                    let message = "the operations grow beyond the size of the document when references are followed";
                    context.findings.refuse("reference-bomb", pointer, message);
                    return maker.made;
                }
                maker.add(context, &Place { path, item, method: method.to_uppercase(), operation, pointer });
            }
        }
    }
    maker.made
}

#[derive(Default)]
struct Maker {
    made: Made,
    taken: Taken,
    /// Names by signature.
    signatures: HashMap<String, String>,
}

impl Maker {
    fn add<'d>(&mut self, context: &mut Context<'d>, place: &Place<'d>) {
        let (resource, signature) = operation_of(context, place, &mut self.taken);
        let texts = [&resource.properties.description, &resource.name];
        let texts = texts.into_iter().flatten().map(String::as_str);
        context.room.take(size_of::<Operation>(), texts.chain([signature.as_str(), &resource.properties.url_template]));
        let name = resource.name.clone().unwrap_or_default();
        if let Some(other) = self.signatures.insert(format!("{} {signature}", place.method), name.clone()) {
            let message = format!(
                "`{name}` and `{other}` have the same signature `{} {}`",
                place.method, resource.properties.url_template
            );
            context.findings.refuse("duplicate-signature", &place.pointer, message);
        }
        let mut tags = Vec::new();
        for tag in place.operation.get("tags").items() {
            if context.room.is_full() {
                break;
            }
            context.room.take(size_of::<String>(), tag.some_text());
            tags.extend(tag.some_text().map(str::to_owned));
        }
        if !tags.is_empty() {
            self.made.tags.push((name, tags));
        }
        self.made.operations.push(resource);
    }
}

/// Where an operation stands.
struct Place<'d> {
    path: &'d str,
    item: Node<'d>,
    method: String,
    operation: Node<'d>,
    pointer: String,
}

fn operation_of<'d>(context: &mut Context<'d>, place: &Place<'d>, taken: &mut Taken) -> (Resource<Operation>, String) {
    let Place { path, item, method, operation, pointer } = place;
    let (item, operation) = (*item, *operation);
    let members = ["servers", "callbacks", "externalDocs", "deprecated", "operationId", "description"];
    let [servers, callbacks, documentation, deprecated, id, description] = operation.find_all(members);
    if servers.is_some() {
        context.findings.warn("operation-servers-ignored", pointer, "servers of an operation are left out");
    }
    if callbacks.is_some_and(Node::has_members) {
        context.findings.warn("callbacks-ignored", pointer, "callbacks are left out");
    }
    if documentation.is_some() {
        context.dropped.count(Kind::ExternalDocs, || format!("{pointer}/externalDocs"));
    }
    if deprecated.is_some_and(Node::is_true) {
        context.dropped.count(Kind::Deprecated, || format!("{pointer}/deprecated"));
    }
    let type_prefix = names::type_prefix(path, method);
    let most = context.options.max_parameters;
    let count = parameters::count(item, operation, most);
    context.room.take(count * size_of::<Node<'_>>(), None);
    let declared = parameters::declared(&context.references, item, operation, most);
    if count > most {
        context.findings.refuse("too-many-parameters", pointer, format!("more than {most} parameters"));
    }
    let template = parameters::template(context, path, &declared, &type_prefix, pointer);

    let mut request = OperationRequest::new();
    request.query_parameters = template.query;
    request.headers = template.headers;
    bodies::request(context, method, operation, &declared, &type_prefix, pointer, &mut request);

    let id = id.and_then(Node::some_text);
    let from_id = id.map(names::normalise).filter(|name| !name.is_empty());
    let name = from_id.unwrap_or_else(|| names::normalise(&format!("{method}-{}", template.url)));
    let name = taken.unique(if name.is_empty() { method.to_lowercase() } else { name });

    let mut made = Operation::new(method.as_str(), template.url);
    made.display_name = Some(display_name(context, place, id));
    made.description = description.and_then(Node::some_text).map(str::to_owned);
    made.template_parameters = template.parameters;
    (made.responses, made.other_responses) = bodies::responses(context, operation, &type_prefix, pointer);
    made.request = Some(request).filter(|request| *request != OperationRequest::new());
    (Resource::new(name, made), template.signature)
}

fn display_name(context: &mut Context<'_>, place: &Place<'_>, id: Option<&str>) -> String {
    let Some(written) = place.operation.get("summary").some_text().or(id) else {
        return names::cut(&format!("{} - {}", place.path, place.method), 300).0.to_owned();
    };
    let (name, is_cut) = names::cut(written, 300);
    if is_cut {
        let message = "the display name is cut to 300 characters";
        context.findings.warn("display-name-truncated", &place.pointer, message);
    }
    name.to_owned()
}
