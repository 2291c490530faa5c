//! The forms in which a workflow is described: its definition, its own Swagger document, the URL of its trigger.

use serde_json::Value;

use super::trigger::{Call, Trigger};
use crate::import::openapi::escape_name;

/// A workflow that requests can start.
#[derive(Debug, Default)]
pub(super) struct Workflow<'d> {
    /// Name of the workflow, if the document has one.
    pub(super) name: Option<String>,
    pub(super) resource_id: Option<String>,
    /// `https://{host}/workflows/{id}/triggers`, or `https://{site}/api/{workflow}/triggers` in a Standard plan.
    pub(super) service_url: Option<String>,
    pub(super) is_disabled: bool,
    pub(super) triggers: Vec<Trigger<'d>>,
    /// JSON pointer to where triggers are described.
    pub(super) triggers_at: &'static str,
}

/// The methods that a path of a Swagger document may have.
const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];

impl<'d> Workflow<'d> {
    /// Reads a document; none when it describes no workflow.
    pub(super) fn read(document: &'d Value) -> Option<Self> {
        if document["paths"].is_object() {
            return Self::from_swagger(document);
        }
        if document["queries"]["sig"].is_string() {
            return Self::from_callback(document);
        }
        let properties = if document["properties"].is_object() { &document["properties"] } else { document };
        let (definition, triggers_at) = match (document["triggers"].is_object(), document["properties"].is_object()) {
            (true, _) => (document, "/triggers"),
            (false, true) => (&properties["definition"], "/properties/definition/triggers"),
            (false, false) => (&properties["definition"], "/definition/triggers"),
        };
        let triggers = definition["triggers"].as_object()?;
        let endpoint = properties["accessEndpoint"].as_str();
        let defined = |(name, trigger): (&'d String, &'d Value)| {
            Trigger::defined(name, trigger, format!("{triggers_at}/{}", escape_name(name)))
        };
        Some(Self {
            name: document["name"].as_str().map(str::to_owned),
            resource_id: document["id"].as_str().map(str::to_owned),
            service_url: endpoint.map(|url| format!("{}/triggers", without_port(url).trim_end_matches('/'))),
            is_disabled: properties["state"].as_str().is_some_and(|state| state.eq_ignore_ascii_case("Disabled")),
            triggers: triggers.iter().filter_map(defined).collect(),
            triggers_at,
        })
    }

    fn from_swagger(document: &'d Value) -> Option<Self> {
        let mut triggers = Vec::new();
        for (path, item) in document["paths"].as_object()? {
            let Some((call, name, relative_path)) = split(path) else { continue };
            for (method, operation) in item.as_object().into_iter().flatten() {
                if !METHODS.contains(&method.as_str()) {
                    continue;
                }
                let query = |name: &str| {
                    let mut parameters = operation["parameters"].as_array()?.iter();
                    parameters.find(|parameter| parameter["name"] == name)?["default"].as_str()
                };
                triggers.push(Trigger {
                    call,
                    name: name.to_owned(),
                    method: method.to_ascii_uppercase(),
                    relative_path: relative_path.to_owned(),
                    api_version: query("api-version").unwrap_or(call.api_version()).to_owned(),
                    schema: schema(&document["definitions"][format!("request-{name}")]),
                    pointer: format!("/paths/{}/{method}", escape_name(path)),
                });
            }
        }
        let host = document["host"].as_str()?.trim_end_matches(":443");
        Some(Self {
            name: document["info"]["title"].as_str().map(str::to_owned),
            service_url: Some(format!("https://{host}{}", document["basePath"].as_str().unwrap_or_default())),
            triggers,
            triggers_at: "/paths",
            ..Self::default()
        })
    }

    fn from_callback(document: &'d Value) -> Option<Self> {
        let base = without_port(document["basePath"].as_str().or_else(|| document["value"].as_str())?);
        let base = base.split('?').next().unwrap_or_default();
        let (service_url, path) = base.split_once("/triggers/")?;
        let path = format!("/{path}");
        let (call, name, in_base) = split(&path)?;
        let written = document["relativePath"].as_str().map(|path| path.trim_matches('/'));
        let trigger = Trigger {
            call,
            name: name.to_owned(),
            method: document["method"].as_str().unwrap_or("POST").to_ascii_uppercase(),
            relative_path: written.unwrap_or(in_base).to_owned(),
            api_version: document["queries"]["api-version"].as_str().unwrap_or(call.api_version()).to_owned(),
            schema: None,
            pointer: "/basePath".to_owned(),
        };
        // In a Standard plan the URL holds the name of the workflow.
        let workflow = service_url.rsplit_once("/api/").map(|(_, name)| name.to_owned());
        Some(Self {
            name: workflow.filter(|_| call == Call::Standard),
            service_url: Some(format!("{service_url}/triggers")),
            triggers: vec![trigger],
            triggers_at: "/basePath",
            ..Self::default()
        })
    }
}

/// How a path calls a trigger, the trigger and the relative path, from `/{trigger}/paths/invoke[/{relative path}]`, or
/// `/{trigger}/invoke[/{relative path}]` in a Standard plan.
fn split(path: &str) -> Option<(Call, &str, &str)> {
    let (name, rest) = path.trim_start_matches('/').split_once('/')?;
    let (call, rest) = match (rest.strip_prefix("paths/invoke"), rest.strip_prefix("invoke")) {
        (Some(rest), _) => (Call::Consumption, rest),
        (None, rest) => (Call::Standard, rest?),
    };
    (rest.is_empty() || rest.starts_with('/')).then(|| (call, name, rest.trim_matches('/')))
}

pub(super) fn schema(schema: &Value) -> Option<&Value> {
    schema.as_object().filter(|members| !members.is_empty()).map(|_| schema)
}

/// The URL without the port that its scheme implies.
fn without_port(url: &str) -> String {
    url.replacen(":443/", "/", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_paths() {
        for (path, expected) in [
            ("/manual/paths/invoke", Some((Call::Consumption, "manual", ""))),
            ("/manual/paths/invoke/a/{b}/", Some((Call::Consumption, "manual", "a/{b}"))),
            ("/manual/invoke/a", Some((Call::Standard, "manual", "a"))),
            ("/manual/invoked", None),
            ("/a/b/paths/invoke", None),
            ("/manual", None),
        ] {
            assert_eq!(split(path), expected, "{path}");
        }
    }
}
