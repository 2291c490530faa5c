//! What a quota measures, when its periods start, and how it refuses.

use std::time::SystemTime;

use http::{HeaderValue, StatusCode, header};

use super::super::compile::Compiler;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::facts::SubscriptionFacts;
use super::super::spec::Attribute;
use super::decision::undecided;
use super::windows::time_span;
use crate::state::Window;
use crate::xml::Element;

/// Calls, or kilobytes, or both.
#[derive(Debug)]
pub(crate) struct Measure {
    pub(crate) calls: Option<u64>,
    kilobytes: Option<u64>,
}

impl Measure {
    pub(crate) const CALLS: Attribute = Attribute::optional("calls", "a whole number, 0 or more", "");
    pub(crate) const BANDWIDTH: Attribute = Attribute::optional("bandwidth", "kilobytes, 0 or more", "");

    pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        let calls = compiler.within(element, &Self::CALLS, 0..=i64::MAX);
        let kilobytes = compiler.within(element, &Self::BANDWIDTH, 0..=i64::MAX);
        let says = |attribute: &Attribute| element.attribute(attribute.name).is_some();
        if !says(&Self::CALLS) && !says(&Self::BANDWIDTH) {
            let message = format!("`{}` has neither `calls` nor `bandwidth`: it needs one of them", element.name);
            compiler.error(element.span.start, message);
            return None;
        }
        Some(Self { calls, kilobytes })
    }

    /// The traffic that is allowed, in bytes.
    pub(crate) fn bytes(&self) -> Option<u64> {
        self.kilobytes.map(|kilobytes| kilobytes.saturating_mul(1024))
    }
}

/// When the periods of a subscription start, in seconds since 1970: its start, or else when it was made.
pub(crate) fn starts(subscription: &SubscriptionFacts) -> i64 {
    let dates = [&subscription.start_date, &subscription.created_date];
    dates.into_iter().flatten().find_map(|date| seconds_since_1970(date)).unwrap_or(0)
}

/// A time in ISO 8601, in seconds since 1970; without an offset it is UTC.
pub(crate) fn seconds_since_1970(text: &str) -> Option<i64> {
    let text = text.trim();
    let zoned = text.parse::<jiff::Timestamp>().ok();
    let timestamp = zoned.or_else(|| {
        text.parse::<jiff::civil::DateTime>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|time| time.timestamp())
    });
    timestamp.map(jiff::Timestamp::as_second)
}

/// Refuses a request whose quota of calls, or else of bandwidth, is used up.
pub(crate) fn quota_exceeded(exchange: &Exchange, of_calls: bool, window: Window) -> Box<Failure> {
    let what = if of_calls { "Out of call volume quota." } else { "Out of bandwidth quota." };
    let end = if let Window::Fixed { end, .. } = window { end } else { None };
    let refuse = |message: String| {
        Failure::refused(StatusCode::FORBIDDEN, "QuotaExceeded", message).reason_phrase("Quota Exceeded")
    };
    match end {
        None => refuse(what.to_owned()),
        Some(end) => {
            let left = end.duration_since(now(exchange)).unwrap_or_default().as_millis().div_ceil(1000) as u64;
            let message = format!("{what} Quota will be replenished in {}.", time_span(left));
            refuse(message).header(header::RETRY_AFTER, HeaderValue::from(left))
        }
    }
}

/// Refuses a request of which nobody knows whether its quota is used up.
pub(crate) fn quota_undecided() -> Box<Failure> {
    undecided(StatusCode::FORBIDDEN, "Quota", header::RETRY_AFTER)
}

fn now(exchange: &Exchange) -> SystemTime {
    exchange.settings.clock.wall()
}
