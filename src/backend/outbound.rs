//! Sends the requests that policies make on their own.

use std::sync::Arc;

use async_trait::async_trait;
use http::{Request, Response, Uri, header};

use super::call::CallFuture;
use super::certificates::Certificates;
use super::error::{Error, Kind};
use super::outgoing::Destination;
use super::sender::Sender;
use super::set::Backends;
use super::transport::Transport;
use super::variants::Variants;
use crate::Body;
use crate::forward::{BaseUrl, ForwardError, ForwardOptions, Target};
use crate::outbound::{Outbound, OutboundOptions};

/// Over the network, with the certificates of the transport.
///
/// There are no Backend entities. Connections that show a certificate or go through a proxy end with their request;
/// [`Backends`] keep them.
#[async_trait]
impl Outbound for Transport {
    async fn send(&self, request: Request<Body>, options: &OutboundOptions) -> Result<Response<Body>, ForwardError> {
        let variants = Variants::new(self.clone(), Certificates::default());
        let sender = Sender { client: self.client(), variants: Arc::new(variants) };
        let call = match &options.backend {
            Some(id) => CallFuture::failed(Error::new(Kind::NotFound).of(Arc::clone(id))),
            None => send(&sender, request, options),
        };
        Ok(call.await?)
    }
}

/// Over the network, with the certificates and certificate authorities of the configuration.
///
/// A request to a URL that an entity covers does not get the credentials of the entity: only one that names it does.
#[async_trait]
impl Outbound for Backends {
    async fn send(&self, request: Request<Body>, options: &OutboundOptions) -> Result<Response<Body>, ForwardError> {
        let call = match &options.backend {
            Some(id) => {
                let (request, options) = relative(request, options);
                self.call(&Target::Backend(Arc::clone(id)), request, &options)
            }
            None => send(&self.sender(), request, options),
        };
        Ok(call.await?)
    }
}

fn send(sender: &Sender, request: Request<Body>, options: &OutboundOptions) -> CallFuture {
    let base = match base(request.uri()) {
        Ok(base) => base,
        Err(error) => return CallFuture::failed(error),
    };
    let (request, options) = relative(request, options);
    sender.send(None, Destination { base: &base, host: None, credentials: None }, request, &options)
}

/// Scheme and authority of an absolute URI.
fn base(uri: &Uri) -> Result<BaseUrl, Error> {
    let unsendable = || Error::caused_by(Kind::Unsendable, "its URL is not absolute");
    let (scheme, authority) = (uri.scheme_str().ok_or_else(unsendable)?, uri.authority().ok_or_else(unsendable)?);
    BaseUrl::parse(&format!("{scheme}://{authority}")).map_err(|error| Error::caused_by(Kind::Unsendable, error))
}

/// The request with the path and query alone, and how to send it.
fn relative(mut request: Request<Body>, options: &OutboundOptions) -> (Request<Body>, ForwardOptions) {
    let rest = request.uri().path_and_query().cloned();
    *request.uri_mut() = rest.map_or_else(|| Uri::from_static("/"), Uri::from);
    let options = ForwardOptions {
        http_version: options.http_version,
        follow_redirects: options.follow_redirects,
        certificate: options.certificate.clone(),
        proxy: options.proxy.clone(),
        fabric: options.fabric.clone(),
        keep_host: request.headers().contains_key(header::HOST),
        ..ForwardOptions::default()
    };
    (request, options)
}
