//! Operations as paths and methods of a document.

use serde_json::{Value, json};

use super::ParameterOf;
use super::document::{
    BodySchema, Described, Examples, Form, Item, Media, Members, Operation, Parameter as Written, RequestBody, Response,
};
use super::schemas::Schemas;
use crate::import::finding::Findings;
use crate::model::{self, ApiEntry, OperationEntry, Parameter, Representation};

/// The operations of an API, and those that only `x-ms-paths` can tell apart.
pub(super) fn paths(entry: &ApiEntry, schemas: &Schemas, findings: &mut Findings) -> (Members<Item>, Members<Item>) {
    let mut lists: (Members<Item>, Members<Item>) = Default::default();
    for (name, operation) in &entry.operations {
        let mut writer = Writer { name, schemas, findings };
        let method = operation.operation.method.to_ascii_lowercase();
        if !matches!(&*method, "get" | "put" | "post" | "delete" | "options" | "head" | "patch" | "trace") {
            let message =
                format!("operation `{name}` is left out: OpenAPI has no method `{}`", operation.operation.method);
            writer.findings.warn("method-not-exported", "", message);
            continue;
        }
        let mut template = Template::new(&operation.operation.url_template);
        if lists.0.get(&template.path).is_some_and(|item| item.get(&method).is_some()) {
            template = Template::whole(&operation.operation.url_template);
        }
        let list = if template.path.contains('?') {
            writer
                .warn("query-in-path", "stands in `x-ms-paths`: its URL template has a query that OpenAPI cannot say");
            &mut lists.1
        } else {
            &mut lists.0
        };
        if template.path.contains('*') {
            writer.warn("wildcard-in-path", "has a wildcard in its URL template, which OpenAPI takes literally");
        }
        let made = writer.operation(operation, &method, &template);
        match list.0.iter_mut().find(|(path, _)| *path == template.path) {
            Some((_, item)) if item.get(&method).is_some() => {
                let message = "is left out: another one has the same method and URL template";
                Writer { name, schemas, findings }.warn("duplicate-signature", message);
            }
            Some((_, item)) => item.push(method, made),
            None => list.push(template.path, Members(vec![(method, made)])),
        }
    }
    lists
}

/// A URL template without the query parameters that OpenAPI can say.
struct Template {
    path: String,
    query: Vec<String>,
}

impl Template {
    fn new(template: &str) -> Self {
        let (path, query) = template.split_once('?').unwrap_or((template, ""));
        let is_parameter = |pair: &&str| {
            pair.split_once('=').is_some_and(|(key, value)| {
                value.strip_prefix('{').and_then(|value| value.strip_suffix('}')) == Some(key)
            })
        };
        let (named, fixed): (Vec<&str>, Vec<&str>) =
            query.split('&').filter(|pair| !pair.is_empty()).partition(is_parameter);
        let mut made = Self::whole(path);
        if !fixed.is_empty() {
            made.path = format!("{}?{}", made.path, fixed.join("&"));
        }
        made.query = named.iter().filter_map(|pair| pair.split('=').next()).map(str::to_owned).collect();
        made
    }

    fn whole(template: &str) -> Self {
        let slash = if template.starts_with('/') { "" } else { "/" };
        Self { path: format!("{slash}{template}"), query: Vec::new() }
    }

    /// Names in braces.
    fn names(&self) -> impl Iterator<Item = &str> {
        self.path.split('{').skip(1).filter_map(|piece| piece.split_once('}')).map(|(name, _)| name)
    }
}

struct Writer<'a> {
    name: &'a str,
    schemas: &'a Schemas,
    findings: &'a mut Findings,
}

impl Writer<'_> {
    fn warn(&mut self, code: &'static str, message: &str) {
        self.findings.warn(code, "", format!("operation `{}` {message}", self.name));
    }

    fn operation(&mut self, entry: &OperationEntry, method: &str, template: &Template) -> Operation {
        let operation = &entry.operation;
        Operation {
            tags: entry.tags.clone(),
            summary: operation.display_name.clone(),
            description: operation.description.clone(),
            operation_id: self.name.to_owned(),
            parameters: self.parameters(operation, template),
            request_body: operation.request.as_ref().and_then(|request| self.body(request, method)),
            responses: self.responses(operation.responses.iter().chain(&operation.other_responses)),
        }
    }

    fn parameters(&mut self, operation: &model::Operation, template: &Template) -> Vec<Written> {
        let mut made: Vec<Written> = Vec::new();
        for parameter in &operation.template_parameters {
            let place = if template.names().any(|name| name == parameter.name) {
                "path"
            } else if template.query.contains(&parameter.name) {
                "query"
            } else {
                let message = format!("has `{}`, which its URL template does not name: it is left out", parameter.name);
                self.warn("parameter-not-in-template", &message);
                continue;
            };
            self.add(&mut made, parameter, place, true);
        }
        let named = template.names().map(|name| (name, "path"));
        for (name, place) in named.chain(template.query.iter().map(|name| (name.as_str(), "query"))) {
            if !made.iter().any(|parameter| parameter.name == name) {
                self.add(&mut made, &Parameter::new(name).kind("string"), place, true);
            }
        }
        if let Some(request) = &operation.request {
            for (list, place) in [(&request.query_parameters, "query"), (&request.headers, "header")] {
                for parameter in list {
                    self.add(&mut made, parameter, place, parameter.required == Some(true));
                }
            }
        }
        made
    }

    fn add(&mut self, made: &mut Vec<Written>, parameter: &Parameter, place: &'static str, required: bool) {
        if made.iter().any(|known| known.name == parameter.name && known.place == place) {
            let message = format!("has `{}` twice: the second is left out", parameter.name);
            return self.warn("duplicate-parameter-name", &message);
        }
        let mut value = self.described(parameter, ParameterOf::Request);
        value.required = required;
        made.push(Written { name: parameter.name.clone(), place, value });
    }

    fn described(&self, parameter: &Parameter, of: ParameterOf) -> Described {
        Described {
            description: parameter.description.clone(),
            required: parameter.required == Some(true),
            schema: self.schemas.of_parameter(parameter, of),
            examples: examples(parameter.examples.as_deref()),
        }
    }

    fn body(&mut self, request: &model::OperationRequest, method: &str) -> Option<RequestBody> {
        if request.representations.is_empty() && request.description.is_none() {
            return None;
        }
        if matches!(method, "get" | "head" | "options") {
            self.warn("body-discarded", "has a body that its method does not have in OpenAPI: it is left out");
            return None;
        }
        Some(RequestBody { description: request.description.clone(), content: self.content(&request.representations) })
    }

    fn content(&mut self, representations: &[Representation]) -> Members<Media> {
        let mut content = Members::default();
        for representation in representations {
            if content.get(&representation.content_type).is_some() {
                let message = format!("has `{}` twice: the second is left out", representation.content_type);
                self.warn("duplicate-content-type", &message);
                continue;
            }
            let schema = if representation.form_parameters.is_empty() {
                let (id, name) = (representation.schema_id.as_deref(), representation.type_name.as_deref());
                self.schemas.refer(id, name).map(BodySchema::Type)
            } else {
                Some(BodySchema::Form(self.form(&representation.form_parameters)))
            };
            let media = Media { schema, examples: examples(representation.examples.as_deref()) };
            content.push(&*representation.content_type, media);
        }
        content
    }

    fn form(&self, parameters: &[Parameter]) -> Form {
        let field = |parameter: &Parameter| {
            let mut schema = self.schemas.of_parameter(parameter, ParameterOf::Form);
            if let Some(description) = &parameter.description {
                schema["description"] = json!(description);
            }
            if let Some(example) = examples(parameter.examples.as_deref()).example {
                schema["example"] = example;
            }
            (parameter.name.clone(), schema)
        };
        let required = parameters.iter().filter(|one| one.required == Some(true)).map(|one| one.name.clone());
        Form {
            kind: "object",
            properties: Members(parameters.iter().map(field).collect()),
            required: required.collect(),
        }
    }

    fn responses<'r>(&mut self, responses: impl Iterator<Item = &'r model::OperationResponse>) -> Members<Response> {
        let mut made = Members::default();
        for response in responses {
            let status = match (response.status_code, response.status_class) {
                (Some(status), _) => status.to_string(),
                (None, Some(class)) => format!("{class}XX"),
                (None, None) => "default".to_owned(),
            };
            if made.get(&status).is_some() {
                self.warn("duplicate-response", &format!("has response `{status}` twice: the second is left out"));
                continue;
            }
            let mut headers = Members::default();
            for header in &response.headers {
                headers.push(header.name.as_str(), self.described(header, ParameterOf::Response));
            }
            let description = response.description.clone().unwrap_or_default();
            made.push(status, Response { description, headers, content: self.content(&response.representations) });
        }
        if made.is_empty() {
            // A document must have a response.
            made.push("default", Response::default());
        }
        made
    }
}

/// One example as it is, several by name.
fn examples(given: Option<&Value>) -> Examples {
    let members = given.and_then(Value::as_object);
    match members {
        Some(members) if members.len() > 1 => Examples { example: None, examples: given.cloned() },
        _ => {
            let value = members.and_then(|members| members.values().next()?.get("value"));
            Examples { example: value.cloned(), examples: None }
        }
    }
}
