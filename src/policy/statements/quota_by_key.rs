//! `quota-by-key`: so many calls, or so much traffic, of whatever a key says in each period.

use std::sync::Arc;

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::limits::{
    self, Increments, Measure, Once, Periods, Told, Traffic, quota_exceeded, quota_undecided, seconds_since_1970,
};
use super::super::list::{Flow, Resume, Statement};
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Section, Spec};
use crate::state::{Answer, Decision, Key, Limit};
use crate::xml::Element;

const CALLS: Attribute = Measure::CALLS;
const BANDWIDTH: Attribute = Measure::BANDWIDTH;
const PERIOD: Attribute = Attribute::required("renewal-period", "seconds, 300 or more, or 0 for ever");
const KEY: Attribute = Attribute::required("counter-key", "text").or_expression();
const CONDITION: Attribute = Increments::CONDITION;
const COUNT: Attribute = Increments::COUNT;
const START_KIND: &str = "a time such as `2024-01-31T00:00:00Z`";
const START: Attribute = Attribute::optional("first-period-start", START_KIND, "0001-01-01T00:00:00Z");

pub(crate) const SPEC: Spec = Spec::new(
    "quota-by-key",
    "Allows `calls` calls and `bandwidth` kilobytes of one value of `counter-key` in each period.",
)
.sections(&[Section::Inbound])
.attributes(&[CALLS, BANDWIDTH, PERIOD, KEY, CONDITION, COUNT, START])
.state("counts, in `EngineSettings::counters`.");

const FAMILY: &str = "quota-by-key";
const FAMILY_OF_BYTES: &str = "quota-by-key-bandwidth";
/// The start of the year 1, in seconds since 1970.
const YEAR_1: i64 = -62_135_596_800;

/// `quota-by-key`, compiled.
#[derive(Debug)]
pub(crate) struct QuotaByKey {
    measure: Measure,
    key: Setting<String>,
    increments: Increments,
    periods: Periods,
    first: i64,
    /// Names the windows: elements with other windows count by themselves.
    windows: Arc<str>,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let key = compiler.setting(element, &KEY);
    let increments = Increments::compile(compiler, element, false);
    let first = compiler.constant::<String>(element, &START).and_then(|text| {
        let first = seconds_since_1970(&text);
        if first.is_none() {
            let message = format!("`first-period-start` is `{text}`: expected {START_KIND}");
            compiler.error(element.span.start, message);
        }
        first
    });
    let measure = Measure::compile(compiler, element);
    let seconds = compiler.within(element, &PERIOD, 0..=i64::from(u32::MAX))?;
    if (1..300).contains(&seconds) {
        let message = format!("`renewal-period` of `quota-by-key` is `{seconds}`: expected {}", PERIOD.kind);
        compiler.error(element.span.start, message);
    }
    let periods = Periods { seconds: u32::try_from(seconds).unwrap_or(u32::MAX) };
    let first = first.unwrap_or(YEAR_1);
    let windows =
        format!("{seconds}/{}", if seconds == 0 { 0 } else { first.rem_euclid(i64::try_from(seconds).ok()?) });
    let quota = QuotaByKey { measure: measure?, key: key?, increments, periods, first, windows: windows.into() };
    Some(step("quota-by-key", quota))
}

impl Statement for QuotaByKey {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let key: Arc<str> = self.key.get(exchange)?.as_str().into();
        let window = self.periods.window(self.first, exchange.settings.clock.wall());
        let most = self.measure.calls.unwrap_or(u64::MAX);
        let counter = (FAMILY, vec![key, self.windows.clone()]);
        let once = Once::new(exchange, counter, (most, window), &self.increments)?;
        let names = once.names();
        let bytes =
            |limit| Limit { key: Key { family: FAMILY_OF_BYTES, parts: &names }, limit, window, need: 1, cost: 0 };
        let limits: Vec<_> = [once.question(&names)].into_iter().chain(self.measure.bytes().map(bytes)).collect();
        let answer = limits::take(exchange, &limits);
        let traffic = self.measure.bytes().map(|limit| {
            let parts = once.parts.clone();
            Traffic { family: FAMILY_OF_BYTES, parts, limit, window }
        });
        match answer {
            Answer::Ready(answer) => told(exchange, once, answer, traffic),
            Answer::Later(answer) => Ok(Flow::Wait(Box::pin(async move {
                let answer = answer.await;
                let resume: Resume = Box::new(move |exchange| told(exchange, once, answer, traffic));
                resume
            }))),
        }
    }

    fn needs(&self) -> Needs {
        self.key.needs() | self.increments.needs()
    }
}

fn told(exchange: &mut Exchange, once: Once, told: Told, traffic: Option<Traffic>) -> Result<Flow, Box<Failure>> {
    match limits::decided(exchange, told) {
        None => return Err(quota_undecided()),
        Some(Decision::Exceeded { limit, .. }) => return Err(quota_exceeded(exchange, limit == 0, once.window)),
        Some(_) => {}
    }
    once.passed(exchange);
    if let Some(traffic) = traffic {
        exchange.bill(traffic);
    }
    Ok(Flow::Continue)
}
