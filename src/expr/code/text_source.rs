//! Texts of the host that are looked at in place: members, headers, parameters and variables.

use super::View;
use super::run::Run;
use super::variable::Variable;
use crate::expr::bind::tree::{Access, Call, Conversion, Node, NodeKind};
use crate::expr::fault::Fault;
use crate::expr::form_text;
use crate::expr::host::{Message, Part, Text, Url};
use crate::expr::library::{context, dictionary};
use crate::expr::syntax::Span;
use crate::expr::types::{Ty, TypeId};
use crate::expr::value::{Str, Value};

/// How many bytes of a header or a URL are read in the time of a basic step.
const READ_IN_A_STEP: usize = 4;

/// A text of the host that can be read without a copy.
pub(super) struct TextSource {
    kind: Kind,
    span: Span,
}

enum Kind {
    /// A member, and the part that must be there.
    Member(Text, Option<Part>),
    /// `Headers.GetValueOrDefault(name, default)`
    Header(Message, Box<str>, Option<Box<str>>),
    /// `Query.GetValueOrDefault(name, default)`
    Query(Url, Box<str>, Option<Box<str>>),
    /// `MatchedParameters[name]` and `MatchedParameters.GetValueOrDefault(name, default)`
    Parameter(Box<str>, Missing),
    /// `(string)Variables[name]`, `Variables[name].ToString()`, `Variables.GetValueOrDefault(name, default)`
    Variable(Box<str>, Missing, Reading),
}

/// What a key that is not there does.
enum Missing {
    Throws(Span),
    Gives(Option<Box<str>>),
}

/// How an object becomes text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    Cast,
    ToText,
}

/// A text as it is seen.
#[derive(Clone, Copy)]
pub(super) enum Seen<'a> {
    Null,
    /// Text of the host.
    Text(&'a str),
    /// Text that a value holds.
    Held(&'a Str),
}

impl<'a> Seen<'a> {
    fn of(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }

    pub(super) fn is_empty_or_null(self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => text.is_empty(),
            Self::Held(text) => text.is_empty(),
        }
    }

    /// Whether it is that text, or null when there is none.
    pub(super) fn is(self, other: Option<&str>) -> bool {
        match self {
            Self::Null => other.is_none(),
            Self::Text(text) => other == Some(text),
            Self::Held(text) => text.as_str().is_some_and(|text| other == Some(text)),
        }
    }

    /// A value of its own, and the bytes that were copied for it.
    fn to_value(self) -> (Value, usize) {
        match self {
            Self::Null => (Value::Null, 0),
            Self::Text(text) => (Value::from(text), text.len()),
            Self::Held(text) => (Value::Str(text.clone()), 0),
        }
    }
}

impl TextSource {
    /// The source that an expression is, if it is one.
    pub(super) fn of(node: &Node) -> Option<Self> {
        if node.ty != Ty::String {
            return None;
        }
        let kind = match &node.kind {
            NodeKind::Get(access) => of_property(access, node.span),
            NodeKind::Call(call) if call.method.name == "GetValueOrDefault" => of_get_value(call),
            NodeKind::Call(call) if call.method.name == "ToString" && call.args.len() == 1 => {
                variable(call.args.first()?, Reading::ToText)
            }
            NodeKind::Convert(Conversion::Reference(_), inner) => variable(inner, Reading::Cast),
            _ => None,
        }?;
        Some(Self { kind, span: node.span })
    }

    /// Looks at the text.
    pub(super) fn with<R>(&self, run: &mut Run<'_>, look: impl FnOnce(Seen<'_>) -> R) -> Result<R, Fault> {
        match run.step() {
            Ok(()) => self.look(run, look),
            Err(fault) => Err(fault),
        }
        .map_err(|fault| fault.at(self.span))
    }

    /// The text as a value.
    pub(super) fn value(&self, run: &mut Run<'_>) -> Result<Value, Fault> {
        let (value, copied) = self.with(run, |seen| seen.to_value())?;
        run.charge(copied).map_err(|fault| fault.at(self.span))?;
        Ok(value)
    }

    fn look<R>(&self, run: &mut Run<'_>, look: impl FnOnce(Seen<'_>) -> R) -> Result<R, Fault> {
        match &self.kind {
            Kind::Member(member, part) => {
                if let Some(part) = part
                    && !run.host.has(*part)
                {
                    return Err(Fault::null_reference());
                }
                let text = run.host.text(*member);
                let read = text.as_deref().map_or(0, str::len) / READ_IN_A_STEP;
                let seen = look(Seen::of(text.as_deref()));
                drop(text);
                run.steps(read).map(|()| seen)
            }
            Kind::Header(message, name, default) => {
                context::require_message(run, *message)?;
                let text = run.host.header_text(*message, name);
                let read = text.as_deref().map_or(0, str::len) / READ_IN_A_STEP;
                let seen = look(Seen::of(text.as_deref().or(default.as_deref())));
                drop(text);
                run.steps(read).map(|()| seen)
            }
            Kind::Query(url, name, default) => {
                let query = run.host.text(Text::UrlQueryString(*url)).unwrap_or_default();
                let text = form_text::joined(&query, name);
                let seen = look(Seen::of(text.as_deref().or(default.as_deref())));
                let length = query.len();
                drop(text);
                drop(query);
                run.steps(length).map(|()| seen)
            }
            Kind::Parameter(name, missing) => match run.host.matched_parameter(name) {
                Some(text) => Ok(look(Seen::Text(&text))),
                None => missing.look(run, name, look),
            },
            Kind::Variable(name, missing, reading) => {
                let other = match run.host.variable(name) {
                    None => return missing.look(run, name, look),
                    Some(value) => match &*value {
                        Value::Str(text) => return Ok(look(Seen::Held(text))),
                        Value::Null if *reading == Reading::Cast => return Ok(look(Seen::Null)),
                        _ => value.into_owned(),
                    },
                };
                match (other, reading) {
                    (Value::Null, _) => Err(Fault::null_reference()),
                    (other, Reading::Cast) => Err(Fault::invalid_cast(&other.ty(), &Ty::String)),
                    (other, Reading::ToText) => Ok(look(Seen::Held(&run.text_of(&other)?))),
                }
            }
        }
    }
}

impl Missing {
    #[cold]
    fn look<R>(&self, run: &mut Run<'_>, name: &str, look: impl FnOnce(Seen<'_>) -> R) -> Result<R, Fault> {
        match self {
            Self::Throws(span) => Err(dictionary::missing(run, &Value::from(name)).at(*span)),
            Self::Gives(default) => Ok(look(Seen::of(default.as_deref()))),
        }
    }
}

fn of_property(access: &Access, span: Span) -> Option<Kind> {
    match access.args.as_slice() {
        [target] => {
            let member = context::text_member(view_of(target)?, access.property.name)?;
            Some(Kind::Member(member, context::owner(member)))
        }
        [target, key] if view_of(target) == Some(View::MatchedParameters) => {
            Some(Kind::Parameter(key_of(key)?, Missing::Throws(span)))
        }
        _ => None,
    }
}

fn of_get_value(call: &Call) -> Option<Kind> {
    if call.method.owner != TypeId::ContextExtensions || call.order.is_some() {
        return None;
    }
    let (target, name, default) = match call.args.as_slice() {
        [target, name] => (target, name, None),
        [target, name, default] => (target, name, text_or_null(default)?),
        _ => return None,
    };
    let name = key_of(name)?;
    Some(match view_of(target)? {
        View::Headers(message) => Kind::Header(message, name, default),
        View::Query(url) => Kind::Query(url, name, default),
        View::MatchedParameters => Kind::Parameter(name, Missing::Gives(default)),
        View::Variables => Kind::Variable(name, Missing::Gives(default), Reading::Cast),
        _ => return None,
    })
}

/// `Variables[name]` or `Variables.GetValueOrDefault(name)` as an object.
fn variable(node: &Node, reading: Reading) -> Option<Kind> {
    let (name, missing) = match &node.kind {
        NodeKind::Get(_) => {
            let (name, span) = Variable::of(node)?.into_parts();
            (name, Missing::Throws(span))
        }
        NodeKind::Call(call) if call.method.name == "GetValueOrDefault" => match of_get_value(call)? {
            Kind::Variable(name, missing, _) => (name, missing),
            _ => return None,
        },
        _ => return None,
    };
    Some(Kind::Variable(name, missing, reading))
}

/// The text of a constant key.
pub(super) fn key_of(node: &Node) -> Option<Box<str>> {
    text_or_null(node)?
}

/// The text of a constant string, or null.
#[allow(clippy::option_option)]
fn text_or_null(node: &Node) -> Option<Option<Box<str>>> {
    match node.as_const()? {
        Value::Null => Some(None),
        Value::Str(text) => Some(Some(Box::from(text.as_str()?))),
        _ => None,
    }
}

/// The part of `context` that an expression is, when that is known without running it.
pub(super) fn view_of(node: &Node) -> Option<View> {
    match &node.kind {
        NodeKind::Context => Some(View::Context),
        NodeKind::Get(access) => context::part(view_of(access.args.first()?)?, access.property.name),
        NodeKind::Convert(_, inner) => view_of(inner),
        _ => None,
    }
}
