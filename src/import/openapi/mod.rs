//! OpenAPI 2.0, 3.0 and 3.1, as JSON or YAML.

mod bodies;
mod document;
mod dropped;
mod forms;
mod json;
mod json_writer;
mod operations;
mod options;
mod parameters;
mod pointer;
mod references;
mod room;
mod samples;
mod schemas;
mod security;
mod servers;
mod shape;
mod syntax;
mod yaml;

use bodies::MediaTypes;
use document::Node;
pub(super) use document::escape as escape_name;
use dropped::Dropped;
pub use options::{OpenApiFormat, Options, QueryParameters, Strictness};
use references::References;
use room::Room;
use samples::Samples;
use schemas::Schemas;
pub(super) use security::api_keys;
use syntax::Syntax;
pub(super) use syntax::{Limits, SyntaxError, json_value};

use super::finding::Findings;
use super::generated::literal_url;
use super::{Imported, Severity, names};
use crate::model::{Api, Backend, Protocol, Resource, Tag};

/// Imports an OpenAPI document.
///
/// ```
/// use gatewright::import::{Options, openapi};
///
/// let document = br#"{
///     "openapi": "3.0.3", "info": {"title": "Orders", "version": "1"},
///     "servers": [{"url": "https://orders.example.com"}],
///     "paths": {"/orders/{id}": {"get": {
///         "operationId": "getOrder",
///         "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}],
///         "responses": {"200": {"description": "the order"}}
///     }}}
/// }"#;
/// let imported = openapi(document, &Options::default());
/// assert!(imported.accepted);
/// assert_eq!(imported.operations[0].name.as_deref(), Some("getorder"));
/// assert_eq!(imported.operations[0].properties.url_template, "/orders/{id}");
/// ```
pub fn openapi(bytes: &[u8], options: &Options) -> Imported {
    let mut findings = Findings::default();
    if bytes.len() > options.max_bytes {
        let message = format!("the document has {} bytes: at most {} are taken", bytes.len(), options.max_bytes);
        findings.refuse("inline-too-large", "", message);
        return refused(findings, options);
    }
    let syntax = match options.format {
        Some(OpenApiFormat::OpenApiJson | OpenApiFormat::SwaggerJson) => Some(Syntax::Json),
        Some(OpenApiFormat::OpenApi) | None => None,
    };
    match syntax::read(bytes, syntax, &options.limits()) {
        Ok((syntax, document)) => import(document.root(), syntax, findings, options, bytes),
        Err(error) => {
            findings.refuse_at(error.code, error.place, error.message);
            refused(findings, options)
        }
    }
}

/// Which version of the specification a document follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    V2,
    V30,
    V31,
}

/// What all parts of an import share.
struct Context<'d> {
    root: Node<'d>,
    references: References<'d>,
    version: Version,
    options: &'d Options,
    findings: Findings,
    schemas: Schemas<'d>,
    samples: Samples<'d>,
    media_types: MediaTypes,
    room: Room,
    dropped: Dropped,
}

fn refused(findings: Findings, options: &Options) -> Imported {
    let name = options.name.clone().unwrap_or_else(|| "api".to_owned());
    Imported::new(findings.into_vec(), Resource::new(name, Api::new(options.path.clone().unwrap_or_default())))
}

fn import(root: Node<'_>, syntax: Syntax, mut findings: Findings, options: &Options, bytes: &[u8]) -> Imported {
    let supported = version(root, &mut findings).filter(|version| is_wanted(*version, syntax, options, &mut findings));
    let (version, is_supported) = (supported.unwrap_or(Version::V30), supported.is_some());
    if version == Version::V2 && syntax == Syntax::Yaml {
        let severity = if options.strictness == Strictness::Lenient { Severity::Warning } else { Severity::Error };
        let message = "OpenAPI 2.0 is supported as JSON only: convert the document to JSON or to 3.0".to_owned();
        findings.add("swagger2-yaml", severity, String::new(), message);
    }
    let references = references::check(root, &mut findings);
    let id = options.schema_id.clone().unwrap_or_else(|| names::digest(bytes));
    let mut context = Context {
        root,
        references,
        version,
        options,
        findings,
        schemas: Schemas::new(root, id),
        samples: Samples::default(),
        media_types: MediaTypes::default(),
        room: Room::new(bytes.len()),
        dropped: Dropped::default(),
    };
    if is_supported {
        shape::check(&mut context);
    }
    let api = api(&mut context);
    let made = operations::operations(&mut context);
    if is_supported {
        shape::conclude(&mut context);
    }
    dropped_of_document(&mut context);
    let says_protocols = servers::says_protocols(&context);
    let backend = options.make_backend.then(|| backend(&api)).flatten();
    let (findings, schemas) = (context.findings, context.schemas);
    let mut imported = Imported::new(findings.into_vec(), api);
    imported.dropped = context.dropped.into_findings();
    imported.says_protocols = says_protocols;
    imported.operations = made.operations;
    imported.tags = tags(root, &made.tags);
    imported.operation_tags = made.tags;
    imported.backends.extend(backend);
    imported.schemas.extend(schemas.into_resource(version));
    imported
}

/// The version; none, and a finding, when it is not one that can be read.
fn version(root: Node<'_>, findings: &mut Findings) -> Option<Version> {
    let (openapi, swagger) = (root.get("openapi"), root.get("swagger"));
    let written = if openapi.is_null() { swagger } else { openapi };
    match written.to_text().as_str() {
        "2.0" if openapi.is_null() => return Some(Version::V2),
        text if text.starts_with("3.0") => return Some(Version::V30),
        text if text.starts_with("3.1") => return Some(Version::V31),
        _ if written.is_null() => {
            findings.refuse("unsupported-version", "", "the document has no `openapi` and no `swagger`: expected one");
        }
        text => {
            let message = format!("version `{text}` is not supported: expected 2.0, 3.0 or 3.1");
            let pointer = if openapi.is_null() { "/swagger" } else { "/openapi" };
            findings.refuse("unsupported-version", pointer, message);
        }
    }
    None
}

/// Whether the version is that of the format that the caller named.
fn is_wanted(version: Version, syntax: Syntax, options: &Options, findings: &mut Findings) -> bool {
    let (expected, is_expected) = match options.format {
        None => return true,
        Some(OpenApiFormat::SwaggerJson) => ("2.0", version == Version::V2),
        // Tools send 2.0 as YAML under this name, too: whether that is taken is said elsewhere.
        Some(OpenApiFormat::OpenApi) => ("3.0 or 3.1", version != Version::V2 || syntax == Syntax::Yaml),
        Some(OpenApiFormat::OpenApiJson) => ("3.0 or 3.1", version != Version::V2),
    };
    if !is_expected {
        let pointer = if version == Version::V2 { "/swagger" } else { "/openapi" };
        let message = format!("the version is not that of the format that was named: expected {expected}");
        findings.refuse("unsupported-version", pointer, message);
    }
    is_expected
}

/// Counts what the document itself and its tags say and an API has no place for.
fn dropped_of_document(context: &mut Context<'_>) {
    if context.root.find("externalDocs").is_some() {
        context.dropped.count(dropped::Kind::ExternalDocs, || "/externalDocs".to_owned());
    }
    for (number, tag) in context.root.get("tags").items().enumerate() {
        if tag.find("externalDocs").is_some() {
            context.dropped.count(dropped::Kind::ExternalDocs, || format!("/tags/{number}/externalDocs"));
        }
    }
}

fn api(context: &mut Context<'_>) -> Resource<Api> {
    let info = context.root.get("info");
    let title = info.get("title").some_text().unwrap_or("API");
    let generated = || Some(names::normalise(title)).filter(|name| !name.is_empty());
    let name = context.options.name.clone().or_else(generated).unwrap_or_else(|| "api".to_owned());
    let mut api = Api::new(context.options.path.clone().unwrap_or_else(|| name.clone()));
    api.display_name = Some(names::cut(title, 300).0.to_owned());
    api.description = info.get("description").some_text().map(str::to_owned);
    let service_url = servers::service_url(context);
    api.service_url = literal_url(service_url, "/servers", &mut context.findings);
    api.protocols = servers::protocols(context);
    if let Some(terms) = info.get("termsOfService").text() {
        api.extra.insert("termsOfServiceUrl", terms.into());
    }
    for member in ["contact", "license"] {
        if let Some(value) = info.find(member).filter(|value| value.is_map()) {
            let kept = ["name", "url", "email"].iter().filter_map(|&name| Some((name, value.get(name).text()?)));
            api.extra.insert(member, kept.collect());
        }
    }
    security::read(context, &mut api);
    let webhooks = context.root.get("webhooks").members().count();
    if webhooks > 0 {
        context.findings.warn("webhooks-ignored", "/webhooks", format!("{webhooks} webhooks are left out"));
    }
    Resource::new(name, api)
}

fn backend(api: &Resource<Api>) -> Option<Resource<Backend>> {
    let url = api.properties.service_url.as_deref()?;
    Some(Resource::new(api.name.clone()?, Backend::new(url).ok()?.protocol(Protocol::Http)))
}

/// The tags that the document declares, then those that only operations name.
fn tags(root: Node<'_>, used: &[(String, Vec<String>)]) -> Vec<Resource<Tag>> {
    let declared = root.get("tags").items().filter_map(|tag| tag.get("name").some_text());
    let used = used.iter().flat_map(|(_, tags)| tags).map(String::as_str);
    let mut seen = names::Taken::default();
    declared
        .chain(used)
        .filter(|name| seen.insert(name))
        .map(|name| Resource::new(name, Tag::new().display_name(name)))
        .collect()
}
