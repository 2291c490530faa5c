//! Sends one request to one entity or URL.

use std::sync::Arc;

use http::Request;

use super::call::CallFuture;
use super::client::Client;
use super::credentials::set_authorization;
use super::fabric::Fabric;
use super::goal::Goal;
use super::outgoing::{self, Destination};
use super::redirect;
use super::set::Member;
use super::variants::Variants;
use crate::Body;
use crate::forward::ForwardOptions;

/// What all calls of a configuration are made with; a clone shares it.
#[derive(Clone)]
pub(super) struct Sender {
    /// For URLs that no entity covers.
    pub(super) client: Client,
    pub(super) variants: Arc<Variants>,
}

impl Sender {
    /// Sends to an entity.
    pub(super) fn send_to(&self, goal: &Goal, request: Request<Body>, options: &ForwardOptions) -> CallFuture {
        match goal {
            Goal::Fabric(fabric) => self.send_to_fabric(fabric, request, options),
            Goal::Single(member, None) => self.send(Some(member), member.single.destination(), request, options),
            Goal::Single(member, Some(base)) => {
                self.send(Some(member), member.single.destination_at(base), request, options)
            }
        }
    }

    /// Sends to a URL, as an entity says when it is one's.
    pub(super) fn send(
        &self,
        member: Option<&Member>,
        destination: Destination<'_>,
        mut request: Request<Body>,
        options: &ForwardOptions,
    ) -> CallFuture {
        let client = member.map_or(&self.client, |member| &member.client);
        let single = member.map(|member| &member.single);
        let variant = match self.variants.of(client, options) {
            Ok(variant) => variant,
            Err(error) => return CallFuture::failed(error),
        };
        let client = variant.as_ref().unwrap_or(client);
        let identity = member.and_then(|member| member.identity.as_ref());
        if options.follow_redirects {
            let base = destination.base.clone();
            let follow = redirect::Follow {
                base,
                single: single.cloned(),
                identity: identity.cloned(),
                client: client.clone(),
                other: self.variants.elsewhere(&self.client, client),
            };
            return CallFuture::redirecting(follow.send(request, options.clone()), single.cloned());
        }
        match outgoing::prepare(&mut request, &destination, options) {
            Ok(()) => match identity.map(|identity| (identity, identity.at_once())) {
                Some((identity, None)) => {
                    let (identity, client) = (Arc::clone(identity), client.clone());
                    let version = outgoing::version(request.headers(), options);
                    let call = async move {
                        set_authorization(request.headers_mut(), identity.header().await?);
                        client.send(request, version).await
                    };
                    CallFuture::redirecting(call, single.cloned())
                }
                token => {
                    if let Some((_, Some(bearer))) = token {
                        set_authorization(request.headers_mut(), bearer);
                    }
                    let version = outgoing::version(request.headers(), options);
                    CallFuture::direct(client.send(request, version), single.cloned())
                }
            },
            Err(error) => CallFuture::failed(match single {
                Some(single) => error.of(Arc::clone(&single.id)),
                None => error,
            }),
        }
    }

    fn send_to_fabric(&self, fabric: &Arc<Fabric>, request: Request<Body>, options: &ForwardOptions) -> CallFuture {
        let client = match self.variants.of(&fabric.client, options) {
            Ok(variant) => variant.unwrap_or_else(|| fabric.client.clone()),
            Err(error) => return CallFuture::failed(error.of(Arc::clone(&fabric.id))),
        };
        let id = Arc::clone(&fabric.id);
        let call = Arc::clone(fabric).call(request, options.clone(), client);
        CallFuture::redirecting(async move { call.await.map_err(|error| error.of(id)) }, None)
    }
}
