//! What is wrong with a policy document, and where.

use std::fmt;
use std::sync::Arc;

/// One problem of a policy document.
///
/// Displays as `file:line:column: message`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The document's name, usually its path.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// The policy element it belongs to, when there is one.
    pub element: Option<Arc<str>>,
    /// What is wrong and what would be right, in one line.
    pub message: String,
    /// What API Management says of it, when it is a problem of a statement.
    pub(crate) vendor: Option<Box<Vendor>>,
}

/// How API Management tells a problem: it names the start tag of an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Vendor {
    pub(crate) element: Arc<str>,
    pub(crate) line: u32,
    pub(crate) column: u32,
    /// Its words, when they are known.
    pub(crate) text: Option<String>,
}

/// How bad a [`Diagnostic`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Something was taken as given.
    Note,
    /// The document works, but probably not as its author thinks.
    Warning,
    /// The document is refused.
    Error,
}

impl Diagnostic {
    /// The same, less bad.
    #[cfg(feature = "client")]
    pub(crate) fn into_warning(self) -> Self {
        Self { severity: Severity::Warning, ..self }
    }

    /// The shape of API Management's own answers: `Error in element '…' on line …, column …: …`, with the place of the
    /// element's start tag. The text is API Management's where it is known, as for an attribute that is not declared.
    pub fn apim_message(&self) -> String {
        let (element, line, column, text) = match self.vendor.as_deref() {
            Some(known) => (&*known.element, known.line, known.column, known.text.as_deref()),
            None => (self.element.as_deref().unwrap_or("policies"), self.line, self.column, None),
        };
        let text = text.unwrap_or(&self.message);
        format!("Error in element '{element}' on line {line}, column {column}: {text}")
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: ", self.file, self.line, self.column)?;
        match self.severity {
            Severity::Note => f.write_str("note: ")?,
            Severity::Warning => f.write_str("warning: ")?,
            Severity::Error => {}
        }
        f.write_str(&self.message)
    }
}

/// All problems of a document that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileError(pub(crate) Vec<Diagnostic>);

impl CompileError {
    /// The problems in the order of the document, warnings and notes among them.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.0
    }

    /// The problems, taken out.
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.0
    }
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut errors = self.0.iter().filter(|d| d.severity == Severity::Error);
        if let Some(first) = errors.next() {
            write!(f, "{first}")?;
        }
        errors.try_for_each(|error| write!(f, "\n{error}"))
    }
}

impl std::error::Error for CompileError {}
