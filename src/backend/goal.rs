//! What one attempt is sent to.

use std::sync::Arc;

use super::fabric::Fabric;
use super::protection::Protection;
use super::set::Member;
use crate::forward::BaseUrl;

/// An entity, and the URL of a request that it covers.
#[derive(Clone)]
pub(super) enum Goal {
    Single(Member, Option<Arc<BaseUrl>>),
    Fabric(Arc<Fabric>),
}

impl Goal {
    pub(super) fn id(&self) -> &Arc<str> {
        match self {
            Self::Single(member, _) => &member.single.id,
            Self::Fabric(fabric) => &fabric.id,
        }
    }

    /// The entity that it is, or of whose addresses it is one.
    pub(super) fn entity(&self) -> &Arc<str> {
        match self {
            Self::Single(member, _) => &member.single.entity,
            Self::Fabric(fabric) => &fabric.id,
        }
    }

    pub(super) fn protection(&self) -> Option<&Arc<Protection>> {
        match self {
            Self::Single(member, _) => member.protection.as_ref(),
            Self::Fabric(fabric) => fabric.protection.as_ref(),
        }
    }

    pub(super) fn base_url(&self) -> Option<&BaseUrl> {
        match self {
            Self::Single(member, _) => Some(&member.single.base),
            Self::Fabric(_) => None,
        }
    }
}
