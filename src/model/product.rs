//! A product: a bundle of APIs.

use serde::{Deserialize, Serialize};

use super::extra::Extra;
use super::open_enum::open_enum;
use super::tolerant;

/// A bundle of APIs that one subscription gives access to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Product {
    /// Name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Terms of use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terms: Option<String>,
    /// Whether developers see it; absent means not published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<ProductState>,
    /// Whether a subscription is required; absent means true.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "tolerant::boolean")]
    pub subscription_required: Option<bool>,
    /// Whether subscriptions need approval.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "tolerant::boolean")]
    pub approval_required: Option<bool>,
    /// How many subscriptions one user may have.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "tolerant::integer")]
    pub subscriptions_limit: Option<u32>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Product {
    /// Makes one in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets: name for people.
    #[must_use]
    pub fn display_name(mut self, display_name: impl Into<String>) -> Self {
        self.display_name = Some(display_name.into());
        self
    }

    /// Sets: description.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sets: terms of use.
    #[must_use]
    pub fn terms(mut self, terms: impl Into<String>) -> Self {
        self.terms = Some(terms.into());
        self
    }

    /// Sets: whether developers see it; absent means not published.
    #[must_use]
    pub fn state(mut self, state: ProductState) -> Self {
        self.state = Some(state);
        self
    }

    /// Sets: whether a subscription is required; absent means true.
    #[must_use]
    pub fn subscription_required(mut self, subscription_required: bool) -> Self {
        self.subscription_required = Some(subscription_required);
        self
    }

    /// Sets: whether subscriptions need approval.
    #[must_use]
    pub fn approval_required(mut self, approval_required: bool) -> Self {
        self.approval_required = Some(approval_required);
        self
    }

    /// Sets: how many subscriptions one user may have.
    #[must_use]
    pub fn subscriptions_limit(mut self, subscriptions_limit: u32) -> Self {
        self.subscriptions_limit = Some(subscriptions_limit);
        self
    }
}

open_enum! {
    /// Whether developers see a product.
    pub enum ProductState {
        /// Only administrators see it.
        NotPublished = "notPublished",
        /// Developers see it.
        Published = "published",
    }
}

/// A link from a product (or tag) to an API, as newer contracts and workspaces write it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ProductApiLink {
    /// Resource id of the API.
    pub api_id: String,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl ProductApiLink {
    /// Makes one of what is required.
    pub fn new(api_id: impl Into<String>) -> Self {
        Self { api_id: api_id.into(), extra: Extra::default() }
    }
}
