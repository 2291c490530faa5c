//! `rate-limit-by-key`: so many calls of whatever a key says in a time.

use std::sync::Arc;
use std::time::Duration;

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::limits::{self, DueCount, Increments, Telling};
use super::super::list::{Flow, Resume, Statement};
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Section, Spec};
use crate::state::{Answer, Decision, Key, Limit};
use crate::xml::Element;

const CALLS: Attribute = Attribute::required("calls", "a whole number, 0 or more").or_expression();
const PERIOD: Attribute = Attribute::required("renewal-period", "seconds, 1 to 300").or_expression();
const KEY: Attribute = Attribute::required("counter-key", "text").or_expression();
const CONDITION: Attribute = Increments::CONDITION;
const COUNT: Attribute = Increments::COUNT;
const AFTER: Attribute = Attribute::optional("increment-after-response", "`true` or `false`", "false");
const FLEXIBLE: Attribute = Attribute::optional("flexible-retry-window", "`true` or `false`", "");

pub(crate) const SPEC: Spec = Spec::new(
    "rate-limit-by-key",
    "Allows `calls` calls of one value of `counter-key` in `renewal-period` seconds, wherever the key is used.",
)
.sections(&[Section::Inbound])
.attributes(&[
    CALLS,
    PERIOD,
    KEY,
    CONDITION,
    COUNT,
    AFTER,
    FLEXIBLE,
    Telling::RETRY_HEADER,
    Telling::RETRY_VARIABLE,
    Telling::REMAINING_HEADER,
    Telling::REMAINING_VARIABLE,
    Telling::TOTAL_HEADER,
])
.state("counts, in `EngineSettings::counters`.")
.differences(&["`EngineSettings::rate_algorithm` chooses between the algorithms of the classic and the v2 tiers."]);

const FAMILY: &str = "rate-limit-by-key";

/// `rate-limit-by-key`, compiled.
#[derive(Debug)]
pub(crate) struct RateLimitByKey {
    calls: Setting<i64>,
    period: Setting<i64>,
    key: Setting<String>,
    increments: Increments,
    telling: Arc<Telling>,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let key = compiler.setting(element, &KEY);
    let telling = Telling::compile(compiler, element);
    let after = compiler.constant(element, &AFTER).unwrap_or(false);
    compiler.constant::<bool>(element, &FLEXIBLE);
    let increments = Increments::compile(compiler, element, after);
    let calls = compiler.setting_within(element, &CALLS, 0..=i64::MAX);
    let period = compiler.setting_within(element, &PERIOD, 1..=300);
    let limit = RateLimitByKey { calls: calls?, period: period?, key: key?, increments, telling: telling.into() };
    Some(step("rate-limit-by-key", limit))
}

impl Statement for RateLimitByKey {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let key: Arc<str> = self.key.get(exchange)?.as_str().into();
        let calls = u64::try_from(*self.calls.get(exchange)?).unwrap_or(0);
        let asked = *self.period.get(exchange)?;
        let seconds = asked.clamp(1, 300);
        if seconds != asked {
            exchange.warn(FAMILY, format_args!("`renewal-period` is {asked}: {seconds} s are taken, of 1 to 300"));
        }
        let window = exchange.settings.rate_algorithm.window(Duration::from_secs(seconds.unsigned_abs()));
        let is_first = exchange.limited().counts(FAMILY, std::slice::from_ref(&key));
        let (mut need, mut cost) = (1, 0);
        match self.increments.now() {
            // Another element has counted this call already: the limit may be reached by now, not overdrawn.
            _ if !is_first => need = u64::from(exchange.limited().due.is_due(FAMILY, std::slice::from_ref(&key))),
            Some(increment) => cost = increment.amount(exchange)?,
            None => {
                let increment = self.increments.increment.clone();
                let due = DueCount { family: FAMILY, parts: vec![key.clone()], limit: calls, window, increment };
                exchange.limited().due.count(due);
            }
        }
        let parts = [&*key];
        let limit = Limit { key: Key { family: FAMILY, parts: &parts }, limit: calls, window, need, cost };
        match limits::take(exchange, &[limit]) {
            Answer::Ready(decision) => told(&self.telling, exchange, &limits::decided(decision), calls),
            Answer::Later(decision) => {
                let telling = self.telling.clone();
                Ok(Flow::Wait(Box::pin(async move {
                    let decision = limits::decided(decision.await);
                    let resume: Resume = Box::new(move |exchange| told(&telling, exchange, &decision, calls));
                    resume
                })))
            }
        }
    }

    fn needs(&self) -> Needs {
        self.calls.needs() | self.period.needs() | self.key.needs() | self.increments.needs()
    }
}

fn told(telling: &Telling, exchange: &mut Exchange, decision: &Decision, calls: u64) -> Result<Flow, Box<Failure>> {
    match decision {
        Decision::Allowed { remaining, .. } => telling.left(exchange, (*remaining).min(calls), calls),
        Decision::Exceeded { wait, .. } => return Err(telling.exceeded(exchange, calls, *wait)),
    }
    Ok(Flow::Continue)
}
