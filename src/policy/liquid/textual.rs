//! What filters do with text.

use crate::expr::dotnet::chars;
use crate::expr::dotnet::exception::Exception;
use crate::expr::dotnet::regex::{Options, Regex};
use crate::expr::dotnet::web_utility::html_encode;

/// `TextInfo.ToTitleCase`: the first letter of each word in upper case, the others in lower case unless the word is in
/// capitals. A word begins with a letter and goes on to the next white space, punctuation, symbol or control character,
/// but for an apostrophe, behind which everything is in lower case.
pub(super) fn capitalize(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let behind_first = rest.get(first.len_utf8()..).unwrap_or_default();
        if !first.is_alphabetic() {
            out.push(first);
            rest = behind_first;
            continue;
        }
        let length = behind_first.find(|c| c != '\'' && separates_words(c)).unwrap_or(behind_first.len());
        let (word, behind) = behind_first.split_at(length);
        out.push_str(&chars::upper_text(rest.get(..first.len_utf8()).unwrap_or_default()));
        let mut has_lower = first.is_lowercase();
        for part in word.split_inclusive('\'') {
            has_lower |= part.chars().any(char::is_lowercase);
            if has_lower {
                out.push_str(&chars::lower_text(part));
            } else {
                out.push_str(part);
            }
            has_lower = true;
        }
        rest = behind;
    }
    out
}

/// Whether a character ends a word: white space, control and format characters, punctuation and symbols.
fn separates_words(c: char) -> bool {
    let Ok(unit) = u16::try_from(u32::from(c)) else { return false };
    use chars::Category::{Cc, Cf, Zl, Zp, Zs};
    let is_space = matches!(chars::category(unit), Zs | Zl | Zp | Cc | Cf);
    is_space || chars::is_punctuation(unit) || chars::is_symbol(unit)
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
    // What begins a part that is left out as a whole, what ends it, and whether an end may follow still.
    let mut wholes = [("<script", "</script>", true), ("<!--", "-->", true), ("<style", "</style>", true)];
    while let Some(at) = rest.find('<') {
        out.push_str(rest.get(..at).unwrap_or_default());
        let tag = rest.get(at..).unwrap_or_default();
        let whole = wholes.iter_mut().find(|(start, _, may_end)| {
            *may_end && tag.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
        });
        let end = whole.and_then(|(_, end, may_end)| {
            let found = find_ignoring_case(tag, end).map(|found| found + end.len());
            *may_end = found.is_some();
            found
        });
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
    let with = pattern.replacement(with);
    let (mut out, mut copied, mut left) = (Vec::new(), 0, u64::try_from(count).unwrap_or(u64::MAX));
    // Match by match, since all of them together may take far more memory than the text.
    let mut next = if left == 0 { None } else { pattern.find(&units, 0, steps)? };
    while let Some(found) = next {
        let span = found.span();
        out.extend_from_slice(units.get(copied..span.start).unwrap_or_default());
        if !with.append(&units, &found, &mut out, limit) {
            return Err(ReplaceError::TooLong);
        }
        copied = span.end;
        left -= 1;
        next = if left == 0 { None } else { pattern.find_next(&units, &found, steps)? };
    }
    out.extend_from_slice(units.get(copied..).unwrap_or_default());
    if out.len() > limit { Err(ReplaceError::TooLong) } else { Ok(String::from_utf16_lossy(&out)) }
}

/// A pattern without options.
pub(super) fn pattern(text: &str) -> Result<Regex, String> {
    Regex::new(text, Options::default()).map_err(|error| error.message)
}
