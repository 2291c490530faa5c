//! `cache-value`: takes a value from the cache, or makes it by statements and keeps it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::super::caching::{self, Begun, CACHING_TYPE, CachingType, Follow, Lead};
use super::super::compile::Compiler;
use super::super::document::{Node, NodeBody};
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Resume, Statement};
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Child, Content, Spec};
use crate::expr::Value;
use crate::state::{Answer, CacheEntry, CacheKey, CacheStore, StoreError};
use crate::xml::Element;

const SECONDS: &str = "seconds, a whole number";
const KEY: Attribute = Attribute::required("key", "text").or_expression();
const VARIABLE: Attribute = Attribute::required("variable-name", "the name of a variable");
const EXPIRES: Attribute = Attribute::optional("expires-after", SECONDS, "28800").or_expression();
const REFRESH: Attribute = Attribute::optional("refresh-after", SECONDS, "`expires-after`").or_expression();
const DEFAULT: Attribute = Attribute::optional("default-value", "text", "the variable stays unset").or_expression();
const VALUE: Child = Child::new("value", "1", Content::Policies);

pub(crate) const SPEC: Spec = Spec::new(
    "cache-value",
    "Sets a variable to the value that is kept under `key`; when there is none, or it is to be refreshed, the statements \
     of `value` set the variable, and what they set is kept. One request of a key refreshes at a time.",
)
.attributes(&[KEY, VARIABLE, EXPIRES, REFRESH, DEFAULT, CACHING_TYPE])
.content(Content::Elements(&[VALUE])).state("values, in `EngineSettings::cache` or `EngineSettings::external_cache`.").differences(&["It is known from the tools of API Management only, not from its reference."]);

/// How long a request waits for another one that makes the value; then it makes the value by itself.
const PATIENCE: Duration = Duration::from_secs(60);

/// `cache-value`, compiled. A clone is the same.
#[derive(Clone, Debug)]
pub(crate) struct CacheValue(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    key: Setting<String>,
    variable: Arc<str>,
    expires: Setting<i64>,
    refresh: Option<Setting<i64>>,
    default: Option<Setting<Value>>,
    caching_type: CachingType,
}

/// What a look-up came to.
pub(crate) enum Recalled {
    /// The variable is set: the statements are left out.
    Fresh,
    /// The statements make the value.
    Make(Making),
}

/// A value that is being made.
pub(crate) struct Making {
    variable: Arc<str>,
    place: Option<(Arc<dyn CacheStore>, CacheKey)>,
    /// What is kept and not over, though it is to be refreshed.
    stale: Option<Value>,
    /// What the variable was before: only what the statements set is the value.
    before: Option<Value>,
    lead: Option<Lead>,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let nodes = match element.elements().find(|child| &*child.name == VALUE.element) {
        Some(value) => {
            compiler.check_child(&VALUE, value);
            compiler.nodes(value)
        }
        None => {
            let message = "`cache-value` has no `value`: it needs one, with statements that set the variable";
            compiler.error(element.span.start, message.to_owned());
            Vec::new()
        }
    };
    let key = compiler.setting(element, &KEY);
    let variable = compiler.constant::<String>(element, &VARIABLE);
    let cache_value = Compiled {
        expires: compiler.setting(element, &EXPIRES).unwrap_or(Setting::Constant(28_800)),
        refresh: compiler.setting(element, &REFRESH),
        default: compiler.setting(element, &DEFAULT),
        caching_type: compiler.constant(element, &CACHING_TYPE).unwrap_or_default(),
        key: key?,
        variable: variable?.into(),
    };
    let body = NodeBody::Recall(CacheValue(cache_value.into()), nodes);
    Some(Node { element: "cache-value", id: None, body })
}

impl Statement for CacheValue {
    /// Looks the value up, and leaves what it came to for the next instruction.
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let key = CacheKey::value(&self.0.key.get(exchange)?);
        let always = match &self.0.refresh {
            Some(refresh) => *refresh.get(exchange)? <= 0,
            None => false,
        };
        let variable = self.0.variable.clone();
        let place = self.0.caching_type.store(&exchange.settings).map(|store| (store, key));
        match place {
            Some((store, key)) => Ok(Asked { variable, store, key, always, is_patient: true }.ask(exchange)),
            None => Ok(make(exchange, Making { variable, place, stale: None, before: None, lead: None })),
        }
    }

    fn needs(&self) -> Needs {
        let refresh = self.0.refresh.as_ref().map_or(Needs::NONE, Setting::needs);
        self.0.key.needs() | refresh
    }
}

impl CacheValue {
    /// What must be at hand when the statements have run.
    pub(crate) fn needs_behind(&self) -> Needs {
        let refresh = self.0.refresh.as_ref().map_or(Needs::NONE, Setting::needs);
        let default = self.0.default.as_ref().map_or(Needs::NONE, Setting::needs);
        self.0.expires.needs() | refresh | default
    }

    /// Keeps what the statements have set; when they set nothing, what was kept before holds, or the default.
    pub(crate) fn keep(&self, making: Making, exchange: &mut Exchange) -> Result<(), Box<Failure>> {
        let made = exchange.variables.get(&making.variable).cloned();
        match (made, making.stale) {
            (Some(value), _) if !value.is_null() => {
                let expires = *self.0.expires.get(exchange)?;
                let refresh = match &self.0.refresh {
                    Some(refresh) => *refresh.get(exchange)?,
                    None => expires,
                };
                let (Some((store, key)), Some(lifetime)) = (making.place, caching::lifetime(expires)) else {
                    return Ok(());
                };
                let now = exchange.settings.clock.wall();
                let fresh_until = caching::lifetime(refresh).and_then(|fresh| now.checked_add(fresh)).or(Some(now));
                if let Some(entry) = caching::to_entry(exchange, SPEC.element, &value, fresh_until) {
                    caching::in_background(store.put(key, entry, lifetime, now), making.lead);
                }
            }
            (_, Some(stale)) => exchange.variables.set(making.variable, stale),
            (Some(_), None) => {}
            (None, None) => {
                let default = match (&self.0.default, making.before) {
                    (Some(default), _) => Some(default.get(exchange)?.into_owned()),
                    (None, before) => before,
                };
                if let Some(value) = default {
                    exchange.variables.set(making.variable, value);
                }
            }
        }
        Ok(())
    }
}

impl Making {
    /// Takes what was kept before in place of what the statements failed to make; gives it back when there is nothing.
    pub(crate) fn fall_back(self, exchange: &mut Exchange) -> bool {
        let has_stale = self.stale.is_some();
        if let Some(stale) = self.stale {
            exchange.variables.set(self.variable, stale);
        }
        has_stale
    }
}

struct Asked {
    variable: Arc<str>,
    store: Arc<dyn CacheStore>,
    key: CacheKey,
    /// Whether even a fresh value is made anew.
    always: bool,
    /// Whether it waits for another request that makes the value.
    is_patient: bool,
}

impl Asked {
    fn ask(self, exchange: &mut Exchange) -> Flow {
        match self.store.get(&self.key, exchange.settings.clock.wall()) {
            Answer::Ready(answer) => self.heard(answer, exchange),
            Answer::Later(answer) => Flow::Wait(Box::pin(async move {
                let answer = answer.await;
                let resume: Resume = Box::new(move |exchange| Ok(self.heard(answer, exchange)));
                resume
            })),
        }
    }

    fn heard(self, answer: Result<Option<CacheEntry>, StoreError>, exchange: &mut Exchange) -> Flow {
        let answered = caching::answered(exchange, answer);
        let does_answer = answered.is_some();
        let found = caching::of_entry(answered.flatten());
        let now = exchange.settings.clock.wall();
        let is_fresh = |until: &Option<SystemTime>| until.is_none_or(|until| until > now);
        let stale = match found {
            Some((value, until)) if !self.always && is_fresh(&until) => return fresh(exchange, self.variable, value),
            found => found.map(|(value, _)| value),
        };
        // What is made is not kept where others find it when the cache does not answer: nobody waits for it.
        let lead = match does_answer.then(|| exchange.settings.flights.begin(&self.key)) {
            None => None,
            Some(Begun::Lead(lead)) => Some(lead),
            Some(Begun::Follow(other)) => match stale {
                Some(value) => return fresh(exchange, self.variable, value),
                None if self.is_patient => return self.wait(other, exchange),
                None => None,
            },
        };
        let (variable, place) = (self.variable, Some((self.store, self.key)));
        make(exchange, Making { variable, place, stale, before: None, lead })
    }

    /// Waits for the request that makes the value, and looks again; once.
    fn wait(mut self, other: Follow, exchange: &mut Exchange) -> Flow {
        exchange.trace_note(|| "Another request makes the value: waiting for it.".to_owned());
        self.is_patient = false;
        Flow::Wait(Box::pin(async move {
            other.over(PATIENCE).await;
            let resume: Resume = Box::new(move |exchange| Ok(self.ask(exchange)));
            resume
        }))
    }
}

fn fresh(exchange: &mut Exchange, variable: Arc<str>, value: Value) -> Flow {
    exchange.trace_note(|| "The value is taken from the cache.".to_owned());
    exchange.variables.set(variable, value);
    exchange.recalled = Some(Box::new(Recalled::Fresh));
    Flow::Continue
}

fn make(exchange: &mut Exchange, mut making: Making) -> Flow {
    making.before = exchange.variables.take(&making.variable);
    exchange.recalled = Some(Box::new(Recalled::Make(making)));
    Flow::Continue
}
