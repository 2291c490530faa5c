//! Functions of text.

use super::{Outcome, integer, json_text, nodes, string, to_text};
use crate::load::json::{Value, parse};

/// Bytes that a function may make, beyond those that it is given.
pub(super) const MAX_TEXT: usize = 4 << 20;

/// Parts that a text may be split into.
const MAX_PARTS: usize = 100_000;

/// Calls one; nothing when the function or its arguments are others.
pub(super) fn call(name: &str, values: &[Value]) -> Option<Outcome> {
    match (name, values) {
        ("concat", [Value::Array(_), ..]) => None,
        ("concat", values) => string(values.iter().map(to_text).collect::<String>()),
        ("format", [Value::String(format), values @ ..]) => Some(format_text(format, values).map(Value::String)),
        ("string", [value @ (Value::Array(_) | Value::Object(_))]) => string(json_text(value)),
        ("string", [value]) => string(to_text(value)),
        ("tolower", [Value::String(text)]) => string(text.to_lowercase()),
        ("toupper", [Value::String(text)]) => string(text.to_uppercase()),
        ("trim", [Value::String(text)]) => string(text.trim()),
        ("replace", [Value::String(text), Value::String(old), Value::String(new)]) if !old.is_empty() => {
            let times = text.matches(old.as_str()).count();
            if times.saturating_mul(new.len()) > MAX_TEXT {
                return Some(Err("`replace` makes too much text".to_owned()));
            }
            string(text.replace(old.as_str(), new))
        }
        ("split", [Value::String(text), Value::String(separator)]) if !separator.is_empty() => {
            let parts: Vec<_> =
                text.split(separator.as_str()).take(MAX_PARTS).map(|part| Value::String(part.to_owned())).collect();
            Some(if parts.len() < MAX_PARTS {
                Ok(nodes(&parts))
            } else {
                Err("`split` makes too many parts".to_owned())
            })
        }
        ("startswith", [Value::String(text), Value::String(part)]) => {
            Some(Ok(Value::Bool(text.to_lowercase().starts_with(&part.to_lowercase()))))
        }
        ("endswith", [Value::String(text), Value::String(part)]) => {
            Some(Ok(Value::Bool(text.to_lowercase().ends_with(&part.to_lowercase()))))
        }
        ("indexof", [Value::String(text), Value::String(part)]) => Some(Ok(index_of(text, part))),
        ("substring", [Value::String(text), rest @ ..]) if rest.len() < 3 => {
            let letters: Vec<char> = text.chars().collect();
            let start = rest.first().map_or(Some(0), integer).and_then(|start| usize::try_from(start).ok())?;
            let length = match rest.get(1) {
                Some(length) => usize::try_from(integer(length)?).ok()?,
                None => letters.len().saturating_sub(start),
            };
            let part = letters.get(start..start.checked_add(length)?);
            Some(part.map(|part| Value::String(part.iter().collect())).ok_or_else(|| {
                format!("`substring` takes letters {start} to {} of a text of {}", start + length, letters.len())
            }))
        }
        ("uri", [Value::String(base), Value::String(relative)]) => string(join_uri(base, relative)),
        ("uricomponent", [Value::String(text)]) => {
            const KEPT: &percent_encoding::AsciiSet =
                &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
            string(percent_encoding::utf8_percent_encode(text, KEPT).to_string())
        }
        ("base64", [Value::String(text)]) => {
            string(base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text))
        }
        ("json", [Value::String(text)]) => Some(match parse(text) {
            Ok(node) => Ok(node.value),
            Err((_, problem)) => Err(format!("the argument of `json` is not JSON: {problem}")),
        }),
        ("json", [Value::Object(_) | Value::Array(_)]) => values.first().map(|value| Ok(value.clone())),
        _ => None,
    }
}

fn index_of(text: &str, part: &str) -> Value {
    let (text, part) = (text.to_lowercase(), part.to_lowercase());
    let index = text.find(&part).and_then(|byte| text.get(..byte)).map(|before| before.chars().count());
    Value::Number(index.and_then(|index| i64::try_from(index).ok()).unwrap_or(-1).into())
}

/// `{0}` and `{0:…}` are replaced, `{{` and `}}` are braces.
fn format_text(format: &str, values: &[Value]) -> Result<String, String> {
    let mut text = String::new();
    let mut rest = format;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
        text.push_str(before);
        if let Some(after) = after.strip_prefix("{{") {
            text.push('{');
            rest = after;
        } else if let Some(after) = after.strip_prefix("}}") {
            text.push('}');
            rest = after;
        } else {
            let hole = after.strip_prefix('{').and_then(|after| after.split_once('}'));
            let Some((hole, after)) = hole else { return Err(format!("`{format}` has a brace that is not closed")) };
            let index = hole.split([':', ',']).next().unwrap_or_default().trim();
            let value = index.parse::<usize>().ok().and_then(|index| values.get(index));
            let Some(value) = value else {
                return Err(format!("`{format}` asks for argument `{index}`, of {}", values.len()));
            };
            text.push_str(&to_text(value));
            if text.len() > MAX_TEXT {
                return Err("`format` makes too much text".to_owned());
            }
            rest = after;
        }
    }
    text.push_str(rest);
    Ok(text)
}

fn join_uri(base: &str, relative: &str) -> String {
    match url::Url::parse(base).and_then(|base| base.join(relative)) {
        Ok(url) => url.into(),
        Err(_) => format!("{}/{}", base.trim_end_matches('/'), relative.trim_start_matches('/')),
    }
}
