//! Text: concatenation, interpolation, and host texts that are looked at without being copied.

use super::emit::Emitter;
use super::function::Code;
use super::run::Run;
use crate::expr::bind::tree::{Node, NodeKind, Piece};
use crate::expr::dotnet::composite;
use crate::expr::fault::Fault;
use crate::expr::host::{Message, Text, Url};
use crate::expr::library::context;
use crate::expr::syntax::Span;
use crate::expr::types::TypeId;
use crate::expr::value::{Str, Value};

use super::View;

/// A text of the host that can be read in place.
pub(super) enum TextSource {
    Member(Text),
    /// `Headers.GetValueOrDefault(name, default)`
    Header(Message, Box<str>, Option<Box<str>>),
    Query(Url, Box<str>, Option<Box<str>>),
}

impl TextSource {
    /// The source that an expression is, if it is one.
    pub(super) fn of(node: &Node) -> Option<Self> {
        match &node.kind {
            NodeKind::Get(access) => {
                let view = view_of(access.args.first()?)?;
                context::text_member(view, access.property.name).map(Self::Member)
            }
            NodeKind::Call(call)
                if call.method.name == "GetValueOrDefault" && call.method.owner == TypeId::ContextExtensions =>
            {
                let [target, name, default] = call.args.as_slice() else { return None };
                let Some(Value::Str(name)) = name.as_const() else { return None };
                let default = match default.as_const()? {
                    Value::Null => None,
                    Value::Str(text) => Some(Box::from(text.as_str()?)),
                    _ => return None,
                };
                let name = Box::from(name.as_str()?);
                match view_of(target)? {
                    View::Headers(message) => Some(Self::Header(message, name, default)),
                    View::Query(url) => Some(Self::Query(url, name, default)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Looks at the text.
    pub(super) fn with<R>(&self, run: &mut Run<'_>, look: impl FnOnce(Option<&str>) -> R) -> Result<R, Fault> {
        run.step()?;
        match self {
            Self::Member(member) => {
                context::require(run, *member)?;
                Ok(look(run.host.text(*member).as_deref()))
            }
            Self::Header(message, name, default) => {
                context::require_message(run, *message)?;
                if run.host.header(*message, name, 1).is_none() {
                    return Ok(match run.host.header(*message, name, 0) {
                        Some(text) => look(Some(&text)),
                        None => look(default.as_deref()),
                    });
                }
                let joined = context::joined(|i| run.host.header(*message, name, i).map(std::borrow::Cow::into_owned));
                Ok(look(joined.as_deref()))
            }
            Self::Query(url, name, default) => {
                if run.host.query(*url, name, 1).is_none() {
                    return Ok(match run.host.query(*url, name, 0) {
                        Some(text) => look(Some(&text)),
                        None => look(default.as_deref()),
                    });
                }
                let joined = context::joined(|i| run.host.query(*url, name, i).map(std::borrow::Cow::into_owned));
                Ok(look(joined.as_deref()))
            }
        }
    }
}

/// The part of `context` that an expression is, when that is known without running it.
fn view_of(node: &Node) -> Option<View> {
    match &node.kind {
        NodeKind::Context => Some(View::Context),
        NodeKind::Get(access) => context::part(view_of(access.args.first()?)?, access.property.name),
        NodeKind::Convert(_, inner) => view_of(inner),
        _ => None,
    }
}

enum Part {
    Text(Str),
    Source(TextSource),
    Value(Code<Value>, i32, Option<Str>),
}

impl Emitter<'_> {
    pub(super) fn concat(&self, nodes: &[Node], span: Span) -> Code<Value> {
        let parts = nodes
            .iter()
            .map(|node| match node.as_const() {
                Some(Value::Str(text)) => Part::Text(text.clone()),
                _ => self.part(node, 0, None),
            })
            .collect();
        join(parts, span)
    }

    fn part(&self, node: &Node, alignment: i32, format: Option<Str>) -> Part {
        match TextSource::of(node) {
            Some(source) if alignment == 0 && format.is_none() => Part::Source(source),
            _ => Part::Value(self.value(node), alignment, format),
        }
    }

    pub(super) fn interpolate(&self, pieces: &[Piece], span: Span) -> Code<Value> {
        let parts = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => Part::Text(text.clone()),
                Piece::Hole { value, alignment, format } => self.part(value, *alignment, format.clone()),
            })
            .collect();
        join(parts, span)
    }
}

/// What most texts of policies fit in.
const ROOM: usize = 128;

fn join(parts: Vec<Part>, span: Span) -> Code<Value> {
    Box::new(move |run| {
        let mut out = TextBuffer { utf8: String::with_capacity(ROOM), units: None };
        for part in &parts {
            match part {
                Part::Text(text) => out.push(text),
                Part::Source(source) => source.with(run, |text| out.push_str(text.unwrap_or_default()))?,
                Part::Value(code, alignment, format) => {
                    let value = code(run)?;
                    append(run, &mut out, &value, *alignment, format.as_ref()).map_err(|f| f.at(span))?;
                }
            }
        }
        run.charge(out.len())?;
        Ok(Value::Str(out.finish()))
    })
}

/// Appends the text of a value, formatted and aligned.
pub(crate) fn append(
    run: &mut Run<'_>,
    out: &mut TextBuffer,
    value: &Value,
    alignment: i32,
    format: Option<&Str>,
) -> Result<(), Fault> {
    if alignment == 0 {
        match (value, format) {
            (Value::Null, _) => return Ok(()),
            (Value::Str(text), _) => {
                out.push(text);
                return Ok(());
            }
            (Value::Int(v), None) => {
                use std::fmt::Write;
                let _ = write!(out.text(), "{v}");
                return Ok(());
            }
            _ => {}
        }
    }
    let text = match (value, format) {
        (Value::Null, _) => Str::from(""),
        (value, Some(format)) => run.format(value, &format.text())?,
        (value, None) => run.text_of(value)?,
    };
    if alignment == 0 {
        out.push(&text);
        return Ok(());
    }
    run.charge(alignment.unsigned_abs() as usize)?;
    out.push_str(&composite::align(&text.text(), alignment));
    Ok(())
}

/// Text being built; turns to UTF-16 only when a lone surrogate comes.
#[derive(Default)]
pub(crate) struct TextBuffer {
    utf8: String,
    units: Option<Vec<u16>>,
}

impl TextBuffer {
    pub(crate) fn push(&mut self, text: &Str) {
        match text.as_str() {
            Some(text) => self.push_str(text),
            None => self.push_units(&text.units()),
        }
    }

    pub(crate) fn push_str(&mut self, text: &str) {
        match &mut self.units {
            Some(units) => units.extend(text.encode_utf16()),
            None => self.utf8.push_str(text),
        }
    }

    pub(crate) fn push_units(&mut self, more: &[u16]) {
        match char::decode_utf16(more.iter().copied()).collect::<Result<String, _>>() {
            Ok(text) => self.push_str(&text),
            Err(_) => {
                let mut units: Vec<u16> = self.units.take().unwrap_or_else(|| self.utf8.encode_utf16().collect());
                units.extend_from_slice(more);
                self.units = Some(units);
            }
        }
    }

    fn text(&mut self) -> &mut String {
        if let Some(units) = self.units.take() {
            self.utf8 = String::from_utf16_lossy(&units);
        }
        &mut self.utf8
    }

    pub(crate) fn len(&self) -> usize {
        self.units.as_ref().map_or(self.utf8.len(), |u| u.len() * 2)
    }

    pub(crate) fn finish(self) -> Str {
        match self.units {
            Some(units) => Str::from_utf16(&units),
            None => Str::from(self.utf8),
        }
    }
}
