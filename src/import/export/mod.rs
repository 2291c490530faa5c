//! Writes an API as an OpenAPI document for those who call it.

mod document;
mod operations;
mod schemas;

use document::{Components, Document, Info, Members, SecurityScheme, Server, Tag};
use schemas::Schemas;
use serde::Serialize;
use serde_json::{Map, Value};

use super::Finding;
use super::finding::Findings;
use crate::model::{Api, ApiEntry, ApiKind};

/// Which version of OpenAPI an export follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OpenApiVersion {
    /// 3.0, as the service exports.
    #[default]
    V30,
    /// 3.1.
    V31,
}

/// How an API is exported.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ExportOptions {
    /// Version of OpenAPI.
    pub version: OpenApiVersion,
    /// URL of the gateway, such as `https://contoso.azure-api.net`; the path of the API is added. Without it the server
    /// is the path alone.
    pub gateway_url: String,
}

/// An API as a document, and what the document cannot say.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Exported {
    /// The document; none when the API is not of a kind that OpenAPI describes.
    pub document: Option<OpenApiDocument>,
    /// What is left out or said in another way.
    pub findings: Vec<Finding>,
}

/// An OpenAPI document; it serializes with its members in their usual order.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct OpenApiDocument(Document);

impl OpenApiDocument {
    /// The document as JSON with line breaks.
    ///
    /// # Errors
    ///
    /// Those of the writer; there is no document known that has one.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }
}

/// Where a parameter stands that has a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ParameterOf {
    Request,
    Response,
    Form,
}

/// Exports an API as an OpenAPI document for those who call it.
///
/// The document names the gateway, not the backend, and has neither policies nor settings of the API.
///
/// ```
/// use gatewright::import::{ExportOptions, export_openapi};
/// use gatewright::model::{Api, ApiEntry, Operation};
///
/// let mut entry = ApiEntry::new(Api::new("orders").display_name("Orders"));
/// entry.operations.insert("get-order", Operation::new("GET", "/{id}").into());
/// let mut options = ExportOptions::default();
/// options.gateway_url = "https://contoso.azure-api.net".to_owned();
///
/// let exported = export_openapi(&entry, &options);
/// let document = serde_json::to_value(exported.document.unwrap()).unwrap();
/// assert_eq!(document["servers"][0]["url"], "https://contoso.azure-api.net/orders");
/// assert_eq!(document["paths"]["/{id}"]["get"]["operationId"], "get-order");
/// ```
pub fn export_openapi(entry: &ApiEntry, options: &ExportOptions) -> Exported {
    let mut findings = Findings::default();
    let kind = entry.api.effective_kind();
    if !matches!(kind, ApiKind::Http | ApiKind::Odata) {
        let message = format!("the API is of kind `{}`: OpenAPI describes only `http`", kind.as_str());
        findings.refuse("kind-not-exported", "", message);
        return Exported { document: None, findings: findings.into_vec() };
    }
    let schemas = Schemas::new(entry, options.version, &mut findings);
    let (paths, ms_paths) = operations::paths(entry, &schemas, &mut findings);
    let security_schemes = security(&entry.api);
    let require = |(name, _): &(String, SecurityScheme)| Members(vec![(name.clone(), [])]);
    let document = Document {
        openapi: match options.version {
            OpenApiVersion::V30 => "3.0.3",
            OpenApiVersion::V31 => "3.1.0",
        },
        info: info(&entry.api),
        servers: vec![Server { url: server(&entry.api, &options.gateway_url, &mut findings) }],
        tags: entry.tags.iter().map(|name| Tag { name: name.clone() }).collect(),
        paths,
        ms_paths,
        security: security_schemes.0.iter().map(require).collect(),
        components: Components { schemas: schemas.members, security_schemes },
    };
    Exported { document: Some(OpenApiDocument(document)), findings: findings.into_vec() }
}

fn info(api: &Api) -> Info {
    // Without a name a contact or license means nothing, and a license without one is not valid.
    let kept = |member: &str| {
        let given: Map<String, Value> = api.extra.get(member)?.as_object()?.clone();
        let is_empty = given.values().all(Value::is_null) || member == "license" && !given.contains_key("name");
        (!is_empty).then(|| given.into_iter().filter(|(_, value)| !value.is_null()).collect())
    };
    Info {
        title: api.display_name.clone().unwrap_or_else(|| "API".to_owned()),
        description: api.description.clone(),
        terms_of_service: api.extra.get("termsOfServiceUrl").filter(|terms| !terms.is_null()).cloned(),
        contact: kept("contact"),
        license: kept("license"),
        version: api.api_version.clone().filter(|version| !version.is_empty()).unwrap_or_else(|| "1.0".to_owned()),
    }
}

fn server(api: &Api, gateway: &str, findings: &mut Findings) -> String {
    if api.api_version.as_deref().is_some_and(|version| !version.is_empty()) {
        let message = "how clients name the version of the API is not exported: add it to the server or the parameters";
        findings.warn("version-not-exported", "/servers/0", message);
    }
    let revision = api.api_revision.as_deref().filter(|_| api.is_current == Some(false));
    let revision = revision.map(|revision| format!(";rev={revision}")).unwrap_or_default();
    let url = format!("{}/{}{revision}", gateway.trim_end_matches('/'), api.path.trim_matches('/'));
    if url.len() > 1 { url.trim_end_matches('/').to_owned() } else { url }
}

/// How the subscription key is sent; nothing when none is needed.
fn security(api: &Api) -> Members<SecurityScheme> {
    if api.subscription_required == Some(false) {
        return Members::default();
    }
    let names = api.subscription_key_parameter_names.clone().unwrap_or_default();
    let scheme = |place, name: Option<String>, usual: &str| SecurityScheme {
        kind: "apiKey",
        name: name.filter(|name| !name.is_empty()).unwrap_or_else(|| usual.to_owned()),
        place,
    };
    Members(vec![
        ("apiKeyHeader".to_owned(), scheme("header", names.header, "Ocp-Apim-Subscription-Key")),
        ("apiKeyQuery".to_owned(), scheme("query", names.query, "subscription-key")),
    ])
}
