//! Claims that a token must have: `required-claims`.

use std::borrow::Cow;

use super::super::compile::Compiler;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::pipeline::Needs;
use super::super::setting::{Literal, Setting};
use super::super::spec::{Attribute, Child, Content};
use super::refusal::Refusal;
use super::rules::Stop;
use crate::expr;
use crate::jwt::{Claim, Claims};
use crate::xml::Element;

const NAME: Attribute = Attribute::required("name", "the name of a claim").or_expression();
const MATCH: Attribute = Attribute::optional("match", "`all` or `any`", "all").or_expression();
const SEPARATOR: Attribute =
    Attribute::optional("separator", "what stands between the values of a claim that is one text", "none")
        .or_expression();
const VALUE: Child = Child::new("value", "0..n", Content::Text { expressions: true });
const CLAIM: Child = Child::new("claim", "0..n", Content::Elements(&[VALUE])).attributes(&[NAME, MATCH, SEPARATOR]);
pub(crate) const CLAIMS: Child = Child::new("required-claims", "0..1", Content::Elements(&[CLAIM]));

/// A claim that a token must have.
#[derive(Debug)]
pub(crate) struct RequiredClaim {
    name: Setting<String>,
    takes: Setting<Takes>,
    separator: Option<Setting<String>>,
    values: Vec<Setting<String>>,
}

/// `match`: how many of the values the claim must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    All,
    Any,
}

impl Literal for Takes {
    fn literal(text: &str) -> Option<Self> {
        match text.trim() {
            "all" => Some(Self::All),
            "any" => Some(Self::Any),
            _ => None,
        }
    }

    fn value(value: expr::Value) -> Result<Self, String> {
        let text = value.to_text().unwrap_or_default();
        Self::literal(&text).ok_or_else(|| format!("'{text}' is neither 'all' nor 'any'."))
    }
}

impl RequiredClaim {
    /// Reads the `claim` elements in `required-claims`.
    pub(crate) fn compile(compiler: &mut Compiler<'_>, parent: &Element) -> Vec<Self> {
        compiler.check_child(&CLAIMS, parent);
        let claims = parent.elements().filter(|child| &*child.name == CLAIM.element);
        claims.filter_map(|element| Self::of(compiler, element)).collect()
    }

    fn of(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        compiler.check_child(&CLAIM, element);
        let mut values = Vec::new();
        for child in element.elements().filter(|child| &*child.name == VALUE.element) {
            compiler.check_child(&VALUE, child);
            values.extend(compiler.text(child, true, "text"));
        }
        let takes = match element.attribute(MATCH.name) {
            Some(_) => compiler.setting(element, &MATCH),
            None => Some(Setting::Constant(Takes::All)),
        };
        let separator = compiler.setting(element, &SEPARATOR);
        Some(Self { name: compiler.setting(element, &NAME)?, takes: takes?, separator, values })
    }

    /// Checks a token against all of them.
    pub(crate) fn check(all: &[Self], claims: &Claims<'_>, exchange: &mut Exchange) -> Result<(), Stop> {
        let mut missing = Vec::new();
        for required in all {
            let name = required.name.get(exchange)?;
            if claims.get(&name).is_none() {
                missing.push(name.into_owned());
            }
        }
        if !missing.is_empty() {
            return Err(Refusal::ClaimsMissing(missing).into());
        }
        for required in all {
            let name = required.name.get(exchange)?;
            let Some(value) = claims.get(&name) else { continue };
            if !required.allows(value, exchange)? {
                let value = value.texts().join(",");
                return Err(Refusal::Claim { name: name.into_owned(), value }.into());
            }
        }
        Ok(())
    }

    fn allows(&self, claim: &Claim<'_>, exchange: &mut Exchange) -> Result<bool, Box<Failure>> {
        if self.values.is_empty() {
            return Ok(true);
        }
        let separator = match &self.separator {
            Some(separator) => separator.get(exchange)?,
            None => Cow::Owned(String::new()),
        };
        let found: Vec<Cow<'_, str>> = match claim {
            Claim::Text(text) if !separator.is_empty() => text.split(&**separator).map(Cow::Borrowed).collect(),
            claim => claim.texts(),
        };
        let takes = *self.takes.get(exchange)?;
        for wanted in &self.values {
            let wanted = wanted.get(exchange)?;
            match (found.iter().any(|text| **text == **wanted), takes) {
                (true, Takes::Any) => return Ok(true),
                (false, Takes::All) => return Ok(false),
                _ => {}
            }
        }
        Ok(takes == Takes::All)
    }

    pub(crate) fn needs(&self) -> Needs {
        let separator = self.separator.as_ref().map_or(Needs::NONE, Setting::needs);
        let needs = self.name.needs() | self.takes.needs() | separator;
        self.values.iter().fold(needs, |needs, value| needs | value.needs())
    }
}
