//! APIs made of a description (`format` and `value`), and descriptions made of APIs (`export=true`).

use http::StatusCode;
use serde_json::{Value, json};

use super::super::answer::Answer;
use super::super::error::Failure;
use super::super::kind::{Place, Properties, default, from_properties, to_properties};
use super::super::query::Query;
use crate::import::{
    self, ExportOptions, Finding, Imported, OpenApiFormat, OpenApiVersion, Options, QueryParameters, Severity,
    SoapForm, WsdlOptions,
};
use crate::model::{ApiEntry, Store, WsdlSelector};

/// A description that an API is to be made of.
pub(super) struct Import {
    format: Format,
    text: String,
}

enum Format {
    OpenApi(OpenApiFormat),
    Wsdl,
}

impl Format {
    fn of(name: &str) -> Option<Self> {
        match name {
            "openapi" => Some(Self::OpenApi(OpenApiFormat::OpenApi)),
            "openapi+json" => Some(Self::OpenApi(OpenApiFormat::OpenApiJson)),
            "swagger-json" => Some(Self::OpenApi(OpenApiFormat::SwaggerJson)),
            "wsdl" => Some(Self::Wsdl),
            _ => None,
        }
    }
}

/// The description in some properties, if there is one.
pub(super) fn of(properties: &Properties) -> Result<Option<Import>, Failure> {
    let text = |name: &str| properties.get(name).and_then(Value::as_str);
    let (format, value) = match (text("format"), text("value")) {
        (None, None) => return Ok(None),
        (Some(format), Some(value)) => (format, value),
        (None, _) => return Err(Failure::validation("format", "`value` needs a `format`, such as `openapi+json`")),
        (_, None) => return Err(Failure::validation("value", "`format` needs a `value`")),
    };
    let lower = format.to_ascii_lowercase();
    let format = match (Format::of(&lower), Format::of(&lower.replace("-link", ""))) {
        (Some(format), _) => format,
        (None, Some(_)) => {
            let message =
                format!("`format` is `{format}`, and links are not followed: put the description into `value`");
            return Err(Failure::validation("format", message));
        }
        (None, None) => {
            let message =
                format!("`format` is `{format}`: expected `openapi`, `openapi+json`, `swagger-json` or `wsdl`");
            return Err(Failure::validation("format", message));
        }
    };
    Ok(Some(Import { format, text: value.to_owned() }))
}

impl Import {
    /// The API with its operations and schemas. What `properties` say wins over the description; the rest is put into them.
    pub fn import(
        self,
        name: &str,
        existing: Option<&ApiEntry>,
        properties: &mut Properties,
    ) -> Result<ApiEntry, Failure> {
        let path = properties.get("path").and_then(Value::as_str).map(str::to_owned);
        let imported = match self.format {
            Format::OpenApi(format) => {
                let (name, format) = (Some(name.to_owned()), Some(format));
                let mut options = Options { name, path, format, ..Options::default() };
                let conduct = properties.get("translateRequiredQueryParameters").and_then(Value::as_str);
                if conduct.is_some_and(|conduct| conduct.eq_ignore_ascii_case("query")) {
                    options.query_parameters = QueryParameters::Query;
                }
                import::openapi(self.text.as_bytes(), &options)
            }
            Format::Wsdl => {
                let mut options = WsdlOptions { name: Some(name.to_owned()), path, ..WsdlOptions::default() };
                let selector = properties.get("wsdlSelector").and_then(Value::as_object).cloned();
                if let Some(selector) = selector.map(from_properties::<WsdlSelector>).transpose()? {
                    options.service = selector.wsdl_service_name;
                    options.endpoint = selector.wsdl_endpoint_name;
                }
                let kind = properties.get("apiType").or(properties.get("type")).and_then(Value::as_str);
                if kind.is_some_and(|kind| kind.eq_ignore_ascii_case("http")) {
                    options.form = SoapForm::Rest;
                }
                import::wsdl(self.text.as_bytes(), &options)
            }
        };
        if !imported.accepted {
            return Err(refused(&imported));
        }
        let entry = match existing {
            Some(existing) => imported.replace(existing).0,
            None => imported.into_entry(),
        };
        for (member, value) in to_properties(&entry.api) {
            default(properties, &member, value);
        }
        Ok(entry)
    }
}

fn refused(imported: &Imported) -> Failure {
    let errors = imported.findings.iter().filter(|finding| finding.severity == Severity::Error);
    let failure = Failure::new(StatusCode::BAD_REQUEST, "ValidationError", "Parsing error(s):");
    errors.fold(failure, |failure, finding| failure.with_place("value", finding.to_string(), place(finding)))
}

fn place(finding: &Finding) -> Option<(u32, u32)> {
    let (line, column) = finding.line.zip(finding.column)?;
    Some((line.try_into().ok()?, column.try_into().ok()?))
}

/// The description of an API, in the answer itself or behind a link.
pub(super) fn export(entry: &ApiEntry, store: &Store, at: &Place, query: &Query) -> Result<Answer, Failure> {
    let format = query.get("format").unwrap_or_default();
    let is_link = match format.to_ascii_lowercase().as_str() {
        "openapi+json" => false,
        // JSON is YAML, too.
        "openapi+json-link" | "openapi-link" => true,
        _ => {
            let message =
                format!("`format` is `{format}`: expected `openapi-link`, `openapi+json-link` or `openapi+json`");
            return Err(Failure::validation("format", message));
        }
    };
    let gateway_url = match store.host_names.first() {
        Some(host) => format!("https://{host}"),
        None => format!("https://{}.azure-api.net", at.service_id.rsplit('/').next().unwrap_or_default()),
    };
    let options = ExportOptions { version: OpenApiVersion::V30, gateway_url };
    let exported = import::export_openapi(entry, &options);
    let Some(document) = exported.document else {
        let problems = exported.findings.iter().filter(|finding| finding.severity == Severity::Error);
        let failure = Failure::new(StatusCode::BAD_REQUEST, "ValidationError", "The API cannot be exported:");
        return Err(problems.fold(failure, |failure, finding| failure.with("format", finding.to_string())));
    };
    let document = serde_json::to_value(&document).unwrap_or_default();
    let mut body = json!({ "id": at.id(&["apis"]), "format": format });
    let mut answer = Answer::new(StatusCode::OK);
    match is_link {
        true => answer.document = Some(document.to_string()),
        false => body["value"] = document,
    }
    Ok(answer.json(body))
}
