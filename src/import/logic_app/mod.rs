//! Logic Apps: an operation for each request trigger, whose signature stays a named value.

mod workflow;

use serde_json::{Map, Value, json};
use workflow::{Trigger, Workflow};

use super::finding::Findings;
use super::generated::{escape, policy_text};
use super::names::{Taken, cut, digest, identifier};
use super::{Imported, ImportedPolicy};
use crate::model::{
    Api, ApiProtocol, ApiSchema, Backend, NamedValue, Operation, OperationRequest, Parameter, Policy, Representation,
    Resource,
};

/// The longest URL template that the service stores.
const LONGEST_PATH: usize = 1_000;

/// Settings of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogicAppOptions {
    /// Name of the API resource; otherwise made from the workflow's name.
    pub name: Option<String>,
    /// URL suffix of the API; otherwise its name.
    pub path: Option<String>,
}

/// Imports the request triggers of a workflow.
///
/// The document is a workflow with its definition, a definition alone, the workflow's own Swagger document, or the
/// answer that gives a trigger's URL. The signature of the URL is a secret and never in the result: a named value
/// without a value stands for it, and [`Imported::findings`] says so.
pub fn logic_app(bytes: &[u8], options: &LogicAppOptions) -> Imported {
    let mut findings = Findings::default();
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let workflow = match serde_json::from_slice(text) {
        Ok(document) => read(&document, &mut findings),
        Err(error) => {
            let place = Some((error.line() as u64, error.column() as u64));
            findings.refuse_at("invalid-json", place, "the document is not JSON");
            Workflow::default()
        }
    };
    if workflow.is_disabled {
        findings.warn("disabled", "/properties/state", "the workflow is disabled: calls fail until it is enabled");
    }
    make(&workflow, findings, options, &digest(bytes))
}

fn read(document: &Value, findings: &mut Findings) -> Workflow {
    match Workflow::read(document) {
        None => {
            let message = "expected a workflow with `definition`, its Swagger document, or the URL of its trigger";
            findings.refuse("not-a-workflow", "", message);
            Workflow::default()
        }
        Some(workflow) => {
            if workflow.triggers.is_empty() {
                let message = "no trigger has the type `Request`: nothing can be called";
                findings.refuse("no-request-trigger", workflow.triggers_at, message);
            }
            workflow
        }
    }
}

fn make(workflow: &Workflow, mut findings: Findings, options: &LogicAppOptions, digest: &str) -> Imported {
    let workflow_name = workflow.name.as_deref().unwrap_or("logic-app");
    let name = options.name.clone().unwrap_or_else(|| identifier(workflow_name, 80));
    let mut api = Api::new(options.path.clone().unwrap_or_else(|| name.clone())).protocol(ApiProtocol::Https);
    api.display_name = Some(cut(workflow_name, 300).0.to_owned());
    api.description = Some("Azure Logic App.".to_owned());
    api.service_url.clone_from(&workflow.service_url);
    if workflow.service_url.is_none() && !workflow.triggers.is_empty() {
        let message = "the document does not tell the address of the workflow: the API has no service URL";
        findings.warn("no-address", "", message);
    }
    let backend_id = backend_id(workflow, workflow_name, digest);
    let mut schemas = Map::new();
    let mut made = Vec::new();
    let mut taken = Taken::default();
    for trigger in &workflow.triggers {
        if trigger.url_template().len() > LONGEST_PATH {
            let message = format!("the path of a trigger has more than {LONGEST_PATH} bytes");
            findings.refuse("path-too-long", "", message);
            continue;
        }
        let operation_name = taken.unique(format!("{}-invoke", trigger.name));
        let key = format!("{name}_{operation_name}_{digest}{}", &digest[..8]);
        let operation = operation(trigger, operation_name, digest, &mut schemas);
        findings.warn(
            "named-value-without-value",
            "",
            format!("named value `{key}` needs the signature of the trigger"),
        );
        let text = policy_text(&trigger_policy(trigger, &key), "");
        made.push((operation, key, text));
    }
    let mut imported = Imported::new(findings.into_vec(), Resource::new(name.as_str(), api));
    if let Some(backend) = workflow.service_url.as_deref().and_then(|url| Backend::new(url).ok()) {
        let mut backend = backend.description(workflow_name);
        backend.resource_id = workflow.resource_id.as_ref().map(|id| format!("https://management.azure.com{id}"));
        imported.backends.push(Resource::new(backend_id.as_str(), backend));
        let statement = format!(
            "        <set-backend-service id=\"apim-generated-policy\" backend-id=\"{}\" />\n",
            escape(&backend_id)
        );
        imported.policies.push(policy(None, policy_text(&statement, "")));
    }
    for (operation, key, text) in made {
        imported.policies.push(policy(operation.name.clone(), text));
        imported.named_values.push(Resource::new(key.as_str(), NamedValue::new().display_name(&key).secret(true)));
        imported.operations.push(operation);
    }
    if !schemas.is_empty() {
        let mut schema = ApiSchema::new().content_type("application/vnd.ms-azure-apim.swagger.definitions+json");
        schema.document = Some(json!({ "definitions": schemas }).into());
        imported.schemas.push(Resource::new(digest, schema));
    }
    imported
}

fn operation(
    trigger: &Trigger,
    name: String,
    schema_id: &str,
    schemas: &mut Map<String, Value>,
) -> Resource<Operation> {
    let mut operation = Operation::new(trigger.method.as_str(), trigger.url_template())
        .display_name(name.as_str())
        .description("Trigger a run of the logic app.");
    let parameters = trigger.relative_path.split('{').skip(1).filter_map(|piece| piece.split_once('}'));
    operation.template_parameters =
        parameters.map(|(name, _)| Parameter::new(name).kind("string").required(true)).collect();
    if let Some(schema) = &trigger.schema {
        let type_name = format!("request-{}", trigger.name);
        schemas.insert(type_name.clone(), schema.clone());
        let body = Representation::new("application/json").schema_id(schema_id).type_name(type_name);
        operation.request = Some(OperationRequest::new().representation(body));
    }
    Resource::new(name, operation)
}

fn backend_id(workflow: &Workflow, name: &str, digest: &str) -> String {
    let group = workflow.resource_id.as_deref().and_then(|id| {
        let mut parts = id.split('/').skip_while(|part| !part.eq_ignore_ascii_case("resourceGroups"));
        parts.nth(1)
    });
    match group {
        Some(group) => format!("LogicApp_{name}_{group}_{digest}{digest}"),
        None => format!("LogicApp_{}_{digest}", identifier(name, 40)),
    }
}

/// The statements that turn a call into one that the trigger accepts.
fn trigger_policy(trigger: &Trigger, key: &str) -> String {
    let template = format!(
        "{}/?api-version={}&amp;sp=/triggers/{}/run&amp;sv=1.0&amp;sig={{{{{key}}}}}",
        escape(&trigger.url_template()),
        escape(&trigger.api_version),
        escape(&trigger.name),
    );
    format!(
        "        <set-method id=\"apim-generated-policy\">{}</set-method>\n        \
         <rewrite-uri id=\"apim-generated-policy\" template=\"{template}\" />\n        \
         <set-header id=\"apim-generated-policy\" name=\"Ocp-Apim-Subscription-Key\" exists-action=\"delete\" />\n",
        escape(&trigger.method),
    )
}

fn policy(operation: Option<String>, text: String) -> ImportedPolicy {
    ImportedPolicy { operation, name: "policy", properties: Policy::new(text) }
}
