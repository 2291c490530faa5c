//! Adds a backend's credentials to requests, around any `tower` service. Needs no network.
//!
//! `cargo run --example credentials`

use std::error::Error;

use gatewright::backend::CredentialsLayer;
use gatewright::model::{Authorization, Credentials};
use gatewright::secret::{EnvProvider, MemoryProvider, NamedValues, Redactor, SecretProvider};
use http::{Request, Response};
use tower::{Layer, ServiceExt, service_fn};

/// Stands for a backend: answers with what it was sent.
async fn backend(request: Request<()>) -> Result<Response<String>, std::convert::Infallible> {
    let mut seen = format!("{} {}\n", request.method(), request.uri());
    for (name, value) in request.headers() {
        let hidden = if value.is_sensitive() { "   (marked sensitive)" } else { "" };
        seen += &format!("{name}: {}{hidden}\n", String::from_utf8_lossy(value.as_bytes()));
    }
    Ok(Response::new(seen))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // A secret comes from a provider: here the environment, else a value in memory.
    let given = EnvProvider::new("GATEWRIGHT_").get("orders-key").await;
    let fallback = MemoryProvider::new().secret("orders-key", "s3cr3t");
    let key = match given {
        Ok(value) => value.secret,
        Err(_) => fallback.get("orders-key").await?.secret,
    };
    let values = NamedValues::new().secret("orders-key", key).plain("region", "westeurope");

    // What the `credentials` of a Backend entity say, in Rust.
    let credentials = Credentials::new()
        .header("x-functions-key", "{{orders-key}}")
        .header("x-region", "{{region}}")
        .query("code", "{{orders-key}}")
        .authorization(Authorization::new("Bearer", "token-of-{{orders-key}}"));

    // A reference to a named value that does not exist is found here, not at the first request.
    let unknown = CredentialsLayer::new(&Credentials::new().header("x-key", "{{nope}}"), &values);
    println!("refused at load: {}\n", unknown.expect_err("`nope` is not defined"));

    let service = CredentialsLayer::new(&credentials, &values)?.layer(service_fn(backend));
    let request = Request::get("/orders/7?code=from-the-caller&page=2").header("x-functions-key", "from-the-caller");
    let response = service.oneshot(request.body(())?).await?;
    println!("the backend sees:\n{}", response.body());

    // Whatever leaves the process passes the redactor.
    println!("a log would say:\n{}", Redactor::from(&values).redact(response.body()));
    println!("try: GATEWRIGHT_ORDERS_KEY='other key' cargo run --example credentials");
    Ok(())
}
