//! A policy document on one axum route: the other routes know nothing of it.
//!
//! `cargo run --example axum_layer`, or `-- --listen 127.0.0.1:8080` to keep it running.

use axum::Router;
use axum::routing::get;
use gatewright::policy::{Document, Environment, PolicyLayer, Scope};
use tower::ServiceExt;

const POLICY: &str = r#"<policies>
    <inbound>
        <set-query-parameter name="limit" exists-action="skip"><value>10</value></set-query-parameter>
    </inbound>
    <backend><forward-request /></backend>
    <outbound>
        <set-header name="Cache-Control"><value>@(context.Response.StatusCode == 200 ? "max-age=60" : "no-store")</value></set-header>
    </outbound>
</policies>"#;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let document = Document::compile("orders.xml", POLICY, Scope::Api, &Environment::new())?;
    let app = Router::new()
        .route("/orders", get(|uri: http::Uri| async move { format!("orders of {uri}\n") }))
        .layer(PolicyLayer::new([document]))
        .route("/health", get(|| async { "healthy\n" }));

    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("--listen") {
        let address = arguments.next().unwrap_or_else(|| "127.0.0.1:8080".to_owned());
        let listener = tokio::net::TcpListener::bind(&address).await?;
        println!("listening on http://{}: try curl -i http://{0}/orders", listener.local_addr()?);
        return Ok(axum::serve(listener, app).await?);
    }
    for path in ["/orders", "/orders?limit=3", "/health"] {
        let response = app.clone().oneshot(http::Request::get(path).body(axum::body::Body::empty())?).await?;
        let cached = response.headers().get("cache-control").cloned();
        let body = axum::body::to_bytes(response.into_body(), 1024).await?;
        print!("GET {path}: cache-control {cached:?}: {}", String::from_utf8_lossy(&body));
    }
    println!("try: cargo run --example axum_layer -- --listen 127.0.0.1:8080");
    Ok(())
}
