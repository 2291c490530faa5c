//! One policy document around any tower service: no gateway, no network.
//!
//! `cargo run --example one_policy`

use gatewright::Body;
use gatewright::policy::{Document, Environment, PolicyLayer, Scope};
use gatewright::secret::NamedValues;
use http::{Request, Response};
use tower::{Layer, ServiceExt, service_fn};

const POLICY: &str = r#"<policies>
    <inbound>
        <choose>
            <when condition="@(context.Request.Headers.GetValueOrDefault("X-Tenant", "") == "")">
                <return-response>
                    <set-status code="400" reason="Bad Request" />
                    <set-body>@("who are you, " + context.Request.Method + "?")</set-body>
                </return-response>
            </when>
        </choose>
        <set-header name="X-Region"><value>{{region}}</value></set-header>
    </inbound>
    <backend><forward-request /></backend>
    <outbound>
        <set-header name="X-Served"><value>@($"{context.Request.Method} in {context.Response.StatusCode}")</value></set-header>
    </outbound>
</policies>"#;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let environment = Environment::new().named_values(NamedValues::new().plain("region", "west"));
    let document = Document::compile("policy.xml", POLICY, Scope::Api, &environment)?;
    let backend = service_fn(|request: Request<Body>| async move {
        let region = request.headers()["x-region"].to_str().unwrap_or_default().to_owned();
        Ok::<_, std::convert::Infallible>(Response::new(Body::from(format!("hello from {region}"))))
    });
    let service = PolicyLayer::new([document]).layer(backend);

    for tenant in [None, Some("contoso")] {
        let mut request = Request::get("/orders").body(Body::empty())?;
        if let Some(tenant) = tenant {
            request.headers_mut().insert("x-tenant", tenant.parse()?);
        }
        let response = service.clone().oneshot(request).await?;
        let (parts, body) = response.into_parts();
        let body = body.collect(1024).await?.as_bytes().cloned().unwrap_or_default();
        println!("tenant {tenant:?}: {} {:?}: {}", parts.status, parts.headers, String::from_utf8_lossy(&body));
    }
    println!("\nchange POLICY in examples/one_policy.rs and run it again");
    Ok(())
}
