//! Makes the pools of a configuration, when everything else is made.

use std::collections::HashMap;
use std::sync::Arc;

use super::build_error::{BuildError, Problem};
use super::discovery::{Changing, Recipe, Slot};
use super::fabric::Fabric;
use super::goal::Goal;
use super::pool::{self, Entry, MOST_LEVELS, MOST_MEMBERS_BELOW, Pool, PoolCell, PoolOptions, Share};
use super::resilience::Resilience;
use super::set::Member;
use super::single::{self, Single, Surroundings};
use crate::forward::BaseUrl;
use crate::model::{self, CircuitBreaker, Credentials};

/// What pools are made of.
pub(super) struct PoolMaker<'a> {
    pub(super) around: Surroundings<'a>,
    pub(super) resilience: &'a Resilience,
    pub(super) scope: &'a str,
    /// All entities as they are written, by id in lower case.
    pub(super) entities: HashMap<String, &'a model::Backend>,
    /// By id in lower case.
    pub(super) members: &'a HashMap<Box<str>, Member>,
    /// By id in lower case.
    pub(super) fabrics: &'a HashMap<Box<str>, Arc<Fabric>>,
    /// Those of which no other entity has the id.
    pub(super) pools: &'a [(String, model::Backend)],
    /// Where each is, by id in lower case.
    pub(super) pool_index: &'a HashMap<String, usize>,
}

/// Pools by id in lower case, and what is to be said of them.
#[derive(Default)]
pub(super) struct Made {
    /// None for one that cannot be made.
    pools: HashMap<Box<str>, Option<Arc<PoolCell>>>,
    /// Those that change, and before each those that are in it.
    changing: Vec<Arc<PoolCell>>,
    /// Members that are no entities, by id in lower case.
    by_url: HashMap<Box<str>, KnownUrl>,
    pub(super) errors: Vec<BuildError>,
    pub(super) warnings: Vec<BuildError>,
}

/// What a member by URL is in the first pool that has it: there is one breaker and one health of an id.
struct KnownUrl {
    pool: String,
    base: BaseUrl,
    rules: CircuitBreaker,
    credentials: Option<Credentials>,
}

/// Why there is no member; nothing, when it was said elsewhere.
type Missing = Option<BuildError>;

impl Made {
    /// The pools that could be made, and those of them that change.
    pub(super) fn finished(self) -> (HashMap<Box<str>, Arc<PoolCell>>, Arc<[Arc<PoolCell>]>) {
        let pools = self.pools.into_iter().filter_map(|(id, pool)| Some((id, pool?)));
        (pools.collect(), self.changing.into())
    }

    fn wrong(&mut self, id: &str, problems: impl IntoIterator<Item = String>) {
        self.errors.extend(problems.into_iter().map(|text| BuildError::new(id, Problem::Pool(text))));
    }
}

impl KnownUrl {
    /// What keeps another member of the id from sharing its breaker and its health.
    fn is_other_than(&self, other: &Self, is_checked: bool) -> Option<&'static str> {
        if self.base != other.base {
            return Some("another URL");
        }
        if self.rules != other.rules {
            return Some("other rules of its circuit breaker");
        }
        (is_checked && self.credentials != other.credentials).then_some("other credentials to be checked with")
    }
}

impl PoolMaker<'_> {
    pub(super) fn make(&self) -> Made {
        let mut made = Made::default();
        for index in 0..self.pools.len() {
            self.pool(index, &mut Vec::new(), &mut made);
        }
        made
    }

    /// The pool at this index, with all that are in it; `trail` are those that it is in.
    fn pool(&self, index: usize, trail: &mut Vec<usize>, made: &mut Made) -> Option<Arc<PoolCell>> {
        let (id, entity) = self.pools.get(index)?;
        let key = id.to_ascii_lowercase().into_boxed_str();
        if let Some(known) = made.pools.get(&key) {
            return known.clone();
        }
        trail.push(index);
        let pool = self.one(id, entity, trail, made).map(Arc::new);
        trail.pop();
        made.changing.extend(pool.clone().filter(|pool| pool.changing().is_some()));
        made.pools.insert(key, pool.clone());
        pool
    }

    fn one(&self, id: &str, entity: &model::Backend, trail: &mut Vec<usize>, made: &mut Made) -> Option<PoolCell> {
        let Some(settings) = &entity.pool else {
            made.wrong(id, ["`pool` is missing".to_owned()]);
            return None;
        };
        let options = self.resilience.pool_options(self.scope, id);
        let roster = match pool::read(settings, options) {
            Ok(roster) => roster,
            Err(problems) => {
                made.wrong(id, problems);
                return None;
            }
        };
        let credentials = entity.credentials.as_ref().filter(|_| options.credentials_are_shared());
        let mut is_good = credentials.is_none_or(|credentials| self.check(id, credentials, made));
        let credentials = credentials.filter(|_| is_good);
        let mut slots = Vec::with_capacity(roster.entries.len());
        for entry in &roster.entries {
            match self.member(id, entry, (options, credentials), trail, made) {
                Ok(slot) => slots.push((slot, entry.share)),
                Err(missing) => {
                    made.errors.extend(missing);
                    is_good = false;
                }
            }
        }
        if !is_good {
            return None;
        }
        match self.of(slots, id, settings, options) {
            Ok((pool, notes)) => {
                let notes = roster.notes.into_iter().chain(notes);
                made.warnings.extend(notes.map(|note| BuildError::new(id, Problem::Pool(note))));
                Some(pool)
            }
            Err(problem) => {
                made.wrong(id, [problem]);
                None
            }
        }
    }

    /// A pool of these members.
    fn of(
        &self,
        slots: Vec<(Slot, Share)>,
        id: &str,
        settings: &model::Pool,
        options: &PoolOptions,
    ) -> Result<(PoolCell, Vec<String>), String> {
        let below = Slot::most_members_below(&slots);
        if below > MOST_MEMBERS_BELOW {
            return Err(format!(
                "it may have {below} members, by all ways through the pools in it: expected at most {MOST_MEMBERS_BELOW}"
            ));
        }
        if slots.iter().all(|(slot, _)| slot.is_fixed()) {
            let members = slots.into_iter().map(|(slot, share)| (slot.fixed(), share)).collect();
            let around = (&self.resilience.clock, &self.resilience.version);
            let (pool, notes) = Pool::new(id, settings, options, members, around)?;
            let known = self.resilience.roster(self.scope, id, options, pool.ids());
            return Ok((PoolCell::Fixed(Arc::new(pool.acquainted(known))), notes));
        }
        let recipe = Recipe {
            id: id.to_owned(),
            settings: settings.clone(),
            options: options.clone(),
            slots,
            transport: self.around.transport.clone(),
            resilience: self.resilience.clone(),
            scope: self.scope.to_owned(),
        };
        Changing::new(recipe).map(|(changing, notes)| (PoolCell::Changing(Box::new(changing)), notes))
    }

    /// Whether the credentials of a pool can be used, so that their errors are the pool's and not each member's.
    fn check(&self, id: &str, credentials: &Credentials, made: &mut Made) -> bool {
        let alone = model::Backend { credentials: Some(credentials.clone()), ..model::Backend::default() };
        let (values, tokens) = (self.around.values, self.around.transport.tokens());
        let wrong = [
            single::credentials(id, &alone, values).err(),
            single::identity(id, &alone, values, tokens).err(),
            single::client(id, &alone, &self.around).err(),
        ];
        let before = made.errors.len();
        made.errors.extend(wrong.into_iter().flatten());
        made.errors.len() == before
    }

    fn member(
        &self,
        id: &str,
        entry: &Entry<'_>,
        (options, credentials): (&PoolOptions, Option<&Credentials>),
        trail: &mut Vec<usize>,
        made: &mut Made,
    ) -> Result<Slot, Missing> {
        let name = &entry.name;
        if let Some(url) = entry.url {
            let goal = self.by_url(id, entry, credentials, made)?;
            return Ok(self.slot(id, (goal, None), (options, url.rules()), made));
        }
        let key = name.to_ascii_lowercase();
        let goal = if let Some(member) = self.members.get(key.as_str()) {
            Goal::Single(member.clone(), None)
        } else if let Some(fabric) = self.fabrics.get(key.as_str()) {
            Goal::Fabric(Arc::clone(fabric))
        } else {
            let inner = self.pool_index.get(&key).copied();
            let wrong = |text| Some(BuildError::new(id, Problem::Pool(text)));
            let inner = inner.ok_or_else(|| wrong(format!("member `{name}` is not defined")))?;
            if !options.takes_pools() {
                let text = format!("member `{name}` is a pool itself: expected backends of type `Single`");
                return Err(wrong(text));
            }
            self.may_be_in(inner, trail).map_err(wrong)?;
            if credentials.is_some() {
                let text = format!("`credentials` are not for the members of `{name}`, which is a pool itself");
                made.warnings.extend(wrong(text));
            }
            let pool = self.pool(inner, trail, made).ok_or(None)?;
            if trail.len() + pool.current().levels() > MOST_LEVELS {
                return Err(wrong(self.too_deep(trail.iter().chain([&inner]))));
            }
            return Ok(Slot::Pool(pool));
        };
        let rules = self.entity(goal.id()).and_then(|entity| entity.circuit_breaker.as_ref());
        let Some(credentials) = credentials else { return Ok(self.slot(id, (goal, None), (options, rules), made)) };
        let joined = self.with(goal.clone(), credentials).map_err(Some)?;
        Ok(self.slot(id, (joined, Some(goal)), (options, rules), made))
    }

    /// A member, of which the addresses may be the members; `own` is what it is without the pool's credentials.
    fn slot(
        &self,
        id: &str,
        (goal, own): (Goal, Option<Goal>),
        (options, rules): (&PoolOptions, Option<&CircuitBreaker>),
        made: &mut Made,
    ) -> Slot {
        let Goal::Single(member, None) = &goal else { return Slot::Goal(goal) };
        if options.address_interval().is_none() {
            return Slot::Goal(goal);
        }
        if member.client.link().proxy.is_some() {
            let text = format!("addresses of `{}` are no members: a web proxy looks its name up", goal.id());
            made.warnings.push(BuildError::new(id, Problem::Pool(text)));
        }
        let own = match &own {
            Some(Goal::Single(own, None)) => Some(own),
            _ => None,
        };
        Slot::of_host((member, own), rules, &self.resilience.names).unwrap_or(Slot::Goal(goal))
    }

    /// An entity as it is written.
    fn entity(&self, id: &str) -> Option<&model::Backend> {
        self.entities.get(&id.to_ascii_lowercase()).copied()
    }

    /// Whether a pool may be in those of the trail, or why not.
    fn may_be_in(&self, inner: usize, trail: &[usize]) -> Result<(), String> {
        if let Some(start) = trail.iter().position(|known| *known == inner) {
            let circle = trail.iter().skip(start).chain([&inner]);
            return Err(format!("a pool cannot contain itself: {}", self.shown(circle)));
        }
        if trail.len() >= MOST_LEVELS {
            return Err(self.too_deep(trail.iter().chain([&inner])));
        }
        Ok(())
    }

    fn too_deep<'b>(&self, trail: impl Iterator<Item = &'b usize>) -> String {
        format!("pools are more than {MOST_LEVELS} deep: {}", self.shown(trail))
    }

    fn shown<'b>(&self, trail: impl Iterator<Item = &'b usize>) -> String {
        let names: Vec<_> = trail.filter_map(|index| Some(format!("`{}`", self.pools.get(*index)?.0))).collect();
        names.join(" > ")
    }

    /// A member with the credentials of its pool, where it has none of its own.
    fn with(&self, goal: Goal, credentials: &Credentials) -> Result<Goal, BuildError> {
        let id = Arc::clone(goal.id());
        let Some(entity) = self.entity(&id) else { return Ok(goal) };
        let joined = pool::joined_credentials(entity.credentials.as_ref(), credentials);
        if entity.credentials.as_ref() == Some(&joined) {
            return Ok(goal);
        }
        let entity = model::Backend { credentials: Some(joined), ..entity.clone() };
        match (&goal, entity.fabric()) {
            (Goal::Fabric(known), Some(cluster)) => {
                let after = self.resilience.backend_options(self.scope, &id).refresh_after();
                let fabric = Fabric::new(&id, &entity, cluster, &self.around)?;
                let mut fabric = fabric.refreshed(after, &self.resilience.clock);
                fabric.protection.clone_from(&known.protection);
                Ok(Goal::Fabric(Arc::new(fabric)))
            }
            (Goal::Single(known, _), _) => {
                let member = self.single(&id, &entity)?;
                Ok(Goal::Single(Member { protection: known.protection.clone(), ..member }, None))
            }
            (Goal::Fabric(_), None) => Ok(goal),
        }
    }

    fn by_url(
        &self,
        pool: &str,
        entry: &Entry<'_>,
        shared: Option<&Credentials>,
        made: &mut Made,
    ) -> Result<Goal, Missing> {
        let Some(url) = entry.url else { return Err(None) };
        let id = entry.name.as_str();
        if self.entity(id).is_some() {
            return Err(Some(BuildError::new(id, Problem::Duplicate)));
        }
        let entity = model::Backend {
            url: Some(url.url().to_owned()),
            credentials: shared.cloned(),
            ..model::Backend::default()
        };
        let member = self.single(id, &entity).map_err(Some)?;
        let own = KnownUrl {
            pool: pool.to_owned(),
            base: member.single.base.clone(),
            rules: url.rules().cloned().unwrap_or_default(),
            credentials: shared.cloned(),
        };
        if let Some(known) = made.by_url.get(&*id.to_ascii_lowercase()) {
            let is_checked = self.resilience.backend_options(self.scope, id).is_checked();
            if let Some(what) = known.is_other_than(&own, is_checked) {
                let text = format!("member `{id}` has {what} in pool `{}`: give it an id of its own", known.pool);
                return Err(Some(BuildError::new(pool, Problem::Pool(text))));
            }
        } else {
            made.by_url.insert(id.to_ascii_lowercase().into(), own);
        }
        let protection = self.resilience.protect(self.scope, id, url.rules()).map_err(|problems| {
            made.errors.extend(problems.into_iter().map(|text| BuildError::new(id, Problem::CircuitBreaker(text))));
            None
        })?;
        let notes = protection.iter().flat_map(|protection| protection.notes());
        made.warnings.extend(notes.map(|note| BuildError::new(id, Problem::CircuitBreaker(note.clone()))));
        Ok(Goal::Single(Member { protection, ..member }, None))
    }

    /// A member that nothing protects yet.
    fn single(&self, id: &str, entity: &model::Backend) -> Result<Member, BuildError> {
        let values = self.around.values;
        let identity = single::identity(id, entity, values, self.around.transport.tokens())?;
        Ok(Member {
            single: Arc::new(Single::new(id, entity, values)?),
            client: single::client(id, entity, &self.around)?,
            identity: identity.map(Arc::new),
            protection: None,
        })
    }
}
