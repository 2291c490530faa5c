//! A subscription: keys that grant access to a product or API.

use serde::{Deserialize, Serialize};

use super::extra::Extra;
use super::open_enum::open_enum;
use super::sensitive::Sensitive;
use super::tolerant;

/// Keys that grant access to one product, one API, or all APIs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Subscription {
    /// `/products/name`, `/apis/name`, `/apis` (all APIs), `/` (the whole service), or the full ids.
    pub scope: String,
    /// Name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Only `active` subscriptions grant access; absent means active.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<SubscriptionState>,
    /// Resource id of the user who owns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_id: Option<String>,
    /// First key; does not print in `Debug`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary_key: Option<Sensitive>,
    /// Second key; does not print in `Debug`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secondary_key: Option<Sensitive>,
    /// Whether requests with this key may be traced.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "tolerant::boolean")]
    pub allow_tracing: Option<bool>,
    /// When it was made; read-only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_date: Option<String>,
    /// When it became active.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_date: Option<String>,
    /// When it expires; informational, the state decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration_date: Option<String>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_date: Option<String>,
    /// When the owner is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification_date: Option<String>,
    /// Comment of an administrator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_comment: Option<String>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Subscription {
    /// Makes one of what is required.
    pub fn new(scope: impl Into<String>) -> Self {
        Self {
            scope: scope.into(),
            display_name: None,
            state: None,
            owner_id: None,
            primary_key: None,
            secondary_key: None,
            allow_tracing: None,
            created_date: None,
            start_date: None,
            expiration_date: None,
            end_date: None,
            notification_date: None,
            state_comment: None,
            extra: Extra::default(),
        }
    }

    /// Sets: name for people.
    #[must_use]
    pub fn display_name(mut self, display_name: impl Into<String>) -> Self {
        self.display_name = Some(display_name.into());
        self
    }

    /// Sets: only `active` subscriptions grant access; absent means active.
    #[must_use]
    pub fn state(mut self, state: SubscriptionState) -> Self {
        self.state = Some(state);
        self
    }

    /// Sets: resource id of the user who owns it.
    #[must_use]
    pub fn owner_id(mut self, owner_id: impl Into<String>) -> Self {
        self.owner_id = Some(owner_id.into());
        self
    }

    /// Sets: first key; does not print in `Debug`.
    #[must_use]
    pub fn primary_key(mut self, primary_key: impl Into<Sensitive>) -> Self {
        self.primary_key = Some(primary_key.into());
        self
    }

    /// Sets: second key; does not print in `Debug`.
    #[must_use]
    pub fn secondary_key(mut self, secondary_key: impl Into<Sensitive>) -> Self {
        self.secondary_key = Some(secondary_key.into());
        self
    }

    /// Sets: whether requests with this key may be traced.
    #[must_use]
    pub fn allow_tracing(mut self, allow_tracing: bool) -> Self {
        self.allow_tracing = Some(allow_tracing);
        self
    }

    /// Sets: when it was made; read-only.
    #[must_use]
    pub fn created_date(mut self, created_date: impl Into<String>) -> Self {
        self.created_date = Some(created_date.into());
        self
    }

    /// Sets: when it became active.
    #[must_use]
    pub fn start_date(mut self, start_date: impl Into<String>) -> Self {
        self.start_date = Some(start_date.into());
        self
    }

    /// Sets: when it expires; informational, the state decides.
    #[must_use]
    pub fn expiration_date(mut self, expiration_date: impl Into<String>) -> Self {
        self.expiration_date = Some(expiration_date.into());
        self
    }

    /// Sets: when it ended.
    #[must_use]
    pub fn end_date(mut self, end_date: impl Into<String>) -> Self {
        self.end_date = Some(end_date.into());
        self
    }

    /// Sets: when the owner is told.
    #[must_use]
    pub fn notification_date(mut self, notification_date: impl Into<String>) -> Self {
        self.notification_date = Some(notification_date.into());
        self
    }

    /// Sets: comment of an administrator.
    #[must_use]
    pub fn state_comment(mut self, state_comment: impl Into<String>) -> Self {
        self.state_comment = Some(state_comment.into());
        self
    }
}

open_enum! {
    /// State of a subscription.
    pub enum SubscriptionState {
        /// Grants access.
        Active = "active",
        /// Blocked.
        Suspended = "suspended",
        /// Waits for approval.
        Submitted = "submitted",
        /// Refused.
        Rejected = "rejected",
        /// Given up.
        Cancelled = "cancelled",
        /// Run out.
        Expired = "expired",
    }
}
