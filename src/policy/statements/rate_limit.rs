//! `rate-limit`: so many calls of a subscription in a time.

use std::sync::Arc;
use std::time::Duration;

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::limits::{self, ID, NAME, Rules, Telling};
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
        let limits: Vec<_> = holding.zip(&parts).map(|((rule, _), parts)| rule.limit(parts, exchange)).collect();
        match limits::take(exchange, &limits) {
            Answer::Ready(decision) => {
                let decision = limits::decided(decision);
                self.0.told(exchange, &decision)
            }
            Answer::Later(decision) => {
                let rules = self.0.clone();
                Ok(Flow::Wait(Box::pin(async move {
                    let decision = limits::decided(decision.await);
                    let resume: Resume = Box::new(move |exchange| rules.told(exchange, &decision));
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
    fn limit<'a>(&self, parts: &'a [&'a str], exchange: &Exchange) -> Limit<'a> {
        let window = exchange.settings.rate_algorithm.window(self.period);
        Limit { key: Key { family: FAMILY, parts }, limit: self.calls, window, need: 1, cost: 1 }
    }
}

impl Rules<Rule> {
    /// Tells what is left of each limit, or refuses the request.
    fn told(&self, exchange: &mut Exchange, decision: &Decision) -> Result<Flow, Box<Failure>> {
        let facts = exchange.facts.clone();
        let mut rules = self.holding(&facts).map(|(rule, _)| rule);
        if let Decision::Exceeded { wait, limit } = decision {
            // The element itself comes first; its attributes say how all of them refuse.
            let exceeded = rules.clone().nth(*limit);
            let first = rules.next();
            return match first.zip(exceeded) {
                Some((first, exceeded)) => Err(first.telling.exceeded(exchange, exceeded.calls, *wait)),
                None => Ok(Flow::Continue),
            };
        }
        for (at, rule) in rules.enumerate() {
            let left = match (at, decision) {
                (0, Decision::Allowed { remaining, .. }) => *remaining,
                _ => decision.remaining(at),
            };
            rule.telling.left(exchange, left.min(rule.calls), rule.calls);
        }
        Ok(Flow::Continue)
    }
}
