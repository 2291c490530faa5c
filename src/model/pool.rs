//! A pool: a backend made of backends, with priority and weight.

use serde::{Deserialize, Serialize};

use super::FailureResponse;
use super::extra::Extra;
use super::open_enum::open_enum;
use super::tolerant;

/// The members of a pool and how one is chosen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Pool {
    /// The members.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "tolerant::list")]
    pub services: Vec<PoolMember>,
    /// What is answered when every member is inactive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_response: Option<FailureResponse>,
    /// How a session stays with one member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_affinity: Option<SessionAffinity>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Pool {
    /// Makes one in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a member.
    #[must_use]
    pub fn member(mut self, member: PoolMember) -> Self {
        self.services.push(member);
        self
    }

    /// Sets: what is answered when every member is inactive.
    #[must_use]
    pub fn failure_response(mut self, failure_response: FailureResponse) -> Self {
        self.failure_response = Some(failure_response);
        self
    }

    /// Sets: how a session stays with one member.
    #[must_use]
    pub fn session_affinity(mut self, session_affinity: SessionAffinity) -> Self {
        self.session_affinity = Some(session_affinity);
        self
    }
}

/// One member of a pool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PoolMember {
    /// Resource id of a backend of kind `Single`; `/backends/name` will do.
    pub id: String,
    /// Relative weight inside its priority group, from 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "tolerant::integer")]
    pub weight: Option<u32>,
    /// Priority group, from 0 to 100; a lower number is preferred.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "tolerant::integer")]
    pub priority: Option<u32>,
    /// Carbon emission up to which the member is preferred.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_carbon_emission: Option<CarbonEmission>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl PoolMember {
    /// Makes a member from a resource id, such as `/backends/orders-1`. A bare name is taken as `/backends/name`.
    pub fn new(id: impl Into<String>) -> Self {
        let mut id = id.into();
        if !id.contains('/') {
            id.insert_str(0, "/backends/");
        }
        Self { id, weight: None, priority: None, preferred_carbon_emission: None, extra: Extra::default() }
    }

    /// Sets: relative weight inside its priority group, from 0 to 100.
    #[must_use]
    pub fn weight(mut self, weight: u32) -> Self {
        self.weight = Some(weight);
        self
    }

    /// Sets: priority group, from 0 to 100; a lower number is preferred.
    #[must_use]
    pub fn priority(mut self, priority: u32) -> Self {
        self.priority = Some(priority);
        self
    }

    /// Sets: carbon emission up to which the member is preferred.
    #[must_use]
    pub fn preferred_carbon_emission(mut self, preferred_carbon_emission: CarbonEmission) -> Self {
        self.preferred_carbon_emission = Some(preferred_carbon_emission);
        self
    }
}

/// How a session stays with one member of a pool.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SessionAffinity {
    /// Where the session id comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl SessionAffinity {
    /// Makes one in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets: where the session id comes from.
    #[must_use]
    pub fn session_id(mut self, session_id: SessionId) -> Self {
        self.session_id = Some(session_id);
        self
    }
}

/// Where a session id comes from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SessionId {
    /// Kind of source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SessionIdSource>,
    /// Name of the cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl SessionId {
    /// Makes one in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets: kind of source.
    #[must_use]
    pub fn source(mut self, source: SessionIdSource) -> Self {
        self.source = Some(source);
        self
    }

    /// Sets: name of the cookie.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

open_enum! {
    /// Where a session id comes from.
    pub enum SessionIdSource {
        /// A cookie.
        Cookie = "cookie",
    }
}

open_enum! {
    /// Level of carbon emission.
    pub enum CarbonEmission {
        /// Very low.
        VeryLow = "VeryLow",
        /// Low.
        Low = "Low",
        /// Medium.
        Medium = "Medium",
        /// High.
        High = "High",
        /// Very high.
        VeryHigh = "VeryHigh",
    }
}
