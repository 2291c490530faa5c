//! What an operation declares, for the policies that validate messages.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::template::UrlTemplate;
use crate::model::{ApiEntry, Operation, OperationResponse, Parameter, Representation};
use crate::policy::{BodyContract, OperationContract, ParameterContract, ResponseContract, SchemaContract};

/// Where definitions are in a document of schemas.
const PLACES: [&str; 4] = ["/components/schemas", "/definitions", "/schemas", ""];

/// The schemas of one API, each made once.
#[derive(Default)]
pub(super) struct Schemas {
    documents: HashMap<String, Option<Arc<Value>>>,
    made: HashMap<(String, String), Arc<SchemaContract>>,
}

impl Schemas {
    /// What an operation of the API declares.
    pub fn contract(&mut self, api: &ApiEntry, operation: &Operation, template: &UrlTemplate) -> OperationContract {
        let mut contract = OperationContract::default();
        for parameter in &operation.template_parameters {
            let mut made = self.parameter(api, parameter);
            let in_query = template.query_names().find(|(_, value)| *value == Ok(&parameter.name));
            match in_query {
                Some((name, _)) => {
                    made.name = name.into();
                    contract.query.push(made);
                }
                None => contract.path.push(made),
            }
        }
        for (name, value) in template.query_names() {
            if let Err(value) = value {
                let mut fixed = ParameterContract::new(name, "string");
                fixed.values.push(value.into());
                contract.query.push(fixed);
            }
        }
        if let Some(request) = &operation.request {
            contract.query.extend(request.query_parameters.iter().map(|one| self.parameter(api, one)));
            contract.headers = request.headers.iter().map(|one| self.parameter(api, one)).collect();
            contract.request = request.representations.iter().map(|one| self.body(api, one)).collect();
        }
        let responses = operation.responses.iter().chain(&operation.other_responses);
        contract.responses = responses.map(|one| self.response(api, one)).collect();
        contract
    }

    fn response(&mut self, api: &ApiEntry, response: &OperationResponse) -> ResponseContract {
        let mut made = ResponseContract::new(response.status_code);
        made.class = response.status_class.filter(|_| made.status.is_none());
        made.headers = response.headers.iter().map(|one| self.parameter(api, one)).collect();
        made.bodies = response.representations.iter().map(|one| self.body(api, one)).collect();
        made
    }

    fn parameter(&mut self, api: &ApiEntry, parameter: &Parameter) -> ParameterContract {
        let kind = parameter.kind.as_deref().unwrap_or("string").to_ascii_lowercase();
        let mut made = ParameterContract::new(parameter.name.as_str(), kind);
        made.required = parameter.required.unwrap_or(false);
        made.values = parameter.values.iter().map(text).collect();
        made.schema = self.schema(api, parameter.schema_id.as_deref(), parameter.type_name.as_deref());
        made
    }

    fn body(&mut self, api: &ApiEntry, body: &Representation) -> BodyContract {
        let schema = self.schema(api, body.schema_id.as_deref(), body.type_name.as_deref());
        BodyContract::new(&*body.content_type, schema)
    }

    fn schema(&mut self, api: &ApiEntry, id: Option<&str>, name: Option<&str>) -> Option<Arc<SchemaContract>> {
        let (id, name) = id.zip(name)?;
        let key = (id.to_owned(), name.to_owned());
        if let Some(made) = self.made.get(&key) {
            return Some(made.clone());
        }
        let document = self.documents.entry(key.0.clone()).or_insert_with(|| {
            let document = api.schemas.get(id)?.document.as_deref()?;
            Some(Arc::new(document.clone()))
        });
        // A document of XML has its text as a value.
        let xsd = document.as_ref().and_then(|document| document.get("value")).and_then(Value::as_str);
        if let Some(text) = xsd.filter(|text| text.trim_start().starts_with('<')) {
            let made = Arc::new(SchemaContract::xml(name, text));
            self.made.insert(key, Arc::clone(&made));
            return Some(made);
        }
        let made = Arc::new(match document {
            None => SchemaContract::missing_document(name),
            Some(document) => {
                let escaped = name.replace('~', "~0").replace('/', "~1");
                let mut pointers = PLACES.iter().map(|place| format!("{place}/{escaped}"));
                match pointers.find(|pointer| document.pointer(pointer).is_some()) {
                    Some(pointer) => SchemaContract::json(name, Arc::clone(document), pointer),
                    None if has_definitions(document) => SchemaContract::missing(name),
                    None => SchemaContract::missing_definitions(name),
                }
            }
        });
        self.made.insert(key, Arc::clone(&made));
        Some(made)
    }
}

/// Whether a document has any definition, where definitions are.
fn has_definitions(document: &Value) -> bool {
    let is_used = |value: &Value| value.as_object().is_some_and(|members| !members.is_empty());
    let [named @ .., _] = PLACES;
    let is_of_definitions = ["components", "definitions", "schemas"].iter().all(|name| document.get(name).is_none());
    named.iter().any(|place| document.pointer(place).is_some_and(is_used)) || is_of_definitions && is_used(document)
}

fn text(value: &Value) -> Arc<str> {
    match value {
        Value::String(text) => text.as_str().into(),
        other => other.to_string().into(),
    }
}
