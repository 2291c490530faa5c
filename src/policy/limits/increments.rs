//! `increment-condition` and `increment-count`: what a call counts, and whether that is known before the response.

use std::sync::Arc;

use super::super::compile::Compiler;
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::Attribute;
use super::due::Increment;
use crate::xml::Element;

/// What a call counts.
#[derive(Debug)]
pub(crate) struct Increments {
    pub(crate) increment: Arc<Increment>,
    /// Whether it is counted at the end, because it may look at the response.
    is_due: bool,
}

impl Increments {
    pub(crate) const CONDITION: Attribute =
        Attribute::optional("increment-condition", "`true` or `false`", "true").or_expression();
    pub(crate) const COUNT: Attribute = Attribute::optional("increment-count", "a whole number", "1").or_expression();

    /// Reads both attributes; `after` counts at the end whatever they are.
    pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element, after: bool) -> Self {
        let condition = compiler.setting(element, &Self::CONDITION).unwrap_or(Setting::Constant(true));
        let count = compiler.setting_within(element, &Self::COUNT, 0..=i64::MAX).unwrap_or(Setting::Constant(1));
        let is_computed = matches!(condition, Setting::Expression(_)) || matches!(count, Setting::Expression(_));
        Self { increment: Arc::new(Increment { condition, count }), is_due: is_computed || after }
    }

    /// What is counted at once; none when it is counted at the end.
    pub(crate) fn now(&self) -> Option<&Increment> {
        (!self.is_due).then_some(&*self.increment)
    }

    /// What must be at hand, or kept for the end.
    pub(crate) fn needs(&self) -> Needs {
        if self.is_due { self.increment.needs().at_the_end() } else { Needs::NONE }
    }
}
