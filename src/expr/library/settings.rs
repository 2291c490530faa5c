//! Which library an expression is compiled against, and the settings that change answers.

use std::sync::Arc;

use super::regex_cache::RegexCache;

/// How lines end in indented JSON and XML and in `AppendLine`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineEnd {
    /// `\r\n`, as the managed gateway has it.
    #[default]
    CrLf,
    /// `\n`, as a self-hosted gateway on Linux has it.
    Lf,
}

impl LineEnd {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::CrLf => "\r\n",
            Self::Lf => "\n",
        }
    }
}

/// How double and float become text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum NumberText {
    /// The shortest digits that read back as the same number, as modern .NET has it.
    #[default]
    Modern,
}

/// The types and members an expression may use. Culture is en-US, time zone is UTC.
#[derive(Clone, Debug)]
pub struct Library(pub(crate) Arc<Settings>);

#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) lenient: bool,
    pub(crate) line_end: LineEnd,
    pub(crate) number_text: NumberText,
    pub(crate) regexes: RegexCache,
}

/// What API Management allows.
impl Default for Library {
    fn default() -> Self {
        Self::strict()
    }
}

impl Library {
    fn new(lenient: bool) -> Self {
        super::super::types::table();
        Self(Arc::new(Settings {
            lenient,
            line_end: LineEnd::default(),
            number_text: NumberText::default(),
            regexes: RegexCache::default(),
        }))
    }

    /// Only what API Management allows.
    pub fn strict() -> Self {
        Self::new(false)
    }

    /// What API Management allows, and whatever else the engine has.
    pub fn lenient() -> Self {
        Self::new(true)
    }

    /// Sets how lines end. Default: `\r\n`.
    pub fn line_end(mut self, line_end: LineEnd) -> Self {
        Arc::make_mut(&mut self.0).line_end = line_end;
        self
    }

    /// Sets how double and float become text. Default: as modern .NET.
    pub fn number_text(mut self, number_text: NumberText) -> Self {
        Arc::make_mut(&mut self.0).number_text = number_text;
        self
    }
}
