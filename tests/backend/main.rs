//! Backends, against real servers on loopback.

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]

mod body_idle;
mod breakers;
mod build;
mod certificates;
mod connections;
mod credentials;
mod fabric;
mod failures;
mod further_requests;
mod goals;
mod headers;
mod identities;
mod layers;
mod pins;
#[cfg(feature = "policy")]
mod policies;
mod pools;
mod proxies;
mod redirects;
mod sharing;
mod streams;
mod tls;
mod versions;
mod visible;

#[allow(unused_imports)] // The other tests use the rest.
#[path = "../support/mod.rs"]
mod support;

use std::sync::Arc;

use gatewright::Body;
use gatewright::backend::{Backends, Error, Transport};
use gatewright::forward::{BaseUrl, ForwardOptions, Target};
use gatewright::model::Backend;
use gatewright::secret::NamedValues;
use http::{Request, Response};

/// A transport that trusts nobody.
fn transport() -> Transport {
    Transport::builder().native_roots(false).build().unwrap()
}

/// Backends with one entity, `b`.
fn one(transport: &Transport, backend: &Backend) -> Backends {
    let values = NamedValues::new().secret("key", "s3cr3t").plain("region", "eu");
    Backends::builder(transport, &values).backend("b", backend).build().unwrap()
}

fn to_b() -> Target {
    Target::Backend("b".into())
}

fn to_url(url: &str) -> Target {
    Target::Url(Arc::new(BaseUrl::parse(url).unwrap()))
}

fn get(uri: &str) -> Request<Body> {
    Request::get(uri).body(Body::empty()).unwrap()
}

/// `GET /` of the entity `b` at `url`.
async fn get_root(transport: &Transport, url: &str) -> Result<Response<Body>, Error> {
    let backends = one(transport, &Backend::new(url).unwrap());
    backends.call(&to_b(), get("/"), &ForwardOptions::default()).await
}
