//! `retry`: runs its statements again while a condition holds.

use std::time::Duration;

use super::super::compile::Compiler;
use super::super::document::{Node, NodeBody};
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::pipeline::Needs;
use super::super::setting::{Literal, Setting};
use super::super::spec::{Attribute, Content, Spec};
use crate::expr::Value;
use crate::random::Random;
use crate::xml::Element;

const CONDITION: Attribute = Attribute::required("condition", "`true`, `false` or an expression").or_expression();
const COUNT: Attribute = Attribute::required("count", "a whole number from 1 to 50").or_expression();
const INTERVAL: Attribute = Attribute::required("interval", "seconds, a whole number from 0").or_expression();
const MAX_INTERVAL: Attribute =
    Attribute::optional("max-interval", "seconds, a whole number from 1", "none").or_expression();
const DELTA: Attribute = Attribute::optional("delta", "seconds, a whole number from 1", "none").or_expression();
const FAST: Attribute =
    Attribute::optional("first-fast-retry", "`true`, `false` or an expression", "false").or_expression();

pub(crate) const SPEC: Spec = Spec::new(
    "retry",
    "Runs its statements, and again up to `count` times while `condition` holds; a failure of a statement counts as a \
     run, and is raised only when no run follows.",
)
.attributes(&[CONDITION, COUNT, INTERVAL, MAX_INTERVAL, DELTA, FAST])
.content(Content::Policies).differences(&["A `count` outside of 1 to 50 that an expression gives is brought into that range, which the trace says.", "A condition that fails after a failed run is evaluated once more, with the response that the failure maps to as `context.Response`."]);

/// `retry`, compiled.
#[derive(Debug)]
pub(crate) struct Retry {
    condition: Setting<bool>,
    count: Setting<Count>,
    interval: Setting<Seconds>,
    max_interval: Option<Setting<Seconds>>,
    delta: Option<Setting<Seconds>>,
    first_fast: Setting<bool>,
}

/// A `retry` under way: its settings, worked out once, and how many times it has retried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempts {
    count: u32,
    interval: f64,
    max_interval: Option<f64>,
    delta: Option<f64>,
    first_fast: bool,
    retries: u32,
}

/// How often to retry: a literal from 1 to 50; an expression outside of the range is brought into it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Count(i64);

impl Literal for Count {
    fn literal(text: &str) -> Option<Self> {
        text.trim().parse().ok().filter(|count| (1..=50).contains(count)).map(Self)
    }

    fn value(value: Value) -> Result<Self, String> {
        <i64 as Literal>::value(value).map(Self)
    }
}

/// A number of seconds: a literal is whole, an expression may give a fraction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Seconds(f64);

impl Literal for Seconds {
    fn literal(text: &str) -> Option<Self> {
        text.trim().parse::<u32>().ok().map(|seconds| Self(seconds.into()))
    }

    fn value(value: Value) -> Result<Self, String> {
        let text = value.to_text().unwrap_or_default();
        let seconds = text.trim().parse().ok().filter(|seconds: &f64| seconds.is_finite()).map(Self);
        seconds.ok_or_else(|| format!("The result is '{text}', not a number of seconds."))
    }
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let nodes = compiler.nodes(element);
    if nodes.iter().any(|node| node.has("wait")) {
        let wait = element.elements().find(|child| &*child.name == "wait").unwrap_or(element);
        compiler.error(wait.span.start, "`wait` cannot stand in `retry`".to_owned());
    }
    if element.elements().next().is_none() {
        compiler.error(element.span.start, "`retry` is empty: it needs at least one policy".to_owned());
    }
    let condition = compiler.setting(element, &CONDITION);
    let count = compiler.setting(element, &COUNT);
    let interval = compiler.setting(element, &INTERVAL);
    let max_interval = compiler.setting(element, &MAX_INTERVAL);
    let delta = compiler.setting(element, &DELTA);
    for (attribute, setting) in [(&MAX_INTERVAL, &max_interval), (&DELTA, &delta)] {
        if let Some(Setting::Constant(Seconds(0.0))) = setting {
            let message = format!("`{}` of `retry` is `0`: expected {}", attribute.name, attribute.kind);
            compiler.error(element.span.start, message);
        }
    }
    let first_fast = compiler.setting(element, &FAST).unwrap_or(Setting::Constant(false));
    let retry = Retry { condition: condition?, count: count?, interval: interval?, max_interval, delta, first_fast };
    Some(Node { element: "retry", id: None, body: NodeBody::Retry(retry.into(), nodes) })
}

impl Retry {
    /// Works the settings out, but for the condition.
    pub(crate) fn begin(&self, exchange: &mut Exchange) -> Result<Attempts, Box<Failure>> {
        let seconds = |setting: &Setting<Seconds>, name: &str, exchange: &mut Exchange| -> Result<_, Box<Failure>> {
            let given = setting.get(exchange)?.0;
            if given < 0.0 {
                exchange.warn("retry", format_args!("`{name}` is {given}: it is taken as 0"));
            }
            Ok(given.max(0.0))
        };
        let given = self.count.get(exchange)?.0;
        let count = given.clamp(1, 50);
        if count != given {
            exchange.warn("retry", format_args!("`count` is {given}: it is taken as {count}"));
        }
        Ok(Attempts {
            count: u32::try_from(count).unwrap_or(1),
            interval: seconds(&self.interval, "interval", exchange)?,
            max_interval: match &self.max_interval {
                Some(setting) => Some(seconds(setting, "max-interval", exchange)?),
                None => None,
            },
            delta: match &self.delta {
                Some(setting) => Some(seconds(setting, "delta", exchange)?),
                None => None,
            },
            first_fast: *self.first_fast.get(exchange)?,
            retries: 0,
        })
    }

    /// Whether the statements are to run again.
    pub(crate) fn holds(&self, exchange: &mut Exchange) -> Result<bool, Box<Failure>> {
        self.condition.get(exchange).map(|holds| *holds)
    }

    pub(crate) fn condition_needs(&self) -> Needs {
        self.condition.needs()
    }

    /// What must be at hand before the first run.
    pub(crate) fn needs(&self) -> Needs {
        let delays = [&self.max_interval, &self.delta].into_iter().flatten().chain([&self.interval]);
        delays.fold(self.count.needs() | self.first_fast.needs(), |needs, delay| needs | delay.needs())
    }
}

impl Attempts {
    /// Whether no retry is left.
    pub(crate) fn is_over(&self) -> bool {
        self.retries >= self.count
    }

    /// Counts one retry and gives the time to wait before it.
    pub(crate) fn next(&mut self, random: &Random) -> Duration {
        let made = self.retries;
        self.retries += 1;
        let k = match (self.first_fast, made) {
            (true, 0) => return Duration::ZERO,
            (true, made) => made - 1,
            (false, made) => made,
        };
        let seconds = match (self.max_interval, self.delta) {
            (None, None) => self.interval,
            (None, Some(delta)) => self.interval + f64::from(k) * delta,
            (Some(max), None) => self.interval.min(max),
            (Some(max), Some(delta)) => {
                let growth = f64::from(k).exp2() - 1.0;
                (self.interval + growth * delta * (0.8 + 0.4 * random.fraction())).min(max)
            }
        };
        // Longer than time itself is never: an absurd interval waits for a year.
        Duration::try_from_secs_f64(seconds).unwrap_or(YEAR).min(YEAR)
    }
}

const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

#[cfg(test)]
mod tests {
    use super::*;

    fn delays(interval: f64, max_interval: Option<f64>, delta: Option<f64>, first_fast: bool) -> Vec<f64> {
        let mut attempts = Attempts { count: 5, interval, max_interval, delta, first_fast, retries: 0 };
        let random = Random::seeded(1);
        std::iter::from_fn(|| (!attempts.is_over()).then(|| attempts.next(&random).as_secs_f64())).collect()
    }

    #[test]
    fn delays_follow_the_scheme_that_the_attributes_choose() {
        assert_eq!(delays(3.0, None, None, false), [3.0; 5]);
        assert_eq!(delays(3.0, None, Some(2.0), false), [3.0, 5.0, 7.0, 9.0, 11.0]);
        assert_eq!(delays(10.0, Some(4.0), None, false), [4.0; 5]);
        assert_eq!(delays(3.0, None, Some(2.0), true), [0.0, 3.0, 5.0, 7.0, 9.0]);
        assert_eq!(delays(1e300, None, None, false), [YEAR.as_secs_f64(); 5]);
    }

    #[test]
    fn growing_delays_are_spread_by_a_fifth() {
        let spread = delays(10.0, Some(100.0), Some(10.0), false);
        for (delay, middle) in spread.iter().zip([10.0, 20.0, 40.0, 80.0, 100.0]) {
            let growth = middle - 10.0;
            assert!((10.0 + 0.8 * growth..=10.0 + 1.2 * growth).contains(delay) || *delay == 100.0, "{spread:?}");
        }
        assert!(spread[1] != 20.0 && spread == delays(10.0, Some(100.0), Some(10.0), false), "the seed decides");
    }
}
