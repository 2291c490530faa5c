//! Where a pool is found: always the same one, or the one of the moment.

use std::ops::Deref;
use std::sync::Arc;

use super::Pool;
use super::snapshot::PoolSnapshot;
use crate::backend::discovery::Changing;
use crate::forward::BaseUrl;

/// A pool of a configuration.
pub(in crate::backend) enum PoolCell {
    Fixed(Arc<Pool>),
    Changing(Box<Changing>),
}

/// The pool of the moment.
pub(in crate::backend) enum Current<'a> {
    Fixed(&'a Arc<Pool>),
    Changing(Arc<Pool>),
}

impl PoolCell {
    pub(in crate::backend) fn current(&self) -> Current<'_> {
        match self {
            Self::Fixed(pool) => Current::Fixed(pool),
            Self::Changing(changing) => Current::Changing(changing.current()),
        }
    }

    pub(in crate::backend) fn changing(&self) -> Option<&Changing> {
        match self {
            Self::Fixed(_) => None,
            Self::Changing(changing) => Some(changing),
        }
    }

    /// The most members at the bottom that it may have: addresses come and go.
    pub(in crate::backend) fn most_members_below(&self) -> usize {
        match self {
            Self::Fixed(pool) => pool.members_below(),
            Self::Changing(changing) => changing.most_members_below(),
        }
    }

    /// The URL of the first listed member.
    pub(in crate::backend) fn base_url(&self) -> Option<&BaseUrl> {
        match self {
            Self::Fixed(pool) => pool.base_url(),
            Self::Changing(changing) => changing.base_url(),
        }
    }

    pub(in crate::backend) fn snapshot(&self) -> PoolSnapshot {
        self.current().snapshot()
    }
}

impl Deref for Current<'_> {
    type Target = Arc<Pool>;

    fn deref(&self) -> &Arc<Pool> {
        match self {
            Self::Fixed(pool) => pool,
            Self::Changing(pool) => pool,
        }
    }
}
