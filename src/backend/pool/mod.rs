//! Pools: backends made of backends, with priority and weight.

mod addresses;
mod affinity;
mod affinity_options;
mod asked;
mod cell;
mod choice;
mod credentials;
mod hash_key;
mod latency;
mod members;
mod nested;
mod options;
mod outlier;
mod picker;
mod rendezvous;
mod schedule;
mod service;
mod slow_start;
mod snapshot;
mod upload;
mod url_member;
mod wish;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use self::affinity::Affinity;
use self::nested::Size;
use self::picker::{Members, Picker, Seat};
use super::breaker::{Permit, failure_status};
use super::error::Error;
use super::goal::Goal;
use crate::clock::Clock;
use crate::forward::{BaseUrl, ServedBy, Tried};
use crate::model;

pub use affinity_options::{AffinityCookie, AffinityFailure, SameSite};
pub(super) use asked::Asked;
pub(super) use cell::PoolCell;
pub(super) use choice::Choice;
pub(super) use credentials::joined as joined_credentials;
pub use hash_key::HashKey;
pub(super) use members::{Entry, read};
pub(super) use nested::{Below, MOST_LEVELS, MOST_MEMBERS_BELOW};
pub use options::{Balance, PoolOptions};
pub use outlier::OutlierEjection;
pub(super) use picker::MOST_MEMBERS;
pub(super) use schedule::Share;
pub use service::{PoolFuture, PoolService, PoolServiceBuilder};
pub(super) use slow_start::Roster;
pub use snapshot::{MemberSnapshot, PoolSnapshot};
pub use url_member::UrlMember;
pub(super) use wish::Wish;

/// A pool whose members are there.
pub(super) struct Pool {
    pub(super) id: Arc<str>,
    pub(super) options: PoolOptions,
    members: Vec<Below>,
    served_by: Vec<Option<ServedBy>>,
    picker: Picker,
    affinity: Option<Affinity>,
    /// The ways to the members at the bottom, when a cookie stands for one; none when no member is a pool.
    ways: Vec<Box<[usize]>>,
    size: Size,
    /// Whether a request may wish something of it, or of a pool in it.
    is_wished_of: bool,
    /// What is answered when there is no candidate.
    status: u16,
    waits: bool,
}

impl Pool {
    /// A pool of these members, and what its author should know.
    pub(super) fn new(
        id: &str,
        pool: &model::Pool,
        options: &PoolOptions,
        members: Vec<(Below, Share)>,
        (clock, version): (&Clock, &Arc<AtomicU64>),
    ) -> Result<(Self, Vec<String>), String> {
        let (members, shares): (Vec<_>, Vec<_>) = members.into_iter().unzip();
        let mut ways = Vec::new();
        let mut notes = Vec::new();
        let affinity = match &pool.session_affinity {
            Some(settings) if settings.session_id.is_none() => {
                notes.push("`sessionAffinity` has no `sessionId`: it has no effect".to_owned());
                None
            }
            Some(settings) => {
                let (bottoms, names) = nested::bottoms(&members);
                ways = bottoms;
                let names: Vec<_> = names.iter().map(String::as_str).collect();
                let cookie = (options.affinity_key.as_ref(), &options.affinity_cookie);
                Affinity::new(id, settings, &names, cookie)?
            }
            None => None,
        };
        let status = failure_status(pool.failure_response.as_ref())?;
        let served_by = members.iter().map(|member| match member {
            Below::Goal(goal) => Some(ServedBy::new(Arc::clone(goal.id()), Arc::new(goal.base_url()?.clone()))),
            Below::Pool(_) => None,
        });
        let waits = options.tries_again()
            || members.iter().any(|member| match member {
                Below::Goal(goal) => goal.protection().is_some_and(|protection| protection.waits()),
                Below::Pool(pool) => pool.waits,
            });
        let is_wished_of = affinity.is_some()
            || matches!(options.balance, Balance::Hash(_))
            || members.iter().any(|member| matches!(member, Below::Pool(pool) if pool.is_wished_of));
        let seats = members.iter().map(Seat::of).collect();
        let ids: Vec<_> = members.iter().map(|member| &**member.id()).collect();
        let picker = Picker::new(seats, (&ids, shares), options, clock, version);
        let made = Self {
            id: id.into(),
            options: options.clone(),
            served_by: served_by.collect(),
            size: Size::of(&members),
            is_wished_of,
            picker,
            members,
            affinity,
            ways,
            status,
            waits,
        };
        Ok((made, notes))
    }

    /// The same pool, whose members are known from another configuration.
    pub(super) fn acquainted(self, roster: Option<Arc<Roster>>) -> Self {
        match (roster, self.options.slow_start) {
            (Some(roster), Some(time)) => Self { picker: self.picker.acquainted(time, roster), ..self },
            _ => self,
        }
    }

    /// The ids of its members.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|member| &**member.id())
    }

    /// Whether a call is more than one exchange with one member.
    pub(super) fn waits(&self) -> bool {
        self.waits
    }

    /// The number of members.
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    /// The URL of the first listed member.
    pub(super) fn base_url(&self) -> Option<&BaseUrl> {
        self.members.first()?.base_url()
    }

    /// The member for an attempt, with the permit of its breaker: the bound one, or else whose turn it is. `earlier` are those
    /// that other attempts of the same request went to.
    pub(super) fn choose(
        self: &Arc<Self>,
        wish: &Wish,
        is_tls: bool,
        asked: &Asked,
        earlier: Option<&Tried>,
    ) -> Result<(Choice, Option<Permit>), Error> {
        let mut tried = asked.members();
        let is_strict = wish.is_kept() || (self.options.affinity_failure == AffinityFailure::Refuse && !wish.is_led());
        let first = wish.bound().filter(|_| self.keeps(wish, asked));
        if is_strict && first.is_none() && wish.bound().is_some() {
            return Err(self.unavailable(wish));
        }
        let mut next = first.or_else(|| match earlier {
            None => self.picker.pick(wish.key(), tried),
            Some(earlier) => self.picker.pick_avoiding(wish.key(), tried, self.members_in(earlier)),
        });
        // Each member is asked once: its breaker may open, or have all its trials, between the choice and the permit.
        while let Some(member) = next {
            let Some((inner, permit)) = self.admit(member, wish, is_tls, asked, earlier) else {
                if is_strict && first.is_some() {
                    return Err(self.unavailable(wish));
                }
                tried.insert(member);
                next = self.picker.pick(wish.key(), tried);
                continue;
            };
            let request = self.picker.started(member);
            if let Some(chosen) = self.members.get(member) {
                tracing::debug!(target: "gatewright::pool", pool = &*self.id, backend = &**chosen.id(), "member chosen");
                if let (Below::Goal(goal), Some(earlier)) = (chosen, earlier) {
                    earlier.add(goal.id());
                }
            }
            let mut choice = Choice { pool: Arc::clone(self), member, inner, request, bind: None };
            if self.affinity.is_some() && !wish.is_led() && !choice.is_bound_by(wish) {
                choice.bind = Some(is_tls);
            }
            return Ok((choice, permit));
        }
        let soonest = self.picker.soonest();
        tracing::debug!(target: "gatewright::pool", pool = &*self.id, ?soonest, "no member can be asked");
        Err(Error::exhausted(self.status, soonest).of(Arc::clone(&self.id)))
    }

    /// The permit of a member's breaker, or what the member chooses when it is a pool; none when it lets nothing pass.
    #[inline]
    fn admit(
        &self,
        member: usize,
        wish: &Wish,
        is_tls: bool,
        asked: &Asked,
        earlier: Option<&Tried>,
    ) -> Option<(Option<Box<Choice>>, Option<Permit>)> {
        if let Some(Below::Pool(pool)) = self.members.get(member) {
            let (wish, asked) = (wish.below(member), asked.below(member));
            let none = (Wish::default(), Asked::default());
            let chosen = pool.choose(wish.unwrap_or(&none.0), is_tls, asked.unwrap_or(&none.1), earlier);
            return chosen.ok().map(|(choice, permit)| (Some(Box::new(choice)), permit));
        }
        match self.picker.breaker(member).map(|breaker| breaker.admit()) {
            Some(Err(_)) => None,
            permit => Some((None, permit.and_then(Result::ok))),
        }
    }

    /// Whether the member of a session can be asked, or it has none.
    fn keeps(&self, wish: &Wish, asked: &Asked) -> bool {
        let Some(member) = wish.bound() else { return true };
        if asked.members().contains(member) || !self.picker.is_candidate(member) {
            return false;
        }
        let (Some(Below::Pool(pool)), Some(below)) = (self.members.get(member), wish.below(member)) else {
            return true;
        };
        let none = Asked::default();
        pool.keeps(below, asked.below(member).unwrap_or(&none))
    }

    /// The session's member cannot be asked, and nobody else may be.
    fn unavailable(&self, wish: &Wish) -> Error {
        let (name, soonest) = self.keeper(wish).unwrap_or_default();
        tracing::debug!(target: "gatewright::pool", pool = &*self.id, ?soonest, "the member of a session cannot be asked");
        let why = format!("its session is kept by `{name}`, which is no candidate");
        Error::exhausted(self.status, soonest).because(why).of(Arc::clone(&self.id))
    }

    /// The member at the bottom that a session is bound to, and when it is back, if that is known.
    fn keeper(&self, wish: &Wish) -> Option<(&str, Option<Duration>)> {
        let member = wish.bound()?;
        let below = self.members.get(member)?;
        if let (Below::Pool(pool), Some(wish)) = (below, wish.below(member)) {
            return pool.keeper(wish);
        }
        Some((below.id(), self.picker.out_for(member).filter(|out| *out < Duration::MAX)))
    }

    fn members_in(&self, tried: &Tried) -> Members {
        let mut members = Members::default();
        for (index, member) in self.members.iter().enumerate() {
            let is_in = match member {
                Below::Goal(goal) => tried.contains(goal.id()),
                Below::Pool(pool) => pool.is_used_up(tried),
            };
            if is_in {
                members.insert(index);
            }
        }
        members
    }

    /// What was chosen.
    pub(super) fn goal(&self, choice: &Choice) -> Option<&Goal> {
        match (self.members.get(choice.member)?, &choice.inner) {
            (Below::Goal(goal), _) => Some(goal),
            (Below::Pool(pool), Some(inner)) => pool.goal(inner),
            (Below::Pool(_), None) => None,
        }
    }

    pub(super) fn snapshot(&self) -> PoolSnapshot {
        let member = |(index, member): (usize, &Below)| MemberSnapshot {
            backend: member.id().to_string(),
            is_candidate: self.picker.is_candidate(index),
            in_flight: self.picker.in_flight(index),
        };
        PoolSnapshot { pool: self.id.to_string(), members: self.members.iter().enumerate().map(member).collect() }
    }
}
