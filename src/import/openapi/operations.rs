//! Operations: one for each path and method.

use std::collections::HashMap;

use super::document::{Node, escape};
use super::{Context, bodies, parameters};
use crate::import::names::{self, Taken};
use crate::model::{Operation, OperationRequest, Resource};

/// The longest URL template that the service stores.
const LONGEST_PATH: usize = 1_000;

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
                context.findings.refuse("path-too-long", format!("/{list}"), message);
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
            for (method, operation) in item.members() {
                let pointer = format!("{pointer}/{method}");
                if !is_imported(context, method, &pointer) || !operation.is_map() {
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
        let tags: Vec<_> = place.operation.get("tags").items().filter_map(Node::some_text).collect();
        if !tags.is_empty() {
            context.room.take(size_of::<String>() * tags.len(), tags.iter().copied());
            self.made.tags.push((name, tags.into_iter().map(str::to_owned).collect()));
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

/// Whether a member of a path is an operation that is imported.
fn is_imported(context: &mut Context<'_>, method: &str, pointer: &str) -> bool {
    if method == "trace" {
        context.findings.warn("trace-ignored", pointer, "`TRACE` operations are left out");
    }
    matches!(method, "get" | "put" | "post" | "delete" | "options" | "head" | "patch")
}

fn operation_of<'d>(context: &mut Context<'d>, place: &Place<'d>, taken: &mut Taken) -> (Resource<Operation>, String) {
    let Place { path, item, method, operation, pointer } = place;
    let (item, operation) = (*item, *operation);
    if operation.find("servers").is_some() {
        context.findings.warn("operation-servers-ignored", pointer, "servers of an operation are left out");
    }
    if operation.get("callbacks").has_members() {
        context.findings.warn("callbacks-ignored", pointer, "callbacks are left out");
    }
    let type_prefix = names::type_prefix(path, method);
    let declared = parameters::declared(&context.references, item, operation, context.options.max_parameters);
    if parameters::count(item, operation) > context.options.max_parameters {
        let message = format!("more than {} parameters", context.options.max_parameters);
        context.findings.refuse("too-many-parameters", pointer, message);
    }
    let template = parameters::template(context, path, &declared, &type_prefix, pointer);

    let mut request = OperationRequest::new();
    request.query_parameters = template.query;
    request.headers = template.headers;
    bodies::request(context, method, operation, &declared, &type_prefix, pointer, &mut request);

    let id = operation.get("operationId").some_text();
    let from_id = id.map(names::normalise).filter(|name| !name.is_empty());
    let name = from_id.unwrap_or_else(|| names::normalise(&format!("{method}-{}", template.url)));
    let name = taken.unique(if name.is_empty() { method.to_lowercase() } else { name });

    let mut made = Operation::new(method.as_str(), template.url);
    made.display_name = Some(display_name(context, place, id));
    made.description = operation.get("description").some_text().map(str::to_owned);
    made.template_parameters = template.parameters;
    made.responses = bodies::responses(context, operation, &type_prefix);
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
