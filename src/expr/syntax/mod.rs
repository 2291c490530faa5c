//! From text to a syntax tree.

pub(crate) mod ast;
mod lexer;
mod literal;
mod parser;
mod token;

use std::borrow::Cow;

use super::diagnostic::{Category, Diagnostic};

/// A range of bytes of the source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    /// All of a text.
    pub(crate) fn whole(text: &str) -> Self {
        Self::new(0, text.len())
    }

    /// From the start of this to the end of the other.
    pub(crate) fn to(self, other: Self) -> Self {
        Self { start: self.start, end: other.end.max(self.end) }
    }

    pub(crate) fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// A diagnostic about this place.
    pub(crate) fn error(self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic { span: self.range(), category: Category::NotCSharp, code, message: message.into() }
    }

    /// A diagnostic about something this engine does not do.
    pub(crate) fn not_supported(self, message: impl Into<String>) -> Diagnostic {
        Diagnostic { span: self.range(), category: Category::NotSupported, code: "", message: message.into() }
    }
}

/// The longest source.
const MAX_SOURCE: usize = 1 << 20;

/// The text literal, quotes included, that the byte at `at` stands in; none when it stands in none.
pub(crate) fn text_around(source: &str, at: usize) -> Option<&str> {
    // Behind the `@` of the expression, which begins no name.
    let start = source.len().min(1);
    let tokens = lexer::lex(source, start, source.len().min(MAX_SOURCE)).tokens;
    let is_text = |kind: token::T| matches!(kind, token::T::Str | token::T::Verbatim | token::T::Interpolated);
    let mut texts = tokens.iter().filter(|token| is_text(token.kind)).map(|token| token.span.range());
    texts.find(|range| range.start < at && at < range.end).and_then(|range| source.get(range))
}

/// Parses `@( expression )` or `@{ statements }`.
pub(crate) fn parse(source: &str) -> Result<ast::Tree<'_>, Vec<Diagnostic>> {
    let whole = Span::new(0, source.len().min(MAX_SOURCE));
    if source.len() > MAX_SOURCE {
        return Err(vec![whole.not_supported("the expression is longer than 1 MiB")]);
    }
    let trimmed = source.trim_end();
    let lead = trimmed.len() - trimmed.trim_start().len();
    let text = &trimmed[lead..];
    let is_block = text.starts_with("@{") && text.ends_with('}');
    let is_expression = text.starts_with("@(") && text.ends_with(')');
    if !(is_block || is_expression) || text.len() < 3 {
        return Err(vec![whole.error("CS1525", "an expression is written `@( expression )` or `@{ statements }`")]);
    }
    let lexed = lexer::lex(source, lead + 2, trimmed.len() - 1);
    let parsed = parser::parse(source, lexed.tokens, is_block, 0);
    if lexed.errors.is_empty() {
        return parsed;
    }
    let mut errors = lexed.errors;
    errors.extend(parsed.err().unwrap_or_default());
    Err(errors)
}

/// The source without `\u` escapes in its identifiers. Places in it stay where they are: a name is shorter than its
/// escaped form and is followed by spaces; `@` before it keeps it from being a keyword.
pub(crate) fn unescaped(source: &str) -> Cow<'_, str> {
    let has_escapes = source.contains("\\u") || source.contains("\\U");
    let end = source.trim_end().len();
    // What is no expression stays as it is, to be refused.
    let is_whole = source.starts_with('@') && source[..end].ends_with([')', '}']);
    if !has_escapes || source.len() > MAX_SOURCE || !is_whole || !matches!(source.as_bytes(), [_, b'(' | b'{', _, ..]) {
        return Cow::Borrowed(source);
    }
    let escaped = lexer::lex(source, 2, end - 1).escaped;
    if escaped.is_empty() {
        return Cow::Borrowed(source);
    }
    let mut text = source.to_owned();
    for (range, name) in escaped {
        let width = range.len();
        text.replace_range(range, &format!("{:<width$}", format!("@{name}"), width = width - wide(&name)));
    }
    Cow::Owned(text)
}

/// How many bytes a name has beyond one for each character.
fn wide(name: &str) -> usize {
    name.len() - name.chars().count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = super::parse(&super::unescaped(&format!("@({text})")));
            let _ = super::parse(&super::unescaped(&format!("@{{{text}}}")));
        }

        /// Names with escapes are looked for before anybody knows whether it is an expression.
        #[test]
        fn never_panics_on_what_is_no_expression(text in "@?[({]?(\\\\u0061|[\\PC&&[^\\\\]]){0,4}[)}]?\\s?") {
            let _ = super::parse(&super::unescaped(&text));
        }

        #[test]
        fn never_panics_on_tokens(words in proptest::collection::vec(proptest::sample::select(WORDS), 0..40)) {
            let text = words.concat();
            let _ = super::parse(&format!("@({text})"));
            let _ = super::parse(&format!("@{{{text}}}"));
        }
    }

    #[test]
    fn a_character_of_several_bytes_may_be_the_last_one() {
        for text in ["@{ r\\u0068f = 3;\u{635a}", "@\u{635a}\\u0061)", "@\\u0061", "@(\\u0061", "@()\\u0061 "] {
            assert_eq!(super::unescaped(text), text);
        }
        assert_eq!(super::unescaped("@(\\u0061) "), "@(@a    ) ");
    }

    #[test]
    fn names_in_holes_may_have_escapes() {
        for (text, expected) in [
            (r#"@($"\u0061{\u0061:x\u0061}")"#, r#"@($"\u0061{@a    :x\u0061}")"#),
            (
                r#"@($"{{\u0061}}{$@"{\u0061,5}\u0061"}{"\u0061"}")"#,
                r#"@($"{{\u0061}}{$@"{@a    ,5}\u0061"}{"\u0061"}")"#,
            ),
        ] {
            assert_eq!(super::unescaped(text), expected);
        }
    }

    const WORDS: &[&str] = &[
        "a",
        " ",
        "1",
        "1.5",
        "\"s\"",
        "$\"{",
        "}\"",
        "'c'",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "<",
        ">",
        ".",
        "?",
        ":",
        ";",
        ",",
        "=",
        "=>",
        "==",
        "+",
        "-",
        "!",
        "&&",
        "??",
        "new ",
        "int",
        "var ",
        "if",
        "for",
        "foreach",
        "switch",
        "case ",
        "return ",
        "is ",
        "as ",
        "out ",
        "from ",
        "in ",
        "select ",
        "try",
        "catch",
        "finally",
        "typeof",
        "default",
        "$@\"",
        "\\u0061",
        "@",
        "\\U00000061",
        "\\u00",
        "#",
    ];

    #[test]
    fn escapes_in_names_keep_their_places() {
        let source = "@{ var \\u0061b\\u00e9 = 1; return a\\U00000062\\u00e9 + \"\\u0061\"; }";
        let plain = super::unescaped(source);
        assert_eq!(plain.len(), source.len());
        assert_eq!(plain, "@{ var @ab\u{e9}         = 1; return @ab\u{e9}             + \"\\u0061\"; }");
        assert!(matches!(super::unescaped("@(\"\\u0061\")"), std::borrow::Cow::Borrowed(_)));
    }

    #[test]
    fn deep_nesting_is_refused() {
        for (open, close) in [
            ("(", ")"),
            ("!", ""),
            ("a[", "]"),
            ("x => ", ""),
            ("(int)", ""),
            ("new[] {", "}"),
            ("a?.b(", ")"),
            ("f(", ")"),
        ] {
            let source = format!("@({}1{})", open.repeat(20_000), close.repeat(20_000));
            assert!(super::parse(&source).is_err(), "{open}");
        }
        let source = format!("@{{{}{}}}", "{".repeat(20_000), "}".repeat(20_000));
        assert!(super::parse(&source).is_err());
        let source = format!("@({}a)", "a + ".repeat(20_000));
        assert!(super::parse(&source).is_err());
        let source = format!("@(a{})", ".b".repeat(20_000));
        assert!(super::parse(&source).is_err());
    }
}
