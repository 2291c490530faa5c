//! What an importer has to say about a document.

use std::collections::HashMap;
use std::fmt;

use serde::Serialize;

use super::names::cut;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// Something is left out or read in one of several ways; the document is accepted.
    Warning,
    /// The document is refused.
    Error,
}

/// One thing that an importer has to say. Its text form is `place: message (code)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Finding {
    /// What it is, for programs: `external-ref`, `several-servers`, …
    pub code: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// The file that it is in, when the importer was handed several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// JSON pointer to the part of the document; empty for the document itself.
    pub pointer: String,
    /// Line, from 1, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Column, from 1, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
    /// What is wrong, and what was done about it.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.as_deref().unwrap_or_default();
        match (self.line, self.column) {
            (Some(line), Some(column)) if file.is_empty() => write!(f, "{line}:{column}: ")?,
            (Some(line), Some(column)) => write!(f, "{file}:{line}:{column}: ")?,
            _ if !self.pointer.is_empty() => write!(f, "{file}#{}: ", self.pointer)?,
            _ if !file.is_empty() => write!(f, "{file}: ")?,
            _ => {}
        }
        write!(f, "{} ({})", self.message, self.code)
    }
}

/// The findings of one import, in the order in which they were made.
#[derive(Debug, Default)]
pub(super) struct Findings {
    listed: Vec<Finding>,
    /// How many there are of each code, with the severity of the last.
    counts: HashMap<&'static str, (usize, Severity)>,
    /// Bytes of all texts.
    size: usize,
    /// Whether the last finding is not listed.
    is_last_left_out: bool,
}

/// The most findings of one code that are listed; how many more there are is said.
const MOST: usize = 1_000;
/// The most bytes of the texts of all findings.
const LARGEST: usize = 8 << 20;
/// The most characters of a message.
const LONGEST: usize = 1_000;

impl Findings {
    pub(super) fn warn(&mut self, code: &'static str, pointer: impl Into<String>, message: impl Into<String>) {
        self.add(code, Severity::Warning, pointer.into(), message.into());
    }

    pub(super) fn refuse(&mut self, code: &'static str, pointer: impl Into<String>, message: impl Into<String>) {
        self.add(code, Severity::Error, pointer.into(), message.into());
    }

    pub(super) fn refuse_at(&mut self, code: &'static str, place: Option<(u64, u64)>, message: impl Into<String>) {
        self.refuse(code, "", message);
        self.place_last(place);
    }

    /// Says in which file the last finding is.
    pub(super) fn in_file(&mut self, file: Option<&str>) {
        if let Some(finding) = self.last_mut() {
            finding.file = file.map(str::to_owned);
        }
    }

    fn last_mut(&mut self) -> Option<&mut Finding> {
        self.listed.last_mut().filter(|_| !self.is_last_left_out)
    }

    /// Says at which line and column the last finding is.
    pub(super) fn place_last(&mut self, place: Option<(u64, u64)>) {
        if let Some(finding) = self.last_mut() {
            finding.line = place.map(|place| place.0);
            finding.column = place.map(|place| place.1);
        }
    }

    pub(super) fn add(&mut self, code: &'static str, severity: Severity, pointer: String, message: String) {
        let (count, last) = self.counts.entry(code).or_insert((0, severity));
        *count += 1;
        *last = severity.max(*last);
        let size = pointer.len() + message.len().min(LONGEST);
        self.is_last_left_out = *count > MOST || (self.size + size > LARGEST && *count > 1);
        if self.is_last_left_out {
            return;
        }
        self.size += size;
        let message = match cut(&message, LONGEST) {
            (start, true) => format!("{start}…"),
            (_, false) => message,
        };
        self.listed.push(Finding { code, severity, file: None, pointer, line: None, column: None, message });
    }

    /// Where the first finding with that code is.
    pub(super) fn pointer_of(&self, code: &str) -> Option<&str> {
        self.listed.iter().find(|finding| finding.code == code).map(|finding| finding.pointer.as_str())
    }

    pub(super) fn into_vec(self) -> Vec<Finding> {
        let mut findings = self.listed;
        let mut listed: HashMap<_, usize> = HashMap::new();
        for finding in &findings {
            *listed.entry(finding.code).or_default() += 1;
        }
        let more = self.counts.into_iter().filter_map(|(code, (count, severity))| {
            let more = count - listed.get(code).copied().unwrap_or_default();
            (more > 0).then_some((code, severity, more))
        });
        let mut more: Vec<_> = more.collect();
        more.sort_unstable();
        for (code, severity, more) in more {
            let message = format!("{more} more of this kind are not listed");
            findings.push(Finding {
                code,
                severity,
                file: None,
                pointer: String::new(),
                line: None,
                column: None,
                message,
            });
        }
        findings
    }
}
