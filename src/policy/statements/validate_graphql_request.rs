//! `validate-graphql-request`: size, depth and validity of a query, and who may ask for what.

#[cfg(feature = "graphql")]
mod run;

#[cfg(feature = "graphql")]
use std::sync::Arc;

use super::super::compile::Compiler;
#[cfg(feature = "graphql")]
use super::super::compile::step;
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement};
use super::super::pipeline::Needs;
#[cfg(feature = "graphql")]
use super::super::setting::{Literal, Setting};
use super::super::spec::{Attribute, Child, Content, Scope, Section, Spec};
#[cfg(feature = "graphql")]
use crate::expr::Value;
#[cfg(feature = "graphql")]
use crate::graphql::{RulePath, Verdict};
use crate::xml::Element;

const VARIABLE: Attribute =
    Attribute::optional("error-variable-name", "the name of a variable, beside `GraphQLErrors`", "none")
        .or_expression();
const MAX_SIZE: Attribute =
    Attribute::optional("max-size", "bytes, a whole number from 0 to 102400", "102400").or_expression();
const MAX_DEPTH: Attribute = Attribute::optional("max-depth", "whole number, 1 or more", "6").or_expression();
const TOTAL_DEPTH: Attribute = Attribute::optional("max-total-depth", "anything; it has no effect", "none");
const COMPLEXITY: Attribute = Attribute::optional("max-complexity", "anything; it has no effect", "none");
const PATH: Attribute = Attribute::required("path", "`/Type/field`, `/Type/*`, `/*` or `/__*`");
const ACTION: Attribute =
    Attribute::optional("action", "`allow`, `remove`, `reject` or `ignore`", "allow").or_expression();
const RULE: Child = Child::new("rule", "1..100", Content::Nothing).attributes(&[PATH, ACTION]);
const AUTHORIZE: Child = Child::new("authorize", "0..1", Content::Elements(&[RULE]));
const CHILDREN: &[Child] = &[AUTHORIZE];

pub(crate) const SPEC: Spec = Spec::new(
    "validate-graphql-request",
    "Checks a request of a GraphQL API: its size, its depth, whether the schema allows it, and rules of who may ask for what.",
)
.sections(&[Section::Inbound])
.scopes(&[Scope::Global, Scope::Workspace, Scope::Product, Scope::Api])
.attributes(&[VARIABLE, MAX_SIZE, MAX_DEPTH, TOTAL_DEPTH, COMPLEXITY])
.content(Content::Elements(CHILDREN)).differences(&["It needs the feature `graphql`."]);

/// `validate-graphql-request`, compiled.
#[derive(Debug)]
#[cfg(feature = "graphql")]
pub(crate) struct ValidateGraphqlRequest(Arc<Checks>);

/// There is none in this build.
#[derive(Debug)]
#[cfg(not(feature = "graphql"))]
pub(crate) struct ValidateGraphqlRequest(std::convert::Infallible);

/// What the document says.
#[cfg(feature = "graphql")]
#[derive(Debug)]
struct Checks {
    variable: Option<Setting<String>>,
    max_size: Setting<i64>,
    max_depth: Setting<i64>,
    /// The paths of the rules, and their actions.
    paths: Arc<[RulePath]>,
    actions: Vec<Setting<Verdict>>,
}

#[cfg(feature = "graphql")]
impl Literal for Verdict {
    fn literal(text: &str) -> Option<Self> {
        match text.trim() {
            "allow" => Some(Self::Allow),
            "remove" => Some(Self::Remove),
            "reject" => Some(Self::Reject),
            "ignore" => Some(Self::Ignore),
            _ => None,
        }
    }

    fn value(value: Value) -> Result<Self, String> {
        let text = value.to_text().unwrap_or_default();
        let unknown = || format!("'{text}' is not one of 'allow', 'remove', 'reject' and 'ignore'.");
        Self::literal(&text).ok_or_else(unknown)
    }
}

#[cfg(not(feature = "graphql"))]
pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let message = "`validate-graphql-request` needs a build with the feature `graphql`";
    compiler.error(element.span.start, message.to_owned());
    None
}

#[cfg(feature = "graphql")]
pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let variable = compiler.setting(element, &VARIABLE);
    let is_given = |attribute: &Attribute| element.attribute(attribute.name).is_some();
    let max_size = match is_given(&MAX_SIZE) {
        true => compiler.setting_within(element, &MAX_SIZE, 0..=run::LARGEST),
        false => Some(Setting::Constant(run::LARGEST)),
    };
    let max_depth = match is_given(&MAX_DEPTH) {
        true => compiler.setting_within(element, &MAX_DEPTH, 1..=i64::MAX),
        false => Some(Setting::Constant(6)),
    };
    for attribute in [&TOTAL_DEPTH, &COMPLEXITY] {
        if let Some(found) = element.attribute(attribute.name) {
            let message = format!("`{}` of `validate-graphql-request` has no effect", attribute.name);
            compiler.warning(found.span.start, message);
        }
    }
    let (mut paths, mut actions, mut is_whole) = (Vec::new(), Vec::new(), true);
    for authorize in element.elements().filter(|child| &*child.name == AUTHORIZE.element) {
        compiler.check_child(&AUTHORIZE, authorize);
        let rules: Vec<_> = authorize.elements().filter(|child| &*child.name == RULE.element).collect();
        if rules.is_empty() || rules.len() > 100 {
            let message = format!("`authorize` has {} elements `rule`: expected 1 to 100", rules.len());
            compiler.strict(authorize.span.start, message);
        }
        for rule in rules {
            match self::rule(compiler, rule) {
                Some((path, action)) => {
                    paths.push(path);
                    actions.push(action);
                }
                None => is_whole = false,
            }
        }
    }
    let checks = Checks { variable, max_size: max_size?, max_depth: max_depth?, paths: paths.into(), actions };
    is_whole.then(|| step("validate-graphql-request", ValidateGraphqlRequest(Arc::new(checks))))
}

#[cfg(feature = "graphql")]
fn rule(compiler: &mut Compiler<'_>, element: &Element) -> Option<(RulePath, Setting<Verdict>)> {
    compiler.check_child(&RULE, element);
    let action = match element.attribute(ACTION.name) {
        Some(_) => compiler.setting(element, &ACTION),
        None => Some(Setting::Constant(Verdict::Allow)),
    };
    let text: String = compiler.constant(element, &PATH)?;
    let Some(path) = RulePath::parse(text.trim()) else {
        compiler.error(element.span.start, format!("`path` of `rule` is `{text}`: expected {}", PATH.kind));
        return None;
    };
    Some((path, action?))
}

#[cfg(feature = "graphql")]
impl Statement for ValidateGraphqlRequest {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        self.0.run(exchange)
    }

    fn needs(&self) -> Needs {
        self.0.needs()
    }
}

#[cfg(not(feature = "graphql"))]
impl Statement for ValidateGraphqlRequest {
    fn run(&self, _: &mut Exchange) -> Result<Flow, Box<Failure>> {
        match self.0 {}
    }

    fn needs(&self) -> Needs {
        match self.0 {}
    }
}
