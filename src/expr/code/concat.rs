//! Concatenation and interpolation.

use super::emit::Emitter;
use super::function::Code;
use super::run::Run;
use super::text_buffer::TextBuffer;
use super::text_source::{Seen, TextSource};
use crate::expr::bind::tree::{Node, Piece};
use crate::expr::dotnet::composite;
use crate::expr::fault::Fault;
use crate::expr::syntax::Span;
use crate::expr::value::{Str, Value};

enum Part {
    Text(Str),
    Source(TextSource),
    Value(Code<Value>, i32, Option<Str>),
}

impl Emitter<'_> {
    pub(super) fn concat(&self, nodes: &[Node], span: Span) -> Code<Value> {
        let parts = nodes.iter().map(|node| self.part(node, 0, None)).collect();
        join(parts, span)
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

    fn part(&self, node: &Node, alignment: i32, format: Option<Str>) -> Part {
        if alignment != 0 {
            return Part::Value(self.value(node), alignment, format);
        }
        if let Some(Value::Str(text)) = node.as_const() {
            return Part::Text(text.clone());
        }
        match TextSource::of(node) {
            Some(source) => Part::Source(source),
            None => Part::Value(self.value(node), 0, format),
        }
    }
}

fn join(parts: Vec<Part>, span: Span) -> Code<Value> {
    let parts = parts.into_boxed_slice();
    Box::new(move |run| {
        let mut out = TextBuffer::reused();
        for part in &parts {
            let before = out.len();
            match part {
                Part::Text(text) => out.push(text),
                Part::Source(source) => source.with(run, |seen| match seen {
                    Seen::Null => {}
                    Seen::Text(text) => out.push_str(text),
                    Seen::Held(text) => out.push(text),
                })?,
                Part::Value(code, alignment, format) => {
                    let value = code(run)?;
                    append(run, &mut out, &value, *alignment, format.as_ref()).map_err(|f| f.at(span))?;
                }
            }
            charge(run, out.len().saturating_sub(before), out.len()).map_err(|f| f.at(span))?;
        }
        Ok(Value::Str(out.finish()))
    })
}

/// Pays for what was added; there must be room for the text, which is made of the buffer at the end.
fn charge(run: &mut Run<'_>, added: usize, whole: usize) -> Result<(), Fault> {
    run.steps(STEPS_PER_PART)?;
    run.charge(added)?;
    run.room(whole.saturating_mul(2))
}

/// The basic steps of a part of a text.
const STEPS_PER_PART: usize = 10;

/// Appends the text of a value, formatted and aligned.
fn append(
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
                out.push_number(*v);
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
    run.room((alignment.unsigned_abs() as usize).saturating_mul(3))?;
    out.push_str(&composite::align(&text.text(), alignment));
    Ok(())
}
