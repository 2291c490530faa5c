//! A REST API in front of a SOAP endpoint: JSON in and out, envelopes made by policies.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::definitions::{Endpoint, Message, Operation, documentation};
use super::fields::{self, Content, Field};
use super::files::Documents;
use super::ncname::is_name;
use super::templates;
use super::types::Types;
use crate::import::ImportedPolicy;
use crate::import::finding::Findings;
use crate::import::generated::{is_literal, literal_path};
use crate::import::names::{self, Taken};
use crate::model::{
    self, Api, ApiKind, ApiProtocol, ApiSchema, Json, OperationRequest, OperationResponse, Policy, Representation,
    Resource,
};

/// The most bytes of the policies of all operations.
const LARGEST_IN_ALL: usize = 32 << 20;
/// How many nodes of schemas are looked at for the messages of all operations; long names count as several.
const MOST_WORK: usize = 8_000_000;
/// The longest SOAP action that is written, in bytes.
const LONGEST_ACTION: usize = 4_000;
/// The longest path of an address that is written, in bytes.
const LONGEST_ADDRESS: usize = 8_000;

/// What the operations of an endpoint become.
#[derive(Default)]
pub(super) struct Made {
    pub(super) operations: Vec<Resource<model::Operation>>,
    pub(super) policies: Vec<ImportedPolicy>,
    pub(super) schemas: Option<Resource<ApiSchema>>,
}

/// The API of an endpoint: its service URL has no path, because policies put it back.
pub(super) fn api(endpoint: &Endpoint<'_>, path: String) -> Api {
    let mut api = Api::new(path).kind(ApiKind::Http).protocol(ApiProtocol::Https);
    api.display_name = Some(names::cut(endpoint.service_name, 300).0.to_owned());
    api.description = documentation(endpoint.service);
    api.service_url = endpoint.address.map(|address| split(address).0.to_owned());
    api
}

/// One `POST` operation with a policy of at most so many bytes for each operation of the endpoint.
pub(super) fn operations(
    endpoint: &Endpoint<'_>,
    types: &Types<'_>,
    documents: &Documents<'_>,
    schema_id: &str,
    largest_policy: usize,
    findings: &mut Findings,
) -> Made {
    let mut made = Made::default();
    let mut taken = Taken::default();
    let mut schemas = BTreeMap::new();
    let (mut left, mut work) = (LARGEST_IN_ALL, MOST_WORK);
    let path = literal_path(endpoint.address.map_or("/", |address| split(address).1));
    if path.len() > LONGEST_ADDRESS {
        let message = format!("the address has a path of {} bytes: at most {LONGEST_ADDRESS} are taken", path.len());
        documents.refuse(findings, "path-too-long", endpoint.port, message);
        return made;
    }
    for operation in &endpoint.operations {
        let node = operation.node;
        let request = message(operation.input.as_ref(), types, &mut work);
        let response = message(operation.output.as_ref(), types, &mut work);
        if work == 0 || left == 0 {
            let message = "the messages or policies of all operations are too large: those from here are left out";
            documents.refuse(findings, "policy-too-large", node, message);
            break;
        }
        if let Some((code, message)) = unwritable(operation, request.as_ref(), response.as_ref()) {
            documents.refuse(findings, code, node, message);
            continue;
        }
        for field in [&request, &response].into_iter().flatten() {
            if let Some(array) = field.unwrapped_array() {
                let message = format!(
                    "operation `{}`: `{}` repeats beside other elements: only wrapped arrays can become JSON",
                    operation.name, array.name
                );
                documents.refuse(findings, "unwrapped-array", node, message);
            }
        }
        let name = Some(names::normalise(operation.name)).filter(|name| !name.is_empty());
        let name = taken.unique(name.unwrap_or_else(|| "operation".to_owned()));
        let action = operation.action.unwrap_or_default();
        let (input, output) = (request.as_ref(), response.as_ref());
        let text = templates::policy(&path, action, endpoint.soap, operation.name, input, output, largest_policy);
        let Some(text) = text else {
            // What was made and thrown away counts, too.
            left = left.saturating_sub(largest_policy);
            let message = format!("the policy of operation `{}` has more than {largest_policy} bytes", operation.name);
            documents.refuse(findings, "policy-too-large", node, message);
            continue;
        };
        left = left.saturating_sub(text.len());
        let mut body = |field: Option<&Field<'_>>| {
            let mut body = Representation::new("application/json");
            if let Some(field) = field {
                let new = || {
                    let schema = root_schema(field).to_string();
                    left = left.saturating_sub(schema.len());
                    schema
                };
                schemas.entry(field.name.to_owned()).or_insert_with(new);
                body = body.schema_id(schema_id).type_name(field.name);
            }
            body
        };
        let (request, response) = (body(request.as_ref()), body(response.as_ref()));
        made.operations.push(Resource::new(name.as_str(), operation_of(operation, request, response)));
        made.policies.push(ImportedPolicy { operation: Some(name), name: "policy", properties: Policy::new(text) });
    }
    if !schemas.is_empty() {
        let mut schema = ApiSchema::new().content_type("application/vnd.oai.openapi.components+json");
        let members = schemas.iter().map(|(name, schema)| format!("{}:{schema}", json!(name)));
        let members = members.collect::<Vec<_>>().join(",");
        schema.document = Some(Json::from_text(format!("{{\"components\":{{\"schemas\":{{{members}}}}}}}")));
        made.schemas = Some(Resource::new(schema_id, schema));
    }
    made
}

/// Why an operation cannot be written into a policy.
fn unwritable(
    operation: &Operation<'_>,
    request: Option<&Field<'_>>,
    response: Option<&Field<'_>>,
) -> Option<(&'static str, String)> {
    fn shown(text: &str) -> &str {
        names::cut(text, 100).0
    }
    let (name, action) = (shown(operation.name), operation.action.unwrap_or_default());
    if !is_name(operation.name) {
        return Some(("invalid-name", format!("operation `{name}` is left out: its name is no name of XML")));
    }
    if action.len() > LONGEST_ACTION || !is_literal(action) || action.contains(['"', '\\']) {
        let action = shown(action);
        let message =
            format!("operation `{name}` is left out: its SOAP action `{action}` is more than text in a policy");
        return Some(("unsafe-text", message));
    }
    let (code, odd) = [request, response].into_iter().flatten().find_map(Field::unwritable)?;
    let odd = shown(odd);
    let message = format!("operation `{name}` is left out: `{odd}` in its messages cannot be written into a policy");
    Some((code, message))
}

fn operation_of(operation: &Operation<'_>, request: Representation, response: Representation) -> model::Operation {
    let mut made = model::Operation::new("POST", format!("/{}", operation.name))
        .display_name(names::cut(operation.name, 300).0)
        .response(OperationResponse::new().status_code(200).representation(response));
    made.description = operation.described.and_then(documentation);
    made.request = operation.input.is_some().then(|| OperationRequest::new().representation(request));
    made
}

fn message<'d>(message: Option<&Message<'d>>, types: &Types<'d>, work: &mut usize) -> Option<Field<'d>> {
    fields::read(types, message?.parts().next()?, work)
}

/// Scheme and authority of an address, and its path with the query.
fn split(address: &str) -> (&str, &str) {
    let authority = address.find("://").map_or(0, |at| at + 3);
    match address[authority..].find('/') {
        Some(at) => address.split_at(authority + at),
        None => (address, "/"),
    }
}

/// The schema of a JSON body: an object with the message as its one member.
fn root_schema(field: &Field<'_>) -> Value {
    json!({ "type": "object", "properties": { field.json_name(): schema(field) } })
}

fn schema(field: &Field<'_>) -> Value {
    if let Some(item) = field.item() {
        return json!({ "type": "array", "items": schema(item) });
    }
    match &field.content {
        Content::Scalar(kind) => json!({ "type": kind }),
        Content::Fields(fields) => {
            let properties: Map<_, _> = fields.iter().map(|field| (field.json_name(), schema(field))).collect();
            json!({ "type": "object", "properties": properties })
        }
    }
}
