//! A policy of one's own: `<look-up-tenant>` asks a directory who the tenant is, while the request waits.
//! `cargo run --example custom_policy`

use std::sync::Arc;
use std::time::Duration;

use gatewright::Body;
use gatewright::policy::{
    Attribute, CustomCall, CustomElement, CustomError, CustomFlow, CustomPolicy, CustomStatement, Document,
    Environment, Exchange, Failure, PolicyLayer, Scope, Section, Spec,
};
use http::{Request, Response, StatusCode};
use tower::{Layer, ServiceExt, service_fn};

const POLICY: &str = r#"<policies>
    <inbound>
        <look-up-tenant name="@(context.Request.Headers.GetValueOrDefault("X-Tenant", ""))" variable="plan" />
        <set-header name="X-Plan"><value>@((string)context.Variables["plan"])</value></set-header>
    </inbound>
    <backend><forward-request /></backend>
</policies>"#;

struct LookUpTenant;

impl CustomPolicy for LookUpTenant {
    fn spec(&self) -> Spec {
        const NAME: Attribute = Attribute::required("name", "a tenant").or_expression();
        const VARIABLE: Attribute = Attribute::required("variable", "the name of a variable");
        let spec = Spec::new("look-up-tenant", "Puts the plan of a tenant into a variable.");
        spec.sections(&[Section::Inbound]).attributes(const { &[NAME, VARIABLE] })
    }

    fn compile(&self, element: &CustomElement) -> Result<Arc<dyn CustomStatement>, CustomError> {
        let variable = element.literal("variable").unwrap_or_default().trim();
        if variable.is_empty() {
            return Err(CustomError::at("variable", "`variable` is empty: expected a name"));
        }
        Ok(Arc::new(LookUp { variable: variable.to_owned() }))
    }
}

struct LookUp {
    variable: String,
}

impl CustomStatement for LookUp {
    fn run(&self, call: &CustomCall, _: &mut Exchange) -> Result<CustomFlow, Box<Failure>> {
        let (tenant, variable) = (call.text("name").unwrap_or_default(), self.variable.clone());
        Ok(CustomFlow::wait(plan_of(tenant), move |plan, exchange| {
            let Some(plan) = plan else {
                return Err(Failure::refused(StatusCode::FORBIDDEN, "TenantUnknown", "Tenant is not known."));
            };
            exchange.set_variable(&variable, plan.into());
            Ok(CustomFlow::Continue)
        }))
    }
}

/// Stands for a call of another service.
async fn plan_of(tenant: String) -> Option<&'static str> {
    tokio::time::sleep(Duration::from_millis(5)).await;
    (tenant == "contoso").then_some("gold")
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let document = Document::compile("policy.xml", POLICY, Scope::Api, &Environment::new().policy(LookUpTenant))?;
    let backend = service_fn(|request: Request<Body>| async move {
        Ok::<_, std::convert::Infallible>(Response::new(Body::from(request.headers()["x-plan"].as_bytes().to_vec())))
    });
    let service = PolicyLayer::new([document]).layer(backend);
    for tenant in ["contoso", "nobody"] {
        let request = Request::get("/").header("x-tenant", tenant).body(Body::empty())?;
        let (parts, body) = service.clone().oneshot(request).await?.into_parts();
        println!("{tenant}: {} {:?}", parts.status, body.collect(1024).await?.as_bytes());
    }
    Ok(())
}
