//! A REST API in front of a SOAP endpoint: JSON in and out, envelopes made by policies.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::definitions::{Endpoint, Message, Operation, documentation};
use super::fields::{self, Content, Field};
use super::restrictions;
use super::templates;
use super::types::Types;
use crate::import::ImportedPolicy;
use crate::import::finding::Findings;
use crate::import::names::{self, Taken};
use crate::model::{
    self, Api, ApiKind, ApiProtocol, ApiSchema, Json, OperationRequest, OperationResponse, Policy, Representation,
    Resource,
};

/// The largest policy document that the service takes.
const LARGEST_POLICY: usize = 256 * 1024;
/// The most bytes of the policies of all operations.
const LARGEST_IN_ALL: usize = 32 << 20;

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

/// One `POST` operation with a policy for each operation of the endpoint.
pub(super) fn operations(endpoint: &Endpoint<'_>, types: &Types<'_>, schema_id: &str, findings: &mut Findings) -> Made {
    let mut made = Made::default();
    let mut taken = Taken::default();
    let mut schemas = BTreeMap::new();
    let mut left = LARGEST_IN_ALL;
    let path = endpoint.address.map_or("/", |address| split(address).1);
    for operation in &endpoint.operations {
        let request = message(operation.input.as_ref(), types);
        let response = message(operation.output.as_ref(), types);
        for field in [&request, &response].into_iter().flatten() {
            if let Some(array) = field.unwrapped_array() {
                let message = format!(
                    "operation `{}`: `{}` repeats beside other elements: only wrapped arrays can become JSON",
                    operation.name, array.name
                );
                findings.refuse_at("unwrapped-array", restrictions::place(operation.node), message);
            }
        }
        let name = Some(names::normalise(operation.name)).filter(|name| !name.is_empty());
        let name = taken.unique(name.unwrap_or_else(|| "operation".to_owned()));
        let action = operation.action.unwrap_or_default();
        let text = templates::policy(path, action, endpoint.soap, operation.name, request.as_ref(), response.as_ref());
        if text.len() > LARGEST_POLICY {
            let message = format!("the policy of operation `{}` has more than 256 KiB", operation.name);
            findings.refuse_at("policy-too-large", restrictions::place(operation.node), message);
            continue;
        }
        let Some(rest) = left.checked_sub(text.len()) else {
            let message = "the policies of all operations have more than 32 MiB: the operations from here are left out";
            findings.refuse_at("policy-too-large", restrictions::place(operation.node), message);
            break;
        };
        left = rest;
        let body = |field: Option<&Field<'_>>, schemas: &mut BTreeMap<String, String>| {
            let mut body = Representation::new("application/json");
            if let Some(field) = field {
                schemas.entry(field.name.to_owned()).or_insert_with(|| root_schema(field).to_string());
                body = body.schema_id(schema_id).type_name(field.name);
            }
            body
        };
        let request = body(request.as_ref(), &mut schemas);
        let response = body(response.as_ref(), &mut schemas);
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

fn operation_of(operation: &Operation<'_>, request: Representation, response: Representation) -> model::Operation {
    let mut made = model::Operation::new("POST", format!("/{}", operation.name))
        .display_name(names::cut(operation.name, 300).0)
        .response(OperationResponse::new().status_code(200).representation(response));
    made.description = operation.described.and_then(documentation);
    made.request = operation.input.is_some().then(|| OperationRequest::new().representation(request));
    made
}

fn message<'d>(message: Option<&Message<'d>>, types: &Types<'d>) -> Option<Field<'d>> {
    fields::read(types, message?.parts().next()?)
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
