//! The embedded sample: the configuration in `examples/sample`, and a backend that says what it got.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;

use gatewright::Body;
use gatewright::load::{Loaded, Options};
use http::{Request, Response};
use tower::service_fn;

use crate::serve;

/// The files of the sample.
const FILES: &[(&str, &str)] = &[
    ("policy.xml", include_str!("../sample/policy.xml")),
    ("fragments/caller.xml", include_str!("../sample/fragments/caller.xml")),
    ("backends/orders.json", include_str!("../sample/backends/orders.json")),
    ("named-values/orders-key.json", include_str!("../sample/named-values/orders-key.json")),
    ("named-values/orders-url.json", include_str!("../sample/named-values/orders-url.json")),
    ("apis/orders/api.json", include_str!("../sample/apis/orders/api.json")),
    ("apis/orders/policy.xml", include_str!("../sample/apis/orders/policy.xml")),
    ("apis/orders/operations/get-order.json", include_str!("../sample/apis/orders/operations/get-order.json")),
    ("apis/orders/operations/create-order.json", include_str!("../sample/apis/orders/operations/create-order.json")),
    ("products/starter/product.json", include_str!("../sample/products/starter/product.json")),
    ("subscriptions/sample.json", include_str!("../sample/subscriptions/sample.json")),
];

/// Starts the backend and loads the sample with its address.
pub async fn load() -> Result<Loaded, String> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.map_err(|error| error.to_string())?;
    let backend = listener.local_addr().map_err(|error| error.to_string())?;
    tokio::spawn(serve::forever(listener, service_fn(say)));
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    for (name, text) in FILES {
        write(&folder.path().join(name), text).map_err(|error| format!("{name}: {error}"))?;
    }
    let options = Options::new().named_value("orders-url", format!("http://{backend}/"));
    options.load(folder.path()).map_err(|problems| problems.to_string())
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(path, text)
}

/// The backend: says what it got.
async fn say(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let mut text = format!("the backend got {} {}\n", request.method(), request.uri());
    for (name, value) in request.headers() {
        text += &format!("  {name}: {}\n", String::from_utf8_lossy(value.as_bytes()));
    }
    Ok(Response::new(Body::from(text)))
}

/// Lines to try.
pub fn hints(address: SocketAddr) {
    println!("\ntry:");
    println!("  curl -i http://{address}/orders/17");
    println!("  curl -i http://{address}/orders/17 -H 'Ocp-Apim-Subscription-Key: sample-key'");
    println!("  curl -i http://{address}/orders/ -H 'Ocp-Apim-Subscription-Key: sample-key' -d '{{\"item\": 1}}'");
    println!("  curl -i http://{address}/nothing\n");
    println!("the configuration is in examples/sample: copy it, change it, and serve yours with --config PATH");
}
