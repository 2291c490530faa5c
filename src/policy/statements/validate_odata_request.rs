//! `validate-odata-request`: the URL, the version and the size of a request to an OData API.

use std::sync::Arc;

use http::{HeaderMap, header};

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Resume, Statement};
use super::super::messages::MessageBody;
use super::super::odata::ODataVersion;
use super::super::peek::{Peeked, peek};
use super::super::pipeline::Needs;
use super::super::spec::{Attribute, Scope, Section, Spec};
use super::super::validation::{Action, ErrorKind, Report};
use crate::body::CollectError;
use crate::xml::Element;

const VERSION: &str = "a version of OData such as `4.01`";
const VARIABLE: Attribute = Attribute::optional("error-variable-name", "the name of a variable", "none");
const DEFAULT: Attribute = Attribute::optional("default-odata-version", VERSION, "4.0");
const LEAST: Attribute = Attribute::optional("min-odata-version", VERSION, "any");
const MOST: Attribute = Attribute::optional("max-odata-version", VERSION, "any");
const SIZE: Attribute = Attribute::optional("max-size", "bytes, a whole number from 0", "any");

pub(crate) const SPEC: Spec = Spec::new(
    "validate-odata-request",
    "Checks that a request to an OData API conforms to what the API's metadata declares: its path, its query options, its \
     version, and the size of its body.",
)
.sections(&[Section::Inbound])
.scopes(&[Scope::Global, Scope::Workspace, Scope::Product, Scope::Api])
.once()
.attributes(&[VARIABLE, DEFAULT, LEAST, MOST, SIZE]);

/// `validate-odata-request`, compiled.
#[derive(Debug)]
pub(crate) struct ValidateOdataRequest {
    variable: Option<Arc<str>>,
    default: ODataVersion,
    least: Option<ODataVersion>,
    most: Option<ODataVersion>,
    size: Option<u64>,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let validate = ValidateOdataRequest {
        variable: compiler.constant::<String>(element, &VARIABLE).map(Into::into),
        default: compiler.constant(element, &DEFAULT).unwrap_or(ODataVersion::V4),
        least: compiler.constant(element, &LEAST),
        most: compiler.constant(element, &MOST),
        size: compiler.within(element, &SIZE, 0..=i64::MAX),
    };
    if let (Some(least), Some(most)) = (validate.least, validate.most)
        && least > most
    {
        let message = format!("`min-odata-version` is {least} and `max-odata-version` {most}: no request can pass");
        compiler.warning(element.span.start, message);
    }
    Some(step("validate-odata-request", validate))
}

impl ValidateOdataRequest {
    /// The version of a request, or what is wrong with what its headers say.
    fn version(&self, headers: &HeaderMap, report: &mut Report) -> ODataVersion {
        let mut add =
            |name: &str, details| report.add(Action::Prevent, ErrorKind::RequestHeader, name, "ODataVersion", details);
        if let Some(Err(text)) = said(headers, "odata-maxversion") {
            add("OData-MaxVersion", format!("The OData-MaxVersion header value '{text}' is not a version."));
        }
        let version = match said(headers, "odata-version").or_else(|| said(headers, "dataserviceversion")) {
            None => self.default,
            Some(Ok(version)) => version,
            Some(Err(text)) => {
                add("OData-Version", format!("The OData-Version header value '{text}' is not a version."));
                return self.default;
            }
        };
        if let Some(least) = self.least.filter(|least| version < *least) {
            add("OData-Version", format!("The OData version {version} is not supported: the minimum is {least}."));
        }
        if let Some(most) = self.most.filter(|most| version > *most) {
            add("OData-Version", format!("The OData version {version} is not supported: the maximum is {most}."));
        }
        version
    }

    fn report(&self, exchange: &Exchange) -> Report {
        let mut report =
            Report::new(SPEC.element, Section::Inbound, self.variable.clone()).because("ODataRequestInvalid");
        let version = self.version(&exchange.request.headers, &mut report);
        let Some(metadata) = exchange.facts.api.as_ref().and_then(|api| api.odata.as_ref()) else {
            report.add_no_schema(Action::Prevent, "API's schema does not exist or it could not be resolved.");
            return report;
        };
        for problem in metadata.check(exchange.request.rest(), version) {
            let kind = if problem.option.is_some() { ErrorKind::QueryParameter } else { ErrorKind::PathParameter };
            let name = problem.option.unwrap_or_default();
            report.add(Action::Prevent, kind, &name, problem.rule, problem.message);
        }
        report
    }
}

/// What a header says, when it is there.
fn said(headers: &HeaderMap, name: &str) -> Option<Result<ODataVersion, String>> {
    let text = String::from_utf8_lossy(headers.get(name)?.as_bytes()).into_owned();
    Some(ODataVersion::parse(&text).ok_or(text))
}

fn too_large(report: &mut Report, size: Option<u64>, limit: u64) {
    let details = match size {
        Some(size) => format!("Request's body is {size} bytes long and it exceeds the limit of {limit} bytes."),
        None => format!("Request's body exceeds the limit of {limit} bytes."),
    };
    report.add(Action::Prevent, ErrorKind::RequestBody, "", "SizeLimit", details);
}

impl Statement for ValidateOdataRequest {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let mut report = self.report(exchange);
        let Some(limit) = self.size else { return report.finish(exchange) };
        let told = exchange.request.headers.get(header::CONTENT_LENGTH);
        let told = told.and_then(|length| length.to_str().ok()?.trim().parse::<u64>().ok());
        let size = match &exchange.request.body {
            MessageBody::Bytes(bytes) => Some(bytes.len() as u64),
            MessageBody::Stream(_) => told,
            MessageBody::None | MessageBody::Consumed | MessageBody::Sent => Some(0),
        };
        if let Some(size) = size {
            if size > limit {
                too_large(&mut report, Some(size), limit);
            }
            return report.finish(exchange);
        }
        // Nobody has said how long the body is: it is read up to the limit, and stays whole.
        let body = exchange.request.body.take();
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(Flow::Wait(Box::pin(async move {
            let peeked = peek(body, most).await;
            let resume: Resume = Box::new(move |exchange| {
                match peeked {
                    Ok(Peeked::Whole(body)) => exchange.request.body = MessageBody::new(body),
                    Ok(Peeked::Longer(body)) => {
                        exchange.request.body = MessageBody::Stream(body);
                        too_large(&mut report, None, limit);
                    }
                    Err(error) => exchange.put_body(Err(CollectError::Read(error)), true)?,
                }
                report.finish(exchange)
            });
            resume
        })))
    }

    fn needs(&self) -> Needs {
        Needs::REQUEST
    }
}
