//! `set-backend-service`: another base URL or Backend entity for the request.

use std::sync::Arc;

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement};
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Scope, Section, Spec};
use crate::forward::{BaseUrl, Target};
use crate::xml::Element;

const BASE_URL: Attribute =
    Attribute::optional("base-url", "a URL such as `https://contoso.com/api`", "none").or_expression();
const BACKEND_ID: Attribute = Attribute::optional("backend-id", "the id of a backend", "none").or_expression();
/// Attributes of Service Fabric and Dapr backends.
const OTHERS: [Attribute; 8] = [
    Attribute::optional("sf-resolve-condition", "`true`, `false` or an expression", "none").or_expression(),
    Attribute::optional("sf-service-instance-name", "a service name", "none").or_expression(),
    Attribute::optional("sf-partition-key", "a partition key", "none").or_expression(),
    Attribute::optional("sf-listener-name", "a listener name", "none").or_expression(),
    Attribute::optional("sf-replica-type", "`primary` or `secondary`", "none").or_expression(),
    Attribute::optional("dapr-app-id", "an application id", "none").or_expression(),
    Attribute::optional("dapr-method", "a method name", "none").or_expression(),
    Attribute::optional("dapr-namespace", "a namespace", "none").or_expression(),
];
const ATTRIBUTES: [Attribute; 10] =
    [BASE_URL, BACKEND_ID, OTHERS[0], OTHERS[1], OTHERS[2], OTHERS[3], OTHERS[4], OTHERS[5], OTHERS[6], OTHERS[7]];

pub(crate) const SPEC: Spec =
    Spec::new("set-backend-service", "Sends the request to another base URL or Backend entity.")
        .sections(&[Section::Inbound, Section::Backend])
        .attributes(&ATTRIBUTES);

/// `set-backend-service`, compiled.
#[derive(Debug)]
pub(crate) struct SetBackendService {
    scope: Scope,
    to: To,
}

#[derive(Debug)]
enum To {
    Url(Arc<BaseUrl>),
    ComputedUrl(Setting<String>),
    Backend(Arc<str>),
    ComputedBackend(Setting<String>),
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let at = element.span.start;
    for other in OTHERS.iter().filter_map(|other| element.attribute(other.name)) {
        let message = format!("`{}` of `set-backend-service` is not supported here yet", other.name);
        compiler.error(other.span.start, message);
    }
    let (has_url, has_id) = (element.attribute("base-url").is_some(), element.attribute("backend-id").is_some());
    if has_url == has_id {
        let found = if has_url { "both" } else { "neither" };
        let message = format!("`set-backend-service` has {found} of `base-url` and `backend-id`: expected exactly one");
        compiler.error(at, message);
        return None;
    }
    let to = if has_url {
        match compiler.setting::<String>(element, &BASE_URL)? {
            Setting::Constant(text) => match BaseUrl::parse(&text) {
                Ok(url) => To::Url(Arc::new(url)),
                Err(error) => {
                    compiler.error(at, format!("`base-url` of `set-backend-service`: {error}"));
                    return None;
                }
            },
            computed => To::ComputedUrl(computed),
        }
    } else {
        match compiler.setting::<String>(element, &BACKEND_ID)? {
            Setting::Constant(id) => {
                let known = &compiler.environment.backends;
                if known.as_ref().is_some_and(|known| !known.contains(&id.to_ascii_lowercase())) {
                    let message = format!("backend `{id}` is not defined");
                    if compiler.environment.takes_as_given() {
                        compiler.note(at, format!("backend `{id}` is taken as given"));
                    } else {
                        compiler.error(at, message);
                    }
                }
                To::Backend(id.into())
            }
            computed => To::ComputedBackend(computed),
        }
    };
    Some(step("set-backend-service", SetBackendService { scope: compiler.scope, to }))
}

impl Statement for SetBackendService {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let target = match &self.to {
            To::Url(url) => Target::Url(url.clone()),
            To::ComputedUrl(text) => {
                let url = BaseUrl::parse(&text.get(exchange)?);
                Target::Url(Arc::new(url.map_err(|error| Failure::internal("InvalidBackendUrl", error.to_string()))?))
            }
            To::Backend(id) => Target::Backend(id.clone()),
            To::ComputedBackend(id) => {
                let id: Arc<str> = id.get(exchange)?.trim().into();
                if let Some(directory) = &exchange.facts.backends
                    && directory.backend(&id).is_none()
                {
                    return Err(Failure::internal("BackendNotFound", format!("Backend {id} was not found.")));
                }
                Target::Backend(id)
            }
        };
        match target {
            Target::Backend(_) => exchange.backend_set_by = Some(self.scope),
            Target::Url(_) => {
                let inherited = exchange.backend_set_by.is_some_and(|scope| scope < self.scope);
                if inherited && !exchange.settings.base_url_overrides_inherited_backend_id {
                    tracing::debug!(target: "gatewright::policy",
                        "set-backend-service: a broader scope set a backend-id, which base-url does not override");
                    return Ok(Flow::Continue);
                }
            }
        }
        exchange.target = Some(target);
        Ok(Flow::Continue)
    }

    fn needs(&self) -> Needs {
        match &self.to {
            To::Url(_) | To::Backend(_) => Needs::NONE,
            To::ComputedUrl(text) | To::ComputedBackend(text) => text.needs(),
        }
    }
}
