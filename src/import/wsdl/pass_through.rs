//! A SOAP API whose operations take what clients send as it is.

use super::definitions::{Endpoint, Message, Operation, Soap, documentation};
use super::schemas::Schemas;
use super::types::{Kind, Types};
use crate::import::names::{self, Taken};
use crate::model::{self, Api, ApiKind, ApiProtocol, OperationRequest, OperationResponse, Representation, Resource};

/// The API of an endpoint.
pub(super) fn api(endpoint: &Endpoint<'_>, path: String) -> Api {
    let mut api = Api::new(path).kind(ApiKind::Soap).protocol(ApiProtocol::Https);
    api.display_name = Some(names::cut(endpoint.service_name, 300).0.to_owned());
    api.description = documentation(endpoint.service);
    api.service_url = endpoint.address.map(str::to_owned);
    api
}

/// One operation for each operation of the endpoint.
pub(super) fn operations<'d>(
    endpoint: &Endpoint<'d>,
    types: &Types<'d>,
    schemas: &Schemas<'d>,
) -> Vec<Resource<model::Operation>> {
    let mut taken = Taken::default();
    let operations = endpoint.operations.iter();
    operations.map(|operation| of(operation, endpoint.soap, types, schemas, &mut taken)).collect()
}

fn of<'d>(
    operation: &Operation<'d>,
    soap: Soap,
    types: &Types<'d>,
    schemas: &Schemas<'d>,
    taken: &mut Taken,
) -> Resource<model::Operation> {
    let action = operation.action.unwrap_or(operation.name);
    let mut made = model::Operation::new("POST", format!("/?soapAction={action}"));
    made.display_name = Some(names::cut(operation.name, 300).0.to_owned());
    made.description = operation.described.and_then(documentation);
    let body = |message: &Message<'d>| representation(message, soap, types, schemas);
    made.request = operation
        .input
        .as_ref()
        .map(|message| OperationRequest::new().description(message.name).representation(body(message)));
    made.responses = operation
        .output
        .iter()
        .map(|message| {
            OperationResponse::new().status_code(200).description(message.name).representation(body(message))
        })
        .collect();
    let name = Some(names::normalise(operation.name)).filter(|name| !name.is_empty());
    Resource::new(taken.unique(name.unwrap_or_else(|| "operation".to_owned())), made)
}

fn representation<'d>(message: &Message<'d>, soap: Soap, types: &Types<'d>, schemas: &Schemas<'d>) -> Representation {
    let mut body = Representation::new(soap.content_type());
    body.type_name = message.element().map(Into::into);
    let part = message.parts().next();
    let component = part.and_then(|part| types.find(part, Kind::Element, part.attribute("element")?));
    body.schema_id = component.and_then(|component| schemas.id(component)).map(Into::into);
    body
}
