//! What a request says about the member that it is to have.

use std::net::IpAddr;

use http::Request;

use super::{Balance, Pool};
use crate::Body;

/// The member that a request is bound to, and the hash of its key.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::backend) struct Wish {
    pub(super) bound: Option<usize>,
    pub(super) key: Option<u64>,
}

impl Wish {
    /// The same for a request that goes to another member besides.
    pub(in crate::backend) fn unbound(self) -> Self {
        Self { bound: None, ..self }
    }
}

impl Pool {
    /// Takes the cookie of the session out of a request of this client, and says what the request wishes.
    pub(in crate::backend) fn wish(&self, request: &mut Request<Body>, client: Option<IpAddr>) -> Wish {
        let key = match &self.options.balance {
            Balance::Hash(key) => key.of(request, client),
            _ => None,
        };
        Wish { bound: self.affinity.as_ref().and_then(|affinity| affinity.take(request.headers_mut())), key }
    }
}
