//! WSDL 1.1: one SOAP endpoint as a pass-through API, or as a REST API in front of it.

mod definitions;
mod fields;
mod files;
mod guard;
mod lines;
mod ncname;
mod pass_through;
mod rest;
mod restrictions;
mod schemas;
mod templates;
mod text;
mod types;

use definitions::{Definitions, Port, Soap, WSDL};
use files::{Documents, Texts};
use lines::Lines;
use roxmltree::Document;
pub(crate) use text::decode_alone as markup_text;
use types::Types;

use super::finding::Findings;
use super::generated::literal_url;
use super::limits::LARGEST_POLICY;
use super::{Imported, SourceFile, names};
use crate::model::{Api, ApiKind, Resource};

const WSDL_20: &str = "http://www.w3.org/ns/wsdl";

/// Settings of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WsdlOptions {
    /// Name of the API resource; otherwise made from the name of the service.
    pub name: Option<String>,
    /// URL suffix of the API; otherwise its name.
    pub path: Option<String>,
    /// Local name of the service; needed when several endpoints are offered.
    pub service: Option<String>,
    /// Local name of the endpoint (`wsdl:port`); needed when several are offered.
    pub endpoint: Option<String>,
    /// Whether one of several endpoints is taken when none is named: the first of SOAP 1.1 at an `https` address, else
    /// the first of SOAP 1.1, else the first.
    pub any_endpoint: bool,
    /// What becomes of imports and includes that lead to files.
    pub imports: Imports,
    /// What is made of the endpoint.
    pub form: SoapForm,
    /// The largest document taken, in bytes: 64 MiB. The service takes 4 MiB in a request.
    pub max_bytes: usize,
    /// How deep elements may nest: 256, which is also the most.
    pub max_depth: usize,
    /// The most nodes of a document, attributes among them: 4 000 000.
    pub max_nodes: u32,
    /// The largest policy document made for an operation, in bytes: 256 KiB, as the service takes.
    pub max_policy_bytes: usize,
}

/// What is made of a SOAP endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SoapForm {
    /// A SOAP API: clients send envelopes, which pass as they are.
    #[default]
    PassThrough,
    /// A REST API: clients send JSON, policies make envelopes of it.
    Rest,
}

/// What becomes of imports and includes that lead to one of the files handed in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Imports {
    /// They are followed.
    #[default]
    Follow,
    /// They are followed, and refuse the document all the same, as the service does.
    Refuse,
}

impl Default for WsdlOptions {
    fn default() -> Self {
        Self {
            name: None,
            path: None,
            service: None,
            endpoint: None,
            any_endpoint: false,
            imports: Imports::default(),
            form: SoapForm::default(),
            max_bytes: 64 * 1024 * 1024,
            max_depth: guard::DEEPEST,
            max_nodes: 4_000_000,
            max_policy_bytes: LARGEST_POLICY,
        }
    }
}

/// Imports one endpoint of a WSDL 1.1 document.
///
/// As pass-through each operation is `POST /?soapAction=…`, and requests go to the endpoint's address as they came. As
/// REST each operation is `POST /{name}` with a policy that turns JSON into an envelope and the answer into JSON.
/// Nothing that the document imports is fetched; [`wsdl_with_files`] takes it from files.
pub fn wsdl(bytes: &[u8], options: &WsdlOptions) -> Imported {
    wsdl_with_files(bytes, &[], options)
}

/// Imports one endpoint of a WSDL 1.1 document whose imports and includes are among `files`.
///
/// A location is looked up from the file that names it, the document itself being beside `files` with its path empty; then
/// as it is written, so that a file may have a URL as its path; then by the name of the file alone, if only one has it.
pub fn wsdl_with_files(bytes: &[u8], files: &[SourceFile<'_>], options: &WsdlOptions) -> Imported {
    let mut findings = Findings::default();
    if bytes.len() > options.max_bytes {
        let message = format!("the document has {} bytes: at most {} are taken", bytes.len(), options.max_bytes);
        findings.refuse("inline-too-large", "", message);
        return refused(findings, options);
    }
    let Some(text) = text::decode(bytes) else {
        let message = "the document is not UTF-8, UTF-16 or ISO-8859-1";
        findings.refuse_at("invalid-syntax", text::bad_place(bytes), message);
        return refused(findings, options);
    };
    if let Some((problem, at)) = guard::problem(&text, options.max_depth) {
        let place = at.map(|at| Lines::new(&text).place(at));
        findings.refuse_at("invalid-syntax", place, format!("the document is not read: {problem}"));
        return refused(findings, options);
    }
    match Document::parse_with_options(&text, files::options(options.max_nodes)) {
        Ok(document) => {
            let texts = Texts::new(files, options);
            let documents = Documents::new(document, &texts, options.max_nodes);
            import(&text, &documents, findings, options)
        }
        Err(roxmltree::Error::DtdDetected) => {
            findings.refuse_at("doctype", doctype(&text), "a document type is not allowed: remove `<!DOCTYPE>`");
            refused(findings, options)
        }
        Err(error) => {
            let place = error.pos();
            let message = error.to_string();
            let message = message.split(" at ").next().unwrap_or_default().to_owned();
            let place = Some((u64::from(place.row), u64::from(place.col)));
            findings.refuse_at("invalid-syntax", place, format!("the document is not XML: {message}"));
            refused(findings, options)
        }
    }
}

/// Line and column of the document type.
fn doctype(text: &str) -> Option<(u64, u64)> {
    let before = &text[..text.find("<!DOCTYPE")?];
    let line = before.rsplit('\n').next().unwrap_or_default();
    Some((before.matches('\n').count() as u64 + 1, line.chars().count() as u64 + 1))
}

fn refused(findings: Findings, options: &WsdlOptions) -> Imported {
    let name = options.name.clone().unwrap_or_else(|| "api".to_owned());
    let api = Api::new(options.path.clone().unwrap_or_default()).kind(ApiKind::Soap);
    Imported::new(findings.into_vec(), Resource::new(name, api))
}

fn import(text: &str, documents: &Documents<'_>, mut findings: Findings, options: &WsdlOptions) -> Imported {
    let root = documents.root();
    match (root.tag_name().namespace(), root.tag_name().name()) {
        (Some(WSDL), "definitions") => {}
        (Some(WSDL_20), _) => {
            let message = "WSDL 2.0 is not supported: expected WSDL 1.1";
            documents.refuse(&mut findings, "wsdl-2.0", root, message);
            return refused(findings, options);
        }
        (_, name) => {
            let message = format!("`<{name}>` is not WSDL: expected `<definitions>` of WSDL 1.1");
            documents.refuse(&mut findings, "not-wsdl", root, message);
            return refused(findings, options);
        }
    }
    let definitions = &Definitions::new(documents);
    let types = Types::new(definitions);
    restrictions::document(definitions, &types, documents, options.imports, &mut findings);
    let ports = definitions.ports();
    let Some(port) = choose(definitions, documents, &ports, &mut findings, options) else {
        return refused(findings, options);
    };
    let endpoint = &definitions.endpoint(port);
    restrictions::endpoint(endpoint, documents, &mut findings);
    let generated = || Some(names::normalise(endpoint.service_name)).filter(|name| !name.is_empty());
    let name = options.name.clone().or_else(generated).unwrap_or_else(|| "api".to_owned());
    let path = options.path.clone().unwrap_or_else(|| name.clone());
    if options.form == SoapForm::Rest {
        let digest = names::digest(text.as_bytes());
        let made = rest::operations(endpoint, &types, documents, &digest, options.max_policy_bytes, &mut findings);
        let mut api = rest::api(endpoint, path);
        api.service_url = literal_url(api.service_url, "", &mut findings);
        let mut imported = Imported::new(findings.into_vec(), Resource::new(name, api));
        imported.operations = made.operations;
        imported.policies = made.policies;
        imported.schemas.extend(made.schemas);
        return imported;
    }
    let mut api = pass_through::api(endpoint, path);
    api.service_url = literal_url(api.service_url, "", &mut findings);
    let schemas = schemas::Schemas::new(&types, documents, text.len(), &mut findings);
    let mut imported = Imported::new(findings.into_vec(), Resource::new(name, api));
    imported.operations = pass_through::operations(endpoint, &types, &schemas);
    imported.schemas = schemas.into_resources();
    imported
}

/// The endpoint that the options name, or the only one.
fn choose<'e, 'd>(
    definitions: &Definitions<'d>,
    documents: &Documents<'_>,
    endpoints: &'e [Port<'d>],
    findings: &mut Findings,
    options: &WsdlOptions,
) -> Option<&'e Port<'d>> {
    let root = documents.root();
    if definitions.children("service").next().is_none() {
        let message = "the document has no service: nothing says where to send requests";
        documents.refuse(findings, "no-service", root, message);
        return None;
    }
    let is_wanted = |wanted: &Option<String>, name: &str| wanted.as_ref().is_none_or(|wanted| wanted == name);
    let mut chosen = endpoints.iter().filter(|endpoint| {
        is_wanted(&options.service, endpoint.service_name) && is_wanted(&options.endpoint, endpoint.name)
    });
    let offered = || {
        let names = endpoints.iter().take(20).map(|endpoint| format!("`{}/{}`", endpoint.service_name, endpoint.name));
        names.collect::<Vec<_>>().join(", ")
    };
    if options.any_endpoint {
        let rank = |endpoint: &&Port<'_>| {
            let is_https = endpoint.address.is_some_and(|url| url.to_ascii_lowercase().starts_with("https://"));
            (endpoint.soap != Soap::V11, !is_https)
        };
        if let Some(best) = chosen.clone().min_by_key(rank).filter(|_| chosen.clone().nth(1).is_some()) {
            let message = format!("endpoint `{}/{}` is taken of {}", best.service_name, best.name, offered());
            documents.warn(findings, "several-endpoints", best.node, message);
            return Some(best);
        }
    }
    let first = chosen.next();
    match (first, chosen.next()) {
        (None, _) if endpoints.is_empty() => {
            documents.refuse(findings, "no-soap-endpoint", root, "no port has a SOAP binding");
        }
        (None, _) => {
            let message = format!("no endpoint has the names that were given: there are {}", offered());
            documents.refuse(findings, "no-soap-endpoint", root, message);
        }
        (Some(_), Some(_)) => {
            let message = format!("only one endpoint can be imported: name one of {}", offered());
            documents.refuse(findings, "several-endpoints", root, message);
            return None;
        }
        (Some(first), None) if endpoints.len() > 1 => {
            let message = format!("{} endpoints: the others are left out", endpoints.len());
            documents.warn(findings, "several-endpoints", first.node, message);
        }
        (Some(_), None) => {}
    }
    first
}
