//! Requests to the gateway itself, which it serves without a socket.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use http::{Request, Response, StatusCode};

use super::error::Error;
use crate::Body;
use crate::forward::hop_by_hop;

/// The response of a request that was served in process, to come.
pub(crate) type Served = Pin<Box<dyn Future<Output = Result<Response<Body>, Error>> + Send>>;

/// Serves requests whose URL is the gateway's own.
pub(crate) trait Serve: Send + Sync {
    /// Takes a request as it would go on the wire, its URI absolute; leaves it when it is for somebody else.
    fn serve(&self, request: &mut Request<Body>) -> Option<Served>;
}

/// In the extensions of a request that may be for the gateway itself: who serves it then.
#[derive(Clone)]
pub(crate) struct InProcess(pub(crate) Arc<dyn Serve>);

impl InProcess {
    /// Takes and serves the request when it is for the gateway itself.
    pub(super) fn serve(request: &mut Request<Body>) -> Option<Served> {
        let server = request.extensions().get::<Self>()?;
        let served = Arc::clone(&server.0).serve(request)?;
        Some(Box::pin(async move { Ok(Self::finish(served.await?)) }))
    }

    /// The response as it goes on.
    pub(crate) fn finish(mut response: Response<Body>) -> Response<Body> {
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            hop_by_hop::strip_response(response.headers_mut());
        }
        response
    }
}

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcess").finish_non_exhaustive()
    }
}
