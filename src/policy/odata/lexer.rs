//! Cuts the text of a query option or a key into tokens.

/// One token, with the offset where it starts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind<'t>,
    pub(super) at: usize,
    /// Whether white space stands before it.
    pub(super) is_apart: bool,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind<'t> {
    /// A name, or a word such as `eq`.
    Name(&'t str),
    /// A number, date, time, duration or GUID.
    Literal,
    /// `'text'`.
    Text,
    /// `( ) , / : ; = @ $ * - . + [ ] { } !`.
    Mark(char),
    /// `"text"`.
    Quoted,
}

/// The tokens of a text; the error is the offset of what is none.
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, usize> {
    let mut tokens = Vec::new();
    let (mut at, mut is_apart) = (0, false);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let first = rest.chars().next().unwrap_or_default();
        if first.is_whitespace() {
            at += first.len_utf8();
            is_apart = true;
            continue;
        }
        let (kind, length) = token(rest).ok_or(at)?;
        tokens.push(Token { kind, at, is_apart });
        at += length;
        is_apart = false;
    }
    Ok(tokens)
}

/// The token that a text begins with, and its length.
fn token(rest: &str) -> Option<(Kind<'_>, usize)> {
    let first = rest.chars().next()?;
    if let Some(length) = guid(rest).or_else(|| date(rest)).or_else(|| time(rest)).or_else(|| number(rest)) {
        return Some((Kind::Literal, length));
    }
    match first {
        '\'' => quoted(rest, '\'').map(|length| (Kind::Text, length)),
        '"' => quoted(rest, '"').map(|length| (Kind::Quoted, length)),
        '(' | ')' | ',' | '/' | ':' | ';' | '=' | '@' | '$' | '*' | '-' | '.' | '+' | '[' | ']' | '{' | '}' | '!' => {
            Some((Kind::Mark(first), 1))
        }
        _ if first.is_alphabetic() || first == '_' => {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            Some((Kind::Name(rest.get(..end)?), end))
        }
        _ => None,
    }
}

/// The length of a text in quotes: in single ones a quote is doubled, in double ones it stands behind a backslash.
fn quoted(rest: &str, quote: char) -> Option<usize> {
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && quote == '"' {
            chars.next();
        } else if c == quote {
            if quote == '\'' && chars.peek().is_some_and(|(_, next)| *next == quote) {
                chars.next();
            } else {
                return Some(at + 1);
            }
        }
    }
    None
}

fn digits(rest: &str) -> usize {
    rest.bytes().take_while(u8::is_ascii_digit).count()
}

/// The length of what has this form: `9` is a digit, `h` a hexadecimal one, everything else is itself.
fn form(rest: &str, form: &str) -> Option<usize> {
    let mut bytes = rest.bytes();
    let fits = form.bytes().all(|wanted| {
        bytes.next().is_some_and(|found| match wanted {
            b'9' => found.is_ascii_digit(),
            b'h' => found.is_ascii_hexdigit(),
            other => found == other,
        })
    });
    fits.then_some(form.len())
}

/// Whether a name goes on there.
fn goes_on(rest: &str, at: usize) -> bool {
    rest.get(at..).and_then(|rest| rest.chars().next()).is_some_and(|c| c.is_alphanumeric() || c == '_')
}

fn guid(rest: &str) -> Option<usize> {
    form(rest, "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh").filter(|length| !goes_on(rest, *length))
}

fn date(rest: &str) -> Option<usize> {
    let sign = usize::from(rest.starts_with('-'));
    let years = digits(rest.get(sign..)?);
    let after = rest.get(sign + years..)?;
    let day = sign + years + form(after, "-99-99").filter(|_| years >= 4)?;
    let Some(clock) = rest.get(day..)?.strip_prefix(['T', 't']) else { return Some(day) };
    let clock_length = time(clock)?;
    let zone = clock.get(clock_length..)?;
    let zone = form(zone, "Z").or(form(zone, "z")).or(form(zone, "+99:99")).or(form(zone, "-99:99"));
    Some(day + 1 + clock_length + zone.unwrap_or(0))
}

fn time(rest: &str) -> Option<usize> {
    let minutes = form(rest, "99:99")?;
    let Some(seconds) = form(rest.get(minutes..)?, ":99") else { return Some(minutes) };
    let length = minutes + seconds;
    let fraction = rest.get(length..)?.strip_prefix('.').map_or(0, digits);
    Some(length + if fraction > 0 { fraction + 1 } else { 0 })
}

/// A number, with the letters that versions 2 and 3 put behind it.
fn number(rest: &str) -> Option<usize> {
    let sign = usize::from(rest.starts_with('-'));
    let whole = digits(rest.get(sign..)?);
    if whole == 0 {
        return None;
    }
    let mut length = sign + whole;
    if let Some(fraction) = rest.get(length..)?.strip_prefix('.').map(digits).filter(|count| *count > 0) {
        length += fraction + 1;
    }
    if let Some(exponent) = rest.get(length..)?.strip_prefix(['e', 'E']) {
        let sign = usize::from(exponent.starts_with(['+', '-']));
        let count = digits(exponent.get(sign..)?);
        length += if count > 0 { 1 + sign + count } else { 0 };
    }
    let letter = rest.get(length..)?.starts_with(['L', 'l', 'M', 'm', 'F', 'f', 'D', 'd']);
    length += usize::from(letter && !goes_on(rest, length + 1));
    (!goes_on(rest, length)).then_some(length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kinds(text: &str) -> Result<Vec<Kind<'_>>, usize> {
        tokens(text).map(|tokens| tokens.into_iter().map(|token| token.kind).collect())
    }

    #[test]
    fn literals_are_one_token() {
        for text in [
            "1",
            "-12",
            "1.5",
            "1e-7",
            "10L",
            "3.5m",
            "2024-03-15",
            "2024-03-15T10:30:45.123Z",
            "2024-03-15T10:30+01:00",
            "10:30:45",
            "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
            "A3f2504e-4f89-11d3-9a0c-0305e82c3301",
        ] {
            assert_eq!(kinds(text), Ok(vec![Kind::Literal]), "{text}");
        }
        assert_eq!(kinds("'it''s'"), Ok(vec![Kind::Text]));
        assert_eq!(kinds("a1 eq"), Ok(vec![Kind::Name("a1"), Kind::Name("eq")]));
        assert_eq!(kinds("1a"), Err(0));
        assert_eq!(kinds("a 'open"), Err(2));
        assert_eq!(kinds("a # b"), Err(2));
    }

    proptest! {
        #[test]
        fn any_text_is_cut(text in "[ a-f0-9TZ:.'\"()+é😀-]{0,60}") {
            if let Ok(tokens) = tokens(&text) {
                prop_assert!(tokens.iter().all(|token| text.is_char_boundary(token.at)));
            }
        }
    }
}
