//! `set-header`: sets, adds to or removes a header.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::{Exchange, Message};
use super::super::list::{Flow, Statement};
use super::super::pipeline::Needs;
use super::super::setting::{ExistsAction, Setting};
use super::super::spec::{Attribute, Child, Content, Spec};
use crate::xml::Element;

const NAME: Attribute = Attribute::required("name", "a header name").or_expression();
pub(crate) const EXISTS_ACTION: Attribute =
    Attribute::optional("exists-action", "`override`, `skip`, `append` or `delete`", "override").or_expression();
pub(crate) const VALUE: Child = Child::new("value", "0..n", Content::Text { expressions: true });

pub(crate) const SPEC: Spec = Spec::new("set-header", "Sets, adds to or removes a header of the request or response.")
    .attributes(&[NAME, EXISTS_ACTION])
    .content(Content::Elements(&[VALUE])).differences(&["A header that has one value left out because it is null keeps its other values; with none left it is not changed.", "`Server` of a response can be removed.", "A header made of a secret named value is marked sensitive."]);

/// Headers whose values stand in lines of their own; all others are joined by commas.
const SEPARATE: [HeaderName; 12] = [
    header::USER_AGENT,
    header::WWW_AUTHENTICATE,
    header::PROXY_AUTHENTICATE,
    header::COOKIE,
    header::SET_COOKIE,
    header::WARNING,
    header::DATE,
    header::EXPIRES,
    header::IF_MODIFIED_SINCE,
    header::IF_UNMODIFIED_SINCE,
    header::LAST_MODIFIED,
    header::RETRY_AFTER,
];

/// What is special about a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Ordinary,
    Host,
    /// It belongs to the connection, and cannot be changed.
    Fixed,
}

impl Kind {
    fn of(name: &HeaderName) -> Self {
        if *name == header::HOST {
            Self::Host
        } else if [header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING].contains(name)
            || name == "keep-alive"
        {
            Self::Fixed
        } else {
            Self::Ordinary
        }
    }
}

/// `set-header`, compiled.
#[derive(Debug)]
pub(crate) struct SetHeader {
    message: Message,
    name: Name,
    action: Setting<ExistsAction>,
    values: Values,
}

#[derive(Debug)]
enum Name {
    Constant(HeaderName, Kind),
    Computed(Setting<String>),
}

#[derive(Debug)]
enum Values {
    /// The lines to write, made at load.
    Constant(Vec<HeaderValue>),
    Computed(Vec<Value>),
}

/// A `value` that is worked out for each request.
#[derive(Debug)]
struct Value {
    text: Setting<Option<String>>,
    /// Whether a secret named value is part of it.
    is_secret: bool,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    Some(step("set-header", SetHeader::compile(compiler, element)?))
}

impl SetHeader {
    /// Reads the element, also as a child of another policy.
    pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        let name = match compiler.setting::<String>(element, &NAME) {
            Some(Setting::Constant(text)) => match HeaderName::from_bytes(text.trim().as_bytes()) {
                Ok(name) => {
                    let kind = Kind::of(&name);
                    Some(Name::Constant(name, kind))
                }
                Err(_) => {
                    let at = element.attribute("name").map_or(element.span.start, |a| a.span.start);
                    compiler.error(at, format!("`name` of `set-header` is `{text}`: expected {}", NAME.kind));
                    None
                }
            },
            computed => computed.map(Name::Computed),
        };
        let action = compiler.setting(element, &EXISTS_ACTION).unwrap_or(Setting::Constant(ExistsAction::Override));
        let mut values = Vec::new();
        for child in element.elements().filter(|child| &*child.name == VALUE.element) {
            compiler.check_child(&VALUE, child);
            let is_secret = compiler.holds_secret(&child.text());
            values.extend(compiler.text(child, true, "text").map(|text| Value { text, is_secret }));
        }
        let name = name?;
        let constants: Option<Vec<String>> = values
            .iter()
            .map(|value| match &value.text {
                Setting::Constant(text) => text.clone(),
                Setting::Expression(_) => None,
            })
            .collect();
        let is_secret = values.iter().any(|value| value.is_secret);
        let values = match (&name, constants) {
            (Name::Constant(name, _), Some(texts)) => match lines(name, texts) {
                Ok(mut lines) => {
                    mark(&mut lines, is_secret);
                    Values::Constant(lines)
                }
                Err(problem) => {
                    compiler.error(element.span.start, format!("a value of `set-header`: {}", problem.message));
                    return None;
                }
            },
            _ => Values::Computed(values),
        };
        Some(Self { message: Message::of(compiler.section), name, action, values })
    }

    /// Works out the change against an exchange, to apply it to whichever message it is for.
    pub(crate) fn change(&self, exchange: &mut Exchange) -> Result<HeaderChange<'_>, Box<Failure>> {
        let (name, kind) = match &self.name {
            Name::Constant(name, kind) => (name.clone(), *kind),
            Name::Computed(text) => {
                let text = text.get(exchange)?;
                let name = HeaderName::from_bytes(text.trim().as_bytes())
                    .map_err(|_| Failure::internal("InvalidHeaderName", format!("`{text}` is not a header name.")))?;
                let kind = Kind::of(&name);
                (name, kind)
            }
        };
        if kind == Kind::Fixed {
            tracing::debug!(target: "gatewright::policy", header = %name, "set-header: the header cannot be changed");
            exchange.trace_note(|| format!("Header {name} cannot be changed: it is left as it is"));
        }
        let action = *self.action.get(exchange)?;
        let lines = match &self.values {
            Values::Constant(values) => Lines::Made(values),
            Values::Computed(_) if action == ExistsAction::Delete => Lines::Made(&[]),
            Values::Computed(values) if values.len() == 1 => {
                let text = values.first().map(|value| value.text.get(exchange)).transpose()?;
                let mut line = text.and_then(Cow::into_owned).map(|text| line(&name, text)).transpose()?;
                mark(line.as_mut_slice(), values.iter().any(|value| value.is_secret));
                Lines::One(line)
            }
            Values::Computed(values) => {
                let mut texts = Vec::with_capacity(values.len());
                for value in values {
                    texts.extend(value.text.get(exchange)?.into_owned());
                }
                let mut lines = lines(&name, texts)?;
                mark(&mut lines, values.iter().any(|value| value.is_secret));
                Lines::Computed(lines)
            }
        };
        Ok(HeaderChange { name, kind, action, lines, declared: self.declared() })
    }

    fn declared(&self) -> usize {
        match &self.values {
            Values::Constant(values) => values.len(),
            Values::Computed(settings) => settings.len(),
        }
    }

    pub(crate) fn needs(&self) -> Needs {
        let name = match &self.name {
            Name::Constant(..) => Needs::NONE,
            Name::Computed(text) => text.needs(),
        };
        let values = match &self.values {
            Values::Constant(_) => Needs::NONE,
            Values::Computed(settings) => settings.iter().fold(Needs::NONE, |needs, value| needs | value.text.needs()),
        };
        name | values | self.action.needs()
    }
}

/// A change of one header, ready to be applied.
pub(crate) struct HeaderChange<'a> {
    name: HeaderName,
    kind: Kind,
    action: ExistsAction,
    lines: Lines<'a>,
    /// How many `value` elements there are: none at all removes, but none left of some leaves the header alone.
    declared: usize,
}

enum Lines<'a> {
    Made(&'a [HeaderValue]),
    One(Option<HeaderValue>),
    Computed(Vec<HeaderValue>),
}

impl Lines<'_> {
    fn as_slice(&self) -> &[HeaderValue] {
        match self {
            Self::Made(lines) => lines,
            Self::One(line) => line.as_slice(),
            Self::Computed(lines) => lines,
        }
    }
}

impl HeaderChange<'_> {
    /// Whether `Host` among these headers becomes another.
    fn changes_host(&self, headers: &HeaderMap) -> bool {
        self.kind == Kind::Host && self.has_effect(headers)
    }

    fn has_effect(&self, headers: &HeaderMap) -> bool {
        let has_lines = !self.lines.as_slice().is_empty();
        match self.action {
            ExistsAction::Override => has_lines || self.declared == 0,
            ExistsAction::Skip => has_lines && !headers.contains_key(&self.name),
            ExistsAction::Append => has_lines,
            ExistsAction::Delete => true,
        }
    }

    pub(crate) fn apply(self, headers: &mut HeaderMap) {
        if self.kind == Kind::Fixed || !self.has_effect(headers) {
            return;
        }
        let lines = self.lines.as_slice();
        match self.action {
            ExistsAction::Override | ExistsAction::Skip => match lines {
                [] => {
                    headers.remove(&self.name);
                }
                [first, rest @ ..] => {
                    if rest.is_empty() {
                        headers.insert(self.name, first.clone());
                    } else {
                        headers.insert(self.name.clone(), first.clone());
                        for line in rest {
                            headers.append(self.name.clone(), line.clone());
                        }
                    }
                }
            },
            ExistsAction::Append => append(headers, self.name, lines),
            ExistsAction::Delete => {
                headers.remove(self.name);
            }
        }
    }
}

/// Adds to what is there: to the one line, or as lines of their own.
fn append(headers: &mut HeaderMap, name: HeaderName, lines: &[HeaderValue]) {
    if SEPARATE.contains(&name) || !headers.contains_key(&name) {
        for line in lines {
            headers.append(name.clone(), line.clone());
        }
        return;
    }
    let all = headers.get_all(&name).iter().chain(lines).map(HeaderValue::as_bytes).collect::<Vec<_>>().join(&b","[..]);
    // INVARIANT: values joined by commas are a value.
    if let Ok(mut value) = HeaderValue::from_bytes(&all) {
        value.set_sensitive(headers.get_all(&name).iter().chain(lines).any(HeaderValue::is_sensitive));
        headers.insert(name, value);
    }
}

/// The lines of a header that has these values.
fn lines(name: &HeaderName, mut values: Vec<String>) -> Result<Vec<HeaderValue>, Box<Failure>> {
    if values.len() > 1 && !SEPARATE.contains(name) {
        let joined = values.iter().map(|value| value.trim()).collect::<Vec<_>>().join(",");
        values = vec![joined];
    }
    values.into_iter().map(|value| line(name, value)).collect()
}

/// Marks lines that hold a secret: they do not print, and HPACK does not remember them.
fn mark(lines: &mut [HeaderValue], is_secret: bool) {
    if is_secret {
        lines.iter_mut().for_each(|line| line.set_sensitive(true));
    }
}

fn line(name: &HeaderName, value: String) -> Result<HeaderValue, Box<Failure>> {
    let trimmed = value.trim();
    let bytes =
        if trimmed.len() == value.len() { Bytes::from(value) } else { Bytes::copy_from_slice(trimmed.as_bytes()) };
    HeaderValue::from_maybe_shared(bytes).map_err(|_| {
        let message = format!("The value of header {name} has a line break or another control character.");
        Failure::internal("InvalidHeaderValue", message)
    })
}

impl Statement for SetHeader {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let change = self.change(exchange)?;
        match self.message {
            Message::Request => {
                if change.changes_host(&exchange.request.headers) {
                    exchange.host_changes();
                }
                change.apply(&mut exchange.request.headers);
            }
            Message::Response => {
                if let Some(response) = &mut exchange.response {
                    change.apply(&mut response.headers);
                }
            }
        }
        Ok(Flow::Continue)
    }

    fn needs(&self) -> Needs {
        SetHeader::needs(self)
    }
}
