//! The forms in which a workflow is described: its definition, its own Swagger document, the URL of its trigger.

use serde_json::Value;

/// A workflow that requests can start.
#[derive(Debug, Default)]
pub(super) struct Workflow {
    /// Name of the workflow, if the document has one.
    pub(super) name: Option<String>,
    pub(super) resource_id: Option<String>,
    /// `https://{host}/workflows/{id}/triggers`.
    pub(super) service_url: Option<String>,
    pub(super) is_disabled: bool,
    pub(super) triggers: Vec<Trigger>,
    /// JSON pointer to where triggers are described.
    pub(super) triggers_at: &'static str,
}

/// A trigger of type `Request`.
#[derive(Debug)]
pub(super) struct Trigger {
    pub(super) name: String,
    /// Upper case.
    pub(super) method: String,
    /// Behind `/paths/invoke`, without slashes at the ends; may be empty.
    pub(super) relative_path: String,
    pub(super) api_version: String,
    pub(super) schema: Option<Value>,
}

/// The version of the trigger's own API.
const API_VERSION: &str = "2016-10-01";

impl Workflow {
    /// Reads a document; none when it describes no workflow.
    pub(super) fn read(document: &Value) -> Option<Self> {
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
        Some(Self {
            name: document["name"].as_str().map(str::to_owned),
            resource_id: document["id"].as_str().map(str::to_owned),
            service_url: endpoint.map(|url| format!("{}/triggers", without_port(url).trim_end_matches('/'))),
            is_disabled: properties["state"].as_str().is_some_and(|state| state.eq_ignore_ascii_case("Disabled")),
            triggers: triggers.iter().filter_map(|(name, trigger)| Trigger::defined(name, trigger)).collect(),
            triggers_at,
        })
    }

    fn from_swagger(document: &Value) -> Option<Self> {
        let mut triggers = Vec::new();
        for (path, item) in document["paths"].as_object()? {
            let Some((name, relative_path)) = split(path) else { continue };
            for (method, operation) in item.as_object().into_iter().flatten() {
                let query = |name: &str| {
                    let mut parameters = operation["parameters"].as_array()?.iter();
                    parameters.find(|parameter| parameter["name"] == name)?["default"].as_str()
                };
                triggers.push(Trigger {
                    name: name.to_owned(),
                    method: method.to_ascii_uppercase(),
                    relative_path: relative_path.to_owned(),
                    api_version: query("api-version").unwrap_or(API_VERSION).to_owned(),
                    schema: schema(&document["definitions"][format!("request-{name}")]),
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

    fn from_callback(document: &Value) -> Option<Self> {
        let base = without_port(document["basePath"].as_str().or_else(|| document["value"].as_str())?);
        let base = base.split('?').next().unwrap_or_default();
        let (service_url, path) = base.split_once("/triggers/")?;
        let (name, in_base) = split(&format!("/{path}")).map(|(name, rest)| (name.to_owned(), rest.to_owned()))?;
        let relative_path = document["relativePath"].as_str().map_or(in_base, |path| path.trim_matches('/').to_owned());
        let trigger = Trigger {
            name,
            method: document["method"].as_str().unwrap_or("POST").to_ascii_uppercase(),
            relative_path,
            api_version: document["queries"]["api-version"].as_str().unwrap_or(API_VERSION).to_owned(),
            schema: None,
        };
        let service_url = Some(format!("{service_url}/triggers"));
        Some(Self { service_url, triggers: vec![trigger], triggers_at: "/basePath", ..Self::default() })
    }
}

impl Trigger {
    fn defined(name: &str, trigger: &Value) -> Option<Self> {
        if !trigger["type"].as_str()?.eq_ignore_ascii_case("Request") {
            return None;
        }
        let inputs = &trigger["inputs"];
        Some(Self {
            name: name.to_owned(),
            method: inputs["method"].as_str().unwrap_or("POST").to_ascii_uppercase(),
            relative_path: inputs["relativePath"].as_str().unwrap_or_default().trim_matches('/').to_owned(),
            api_version: API_VERSION.to_owned(),
            schema: schema(&inputs["schema"]),
        })
    }

    /// `/manual/paths/invoke` and the relative path.
    pub(super) fn url_template(&self) -> String {
        let path = format!("/{}/paths/invoke/{}", self.name, self.relative_path);
        path.trim_end_matches('/').to_owned()
    }
}

/// Trigger and relative path of `/{trigger}/paths/invoke[/{relative path}]`.
fn split(path: &str) -> Option<(&str, &str)> {
    let (name, rest) = path.trim_start_matches('/').split_once("/paths/invoke")?;
    (!name.contains('/')).then(|| (name, rest.trim_matches('/')))
}

fn schema(schema: &Value) -> Option<Value> {
    schema.as_object().filter(|members| !members.is_empty()).map(|_| schema.clone())
}

/// The URL without the port that its scheme implies.
fn without_port(url: &str) -> String {
    url.replacen(":443/", "/", 1)
}
