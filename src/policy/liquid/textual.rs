//! What filters do with text.

use crate::expr::dotnet::chars;
use crate::expr::dotnet::exception::Exception;
use crate::expr::dotnet::regex::{Options, Regex};
use crate::expr::dotnet::web_utility::html_encode;

/// The first letter of each word in upper case, the others in lower case unless the word is in capitals.
pub(super) fn capitalize(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let is_letter = |c: char| c.is_alphabetic() || c == '\'';
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if !first.is_alphabetic() {
            out.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
            continue;
        }
        let length = rest.find(|c| !is_letter(c)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(length);
        let is_capitals = word.chars().filter(|c| c.is_alphabetic()).all(char::is_uppercase);
        if is_capitals {
            out.push_str(word);
        } else {
            out.extend(first.to_uppercase());
            out.push_str(&chars::lower_text(word.get(first.len_utf8()..).unwrap_or_default()));
        }
        rest = behind;
    }
    out
}

/// A part of a text, in UTF-16 units; none beyond its end.
pub(super) fn slice(text: &str, offset: i64, length: i64) -> Option<String> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let count = units.len() as i64;
    let start = if offset < 0 { offset.saturating_add(count) } else { offset };
    if start < 0 || start > count || length < 0 {
        return None;
    }
    let end = start.saturating_add(length).min(count);
    Some(String::from_utf16_lossy(units.get(start as usize..end as usize)?))
}

/// The first characters and a suffix, at most `length` together.
pub(super) fn truncate(text: &str, length: i64, suffix: &str) -> String {
    let count = text.encode_utf16().count() as i64;
    if count <= length {
        return text.to_owned();
    }
    let kept = length.saturating_sub(suffix.encode_utf16().count() as i64).max(0);
    format!("{}{suffix}", slice(text, 0, kept).unwrap_or_default())
}

/// The first words and a suffix.
pub(super) fn truncate_words(text: &str, count: i64, suffix: &str) -> String {
    let count = usize::try_from(count.max(1)).unwrap_or(usize::MAX);
    match text.match_indices(' ').nth(count - 1) {
        Some((at, _)) => format!("{}{suffix}", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The parts between separators, empty ones left out; without a separator the characters.
pub(super) fn split(text: &str, separator: &str) -> Vec<String> {
    if separator.is_empty() {
        return text.chars().map(String::from).collect();
    }
    text.split(separator).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// HTML text: `'` as `&#39;`.
pub(super) fn escape(text: &str) -> String {
    html_encode(text)
}

/// Without scripts, comments, styles and tags.
pub(super) fn strip_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        out.push_str(rest.get(..at).unwrap_or_default());
        let tag = rest.get(at..).unwrap_or_default();
        let ends = |start: &str, end: &str| {
            let head = tag.get(..start.len()).filter(|head| head.eq_ignore_ascii_case(start));
            head.and_then(|_| find_ignoring_case(tag, end)).map(|found| found + end.len())
        };
        let end = ends("<script", "</script>").or_else(|| ends("<!--", "-->")).or_else(|| ends("<style", "</style>"));
        let end = end.or_else(|| tag.find('>').map(|found| found + 1));
        let Some(end) = end else {
            out.push_str(tag);
            return out;
        };
        rest = tag.get(end..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

fn find_ignoring_case(text: &str, wanted: &str) -> Option<usize> {
    let starts = |at: usize| {
        text.as_bytes().get(at..at + wanted.len()).is_some_and(|part| part.eq_ignore_ascii_case(wanted.as_bytes()))
    };
    (0..text.len()).find(|at| text.is_char_boundary(*at) && starts(*at))
}

/// Why a replacement was not made.
pub(super) enum ReplaceError {
    Exception(String),
    TooLong,
}

impl From<Exception> for ReplaceError {
    fn from(exception: Exception) -> Self {
        Self::Exception(exception.message)
    }
}

/// Replaces what a .NET regular expression finds; `count` -1 is all. The result has at most `limit` units.
pub(super) fn replace(
    text: &str,
    pattern: &Regex,
    with: &str,
    count: i64,
    steps: &mut u64,
    limit: usize,
) -> Result<String, ReplaceError> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let start = pattern.default_start(&units);
    let mut made = 0;
    let replaced = pattern.replace_with(&units, count, start, steps, |found| {
        let new = pattern.expand(&units, found, with);
        made += new.len();
        if made > limit { Err(ReplaceError::TooLong) } else { Ok(new) }
    })?;
    Ok(String::from_utf16_lossy(&replaced))
}

/// A pattern without options.
pub(super) fn pattern(text: &str) -> Result<Regex, String> {
    Regex::new(text, Options::default()).map_err(|error| error.message)
}
