//! App Service and Container Apps: their own OpenAPI document, or an operation for each method, behind a backend.

use std::collections::HashSet;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::description::Budget;
use super::finding::Findings;
use super::generated::{escape, is_literal, literal_url, policy_text, without_expressions};
use super::limits::{EVERY_METHOD, LARGEST_DESCRIPTION, LARGEST_POLICY, MOST_VALUES};
use super::names::{cut, digest, identifier};
use super::openapi::api_keys;
use super::{Imported, ImportedPolicy, Options, openapi};
use crate::model::{Api, ApiProtocol, Backend, NamedValue, Operation, Policy, Resource};

/// Settings of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebAppOptions {
    /// What the app is; otherwise what its resource says, or a web app.
    pub kind: Option<WebAppKind>,
    /// Name of the app when its resource does not tell it.
    pub app: Option<String>,
    /// Host of the app when its resource does not tell it; otherwise `{app}.azurewebsites.net` for a web app.
    pub host: Option<String>,
    /// How the OpenAPI document is read, and name and path of the API.
    pub openapi: Options,
    /// The largest resource taken, in bytes: 16 MiB.
    pub max_bytes: usize,
    /// The most values of the resource, names of members among them: 400 000.
    pub max_values: usize,
    /// The largest policy document made for an operation, in bytes: 256 KiB, as the service takes.
    pub max_policy_bytes: usize,
}

impl Default for WebAppOptions {
    fn default() -> Self {
        Self {
            kind: None,
            app: None,
            host: None,
            openapi: Options::default(),
            max_bytes: LARGEST_DESCRIPTION,
            max_values: MOST_VALUES,
            max_policy_bytes: LARGEST_POLICY,
        }
    }
}

/// What an app is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebAppKind {
    /// An app of App Service (`Microsoft.Web/sites`).
    WebApp,
    /// A container app (`Microsoft.App/containerApps`).
    ContainerApp,
}

/// Imports a web app or container app.
///
/// `resource` is the app as ARM or the command line show it; it tells name, host and id. `document` is its OpenAPI
/// document; without one there is an operation `/*` for each method. The backend is the app's own host, whatever servers
/// the document names; keys that the document asks for become named values without a value.
///
/// ```
/// use gatewright::import::{WebAppOptions, web_app};
///
/// let resource = br#"{"type": "Microsoft.Web/sites", "name": "shop", "defaultHostName": "shop.azurewebsites.net"}"#;
/// let imported = web_app(resource, None, &WebAppOptions::default());
/// assert_eq!(imported.operations.len(), 8);
/// assert_eq!(imported.backends[0].name.as_deref(), Some("WebApp_shop"));
/// ```
pub fn web_app(resource: &[u8], document: Option<&[u8]>, options: &WebAppOptions) -> Imported {
    let mut findings = Findings::default();
    let app = App::read(resource, options, &mut findings);
    let mut imported = match document {
        Some(document) => openapi(document, &options.openapi),
        None => with_every_method(&app, &options.openapi),
    };
    let id = format!("{}_{}", app.prefix(), identifier(&app.name, 80));
    let url = literal_url(app.host.as_deref().map(|host| format!("https://{host}")), "", &mut findings);
    match url.and_then(|url| Backend::new(url).ok()) {
        Some(mut backend) => {
            backend.resource_id = app.resource_id.as_ref().map(|id| format!("https://management.azure.com{id}"));
            imported.backends = vec![Resource::new(id.as_str(), backend.description(&app.name))];
            let statement =
                format!("        <set-backend-service id=\"apim-generated-policy\" backend-id=\"{id}\" />\n");
            imported.policies.push(policy(None, policy_text(&statement, "")));
        }
        None => findings.refuse("no-address", "", "the app has no host that can be called: give one"),
    }
    imported.api.properties.service_url = None;
    if let Some(document) = document {
        operations_of_document(&mut imported, &app, document, options, &mut findings);
    }
    imported.add_findings(findings);
    imported
}

/// What is known about an app.
struct App {
    kind: WebAppKind,
    name: String,
    host: Option<String>,
    resource_id: Option<String>,
}

impl App {
    fn read(resource: &[u8], options: &WebAppOptions, findings: &mut Findings) -> Self {
        let resource = match Budget::new(options.max_bytes, options.max_values).read(resource) {
            Ok(resource) => resource,
            Err(_) if matches!(resource, b"" | b"\xef\xbb\xbf") => Value::Null,
            Err(error) => {
                findings.refuse_at(error.code, error.place, error.message);
                Value::Null
            }
        };
        let is_type = |name: &str| resource["type"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case(name));
        let kind = options.kind.unwrap_or(match is_type("Microsoft.App/containerApps") {
            true => WebAppKind::ContainerApp,
            false => WebAppKind::WebApp,
        });
        // The command line shows sites without `properties`.
        let properties = if resource["properties"].is_object() { &resource["properties"] } else { &resource };
        let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let name = options.app.clone().or_else(|| text(&resource["name"])).unwrap_or_else(|| "web-app".to_owned());
        let told = match kind {
            WebAppKind::WebApp => text(&properties["hostNames"][0]).or_else(|| text(&properties["defaultHostName"])),
            WebAppKind::ContainerApp => text(&properties["configuration"]["ingress"]["fqdn"]),
        };
        let usual = (kind == WebAppKind::WebApp).then(|| format!("{name}.azurewebsites.net"));
        let is_stopped = ["state", "runningStatus"].iter().any(|member| properties[*member] == "Stopped");
        if is_stopped || properties["enabled"] == false {
            findings.warn("disabled", "", "the app is stopped: calls fail until it runs");
        }
        Self {
            kind,
            host: options.host.clone().or(told).or(usual),
            resource_id: text(&resource["id"]),
            name: name.rsplit('/').next().unwrap_or_default().to_owned(),
        }
    }

    fn prefix(&self) -> &'static str {
        match self.kind {
            WebAppKind::WebApp => "WebApp",
            WebAppKind::ContainerApp => "ContainerApp",
        }
    }
}

/// An API that passes every method on.
fn with_every_method(app: &App, options: &Options) -> Imported {
    let generated = || Some(identifier(&app.name, 80)).filter(|name| !name.is_empty());
    let name = options.name.clone().or_else(generated).unwrap_or_else(|| "api".to_owned());
    let mut api = Api::new(options.path.clone().unwrap_or_else(|| name.clone())).protocol(ApiProtocol::Https);
    api.display_name = Some(cut(&app.name, 300).0.to_owned());
    let mut imported = Imported::new(Vec::new(), Resource::new(name, api));
    let operation = |method: &str| Operation::new(method, "/*").display_name(method);
    imported.operations = EVERY_METHOD.map(|method| Resource::new(method.to_lowercase(), operation(method))).into();
    imported
}

/// What is escaped in the name of a query parameter: all but the unreserved characters of URLs.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The longest name of a key that is written, in bytes.
const LONGEST_KEY: usize = 1_000;
/// The most bytes of the policies of all operations.
const LARGEST_IN_ALL: usize = 64 << 20;

/// The policies of operations that a document describes: each sends the keys that the app asks for, not the caller's.
fn operations_of_document(
    imported: &mut Imported,
    app: &App,
    document: &[u8],
    options: &WebAppOptions,
    findings: &mut Findings,
) {
    let mut seen = HashSet::new();
    let (mut query, mut headers) = (String::new(), String::new());
    let app_id = identifier(&app.name, 80);
    for key in api_keys(document, &options.openapi) {
        if !seen.insert((key.is_header, key.name.to_lowercase())) {
            continue;
        }
        if key.name.len() > LONGEST_KEY || (key.is_header && !is_token(&key.name)) {
            let message = format!("key `{}` is left out: its name cannot be written into a policy", key.name);
            findings.refuse("unsafe-text", key.pointer, message);
            continue;
        }
        let place = if key.is_header { "header" } else { "query" };
        let id = digest(format!("{}/{}", app.name, key.name).as_bytes());
        let value = format!("{app_id}_{}_{place}_{id}", identifier(&key.scheme, 80));
        findings.warn(
            "named-value-without-value",
            key.pointer,
            format!("named value `{value}` needs the key of the app"),
        );
        imported.named_values.push(Resource::new(&value, NamedValue::new().display_name(&value).secret(true)));
        if key.is_header {
            headers.push_str(&format!(
                "        <set-header id=\"apim-generated-policy\" name=\"{}\" exists-action=\"append\">\n            \
                 <value>{{{{{value}}}}}</value>\n        </set-header>\n",
                escape(&key.name)
            ));
        } else {
            let name = utf8_percent_encode(&key.name, QUERY);
            query.push_str(&format!("&{name}={{{{{value}}}}}"));
        }
    }
    let mut left = LARGEST_IN_ALL;
    for operation in &imported.operations {
        let name = operation.name.as_deref().unwrap_or_default();
        let url = without_expressions(&operation.properties.url_template);
        if !is_literal(&url) {
            let message = format!("operation `{name}` has no policy: its URL template is more than text in one");
            findings.refuse("unsafe-text", "/paths", message);
            continue;
        }
        let query = if url.contains('?') { query.clone() } else { query.replacen('&', "?", 1) };
        let statements = format!(
            "        <set-method id=\"apim-generated-policy\">{}</set-method>\n        \
             <rewrite-uri id=\"apim-generated-policy\" template=\"{}\" />\n{headers}        \
             <set-header id=\"apim-generated-policy\" name=\"Ocp-Apim-Subscription-Key\" exists-action=\"delete\" />\n",
            escape(&operation.properties.method),
            escape(&format!("{url}{query}")),
        );
        let text = policy_text(&statements, "");
        left = left.saturating_sub(text.len());
        if text.len() > options.max_policy_bytes || left == 0 {
            let message = format!("the policy of operation `{name}` with all keys of the app is too large");
            findings.refuse("policy-too-large", "/paths", message);
            break;
        }
        imported.policies.push(policy(operation.name.clone(), text));
    }
}

/// Whether a text is a token of HTTP, as names of headers are.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

fn policy(operation: Option<String>, text: String) -> ImportedPolicy {
    ImportedPolicy { operation, name: "policy", properties: Policy::new(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_resources() {
        for (resource, id, url) in [
            (
                r#"{"name": "Shop", "properties": {"hostNames": ["shop.contoso.com"]}}"#,
                "WebApp_shop",
                "shop.contoso.com",
            ),
            (r#"{"name": "shop", "hostNames": ["a", "b"], "defaultHostName": "c"}"#, "WebApp_shop", "a"),
            ("", "WebApp_web-app", "web-app.azurewebsites.net"),
            (
                r#"{"type": "Microsoft.App/containerApps", "name": "pay",
                    "properties": {"configuration": {"ingress": {"fqdn": "pay.blue.azurecontainerapps.io"}}}}"#,
                "ContainerApp_pay",
                "pay.blue.azurecontainerapps.io",
            ),
        ] {
            let imported = web_app(resource.as_bytes(), None, &WebAppOptions::default());
            assert!(imported.accepted, "{resource}: {:?}", imported.findings);
            assert_eq!(imported.backends[0].name.as_deref(), Some(id));
            assert_eq!(imported.backends[0].properties.url, Some(format!("https://{url}")));
        }
    }

    #[test]
    fn refuses_what_cannot_be_called() {
        for (resource, code) in [
            ("{", "invalid-json"),
            (r#"{"type": "microsoft.app/containerapps", "name": "inner", "properties": {}}"#, "no-address"),
        ] {
            let imported = web_app(resource.as_bytes(), None, &WebAppOptions::default());
            assert!(!imported.accepted, "{resource}");
            assert_eq!(imported.findings[0].code, code, "{resource}");
        }
    }

    #[test]
    fn sends_the_keys_of_the_document() {
        let document = br#"{
            "swagger": "2.0", "info": {"title": "Shop", "version": "1"}, "schemes": ["https"], "host": "elsewhere.example.com",
            "securityDefinitions": {"h": {"type": "apiKey", "in": "header", "name": "X-Key"},
                                    "q": {"type": "apiKey", "in": "query", "name": "code"}},
            "paths": {"/items/{id}": {"get": {"parameters": [{"name": "id", "in": "path", "required": true, "type": "string"}],
                                              "responses": {"200": {"description": "one"}}}}}
        }"#;
        let options = WebAppOptions { app: Some("shop".to_owned()), ..WebAppOptions::default() };
        let imported = web_app(b"", Some(document), &options);
        assert!(imported.accepted, "{:?}", imported.findings);
        assert_eq!(imported.api.properties.service_url, None);
        let names: Vec<_> = imported.named_values.iter().filter_map(|value| value.name.as_deref()).collect();
        let policy = &imported.policies[1].properties.value;
        assert!(names[0].starts_with("shop_h_header_") && names[1].starts_with("shop_q_query_"), "{names:?}");
        assert!(policy.contains(&format!("template=\"/items/{{id}}?code={{{{{}}}}}\"", names[1])), "{policy}");
        assert!(policy.contains(&format!("<value>{{{{{}}}}}</value>", names[0])), "{policy}");
    }
}
