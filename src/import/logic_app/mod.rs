//! Logic Apps: an operation for each request trigger, whose signature stays a named value.

mod trigger;
mod workflow;

use serde_json::{Map, Value, json};
use trigger::Trigger;
use workflow::Workflow;

use super::description::Budget;
use super::finding::Findings;
use super::generated::{escape, literal_url, policy_text};
use super::limits::{LARGEST_DESCRIPTION, LARGEST_POLICY, MOST_VALUES};
use super::names::{Taken, cut, digest, identifier};
use super::{Imported, ImportedPolicy};
use crate::model::{
    Api, ApiProtocol, ApiSchema, Backend, NamedValue, Operation, OperationRequest, Parameter, Policy, Representation,
    Resource,
};

/// Settings of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogicAppOptions {
    /// Name of the API resource; otherwise made from the workflow's name.
    pub name: Option<String>,
    /// URL suffix of the API; otherwise its name.
    pub path: Option<String>,
    /// The largest document taken, in bytes: 16 MiB.
    pub max_bytes: usize,
    /// The most values of the document, names of members among them: 400 000.
    pub max_values: usize,
    /// The largest policy document made for an operation, in bytes: 256 KiB, as the service takes.
    pub max_policy_bytes: usize,
}

impl Default for LogicAppOptions {
    fn default() -> Self {
        Self {
            name: None,
            path: None,
            max_bytes: LARGEST_DESCRIPTION,
            max_values: MOST_VALUES,
            max_policy_bytes: LARGEST_POLICY,
        }
    }
}

/// Imports the request triggers of a workflow.
///
/// The document is a workflow with its definition, a definition alone, the workflow's own Swagger document, or the
/// answer that gives a trigger's URL. The signature of the URL is a secret and never in the result: a named value
/// without a value stands for it, and [`Imported::findings`] says so.
pub fn logic_app(bytes: &[u8], options: &LogicAppOptions) -> Imported {
    let mut findings = Findings::default();
    let document = Budget::new(options.max_bytes, options.max_values).read(bytes);
    let workflow = match &document {
        Ok(document) => read(document, &mut findings),
        Err(error) => {
            findings.refuse_at(error.code, error.place, error.message.as_str());
            Workflow::default()
        }
    };
    if workflow.is_disabled {
        findings.warn("disabled", "/properties/state", "the workflow is disabled: calls fail until it is enabled");
    }
    make(&workflow, findings, options, &digest(bytes))
}

fn read<'d>(document: &'d Value, findings: &mut Findings) -> Workflow<'d> {
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

fn make(workflow: &Workflow<'_>, mut findings: Findings, options: &LogicAppOptions, digest: &str) -> Imported {
    let workflow_name = workflow.name.as_deref().unwrap_or("logic-app");
    let generated = || Some(identifier(workflow_name, 80)).filter(|name| !name.is_empty());
    let name = options.name.clone().or_else(generated).unwrap_or_else(|| "logic-app".to_owned());
    let mut api = Api::new(options.path.clone().unwrap_or_else(|| name.clone())).protocol(ApiProtocol::Https);
    api.display_name = Some(cut(workflow_name, 300).0.to_owned());
    api.description = Some("Azure Logic App.".to_owned());
    api.service_url = literal_url(workflow.service_url.clone(), "", &mut findings);
    let backend = api.service_url.as_deref().map(Backend::new);
    if backend.as_ref().is_some_and(Result::is_err) {
        findings.refuse("no-address", "", "the address of the workflow is no URL that can be called");
    }
    if workflow.service_url.is_none() && !workflow.triggers.is_empty() {
        let message = "the document does not tell the address of the workflow: the API has no service URL";
        findings.warn("no-address", "", message);
    }
    let backend_id = backend_id(workflow, workflow_name, digest);
    let mut schemas = Map::new();
    let mut made = Vec::new();
    let (mut taken, mut keys) = (Taken::default(), Taken::default());
    for trigger in &workflow.triggers {
        let problem = trigger.problem();
        if let Some((code, message)) = problem {
            findings.refuse(code, trigger.pointer.as_str(), message);
            continue;
        }
        let operation_name = taken.unique(format!("{}-invoke", trigger.name));
        let key = keys.unique(format!("{}_{}_{digest}{}", word(&name), word(&operation_name), &digest[..8]));
        let text = policy_text(&trigger.policy(&key), "");
        if text.len() > options.max_policy_bytes {
            let message = format!("the policy of trigger `{}` is larger than it may be", trigger.name);
            findings.refuse("policy-too-large", trigger.pointer.as_str(), message);
            continue;
        }
        let operation = operation(trigger, operation_name, digest, &mut schemas);
        let message = format!("named value `{key}` needs the signature of the trigger");
        findings.warn("named-value-without-value", trigger.pointer.as_str(), message);
        made.push((operation, key, text));
    }
    let mut imported = Imported::new(findings.into_vec(), Resource::new(name.as_str(), api));
    if let Some(Ok(backend)) = backend {
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

/// Part of a name: as it is when it has nothing but letters, digits, `-` and `_`, else made into that.
fn word(text: &str) -> String {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if text.len() <= 80 && text.bytes().all(is_part) { text.to_owned() } else { identifier(text, 80) }
}

fn operation(
    trigger: &Trigger<'_>,
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
    if let Some(schema) = trigger.schema {
        let type_name = format!("request-{}", trigger.name);
        schemas.entry(&type_name).or_insert_with(|| schema.clone());
        let body = Representation::new("application/json").schema_id(schema_id).type_name(type_name);
        operation.request = Some(OperationRequest::new().representation(body));
    }
    Resource::new(name, operation)
}

fn backend_id(workflow: &Workflow<'_>, name: &str, digest: &str) -> String {
    let group = workflow.resource_id.as_deref().and_then(|id| {
        let mut parts = id.split('/').skip_while(|part| !part.eq_ignore_ascii_case("resourceGroups"));
        parts.nth(1)
    });
    match group {
        Some(group) => format!("LogicApp_{}_{}_{digest}{digest}", word(name), word(group)),
        None => format!("LogicApp_{}_{digest}", identifier(name, 40)),
    }
}

fn policy(operation: Option<String>, text: String) -> ImportedPolicy {
    ImportedPolicy { operation, name: "policy", properties: Policy::new(text) }
}
