//! `query-request`: a query with its parameters and pages.

use std::sync::Arc;

use super::super::super::compile::Compiler;
use super::super::super::error::Failure;
use super::super::super::exchange::Exchange;
use super::super::super::setting::Setting;
use super::super::super::statements::cosmosdb_data_source::{
    CONTINUATION, LOW_PRECISION, MOST, NAME, PAGING, PARAMETER, PARAMETERS, STATEMENT, TEMPLATE, TYPE,
};
use super::super::data_source::child;
use super::super::wording::Wording;
use super::key::{KeySetting, Kind};
use super::words::get;
use crate::cosmos::Query;
use crate::xml::Element;

/// A query, to be worked out.
pub(super) struct QueryAction {
    text: Arc<str>,
    parameters: Vec<(Arc<str>, Option<Kind>, Wording)>,
    key: Option<KeySetting>,
    /// None without `paging`.
    pub(super) paging: Option<(Option<Wording>, Option<Wording>)>,
    low_precision: Option<Setting<bool>>,
}

impl QueryAction {
    pub(super) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        let text = match child(compiler, element, &STATEMENT) {
            Some(statement) => match compiler.text::<String>(statement, false, "a query")? {
                Setting::Constant(text) => Some(text.into()),
                Setting::Expression(_) => None,
            },
            None => {
                compiler.error(element.span.start, "`query-request` needs a `sql-statement`".to_owned());
                None
            }
        };
        let parameters = match child(compiler, element, &PARAMETERS) {
            Some(parameters) => self::parameters(compiler, parameters),
            None => Some(Vec::new()),
        };
        let key = KeySetting::compile(compiler, element);
        let paging = child(compiler, element, &PAGING).map(|paging| {
            let most = Wording::of_child(compiler, paging, &MOST, &TEMPLATE);
            let literal = most.as_ref().and_then(Wording::literal);
            if let Some(text) = literal.filter(|text| count(text).is_none()) {
                let message = format!("the text of `max-item-count` is `{text}`: expected {COUNT}");
                compiler.error(paging.span.start, message);
            }
            (most, Wording::of_child(compiler, paging, &CONTINUATION, &TEMPLATE))
        });
        let low_precision = compiler.setting(element, &LOW_PRECISION);
        Some(Self { text: text?, parameters: parameters?, key: key.ok()?, paging, low_precision })
    }

    pub(super) fn work_out(&self, exchange: &mut Exchange) -> Result<Query, Box<Failure>> {
        let mut query = Query { text: Arc::clone(&self.text), is_paged: self.paging.is_some(), ..Query::default() };
        for (name, kind, value) in &self.parameters {
            let value = match kind {
                Some(kind) => kind.of(value, exchange)?,
                None => value.json(exchange)?,
            };
            query.parameters.push((Arc::clone(name), value));
        }
        query.partition_key = self.key.as_ref().map(|key| key.work_out(exchange)).transpose()?;
        query.low_precision_order_by = get(&self.low_precision, exchange)?;
        if let Some((most, continuation)) = &self.paging {
            let most = most.as_ref().map(|most| most.text(exchange)).transpose()?.filter(|text| !text.is_empty());
            let wrong = |text: String| Failure::expression(format_args!("max-item-count is '{text}', not {COUNT}."));
            query.max_items = most.map(|text| count(&text).ok_or_else(|| wrong(text))).transpose()?;
            query.continuation = continuation.as_ref().map(|token| token.text(exchange)).transpose()?;
        }
        Ok(query)
    }
}

const COUNT: &str = "a whole number from 1, or -1";

fn count(text: &str) -> Option<i64> {
    text.trim().parse().ok().filter(|n| *n == -1 || (1..=i64::from(i32::MAX)).contains(n))
}

fn parameters(compiler: &mut Compiler<'_>, element: &Element) -> Option<Vec<(Arc<str>, Option<Kind>, Wording)>> {
    let (mut all, mut is_whole) = (Vec::new(), true);
    for parameter in element.elements().filter(|child| *child.name == *PARAMETER.element) {
        compiler.check_child(&PARAMETER, parameter);
        let kind = Kind::compile(compiler, parameter, &TYPE, &[Kind::None]);
        let name = compiler.constant::<String>(parameter, &NAME);
        let value = Wording::compile(compiler, parameter, &TEMPLATE);
        match (name, kind, value) {
            (Some(name), Ok(kind), Some(value)) => all.push((name.into(), kind, value)),
            _ => is_whole = false,
        }
    }
    is_whole.then_some(all)
}
