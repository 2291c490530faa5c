//! `rate-limit`: so many calls of a subscription in a time.

use std::sync::Arc;
use std::time::Duration;

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::limits::{self, ID, NAME, Refusal, Rules, Telling, Told};
use super::super::list::{Flow, Resume, Statement};
use super::super::pipeline::Needs;
use super::super::spec::{Attribute, Child, Content, Scope, Section, Spec};
use crate::state::{Answer, Decision, Key, Limit};
use crate::xml::Element;

const CALLS: Attribute = Attribute::required("calls", "a whole number, 0 or more");
const PERIOD: Attribute = Attribute::required("renewal-period", "seconds, 1 to 300");
const OPERATION: Child = Child::new("operation", "0..n", Content::Nothing).attributes(&[
    ID,
    NAME,
    CALLS,
    PERIOD,
    Telling::RETRY_HEADER,
    Telling::RETRY_VARIABLE,
    Telling::REMAINING_HEADER,
    Telling::REMAINING_VARIABLE,
    Telling::TOTAL_HEADER,
]);
const API: Child = Child::new("api", "0..n", Content::Elements(&[OPERATION])).attributes(&[
    ID,
    NAME,
    CALLS,
    PERIOD,
    Telling::RETRY_HEADER,
    Telling::RETRY_VARIABLE,
    Telling::REMAINING_HEADER,
    Telling::REMAINING_VARIABLE,
    Telling::TOTAL_HEADER,
]);

pub(crate) const SPEC: Spec = Spec::new(
    "rate-limit",
    "Allows `calls` calls of a subscription in `renewal-period` seconds, also for single APIs and operations.",
)
.sections(&[Section::Inbound])
.scopes(&[Scope::Product, Scope::Api, Scope::Operation])
.once()
.attributes(&[
    CALLS,
    PERIOD,
    Telling::RETRY_HEADER,
    Telling::RETRY_VARIABLE,
    Telling::REMAINING_HEADER,
    Telling::REMAINING_VARIABLE,
    Telling::TOTAL_HEADER,
])
.content(Content::Elements(&[API, OPERATION]))
.state("counts, in `EngineSettings::counters`.")
.differences(&["`EngineSettings::rate_algorithm` chooses between the algorithms of the classic and the v2 tiers."]);

const FAMILY: &str = "rate-limit";

/// `rate-limit`, compiled.
#[derive(Debug)]
pub(crate) struct RateLimit(Arc<Rules<Rule>>);

#[derive(Debug)]
struct Rule {
    calls: u64,
    period: Duration,
    telling: Telling,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let rules = Rules::compile(compiler, element, [&API, &OPERATION], |compiler, element| {
        let telling = Telling::compile(compiler, element);
        let calls = compiler.within(element, &CALLS, 0..=i64::MAX)?;
        let period = compiler.within(element, &PERIOD, 1..=300)?;
        Some(Rule { calls, period: Duration::from_secs(period), telling })
    });
    Some(step("rate-limit", RateLimit(rules.into())))
}

impl Statement for RateLimit {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let facts = &exchange.facts;
        let holding = self.0.holding(facts);
        let parts: Vec<_> = holding.clone().map(|(_, parts)| parts).collect();
        if parts.is_empty() {
            return Ok(Flow::Continue);
        }
        // Two elements that are about the same calls are one counter, which is counted once.
        let cost = |at: usize| i64::from(!parts.iter().take(at).any(|known| Some(known) == parts.get(at)));
        let rules = holding.zip(&parts).enumerate();
        let limits: Vec<_> = rules.map(|(at, ((rule, _), parts))| rule.limit(parts, cost(at), exchange)).collect();
        match limits::take(exchange, &limits) {
            Answer::Ready(told) => self.0.told(exchange, told),
            Answer::Later(answer) => {
                let rules = self.0.clone();
                Ok(Flow::Wait(Box::pin(async move {
                    let told = answer.await;
                    let resume: Resume = Box::new(move |exchange| rules.told(exchange, told));
                    resume
                })))
            }
        }
    }

    fn needs(&self) -> Needs {
        Needs::NONE
    }
}

impl Rule {
    fn limit<'a>(&self, parts: &'a [&'a str], cost: i64, exchange: &Exchange) -> Limit<'a> {
        let window = exchange.settings.rate_algorithm.window(self.period);
        Limit { key: Key { family: FAMILY, parts }, limit: self.calls, window, need: 1, cost }
    }
}

impl Rules<Rule> {
    /// Tells what is left of each limit, or refuses the request.
    fn told(&self, exchange: &mut Exchange, told: Told) -> Result<Flow, Box<Failure>> {
        let facts = exchange.facts.clone();
        let rules = self.holding(&facts).map(|(rule, _)| rule);
        let (decision, root) = (limits::decided(exchange, told), rules.clone().next());
        let refused = match &decision {
            Some(Decision::Exceeded { limit, wait }) => {
                rules.clone().nth(*limit).map(|rule| (rule, Refusal::Exceeded(*wait)))
            }
            Some(_) => None,
            None => root.map(|root| (root, Refusal::Undecided)),
        };
        if let Some((rule, why)) = refused {
            // The element itself comes first: what it tells, it tells of all limits in it.
            let by = [Some(rule), root].into_iter().flatten().map(|rule| (&rule.telling, rule.calls));
            return Err(Telling::refused(&by.collect::<Vec<_>>(), exchange, why));
        }
        let Some(decision) = decision else { return Ok(Flow::Continue) };
        for (at, rule) in rules.enumerate() {
            let left = match (at, &decision) {
                (0, Decision::Allowed { remaining, .. }) => *remaining,
                _ => decision.remaining(at),
            };
            rule.telling.left(exchange, left.min(rule.calls), rule.calls);
        }
        Ok(Flow::Continue)
    }
}
