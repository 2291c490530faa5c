//! What is wrong with an expression, found when it is compiled.

use std::fmt;
use std::ops::Range;

/// Why an expression is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Category {
    /// A C# compiler refuses it too.
    NotCSharp,
    /// It is C#, but API Management does not allow the type, member or form.
    NotAllowed,
    /// API Management may take it, but this engine does not.
    NotSupported,
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotCSharp => "not C#",
            Self::NotAllowed => "not allowed by API Management",
            Self::NotSupported => "not supported here",
        })
    }
}

/// One thing that is wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// The bytes of the source that it is about, counted from the `@`.
    pub span: Range<usize>,
    /// Whose rule is broken.
    pub category: Category,
    /// The code of the C# compiler, such as `CS0103`; empty when it has none.
    pub code: &'static str,
    /// What is wrong, in one line; mostly in the C# compiler's own words.
    pub message: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.category != Category::NotCSharp {
            write!(f, "{}: ", self.category)?;
        }
        if !self.code.is_empty() {
            write!(f, "{}: ", self.code)?;
        }
        f.write_str(&self.message)
    }
}

/// Shows a message with its place and the line of the source that it is about, a caret under the words.
pub(crate) fn show(
    f: &mut fmt::Formatter<'_>,
    source: &str,
    span: &Range<usize>,
    text: &dyn fmt::Display,
) -> fmt::Result {
    let start = floor(source, span.start);
    let line_start = source[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = source[start..].find(['\n', '\r']).map_or(source.len(), |at| start + at);
    let line = source[..line_start].matches('\n').count() + 1;
    let before = source[line_start..start].chars().count();
    let end = floor(source, span.end).clamp(start, line_end.max(start));
    let width = source[start..end].chars().count().max(1);
    writeln!(f, "{line}:{}: {text}", before + 1)?;
    writeln!(f, "    {}", source[line_start..line_end.max(line_start)].replace('\t', " "))?;
    write!(f, "    {}{}", " ".repeat(before), "^".repeat(width))
}

/// The nearest boundary of a character at or before a byte.
fn floor(source: &str, at: usize) -> usize {
    (0..=at.min(source.len())).rev().find(|at| source.is_char_boundary(*at)).unwrap_or(0)
}

/// All diagnostics of one expression, each with line, column and a caret.
#[derive(Debug)]
pub struct Report<'a> {
    errors: &'a CompileErrors,
    source: &'a str,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, diagnostic) in self.errors.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            show(f, self.source, &diagnostic.span, diagnostic)?;
        }
        Ok(())
    }
}

/// All that is wrong with one expression, in the order of the source; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileErrors(Vec<Diagnostic>);

impl CompileErrors {
    pub(crate) fn new(mut diagnostics: Vec<Diagnostic>) -> Self {
        diagnostics.sort_by_key(|d| d.span.start);
        diagnostics.dedup();
        Self(diagnostics)
    }

    /// The diagnostics as lines of text, each with line, column, the line of `source` and a caret.
    ///
    /// ```
    /// use gatewright::expr::{Expression, Library};
    ///
    /// let source = "@(context.Request.Hedaers)";
    /// let errors = Expression::compile(source, &Library::strict()).unwrap_err();
    /// let report = errors.report(source).to_string();
    /// assert!(report.starts_with("1:19: CS1061: "));
    /// assert!(report.ends_with("\n    @(context.Request.Hedaers)\n                      ^^^^^^^"));
    /// ```
    pub fn report<'a>(&'a self, source: &'a str) -> Report<'a> {
        Report { errors: self, source }
    }

    /// Each diagnostic, in the order of the source.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a CompileErrors {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl IntoIterator for CompileErrors {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for CompileErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, diagnostic) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}

impl std::error::Error for CompileErrors {}
