//! `set-backend-service`: another base URL or Backend entity for the request.

use std::sync::Arc;

use super::super::compile::{Compiler, step};
use super::super::dapr::{Invocation, TARGET as DAPR};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::fabric::FabricUse;
use super::super::list::{Flow, Statement};
use super::super::pipeline::Needs;
use super::super::setting::{Literal, Setting};
use super::super::spec::{Attribute, Scope, Section, Spec};
use crate::expr::Value;
use crate::forward::{BaseUrl, FabricOptions, ReplicaRole, Target};
use crate::xml::Element;

const BASE_URL: Attribute =
    Attribute::optional("base-url", "a URL such as `https://contoso.com/api`", "none").or_expression();
const BACKEND_ID: Attribute = Attribute::optional("backend-id", "the id of a backend", "none").or_expression();
const RESOLVE: Attribute =
    Attribute::optional("sf-resolve-condition", "`true`, `false` or an expression", "none").or_expression();
const SERVICE: Attribute =
    Attribute::optional("sf-service-instance-name", "a name such as `fabric:/app/service`", "the backend's URL")
        .or_expression();
const KEY: Attribute = Attribute::optional("sf-partition-key", "a partition key", "none").or_expression();
const LISTENER: Attribute =
    Attribute::optional("sf-listener-name", "a listener name", "the unnamed one").or_expression();
const REPLICA: Attribute =
    Attribute::optional("sf-replica-type", "`primary` or `secondary`", "primary").or_expression();
const ATTRIBUTES: [Attribute; 10] =
    [BASE_URL, BACKEND_ID, RESOLVE, SERVICE, KEY, LISTENER, REPLICA, DAPR[0], DAPR[1], DAPR[2]];

pub(crate) const SPEC: Spec =
    Spec::new("set-backend-service", "Sends the request to another base URL or Backend entity.")
        .attributes(&ATTRIBUTES).differences(&["`EngineSettings::base_url_overrides_inherited_backend_id` lets a `base-url` of a narrower document override the `backend-id` of a broader one."]);

/// `set-backend-service`, compiled.
#[derive(Debug)]
pub(crate) struct SetBackendService {
    scope: Scope,
    to: To,
    fabric: Option<Box<FabricSettings>>,
}

/// The attributes for a Service Fabric cluster.
#[derive(Debug)]
struct FabricSettings {
    service: Option<Setting<String>>,
    key: Option<Setting<String>>,
    listener: Option<Setting<String>>,
    replica: Setting<ReplicaRole>,
    resolve: Option<Arc<Setting<bool>>>,
}

#[derive(Debug)]
enum To {
    Url(Arc<BaseUrl>),
    ComputedUrl(Setting<String>),
    Backend(Arc<str>),
    ComputedBackend(Setting<String>),
    Dapr(Invocation),
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let statement = SetBackendService::compile(compiler, element)?;
    if statement.is_complete() {
        let (at, is_placed) = (element.span.start, compiler.knows_section);
        if is_placed && compiler.section != Section::Inbound {
            let message = format!(
                "`set-backend-service` for Dapr is not allowed in `{}`: it belongs in `inbound`",
                compiler.section
            );
            compiler.strict(at, message);
        }
        if compiler.scope == Scope::Workspace {
            let message = "`set-backend-service` for Dapr is not allowed in a document of scope `workspace`";
            compiler.strict(at, message.to_owned());
        }
    }
    Some(step("set-backend-service", statement))
}

impl SetBackendService {
    /// Reads the element, also as a child of another policy.
    pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        let to = to(compiler, element)?;
        let fabric = fabric(compiler, element);
        let instead = match to {
            To::Backend(_) | To::ComputedBackend(_) => None,
            To::Url(_) | To::ComputedUrl(_) => Some("base-url"),
            To::Dapr(_) => Some("dapr-app-id"),
        };
        if let (Some(_), Some(instead)) = (&fabric, instead) {
            let message = format!(
                "the `sf-` attributes of `set-backend-service` have no effect with `{instead}`: expected `backend-id`"
            );
            compiler.warning(element.span.start, message);
        }
        Some(Self { scope: compiler.scope, to, fabric: fabric.map(Box::new) })
    }

    /// Whether the target is a whole URL: only the query of the request follows it.
    pub(crate) fn is_complete(&self) -> bool {
        matches!(self.to, To::Dapr(_))
    }

    /// Whether the outcome of the call is to decide about another one, which only the request itself can do.
    pub(crate) fn resolves_again(&self) -> bool {
        self.fabric.as_ref().is_some_and(|fabric| fabric.resolve.is_some())
    }

    /// What is asked of a Service Fabric cluster.
    pub(crate) fn fabric(&self, exchange: &mut Exchange) -> Result<Option<FabricOptions>, Box<Failure>> {
        self.fabric.as_ref().map(|fabric| fabric.options(exchange)).transpose()
    }

    /// Where the request is to go.
    pub(crate) fn target(&self, exchange: &mut Exchange) -> Result<Target, Box<Failure>> {
        Ok(match &self.to {
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
            To::Dapr(invocation) => Target::Url(Arc::new(invocation.url(exchange)?)),
        })
    }
}

fn to(compiler: &mut Compiler<'_>, element: &Element) -> Option<To> {
    let at = element.span.start;
    if DAPR.iter().any(|attribute| element.attribute(attribute.name).is_some()) {
        return Invocation::compile(compiler, element).map(To::Dapr);
    }
    let (has_url, has_id) = (element.attribute("base-url").is_some(), element.attribute("backend-id").is_some());
    if has_url == has_id {
        let found = if has_url { "both" } else { "neither" };
        let message = format!("`set-backend-service` has {found} of `base-url` and `backend-id`: expected exactly one");
        compiler.error(at, message);
        return None;
    }
    Some(if has_url {
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
                compiler.backend(at, &id);
                To::Backend(id.into())
            }
            computed => To::ComputedBackend(computed),
        }
    })
}

fn fabric(compiler: &mut Compiler<'_>, element: &Element) -> Option<FabricSettings> {
    let wanted = [RESOLVE, SERVICE, KEY, LISTENER, REPLICA];
    if !wanted.iter().any(|attribute| element.attribute(attribute.name).is_some()) {
        return None;
    }
    let resolve: Option<Setting<bool>> = compiler.setting(element, &RESOLVE);
    if resolve.as_ref().is_some_and(|resolve| resolve.needs().has(Needs::RESPONSE_BODY)) {
        let message = "`sf-resolve-condition` of `set-backend-service` reads the response's body, which is not here yet: \
                       expected a condition on the status, the headers or `context.LastError`";
        compiler.error(element.span.start, message.to_owned());
    }
    Some(FabricSettings {
        service: compiler.setting(element, &SERVICE),
        key: compiler.setting(element, &KEY),
        listener: compiler.setting(element, &LISTENER),
        replica: compiler.setting(element, &REPLICA).unwrap_or(Setting::Constant(ReplicaRole::Primary)),
        resolve: resolve.map(Arc::new),
    })
}

impl FabricSettings {
    fn options(&self, exchange: &mut Exchange) -> Result<FabricOptions, Box<Failure>> {
        let mut options = FabricOptions::default();
        let texts = [
            (&self.service, &mut options.service),
            (&self.key, &mut options.partition_key),
            (&self.listener, &mut options.listener),
        ];
        for (setting, option) in texts {
            if let Some(setting) = setting {
                *option = Some(setting.get(exchange)?.trim()).filter(|text| !text.is_empty()).map(Into::into);
            }
        }
        options.replica = *self.replica.get(exchange)?;
        Ok(options)
    }
}

impl Literal for ReplicaRole {
    fn literal(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "primary" => Some(Self::Primary),
            "secondary" => Some(Self::Secondary),
            _ => None,
        }
    }

    fn value(value: Value) -> Result<Self, String> {
        let text = value.to_text().unwrap_or_default();
        Self::literal(&text).ok_or_else(|| format!("`{text}` is neither `primary` nor `secondary`."))
    }
}

impl Statement for SetBackendService {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let target = self.target(exchange)?;
        match target {
            Target::Backend(_) => exchange.backend_set_by = Some(self.scope),
            Target::Url(_) => {
                let inherited = exchange.backend_set_by.is_some_and(|scope| scope < self.scope);
                if inherited && !exchange.settings.base_url_overrides_inherited_backend_id {
                    let warning = "`base-url` has no effect: a broader scope set a `backend-id`";
                    exchange.warn("set-backend-service", warning);
                    return Ok(Flow::Continue);
                }
                exchange.backend_set_by = None;
            }
        }
        exchange.fabric = match (&self.fabric, &target) {
            (Some(fabric), Target::Backend(id)) => {
                let options = fabric.options(exchange)?;
                Some(Box::new(FabricUse::new(exchange, id, options, fabric.resolve.clone())))
            }
            _ => None,
        };
        exchange.target = Some(target);
        exchange.request.is_path_left_out = self.is_complete();
        Ok(Flow::Continue)
    }

    fn needs(&self) -> Needs {
        Self::needs(self)
    }
}

impl SetBackendService {
    pub(crate) fn needs(&self) -> Needs {
        let to = match &self.to {
            To::Url(_) | To::Backend(_) => Needs::NONE,
            To::ComputedUrl(text) | To::ComputedBackend(text) => text.needs(),
            To::Dapr(invocation) => invocation.needs(),
        };
        let Some(fabric) = &self.fabric else { return to };
        let texts = [&fabric.service, &fabric.key, &fabric.listener];
        let needs = texts.into_iter().flatten().fold(to | fabric.replica.needs(), |needs, text| needs | text.needs());
        match &fabric.resolve {
            Some(condition) => needs | condition.needs() | Needs::RESEND,
            None => needs,
        }
    }
}
