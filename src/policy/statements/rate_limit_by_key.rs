//! `rate-limit-by-key`: so many calls of whatever a key says in a time.

use std::sync::Arc;
use std::time::Duration;

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::limits::{self, Increments, Once, Refusal, Telling, Told};
use super::super::list::{Flow, Resume, Statement};
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Section, Spec};
use crate::state::{Answer, Decision};
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
        let once = Once::new(exchange, (FAMILY, vec![key]), (calls, window), &self.increments)?;
        let answer = limits::take(exchange, &[once.question(&once.names())]);
        match answer {
            Answer::Ready(answer) => told(&self.telling, exchange, once, answer),
            Answer::Later(answer) => {
                let telling = self.telling.clone();
                Ok(Flow::Wait(Box::pin(async move {
                    let answer = answer.await;
                    let resume: Resume = Box::new(move |exchange| told(&telling, exchange, once, answer));
                    resume
                })))
            }
        }
    }

    fn needs(&self) -> Needs {
        self.calls.needs() | self.period.needs() | self.key.needs() | self.increments.needs()
    }
}

fn told(telling: &Telling, exchange: &mut Exchange, once: Once, told: Told) -> Result<Flow, Box<Failure>> {
    let calls = once.limit;
    let why = match limits::decided(exchange, told) {
        Some(Decision::Exceeded { wait, .. }) => Refusal::Exceeded(wait),
        Some(decision) => {
            once.passed(exchange);
            telling.left(exchange, decision.remaining(0).min(calls), calls);
            return Ok(Flow::Continue);
        }
        None => Refusal::Undecided,
    };
    Err(Telling::refused(&[(telling, calls)], exchange, why))
}
