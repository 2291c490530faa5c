//! Pools in pools: beyond Azure.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::header::COOKIE;
use http::{HeaderMap, Request};

use super::Pool;
use super::affinity_options::AffinityFailure;
use super::options::PoolOptions;
use super::wish::Wish;
use crate::Body;
use crate::backend::goal::Goal;
use crate::forward::{BaseUrl, Tried};

/// The most pools that a request may go through.
pub(in crate::backend) const MOST_LEVELS: usize = 5;
/// The most members at the bottom of a pool, one for each way that leads there.
pub(in crate::backend) const MOST_MEMBERS_BELOW: usize = 4096;

impl PoolOptions {
    /// Whether members of the pool may be pools themselves; false by default: then the configuration is refused.
    ///
    /// A pool in the pool is a candidate while one of its members is. It is chosen as any member is, by its own priority and
    /// weight; then it chooses one of its own members, by its own balance and outlier ejection. Fail-over, hedging, the failure
    /// response and the cookie of a session are those of the pool that the request is for: its cookie stands for the member
    /// at the bottom. When it has no session affinity, cookies of the pools below are obeyed, each when its pool is chosen.
    ///
    /// A pool that contains itself, one with pools more than five deep, and one with more than 4,096 members at the bottom, a
    /// member being counted once for each way to it, are refused.
    ///
    /// ```
    /// use gatewright::backend::{Backends, PoolOptions, Resilience, Transport};
    /// use gatewright::model::{Backend, Pool, PoolMember};
    /// use gatewright::secret::NamedValues;
    ///
    /// let west = Pool::new().member(PoolMember::new("west-1")).member(PoolMember::new("west-2"));
    /// let mut spare = PoolMember::new("west");
    /// spare.priority = Some(2);
    /// let all = Pool::new().member(PoolMember::new("east")).member(spare);
    ///
    /// let transport = Transport::builder().native_roots(false).build()?;
    /// let values = NamedValues::new();
    /// let backends = Backends::builder(&transport, &values)
    ///     .resilience(&Resilience::new().pool("all", PoolOptions::new().nested(true)))
    ///     .backend("all", &Backend::of_pool(all))
    ///     .backend("west", &Backend::of_pool(west))
    ///     .backend("east", &Backend::new("https://east.example")?)
    ///     .backend("west-1", &Backend::new("https://west-1.example")?)
    ///     .backend("west-2", &Backend::new("https://west-2.example")?)
    ///     .build()?;
    /// assert_eq!(backends.pools()[0].members[1].backend, "west");
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn nested(mut self, nested: bool) -> Self {
        self.nested = nested;
        self
    }
}

/// A member: what attempts are sent to, or a pool of such.
#[derive(Clone)]
pub(in crate::backend) enum Below {
    Goal(Goal),
    Pool(Arc<Pool>),
}

impl Below {
    pub(super) fn id(&self) -> &Arc<str> {
        match self {
            Self::Goal(goal) => goal.id(),
            Self::Pool(pool) => &pool.id,
        }
    }

    /// That of the first member at the bottom.
    pub(super) fn base_url(&self) -> Option<&BaseUrl> {
        match self {
            Self::Goal(goal) => goal.base_url(),
            Self::Pool(pool) => pool.base_url(),
        }
    }
}

/// How deep and how wide a pool is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    levels: usize,
    members_below: usize,
}

impl Size {
    pub(super) fn of(members: &[Below]) -> Self {
        let sizes = members.iter().map(|member| match member {
            Below::Goal(_) => Self { levels: 0, members_below: 1 },
            Below::Pool(pool) => pool.size,
        });
        sizes.fold(Self { levels: 1, members_below: 0 }, |size, below| Self {
            levels: size.levels.max(below.levels + 1),
            members_below: size.members_below.saturating_add(below.members_below),
        })
    }
}

impl Pool {
    /// The number of pools that a request goes through.
    pub(in crate::backend) fn levels(&self) -> usize {
        self.size.levels
    }

    /// The number of members at the bottom, each as often as ways lead there.
    pub(in crate::backend) fn members_below(&self) -> usize {
        self.size.members_below
    }

    /// Whether a member is a pool.
    pub(super) fn is_nested(&self) -> bool {
        self.size.levels > 1
    }

    /// The members that are no pools.
    pub(in crate::backend) fn goals(&self) -> impl Iterator<Item = &Goal> {
        self.members.iter().filter_map(|member| match member {
            Below::Goal(goal) => Some(goal),
            Below::Pool(_) => None,
        })
    }

    /// Whether one of the members at the bottom is so, asked one after the other.
    pub(in crate::backend) fn any_goal(&self, is_so: &mut dyn FnMut(&Goal) -> bool) -> bool {
        self.members.iter().any(|member| match member {
            Below::Goal(goal) => is_so(goal),
            Below::Pool(pool) => pool.any_goal(is_so),
        })
    }

    /// How long nobody in it is a candidate; a very long time when nobody knows, none when somebody is one.
    pub(super) fn out_for(&self) -> Option<Duration> {
        let mut soonest = Duration::MAX;
        for member in 0..self.members.len() {
            soonest = soonest.min(self.picker.out_for(member)?);
        }
        Some(soonest)
    }

    /// Whether earlier attempts went to all its candidates.
    pub(super) fn is_used_up(&self, earlier: &Tried) -> bool {
        let mut candidates = self.members.iter().enumerate().filter(|(index, _)| self.picker.is_candidate(*index));
        candidates.all(|(_, member)| match member {
            Below::Goal(goal) => earlier.contains(goal.id()),
            Below::Pool(pool) => pool.is_used_up(earlier),
        })
    }

    /// What a request wishes of the pools at all levels.
    pub(super) fn nested_wish(&self, request: &mut Request<Body>, client: Option<IpAddr>) -> Wish {
        // Two of them may have the same name: all look before the first takes its cookie out.
        let wish = self.look(request, client);
        if request.headers().contains_key(COOKIE) {
            self.strip(request.headers_mut());
        }
        wish
    }

    fn look(&self, request: &Request<Body>, client: Option<IpAddr>) -> Wish {
        let key = self.key(request, client);
        let bound = self.affinity.as_ref().map(|affinity| affinity.bound(request.headers()));
        if !self.is_nested() {
            return Wish::of(bound.flatten()).keyed(key);
        }
        let below = self.members.iter().enumerate().filter_map(|(index, member)| match member {
            Below::Pool(pool) if pool.is_wished_of => Some((index, pool.look(request, client))),
            Below::Pool(_) | Below::Goal(_) => None,
        });
        let wish = Wish::over(below.collect()).keyed(key);
        let Some(bottom) = bound else { return wish };
        let way = bottom.and_then(|bottom| self.ways.get(bottom)).map(|way| &**way);
        wish.led(way, self.options.affinity_failure == AffinityFailure::Refuse)
    }

    fn strip(&self, headers: &mut HeaderMap) {
        if let Some(affinity) = &self.affinity {
            affinity.take(headers);
        }
        for member in &self.members {
            if let Below::Pool(pool) = member
                && pool.is_wished_of
            {
                pool.strip(headers);
            }
        }
    }

    /// Where the member at the end of a way is among those of the cookie.
    pub(super) fn bottom(&self, way: &[usize]) -> usize {
        match self.ways.iter().position(|known| **known == *way) {
            Some(bottom) => bottom,
            // Without pools in it, a way is a member.
            None => way.first().copied().unwrap_or_default(),
        }
    }
}

/// The ways to the members at the bottom, and their names; no ways when no member is a pool.
pub(super) fn bottoms(members: &[Below]) -> (Vec<Box<[usize]>>, Vec<String>) {
    let (mut ways, mut names) = (Vec::new(), Vec::new());
    for (index, member) in members.iter().enumerate() {
        match member {
            Below::Goal(goal) => {
                ways.push([index].into());
                names.push(goal.id().to_string());
            }
            Below::Pool(pool) => {
                let (below, named) = bottoms(&pool.members);
                // Without pools in it, its members are what is at the bottom.
                let below = if below.is_empty() { (0..named.len()).map(|at| [at].into()).collect() } else { below };
                ways.extend(below.iter().map(|way| [&[index], &**way].concat().into()));
                names.extend(named.into_iter().map(|name| format!("{}\0{name}", pool.id)));
            }
        }
    }
    let is_nested = members.iter().any(|member| matches!(member, Below::Pool(_)));
    if is_nested { (ways, names) } else { (Vec::new(), names) }
}
