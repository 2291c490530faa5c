//! `quota`: so many calls, or so much traffic, of a subscription in each period.

use std::sync::Arc;

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::limits::{
    self, ID, Measure, NAME, Periods, Rules, Told, Traffic, quota_exceeded, quota_undecided, starts,
};
use super::super::list::{Flow, Resume, Statement};
use super::super::pipeline::Needs;
use super::super::spec::{Attribute, Child, Content, Scope, Section, Spec};
use crate::state::{Answer, Decision, Key, Limit, Window};
use crate::xml::Element;

const CALLS: Attribute = Measure::CALLS;
const BANDWIDTH: Attribute = Measure::BANDWIDTH;
const PERIOD: Attribute = Attribute::required("renewal-period", "seconds, or 0 for ever");
const IGNORED: Attribute = Attribute::optional("renewal-period", "seconds; the period of `quota` holds", "");
const OPERATION: Child =
    Child::new("operation", "0..n", Content::Nothing).attributes(&[ID, NAME, CALLS, BANDWIDTH, IGNORED]);
const API: Child =
    Child::new("api", "0..n", Content::Elements(&[OPERATION])).attributes(&[ID, NAME, CALLS, BANDWIDTH, IGNORED]);

pub(crate) const SPEC: Spec = Spec::new(
    "quota",
    "Allows a subscription `calls` calls and `bandwidth` kilobytes in each period, counted from the subscription's start.",
)
.sections(&[Section::Inbound])
.scopes(&[Scope::Product])
.once()
.attributes(&[CALLS, BANDWIDTH, PERIOD])
.content(Content::Elements(&[API, OPERATION])).state("counts, in `EngineSettings::counters`.");

const FAMILY: &str = "quota";
const FAMILY_OF_BYTES: &str = "quota-bandwidth";

/// `quota`, compiled.
#[derive(Debug)]
pub(crate) struct Quota {
    rules: Rules<Measure>,
    periods: Periods,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let rules = Rules::compile(compiler, element, [&API, &OPERATION], |compiler, child| {
        if &*child.name != "quota" && child.attribute(IGNORED.name).is_some() {
            let message = format!("`renewal-period` of `{}` has no effect: that of `quota` holds", child.name);
            compiler.warning(child.span.start, message);
        }
        Measure::compile(compiler, child)
    });
    let seconds = compiler.within(element, &PERIOD, 0..=i64::from(u32::MAX))?;
    let periods = Periods { seconds: u32::try_from(seconds).unwrap_or(u32::MAX) };
    Some(step("quota", Quota { rules, periods }))
}

impl Statement for Quota {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let Some(subscription) = &exchange.facts.subscription else { return Ok(Flow::Continue) };
        let window = self.periods.window(starts(subscription), exchange.settings.clock.wall());
        let facts = exchange.facts.clone();
        let parts: Vec<_> = self.rules.holding(&facts).map(|(_, parts)| parts).collect();
        let mut limits = Vec::with_capacity(2 * parts.len());
        let mut traffic = Vec::new();
        for (at, ((measure, _), of)) in self.rules.holding(&facts).zip(&parts).enumerate() {
            // Two elements that are about the same calls are one counter, which is counted once.
            let cost = i64::from(!parts.iter().take(at).any(|known| known == of));
            limits.extend(measure.limits([FAMILY, FAMILY_OF_BYTES], of, window, cost));
            traffic.extend(measure.bytes().map(|limit| {
                let parts = of.iter().map(|part| Arc::from(*part)).collect();
                Traffic { family: FAMILY_OF_BYTES, parts, limit, window }
            }));
        }
        if limits.is_empty() {
            return Ok(Flow::Continue);
        }
        // Calls are told before bytes when both are used up.
        limits.sort_by_key(|limit| limit.key.family == FAMILY_OF_BYTES);
        let calls = limits.iter().filter(|limit| limit.key.family == FAMILY).count();
        match limits::take(exchange, &limits) {
            Answer::Ready(answer) => told(exchange, answer, calls, window, traffic),
            Answer::Later(answer) => Ok(Flow::Wait(Box::pin(async move {
                let answer = answer.await;
                let resume: Resume = Box::new(move |exchange| told(exchange, answer, calls, window, traffic));
                resume
            }))),
        }
    }

    fn needs(&self) -> Needs {
        Needs::NONE
    }
}

fn told(
    exchange: &mut Exchange,
    told: Told,
    calls: usize,
    window: Window,
    traffic: Vec<Traffic>,
) -> Result<Flow, Box<Failure>> {
    match limits::decided(exchange, told) {
        None => return Err(quota_undecided()),
        Some(Decision::Exceeded { limit, .. }) => return Err(quota_exceeded(exchange, limit < calls, window)),
        Some(_) => {}
    }
    for traffic in traffic {
        exchange.bill(traffic);
    }
    Ok(Flow::Continue)
}

impl Measure {
    fn limits<'a>(
        &self,
        [calls, bytes]: [&'static str; 2],
        parts: &'a [&'a str],
        window: Window,
        cost: i64,
    ) -> impl Iterator<Item = Limit<'a>> {
        let limit = move |family, limit, cost| Limit { key: Key { family, parts }, limit, window, need: 1, cost };
        let calls = self.calls.map(|most| limit(calls, most, cost));
        calls.into_iter().chain(self.bytes().map(|most| limit(bytes, most, 0)))
    }
}
