//! `ip-filter`: allows or forbids callers by address.

use std::net::IpAddr;

use http::StatusCode;

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement};
use super::super::pipeline::Needs;
use super::super::setting::{Literal, Setting};
use super::super::spec::{Attribute, Child, Content, Section, Spec};
use crate::expr::Value;
use crate::xml::Element;

const IP: &str = "an IP address such as `10.0.0.1`";
const ACTION: Attribute = Attribute::optional("action", "`allow` or `forbid`", "allow").or_expression();
const FROM: Attribute = Attribute::required("from", IP).or_expression();
const TO: Attribute = Attribute::required("to", IP).or_expression();
const ADDRESS: Child = Child::new("address", "0..n", Content::Text { expressions: true });
const RANGE: Child = Child::new("address-range", "0..n", Content::Nothing).attributes(&[FROM, TO]);

pub(crate) const SPEC: Spec = Spec::new("ip-filter", "Allows or forbids callers by their IP address.")
    .sections(&[Section::Inbound])
    .attributes(&[ACTION])
    .content(Content::Elements(&[ADDRESS, RANGE]));

/// `ip-filter`, compiled.
#[derive(Debug)]
pub(crate) struct IpFilter {
    action: Setting<Action>,
    /// Ranges known at load, sorted by their start and merged, so that one is found by bisection.
    fixed: Vec<(Address, Address)>,
    computed: Vec<(Setting<Address>, Setting<Address>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Allow,
    Forbid,
}

/// An address in canonical form: an IPv4 address that is written as IPv6 is an IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Address(IpAddr);

impl Literal for Action {
    fn literal(text: &str) -> Option<Self> {
        match text {
            "allow" => Some(Self::Allow),
            "forbid" => Some(Self::Forbid),
            _ => None,
        }
    }

    fn value(value: Value) -> Result<Self, String> {
        let text = value.to_text().unwrap_or_default();
        Self::literal(&text).ok_or_else(|| format!("The action of ip-filter is '{text}', not 'allow' or 'forbid'."))
    }
}

impl Literal for Address {
    fn literal(text: &str) -> Option<Self> {
        text.trim().parse().ok().map(|ip: IpAddr| Self(ip.to_canonical()))
    }

    fn value(value: Value) -> Result<Self, String> {
        let text = value.to_text().unwrap_or_default();
        Self::literal(&text).ok_or_else(|| format!("'{text}' is not an IP address."))
    }
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let action = compiler.setting(element, &ACTION).unwrap_or(Setting::Constant(Action::Allow));
    let (mut fixed, mut computed, mut count) = (Vec::new(), Vec::new(), 0);
    for child in element.elements() {
        count += 1;
        let range = match &*child.name {
            "address" => {
                compiler.check_child(&ADDRESS, child);
                compiler.text::<Address>(child, true, IP).map(|one| (one.clone(), one))
            }
            "address-range" => {
                compiler.check_child(&RANGE, child);
                compiler.setting(child, &FROM).zip(compiler.setting(child, &TO))
            }
            _ => continue,
        };
        match range {
            Some((Setting::Constant(from), Setting::Constant(to))) => {
                if from > to || from.0.is_ipv4() != to.0.is_ipv4() {
                    let message = format!("the range from `{}` to `{}` holds no address", from.0, to.0);
                    compiler.warning(child.span.start, message);
                } else {
                    fixed.push((from, to));
                }
            }
            Some(range) => computed.push(range),
            None => {}
        }
    }
    if count == 0 {
        let message = "`ip-filter` names no address: it needs at least one `address` or `address-range`";
        compiler.error(element.span.start, message.to_owned());
    }
    Some(step("ip-filter", IpFilter { action, fixed: merge(fixed), computed }))
}

/// Sorted ranges that do not overlap.
fn merge(mut ranges: Vec<(Address, Address)>) -> Vec<(Address, Address)> {
    ranges.sort_unstable();
    let mut merged: Vec<(Address, Address)> = Vec::with_capacity(ranges.len());
    for (from, to) in ranges {
        match merged.last_mut() {
            Some((_, end)) if from <= *end => *end = to.max(*end),
            _ => merged.push((from, to)),
        }
    }
    merged
}

impl IpFilter {
    fn has(&self, address: Address, exchange: &mut Exchange) -> Result<bool, Box<Failure>> {
        let at = self.fixed.partition_point(|(from, _)| *from <= address);
        if at.checked_sub(1).and_then(|at| self.fixed.get(at)).is_some_and(|(_, to)| address <= *to) {
            return Ok(true);
        }
        for (from, to) in &self.computed {
            let (from, to) = (*from.get(exchange)?, *to.get(exchange)?);
            let one_family = from.0.is_ipv4() == to.0.is_ipv4() && from.0.is_ipv4() == address.0.is_ipv4();
            if one_family && (from..=to).contains(&address) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Statement for IpFilter {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let action = *self.action.get(exchange)?;
        let denied =
            |reason, message| Err(Failure::refused(StatusCode::FORBIDDEN, reason, message).public_message("Forbidden"));
        let Some(ip) = exchange.client_ip() else {
            return match action {
                Action::Forbid => Ok(Flow::Continue),
                Action::Allow => denied(
                    "FailedToParseCallerIP",
                    "Failed to establish IP address for the caller. Access denied.".to_owned(),
                ),
            };
        };
        let address = Address(ip.to_canonical());
        match (action, self.has(address, exchange)?) {
            (Action::Allow, false) => {
                denied("CallerIpNotAllowed", format!("Caller IP address {} is not allowed. Access denied.", address.0))
            }
            (Action::Forbid, true) => {
                denied("CallerIpBlocked", "Caller IP address is blocked. Access denied.".to_owned())
            }
            _ => Ok(Flow::Continue),
        }
    }

    fn needs(&self) -> Needs {
        let computed = self.computed.iter().fold(Needs::NONE, |needs, (from, to)| needs | from.needs() | to.needs());
        computed | self.action.needs()
    }
}
