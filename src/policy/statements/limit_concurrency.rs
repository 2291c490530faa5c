//! `limit-concurrency`: only so many requests run its statements at a time.

use http::StatusCode;

use super::super::compile::Compiler;
use super::super::concurrency::Slot;
use super::super::document::{Node, NodeBody};
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Content, Spec};
use crate::xml::Element;

const KEY: Attribute = Attribute::required("key", "text").or_expression();
const MAX_COUNT: Attribute = Attribute::required("max-count", "a whole number, 1 or more");

pub(crate) const SPEC: Spec = Spec::new(
    "limit-concurrency",
    "Lets at most `max-count` requests run its statements at a time, for each value of `key`; refuses others at once.",
)
.attributes(&[KEY, MAX_COUNT])
.content(Content::Policies)
.state("the slots of its keys, in the process: each instance has its own.");

/// `limit-concurrency`, compiled.
#[derive(Debug)]
pub(crate) struct LimitConcurrency {
    key: Setting<String>,
    max_count: u32,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let nodes = compiler.nodes(element);
    let key = compiler.setting(element, &KEY);
    let count: i64 = compiler.constant(element, &MAX_COUNT)?;
    let Some(max_count) = u32::try_from(count).ok().filter(|count| *count > 0) else {
        let message = format!("`max-count` of `limit-concurrency` is `{count}`: expected {}", MAX_COUNT.kind);
        compiler.error(element.span.start, message);
        return None;
    };
    let limit = LimitConcurrency { key: key?, max_count };
    Some(Node { element: "limit-concurrency", id: None, body: NodeBody::Limit(limit.into(), nodes) })
}

impl LimitConcurrency {
    /// Takes a slot, which is held until it is dropped.
    pub(crate) fn acquire(&self, exchange: &mut Exchange) -> Result<Slot, Box<Failure>> {
        let key = self.key.get(exchange)?;
        let slot = exchange.settings.concurrency.acquire(&key, self.max_count);
        slot.ok_or_else(|| {
            let (status, reason) = (StatusCode::TOO_MANY_REQUESTS, "ConcurrencyLimitExceeded");
            Failure::refused(status, reason, "Concurrency limit is exceeded.")
        })
    }

    pub(crate) fn needs(&self) -> Needs {
        self.key.needs()
    }
}
