//! The member that was chosen for one attempt.

use std::sync::Arc;

use http::Response;

use super::Pool;
use super::picker::UnderWay;
use super::upload::Upload;
use super::wish::Wish;
use crate::Body;

/// A member that was chosen for one attempt. Dropping it says that the request is over.
pub(in crate::backend) struct Choice {
    pub(super) pool: Arc<Pool>,
    pub(super) member: usize,
    /// What was chosen in the member, when it is a pool.
    pub(super) inner: Option<Box<Choice>>,
    pub(super) request: UnderWay,
    /// The session is bound to the member, over TLS or not.
    pub(super) bind: Option<bool>,
}

impl Choice {
    /// The request is about to be sent, with this body.
    pub(in crate::backend) fn sends(&mut self, body: &mut Body) {
        if !self.is_timed() {
            return;
        }
        let Some(upload) = Upload::of(body, self.pool.picker.clock()) else { return };
        let mut level = Some(self);
        while let Some(choice) = level {
            choice.request.uploads(&upload);
            level = choice.inner.as_deref_mut();
        }
    }

    fn is_timed(&self) -> bool {
        self.request.is_timed() || self.inner.as_ref().is_some_and(|inner| inner.is_timed())
    }

    /// The member answered.
    pub(in crate::backend) fn answered(&mut self, response: &mut Response<Body>) {
        self.pool.picker.judge(&mut self.request, Some(response.status().as_u16()));
        if let Some(inner) = &mut self.inner {
            inner.answered(response);
        }
        if let (Some(is_tls), Some(affinity)) = (self.bind, &self.pool.affinity) {
            affinity.bind(response.headers_mut(), self.pool.bottom(&self.way()), is_tls);
        }
        if let Some(Some(served_by)) = self.pool.served_by.get(self.member) {
            response.extensions_mut().insert(served_by.clone());
        }
    }

    /// The member did not answer.
    pub(in crate::backend) fn failed(&mut self) {
        self.pool.picker.judge(&mut self.request, None);
        if let Some(inner) = &mut self.inner {
            inner.failed();
        }
    }

    /// Whether a request is under way until its body has ended.
    pub(in crate::backend) fn counts_bodies(&self) -> bool {
        let below = self.inner.as_ref().is_some_and(|inner| inner.counts_bodies());
        below || self.pool.options.counts_bodies()
    }

    /// Whether it is what the cookie of the session stands for.
    pub(super) fn is_bound_by(&self, wish: &Wish) -> bool {
        let below = |inner: &Choice| wish.below(self.member).is_some_and(|wish| inner.is_bound_by(wish));
        wish.bound() == Some(self.member) && self.inner.as_ref().is_none_or(|inner| below(inner))
    }

    /// The members from the pool to the bottom.
    fn way(&self) -> Vec<usize> {
        let mut way = vec![self.member];
        let mut below = &self.inner;
        while let Some(choice) = below {
            way.push(choice.member);
            below = &choice.inner;
        }
        way
    }
}

impl Drop for Choice {
    fn drop(&mut self) {
        self.pool.picker.ended(&mut self.request);
    }
}
