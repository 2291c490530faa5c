//! Pools: backends made of backends, with priority and weight.

mod affinity;
mod hash_key;
mod latency;
mod members;
mod options;
mod outlier;
mod picker;
mod rendezvous;
mod schedule;
mod service;
mod slow_start;
mod snapshot;
mod wish;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use http::Response;

use self::affinity::Affinity;
use self::picker::{Picker, Seat, UnderWay};
use super::breaker::{Permit, failure_status};
use super::error::Error;
use super::goal::Goal;
use crate::Body;
use crate::clock::Clock;
use crate::forward::{ServedBy, Tried};
use crate::model;

pub use hash_key::HashKey;
pub use options::{Balance, PoolOptions};
pub use outlier::OutlierEjection;
pub(super) use picker::Members;
pub use service::{PoolFuture, PoolService, PoolServiceBuilder};
pub(super) use slow_start::Roster;
pub use snapshot::{MemberSnapshot, PoolSnapshot};
pub(super) use wish::Wish;

/// A pool whose members are there.
pub(super) struct Pool {
    pub(super) id: Arc<str>,
    pub(super) options: PoolOptions,
    goals: Vec<Goal>,
    served_by: Vec<Option<ServedBy>>,
    picker: Picker,
    affinity: Option<Affinity>,
    /// What is answered when there is no candidate.
    status: u16,
}

/// A member that was chosen for one attempt. Dropping it says that the request is over.
pub(super) struct Choice {
    pool: Arc<Pool>,
    pub(super) member: usize,
    request: UnderWay,
    /// The session is bound to the member, over TLS or not.
    bind: Option<bool>,
}

impl Pool {
    /// The ids of a pool's members, or everything that is wrong with the pool.
    pub(super) fn names(pool: &model::Pool, options: &PoolOptions) -> Result<Vec<String>, Vec<String>> {
        members::read(pool, options).map(|members| members.names)
    }

    /// A pool of these members, in the order of the entity, and what its author should know.
    pub(super) fn new(
        id: &str,
        pool: &model::Pool,
        options: &PoolOptions,
        goals: Vec<Goal>,
        (clock, version): (&Clock, &Arc<AtomicU64>),
    ) -> Result<(Self, Vec<String>), Vec<String>> {
        let mut members = members::read(pool, options)?;
        let names: Vec<_> = goals.iter().map(|goal| &**goal.id()).collect();
        let affinity = match &pool.session_affinity {
            Some(settings) if settings.session_id.is_none() => {
                members.notes.push("`sessionAffinity` has no `sessionId`: it has no effect".to_owned());
                Ok(None)
            }
            Some(settings) => Affinity::new(id, settings, &names, options.affinity_key.as_ref()),
            None => Ok(None),
        };
        let affinity = affinity.map_err(|problem| vec![problem])?;
        let status = failure_status(pool.failure_response.as_ref()).map_err(|problem| vec![problem])?;
        let seat = |goal: &Goal| {
            let protection = goal.protection();
            Seat::new(protection.and_then(|p| p.breaker.clone()), protection.and_then(|p| p.health.clone()))
        };
        let seats = goals.iter().map(seat).collect();
        let served_by = goals.iter().map(|goal| {
            let base = goal.base_url()?.clone();
            Some(ServedBy::new(Arc::clone(goal.id()), Arc::new(base)))
        });
        let made = Self {
            id: id.into(),
            options: options.clone(),
            served_by: served_by.collect(),
            picker: Picker::new(seats, (&names, members.shares), options, clock, version),
            goals,
            affinity,
            status,
        };
        Ok((made, members.notes))
    }

    /// The same pool, whose members are known from another configuration.
    pub(super) fn acquainted(self, roster: Option<Arc<Roster>>) -> Self {
        match (roster, self.options.slow_start) {
            (Some(roster), Some(time)) => Self { picker: self.picker.acquainted(time, roster), ..self },
            _ => self,
        }
    }

    /// Whether a call is more than one exchange with one member.
    pub(super) fn waits(&self) -> bool {
        let members = self.goals.iter().filter_map(Goal::protection);
        self.options.tries_again() || members.into_iter().any(|protection| protection.waits())
    }

    /// All members, in the order of the entity.
    pub(super) fn goals(&self) -> &[Goal] {
        &self.goals
    }

    /// The first listed member.
    pub(super) fn first(&self) -> Option<&Goal> {
        self.goals.first()
    }

    /// The member for an attempt, with the permit of its breaker: the bound one, or else whose turn it is. `earlier` are those
    /// that other attempts of the same request went to.
    pub(super) fn choose(
        self: &Arc<Self>,
        Wish { bound, key }: Wish,
        is_tls: bool,
        mut tried: Members,
        earlier: Option<&Tried>,
    ) -> Result<(Choice, Option<Permit>), Error> {
        let affine = |member| self.affinity.is_some() && bound != Some(member);
        let bound = bound.filter(|member| !tried.contains(*member) && self.picker.is_candidate(*member));
        let mut next = bound.or_else(|| match earlier {
            None => self.picker.pick(key, tried),
            Some(earlier) => self.picker.pick_avoiding(key, tried, self.members_in(earlier)),
        });
        // Each member is asked once: its breaker may open, or have all its trials, between the choice and the permit.
        while let Some(member) = next {
            let permit = match self.picker.breaker(member).map(|breaker| breaker.admit()) {
                Some(Err(_)) => {
                    tried.insert(member);
                    next = self.picker.pick(key, tried);
                    continue;
                }
                permit => permit.and_then(Result::ok),
            };
            let request = self.picker.started(member);
            let bind = affine(member).then_some(is_tls);
            if let Some(goal) = self.goals.get(member) {
                tracing::debug!(target: "gatewright::pool", pool = &*self.id, backend = &**goal.id(), "member chosen");
                if let Some(earlier) = earlier {
                    earlier.add(goal.id());
                }
            }
            return Ok((Choice { pool: Arc::clone(self), member, request, bind }, permit));
        }
        let soonest = self.picker.soonest();
        tracing::debug!(target: "gatewright::pool", pool = &*self.id, ?soonest, "no member can be asked");
        Err(Error::exhausted(self.status, soonest).of(Arc::clone(&self.id)))
    }

    fn members_in(&self, tried: &Tried) -> Members {
        let mut members = Members::default();
        let known = self.goals.iter().enumerate().filter(|(_, goal)| tried.contains(goal.id()));
        known.for_each(|(index, _)| members.insert(index));
        members
    }

    pub(super) fn goal(&self, member: usize) -> Option<&Goal> {
        self.goals.get(member)
    }

    pub(super) fn snapshot(&self) -> PoolSnapshot {
        let member = |(index, goal): (usize, &Goal)| MemberSnapshot {
            backend: goal.id().to_string(),
            is_candidate: self.picker.is_candidate(index),
            in_flight: self.picker.in_flight(index),
        };
        PoolSnapshot { pool: self.id.to_string(), members: self.goals.iter().enumerate().map(member).collect() }
    }
}

impl Choice {
    /// The member answered.
    pub(super) fn answered(&mut self, response: &mut Response<Body>) {
        self.pool.picker.judge(&mut self.request, response.status().as_u16() < 500);
        if let (Some(is_tls), Some(affinity)) = (self.bind, &self.pool.affinity) {
            affinity.bind(response.headers_mut(), self.member, is_tls);
        }
        if let Some(Some(served_by)) = self.pool.served_by.get(self.member) {
            response.extensions_mut().insert(served_by.clone());
        }
    }

    /// The member did not answer.
    pub(super) fn failed(&mut self) {
        self.pool.picker.judge(&mut self.request, false);
    }

    /// Whether a request is under way until its body has ended.
    pub(super) fn counts_bodies(&self) -> bool {
        self.pool.options.counts_bodies()
    }
}

impl Drop for Choice {
    fn drop(&mut self) {
        self.pool.picker.ended(&mut self.request);
    }
}
