//! Attributes and texts as values: literals, expressions, named values.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::{Compiler, Read, words_of};
use crate::expr::{Expression, text_around};
use crate::policy::setting::{Literal, Setting};
use crate::policy::spec::Attribute;
use crate::secret::{NamedValue, Secret};
use crate::xml::{self, Element, Space, Text};

impl Compiler<'_> {
    /// The value of an attribute that may be an expression.
    pub(crate) fn setting<T: Literal>(&mut self, element: &Element, attribute: &Attribute) -> Option<Setting<T>> {
        let found = element.attribute(attribute.name)?;
        let what = format!("`{}` of `{}`", attribute.name, element.name);
        self.typed(&found.value, Space::Keep, &what, attribute.expressions, attribute.kind)
    }

    /// The value of an attribute that is a literal.
    pub(crate) fn constant<T: Literal>(&mut self, element: &Element, attribute: &Attribute) -> Option<T> {
        match self.setting(element, attribute)? {
            Setting::Constant(value) => Some(value),
            Setting::Expression(_) => None,
        }
    }

    /// The value of an attribute that is a whole number of that range.
    pub(crate) fn within(
        &mut self,
        element: &Element,
        attribute: &Attribute,
        range: RangeInclusive<i64>,
    ) -> Option<u64> {
        match self.setting_within(element, attribute, range)? {
            Setting::Constant(number) => u64::try_from(number).ok(),
            Setting::Expression(_) => None,
        }
    }

    /// The value of an attribute that is a whole number of that range, or an expression.
    pub(crate) fn setting_within(
        &mut self,
        element: &Element,
        attribute: &Attribute,
        range: RangeInclusive<i64>,
    ) -> Option<Setting<i64>> {
        let setting = self.setting(element, attribute)?;
        match &setting {
            Setting::Constant(number) if !range.contains(number) => {
                let (name, of, kind) = (attribute.name, &element.name, attribute.kind);
                self.error(element.span.start, format!("`{name}` of `{of}` is `{number}`: expected {kind}"));
                None
            }
            _ => Some(setting),
        }
    }

    /// The text of a scalar element such as `<value>`.
    pub(crate) fn text<T: Literal>(&mut self, element: &Element, expressions: bool, kind: &str) -> Option<Setting<T>> {
        let what = format!("the text of `{}`", element.name);
        self.typed(&element.text(), Space::Trim, &what, expressions, kind)
    }

    pub(super) fn typed<T: Literal>(
        &mut self,
        text: &Text,
        space: Space,
        what: &str,
        expressions: bool,
        kind: &str,
    ) -> Option<Setting<T>> {
        let start = text.span().start;
        match self.read(text, space, what)? {
            Read::Given => None,
            Read::Expression(_) if !expressions => {
                self.error(start, format!("{what} does not take an expression: expected {kind}"));
                None
            }
            Read::Expression(expression) => match Setting::expression(expression) {
                Ok(setting) => Some(setting),
                Err(problem) => {
                    self.error(start, format!("{what}: {problem}: expected {kind}"));
                    None
                }
            },
            Read::Literal(literal) => match T::literal(&literal) {
                Some(value) => Some(Setting::Constant(value)),
                None => {
                    // Before it is cut: a part of a secret is no longer known as one.
                    let shown: String = self.environment.redactor.redact(&literal).chars().take(60).collect();
                    self.error(start, format!("{what} is `{shown}`: expected {kind}"));
                    None
                }
            },
        }
    }

    /// Reads a text: named values spliced in, then one expression or a literal.
    pub(crate) fn read(&mut self, text: &Text, space: Space, what: &str) -> Option<Read> {
        let mut unknown: Vec<(String, usize)> = Vec::new();
        let mut secrets: Vec<(String, usize, &Secret)> = Vec::new();
        let mut quoted: Vec<(String, usize, &str)> = Vec::new();
        let values = &self.environment.named_values;
        let read = text.value(self.document, space, |reference| {
            let found = values.get(reference.name);
            let value = found.map(NamedValue::expose).filter(|value| value.contains(['"', '\\']));
            quoted.extend(value.map(|value| (reference.name.to_owned(), reference.offset, value)));
            match found {
                Some(NamedValue::Secret(secret)) => secrets.push((reference.name.to_owned(), reference.offset, secret)),
                Some(NamedValue::Plain(_)) => {}
                None => unknown.push((reference.name.to_owned(), reference.offset)),
            }
            found.map(NamedValue::expose)
        });
        match read {
            Err(error) => {
                self.error(error.offset, format!("{what}: {}", error.message));
                None
            }
            Ok(xml::Value::Literal(literal)) => {
                if literal.mentions_expression() {
                    let message = format!("{what} mixes text and an expression: it is taken as text, `@(…)` and all");
                    self.warning(text.span().start, message);
                }
                if self.unknown(&unknown) { Some(Read::Given) } else { Some(Read::Literal(literal.text)) }
            }
            Ok(xml::Value::Expression(code)) => {
                // Braces are doubled in interpolated strings too: there `{{x}}` may be C#.
                let interpolates = code.text.contains("$\"") || code.text.contains("$@\"");
                let given = if interpolates { false } else { self.unknown(&unknown) };
                match Expression::compile(&code.text, &self.environment.library) {
                    Ok(expression) => {
                        self.warn_of_quotes(&code, &quoted);
                        for (name, offset) in unknown.iter().filter(|_| interpolates) {
                            let message = format!("`{{{{{name}}}}}` names no named value: it is taken as C# text");
                            self.warning(*offset, message);
                        }
                        Some(if given { Read::Given } else { Read::Expression(expression) })
                    }
                    Err(_) if given => Some(Read::Given),
                    Err(errors) => {
                        if interpolates {
                            self.unknown(&unknown);
                        }
                        let words = words_of(secrets.iter().map(|(.., secret)| *secret));
                        let mut misplaced = BTreeSet::new();
                        for error in errors.iter() {
                            let offset = code.source_offset(error.span.start);
                            match secrets.iter().find(|(_, at, _)| *at == offset) {
                                None => self.error(offset, format!("expression: {}", words.redact(&error.message))),
                                Some((name, ..)) if misplaced.insert(offset) => {
                                    let message = format!(
                                        "expression: the secret that `{{{{{name}}}}}` puts in here is not C#: a text needs \
                                         quotes around it"
                                    );
                                    self.error(offset, message);
                                }
                                Some(_) => {}
                            }
                        }
                        None
                    }
                }
            }
        }
    }

    /// Warns of named values with `"` or `\` in a C# text, which are read as C# and not as they are.
    fn warn_of_quotes(&mut self, code: &xml::Decoded, values: &[(String, usize, &str)]) {
        for (name, offset, value) in values {
            let at = (0..code.text.len()).find(|at| code.source_offset(*at) == *offset);
            let Some(around) = at.and_then(|at| text_around(&code.text, at)) else { continue };
            let is_verbatim = around.starts_with(['@', '$']) && around.get(..3).is_some_and(|text| text.contains('@'));
            if value.contains('"') || !is_verbatim {
                let message = format!(
                    "the value of `{{{{{name}}}}}` has `\"` or `\\` in it, which is read as C# in the text that it stands in"
                );
                self.warning(*offset, message);
            }
        }
    }

    /// Whether a secret named value is put into a text.
    pub(crate) fn holds_secret(&self, text: &Text) -> bool {
        let values = &self.environment.named_values;
        let mut holds = false;
        let _ = text.literal(self.document, |reference| {
            let found = values.get(reference.name)?;
            holds |= found.is_secret();
            Some(found.expose())
        });
        holds
    }

    /// Reports named values that are not defined; true when they are taken as given.
    pub(crate) fn unknown(&mut self, names: &[(String, usize)]) -> bool {
        for (name, offset) in names {
            if self.environment.takes_as_given() {
                self.note(*offset, format!("named value `{name}` is taken as given"));
            } else {
                self.error(*offset, format!("named value `{name}` is not defined"));
                self.vendor_text(None, &format!("Cannot find a property '{name}'"));
            }
        }
        !names.is_empty() && self.environment.takes_as_given()
    }
}
