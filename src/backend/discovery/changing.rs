//! A pool that is made anew when the addresses of its members change.

use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;

use super::names::{Names, Used};
use super::seats;
use crate::backend::goal::Goal;
use crate::backend::link::Link;
use crate::backend::pool::{Below, MOST_MEMBERS, Pool, PoolCell, PoolOptions, Share};
use crate::backend::resilience::Resilience;
use crate::backend::set::Member;
use crate::backend::transport::Transport;
use crate::forward::BaseUrl;
use crate::model::{self, CircuitBreaker};

/// What a pool is made of again and again.
pub(in crate::backend) struct Recipe {
    pub(in crate::backend) id: String,
    pub(in crate::backend) settings: model::Pool,
    pub(in crate::backend) options: PoolOptions,
    pub(in crate::backend) slots: Vec<(Slot, Share)>,
    pub(in crate::backend) transport: Transport,
    pub(in crate::backend) resilience: Resilience,
    pub(in crate::backend) scope: String,
}

/// A member as it is written.
#[derive(Clone)]
pub(in crate::backend) enum Slot {
    Goal(Goal),
    /// Becomes a member for each address.
    Host(Box<Host>),
    Pool(Arc<PoolCell>),
}

/// A member whose host has a name.
#[derive(Clone)]
pub(in crate::backend) struct Host {
    member: Member,
    /// The entity by itself, when the member has credentials of the pool: its addresses are checked with its own.
    own: Option<Member>,
    /// Of each address.
    rules: Option<CircuitBreaker>,
    used: Arc<Used>,
}

/// A pool of a recipe.
pub(in crate::backend) struct Changing {
    recipe: Recipe,
    most_members_below: usize,
    current: ArcSwap<Pool>,
    state: Mutex<State>,
}

/// What a pool was made of, and what came of it besides.
struct State {
    parts: Vec<Part>,
    /// The addresses of entities, with the credentials of these, where those in the pool have others.
    checked: Vec<Goal>,
}

/// What a slot is at one moment.
#[derive(Clone)]
enum Part {
    Same,
    Addresses(Option<Arc<[IpAddr]>>),
    Pool(Arc<Pool>),
}

impl Slot {
    /// A member that is to become one for each address, when it has a name and the gateway is who looks it up.
    pub(in crate::backend) fn of_host(
        (member, own): (&Member, Option<&Member>),
        rules: Option<&CircuitBreaker>,
        names: &Arc<Names>,
    ) -> Option<Self> {
        let host = member.single.base.authority().host();
        let is_address = host.starts_with('[') || host.parse::<IpAddr>().is_ok();
        let is_ours = !is_address && member.client.link().proxy.is_none();
        is_ours.then(|| {
            let used = Arc::new(names.used(host));
            Self::Host(Box::new(Host { member: member.clone(), own: own.cloned(), rules: rules.cloned(), used }))
        })
    }

    /// Whether it stays as it is.
    pub(in crate::backend) fn is_fixed(&self) -> bool {
        match self {
            Self::Goal(_) => true,
            Self::Host(_) => false,
            Self::Pool(pool) => pool.changing().is_none(),
        }
    }

    /// The most members at the bottom of a pool of these: whose hosts have names has no more members than a pool can have.
    pub(in crate::backend) fn most_members_below(slots: &[(Self, Share)]) -> usize {
        let pools = || slots.iter().filter_map(|(slot, _)| if let Self::Pool(pool) = slot { Some(pool) } else { None });
        let has_hosts = slots.iter().any(|(slot, _)| matches!(slot, Self::Host(_)));
        let members = if has_hosts { slots.len().max(MOST_MEMBERS) } else { slots.len() };
        let below = pools().map(|pool| pool.most_members_below()).fold(0, usize::saturating_add);
        (members - pools().count()).saturating_add(below)
    }

    /// What it is when its host is not looked up.
    pub(in crate::backend) fn fixed(self) -> Below {
        match self {
            Self::Goal(goal) => Below::Goal(goal),
            Self::Host(host) => Below::Goal(Goal::Single(host.member, None)),
            Self::Pool(pool) => Below::Pool(Arc::clone(&pool.current())),
        }
    }

    fn part(&self, names: &Names) -> Part {
        match self {
            Self::Goal(_) => Part::Same,
            Self::Host(host) => Part::Addresses(names.addresses(host.name())),
            Self::Pool(pool) => Part::Pool(Arc::clone(&pool.current())),
        }
    }

    fn base_url(&self) -> Option<&BaseUrl> {
        match self {
            Self::Goal(goal) => goal.base_url(),
            Self::Host(host) => Some(&host.member.single.base),
            Self::Pool(pool) => pool.base_url(),
        }
    }
}

impl Host {
    fn name(&self) -> &str {
        self.used.name()
    }
}

impl Part {
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Same, Self::Same) => true,
            (Self::Addresses(one), Self::Addresses(other)) => one == other,
            (Self::Pool(one), Self::Pool(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

impl Recipe {
    fn parts(&self) -> Vec<Part> {
        self.slots.iter().map(|(slot, _)| slot.part(&self.resilience.names)).collect()
    }

    /// The pool, what its author should know, and what is checked in the place of members.
    fn make(&self, parts: &[Part]) -> Result<(Pool, Vec<String>, Vec<Goal>), String> {
        let mut seats = self.seats(parts).into_iter();
        let (mut members, mut checked) = (Vec::with_capacity(self.slots.len()), Vec::new());
        for ((slot, share), part) in self.slots.iter().zip(parts) {
            match (slot, part) {
                (Slot::Host(host), Part::Addresses(Some(addresses))) => {
                    for address in addresses.iter().take(seats.next().unwrap_or_default()) {
                        members.push((Below::Goal(self.at(host, &host.member, *address)), *share));
                        checked.extend(host.own.as_ref().map(|own| self.at(host, own, *address)));
                    }
                }
                (Slot::Pool(_), Part::Pool(pool)) => members.push((Below::Pool(Arc::clone(pool)), *share)),
                // Until it is looked up, a host is one member by its name.
                (slot, _) => members.push((slot.clone().fixed(), *share)),
            }
        }
        let around = (&self.resilience.clock, &self.resilience.version);
        let (pool, notes) = Pool::new(&self.id, &self.settings, &self.options, members, around)?;
        let known = self.resilience.roster(&self.scope, &self.id, &self.options, pool.ids());
        Ok((pool.acquainted(known), notes, checked))
    }

    /// How many addresses are members of each host that has some; every other member keeps its seat.
    fn seats(&self, parts: &[Part]) -> Vec<usize> {
        let hosts = self.slots.iter().zip(parts).filter_map(|((slot, _), part)| match (slot, part) {
            (Slot::Host(host), Part::Addresses(Some(addresses))) => Some((host.name(), addresses.len())),
            _ => None,
        });
        let (names, found): (Vec<_>, Vec<_>) = hosts.unzip();
        let room = MOST_MEMBERS.saturating_sub(self.slots.len() - found.len());
        let seats = seats::shared_out(&found, room);
        for ((host, found), members) in names.iter().zip(&found).zip(&seats).filter(|((_, found), seats)| found > seats)
        {
            let pool = &*self.id;
            tracing::warn!(target: "gatewright::names", pool, host, found, members, "too many addresses: some are left out");
        }
        seats
    }

    /// A member at one of its addresses; all but the address is as its name has it.
    fn at(&self, host: &Host, member: &Member, address: IpAddr) -> Goal {
        let Member { single, client, identity, protection } = member;
        let id = format!("{}@{address}", single.id);
        let link = Link { address: Some(address), ..client.link().clone() };
        // The rules were found to be good for the entity.
        let entity = (&*single.id, protection.as_deref());
        let protection = self.resilience.protect_part(&self.scope, &id, entity, host.rules.as_ref()).ok().flatten();
        let member = Member {
            single: Arc::new(single.part(id.as_str().into())),
            client: self.transport.client_with(&link),
            identity: identity.clone(),
            protection,
        };
        Goal::Single(member, None)
    }
}

impl Changing {
    /// The pool of what is known now, and what its author should know.
    pub(in crate::backend) fn new(recipe: Recipe) -> Result<(Self, Vec<String>), String> {
        let parts = recipe.parts();
        let (pool, notes, checked) = recipe.make(&parts)?;
        let most_members_below = Slot::most_members_below(&recipe.slots);
        let (current, state) = (ArcSwap::from_pointee(pool), Mutex::new(State { parts, checked }));
        Ok((Self { recipe, most_members_below, current, state }, notes))
    }

    /// However many addresses its hosts have.
    pub(in crate::backend) fn most_members_below(&self) -> usize {
        self.most_members_below
    }

    pub(in crate::backend) fn current(&self) -> Arc<Pool> {
        self.current.load_full()
    }

    /// What is checked in the place of members of the same id.
    pub(in crate::backend) fn checked(&self) -> Vec<Goal> {
        self.state().checked.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// That of the first member as it is written.
    pub(in crate::backend) fn base_url(&self) -> Option<&BaseUrl> {
        self.recipe.slots.first()?.0.base_url()
    }

    /// The names of its members, and how often they are looked up.
    pub(super) fn hosts(&self) -> impl Iterator<Item = (&str, Duration)> {
        let interval = self.recipe.options.address_interval();
        let hosts = self.recipe.slots.iter().filter_map(|(slot, _)| match slot {
            Slot::Host(host) => Some(host.name()),
            Slot::Goal(_) | Slot::Pool(_) => None,
        });
        hosts.filter_map(move |host| Some((host, interval?)))
    }

    /// Makes the pool anew when something that it is made of has changed. Requests under way stay with the pool that they
    /// began with.
    pub(super) fn refresh(&self) {
        let mut state = self.state();
        let parts = self.recipe.parts();
        if parts.len() == state.parts.len() && parts.iter().zip(&state.parts).all(|(one, other)| one.is(other)) {
            return;
        }
        match self.recipe.make(&parts) {
            Ok((pool, _, checked)) => {
                state.checked = checked;
                let (id, members) = (&*pool.id, pool.len());
                tracing::debug!(target: "gatewright::names", pool = id, members, "members changed");
                self.current.store(Arc::new(pool));
            }
            Err(problem) => {
                tracing::warn!(target: "gatewright::names", pool = &*self.recipe.id, problem, "members stay");
            }
        }
        state.parts = parts;
        self.recipe.resilience.version.fetch_add(1, Ordering::Release);
    }
}
