//! Cuts a template into text, outputs and tags, and markup into fragments.

/// A piece of a template.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'t> {
    Text(&'t str),
    /// What stands between `{{` and `}}`.
    Output(&'t str),
    /// What stands between `{%` and `%}`.
    Tag(&'t str),
}

/// The pieces of a template, with the byte where each begins; an error is where markup does not end.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token<'_>)>, usize> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(next_markup) {
        let start = at + found;
        let is_tag = text.get(start..).is_some_and(|rest| rest.starts_with("{%"));
        let end_mark = if is_tag { "%}" } else { "}}" };
        let inner_start = start + 2;
        let inner = text.get(inner_start..).unwrap_or_default();
        let length = inner.find(end_mark).ok_or(start)?;
        let mut inner = inner.get(..length).unwrap_or_default();
        let mut before = text.get(at..start).unwrap_or_default();
        if let Some(rest) = inner.strip_prefix('-') {
            inner = rest;
            before = before.trim_end_matches([' ', '\t']);
        }
        let mut end = inner_start + length + 2;
        if let Some(rest) = inner.strip_suffix('-') {
            inner = rest;
            let behind = text.get(end..).unwrap_or_default();
            end += match behind {
                _ if behind.starts_with('\n') => 1,
                _ if behind.starts_with("\r\n") => 2,
                _ => behind.len() - behind.trim_start_matches([' ', '\t']).len(),
            };
        }
        if !before.is_empty() {
            tokens.push((at, Token::Text(before)));
        }
        let token = if is_tag { Token::Tag(inner.trim()) } else { Token::Output(inner.trim()) };
        let is_raw = matches!(&token, Token::Tag(tag) if matches!(*tag, "raw" | "literal"));
        let raw_end = if is_raw { raw_end(text, end, inner.trim()) } else { None };
        tokens.push((start, token));
        at = end;
        if let Some(close) = raw_end {
            // Nothing is markup in there.
            tokens.push((end, Token::Text(text.get(end..close).unwrap_or_default())));
            at = close;
        }
    }
    if let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        tokens.push((at, Token::Text(rest)));
    }
    Ok(tokens)
}

fn next_markup(text: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.find('{')?;
        match text.as_bytes().get(at + 1) {
            Some(b'{' | b'%') => return Some(at),
            _ => from = at + 1,
        }
    }
}

/// Where the tag that ends `raw` or `literal` begins.
fn raw_end(text: &str, from: usize, name: &str) -> Option<usize> {
    let rest = text.get(from..)?;
    let ends = |at: &usize| {
        let tag = rest.get(at + 2..).unwrap_or_default();
        let tag = tag.strip_prefix('-').unwrap_or(tag).trim_start();
        let tag = tag.strip_prefix("end").and_then(|tag| tag.strip_prefix(name)).unwrap_or("x").trim_start();
        tag.starts_with("%}") || tag.starts_with("-%}")
    };
    rest.match_indices("{%").map(|(at, _)| at).find(ends).map(|at| from + at)
}

/// Reads markup piece by piece.
#[derive(Clone, Debug)]
pub(super) struct Markup<'t>(pub(super) &'t str);

impl<'t> Markup<'t> {
    pub(super) fn space(&mut self) {
        self.0 = self.0.trim_start();
    }

    pub(super) fn eat(&mut self, token: &str) -> bool {
        self.space();
        match self.0.strip_prefix(token) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    pub(super) fn is_end(&mut self) -> bool {
        self.space();
        self.0.is_empty()
    }

    /// A text in quotation marks, or what stands before a space, comma, bar or colon; brackets and ranges are kept whole.
    pub(super) fn fragment(&mut self) -> Option<&'t str> {
        self.space();
        let bytes = self.0.as_bytes();
        let mut at = 0;
        let mut depth = 0_usize;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' | b'\'' => match self.0.get(at + 1..).and_then(|rest| rest.find(char::from(*byte))) {
                    Some(length) => at += length + 2,
                    None => break,
                },
                b'[' | b'(' => {
                    depth += 1;
                    at += 1;
                }
                b']' | b')' => {
                    depth = depth.saturating_sub(1);
                    at += 1;
                }
                b',' | b'|' | b':' if depth == 0 => break,
                byte if byte.is_ascii_whitespace() && depth == 0 => break,
                _ => at += 1,
            }
        }
        let (fragment, rest) = self.0.split_at_checked(at)?;
        self.0 = rest;
        (!fragment.is_empty()).then_some(fragment)
    }

    /// A word of letters, digits, underscores and dashes.
    pub(super) fn word(&mut self) -> Option<&'t str> {
        self.space();
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
        let length = self.0.find(|c| !is_word(c)).unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        (!word.is_empty()).then_some(word)
    }
}
