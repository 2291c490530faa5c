//! Bodies of requests and responses, one representation for each media type.

use std::sync::Arc;

use super::Context;
use super::Version;
use super::document::{Node, escape};
use super::dropped::Kind;
use super::forms;
use super::parameters::{Declared, Place, described};
use super::references::target;
use crate::import::names::pascal;
use crate::model::{Json, OperationRequest, OperationResponse, Parameter, Representation};

/// Puts the body of a request, if it may have one, into `request`.
pub(super) fn request<'d>(
    context: &mut Context<'d>,
    method: &str,
    operation: Node<'d>,
    declared: &[Declared<'d>],
    type_prefix: &str,
    pointer: &str,
    request: &mut OperationRequest,
) {
    let name = || format!("{type_prefix}Request");
    let body = match context.version {
        Version::V2 => declared.iter().find(|parameter| parameter.place == Place::Body).map(|parameter| parameter.node),
        _ => operation.find("requestBody").map(|body| context.references.resolve(body)),
    };
    let Some(body) = body else { return };
    if matches!(method, "GET" | "HEAD" | "OPTIONS") {
        let message = format!("a `{method}` request has no body: the body is left out");
        return context.findings.warn("body-discarded", pointer, message);
    }
    request.description = body.get("description").some_text().map(str::to_owned);
    context.room.take(0, request.description.as_deref());
    request.representations = match context.version {
        Version::V2 => {
            let types = media_types(context, operation, "consumes");
            in_each(context, &types, &Media::of(body), |_| name())
        }
        _ => contents(context, body, |_| name()),
    };
}

/// The responses that have a status code, and those of ranges (`4XX`) and of all others (`default`).
pub(super) fn responses<'d>(
    context: &mut Context<'d>,
    operation: Node<'d>,
    type_prefix: &str,
    pointer: &str,
) -> (Vec<OperationResponse>, Vec<OperationResponse>) {
    let (mut responses, mut others) = (Vec::new(), Vec::new());
    for (status, node) in operation.get("responses").members() {
        if context.room.is_full() {
            break;
        }
        let Some(mut response) = of_status(status) else {
            context.room.take(size_of::<Node<'_>>(), None);
            if !status.starts_with("x-") {
                context.dropped.count(Kind::Responses, || format!("{pointer}/responses/{}", escape(status)));
            }
            continue;
        };
        let node = context.references.resolve(node);
        let [description, links] = node.find_all(["description", "links"]);
        if links.is_some_and(Node::has_members) {
            context.dropped.count(Kind::Links, || format!("{pointer}/responses/{status}/links"));
        }
        response.description = description.and_then(Node::some_text).map(str::to_owned);
        context.room.take(size_of::<OperationResponse>(), response.description.as_deref());
        response.headers = headers(context, node);
        let name = |content_type: &str| format!("{type_prefix}{status}{}Response", pascal(content_type));
        response.representations = match context.version {
            Version::V2 if node.find("schema").is_none() => Vec::new(),
            Version::V2 => {
                let types = media_types(context, operation, "produces");
                in_each(context, &types, &Media::of(node), name)
            }
            _ => contents(context, node, name),
        };
        match (response.status_code, response.status_class) {
            (Some(_), _) => responses.push(response),
            // It stands where a document must have a response, and says nothing.
            (None, None) if response == OperationResponse::new() => {}
            (None, _) => others.push(response),
        }
    }
    (responses, others)
}

fn of_status(status: &str) -> Option<OperationResponse> {
    match status.as_bytes() {
        b"default" => Some(OperationResponse::new()),
        [class @ b'1'..=b'5', b'X' | b'x', b'X' | b'x'] => {
            Some(OperationResponse::new().status_class(u16::from(class - b'0')))
        }
        _ => {
            let code = status.parse::<u16>().ok().filter(|code| (100..600).contains(code))?;
            Some(OperationResponse::new().status_code(code))
        }
    }
}

fn headers<'d>(context: &mut Context<'d>, response: Node<'d>) -> Vec<Parameter> {
    let mut headers = Vec::new();
    for (name, node) in response.get("headers").members() {
        if context.room.is_full() {
            break;
        }
        let node = context.references.resolve(node);
        headers.push(described(context, name, node).required(node.get("required").is_true()));
    }
    headers
}

fn contents<'d>(context: &mut Context<'d>, body: Node<'d>, name: impl Fn(&str) -> String) -> Vec<Representation> {
    let mut contents = Vec::new();
    for (media, node) in body.get("content").members() {
        if context.room.is_full() {
            break;
        }
        let node = context.references.resolve(node);
        contents.push(representation(context, media, &Media::of(node), || name(media)));
    }
    contents
}

/// One body in each of its media types, as 2.0 has it.
fn in_each<'d>(
    context: &mut Context<'d>,
    types: &[&str],
    media: &Media<'d>,
    name: impl Fn(&str) -> String,
) -> Vec<Representation> {
    let mut bodies = Vec::new();
    for content_type in types {
        if context.room.is_full() {
            break;
        }
        bodies.push(representation(context, content_type, media, || name(content_type)));
    }
    bodies
}

/// What a body is like, in each of its media types in 2.0.
pub(super) struct Media<'d> {
    pub(super) schema: Option<Node<'d>>,
    /// What the schema refers to.
    pub(super) target: Option<&'d str>,
    pub(super) example: Option<Node<'d>>,
    pub(super) examples: Option<Node<'d>>,
}

impl<'d> Media<'d> {
    pub(super) fn of(node: Node<'d>) -> Self {
        let [schema, example, examples] = node.find_all(["schema", "example", "examples"]);
        Self { schema, target: schema.and_then(target), example, examples }
    }
}

fn representation<'d>(
    context: &mut Context<'d>,
    content_type: &str,
    media: &Media<'d>,
    name: impl FnOnce() -> String,
) -> Representation {
    let mut representation = Representation::new(context.media_types.get(content_type));
    if is_form(content_type) {
        context.room.take(size_of::<Representation>(), [content_type]);
        let fields = media.schema.map(|schema| forms::fields(context, schema));
        representation.form_parameters = fields.unwrap_or_default();
        return representation;
    }
    let before = context.schemas.size();
    if let Some(schema) = media.schema.filter(|schema| schema.is_map()) {
        let (id, name) = context.schemas.refer(schema, media.target, name);
        representation = representation.schema_id(id).type_name(name);
    }
    let (examples, is_own) = context.samples.of(&context.references, media, content_type, context.version);
    let made = examples.as_ref().filter(|_| is_own).map_or(0, Json::size) + context.schemas.size() - before;
    representation.examples = examples;
    context.room.take(size_of::<Representation>() + made, [content_type, content_type]);
    representation
}

fn is_form(content_type: &str) -> bool {
    let media = content_type.split(';').next().unwrap_or_default().trim();
    ["application/x-www-form-urlencoded", "multipart/form-data"].iter().any(|form| media.eq_ignore_ascii_case(form))
}

/// Media types that bodies share.
#[derive(Default)]
pub(super) struct MediaTypes(Vec<Arc<str>>);

impl MediaTypes {
    /// More than these are not shared.
    const MOST: usize = 16;

    fn get(&mut self, media_type: &str) -> Arc<str> {
        if let Some(known) = self.0.iter().find(|known| ***known == *media_type) {
            return Arc::clone(known);
        }
        let new: Arc<str> = media_type.into();
        if self.0.len() < Self::MOST {
            self.0.push(Arc::clone(&new));
        }
        new
    }
}

/// The media types of a 2.0 operation: its own list, else the document's, else JSON.
fn media_types<'d>(context: &mut Context<'d>, operation: Node<'d>, member: &str) -> Vec<&'d str> {
    let own = operation.find(member).unwrap_or_else(|| context.root.get(member));
    let mut listed = Vec::new();
    for media_type in own.items() {
        context.room.take(size_of::<Node<'_>>(), None);
        if context.room.is_full() {
            break;
        }
        listed.extend(media_type.some_text());
    }
    if listed.is_empty() { vec!["application/json"] } else { listed }
}
