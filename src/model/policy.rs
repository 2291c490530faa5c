//! Policy documents and fragments, with the place where they are written.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::extra::Extra;
use super::open_enum::open_enum;

/// Where a policy text is written, so that a message can name the file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Origin {
    /// Path of the file, as it was given.
    pub file: Arc<str>,
    /// Line and column (from 1) of the JSON text that holds the policy; absent when the file is the policy.
    pub position: Option<(u32, u32)>,
}

impl Origin {
    /// The file is the policy text itself.
    pub fn file(file: impl Into<Arc<str>>) -> Self {
        Self { file: file.into(), position: None }
    }

    /// The policy text is a JSON string at this line and column (from 1) of the file.
    pub fn inside(file: impl Into<Arc<str>>, line: u32, column: u32) -> Self {
        Self { file: file.into(), position: Some((line, column)) }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some((line, column)) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        Ok(())
    }
}

/// A policy document at one scope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Policy {
    /// The XML text.
    pub value: String,
    /// How the text is written; absent means `xml`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<PolicyFormat>,
    /// Where the text is written.
    #[serde(skip)]
    pub origin: Option<Origin>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Policy {
    /// Makes a document of XML text in which C# stands as it is (`rawxml`).
    pub fn new(value: impl Into<String>) -> Self {
        Self { value: value.into(), format: Some(PolicyFormat::RawXml), origin: None, extra: Extra::default() }
    }

    /// Sets: how the text is written.
    #[must_use]
    pub fn format(mut self, format: PolicyFormat) -> Self {
        self.format = Some(format);
        self
    }

    /// Sets: where the text is written.
    #[must_use]
    pub fn origin(mut self, origin: Origin) -> Self {
        self.origin = Some(origin);
        self
    }
}

/// A reusable list of statements.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PolicyFragment {
    /// The XML text, with the root `fragment`.
    pub value: String,
    /// How the text is written; absent means `xml`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<PolicyFormat>,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// State of the last change; read-only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
    /// Where the text is written.
    #[serde(skip)]
    pub origin: Option<Origin>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl PolicyFragment {
    /// Makes a fragment of XML text in which C# stands as it is (`rawxml`).
    pub fn new(value: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            format: Some(PolicyFormat::RawXml),
            description: None,
            provisioning_state: None,
            origin: None,
            extra: Extra::default(),
        }
    }

    /// Sets: where the text is written.
    #[must_use]
    pub fn origin(mut self, origin: Origin) -> Self {
        self.origin = Some(origin);
        self
    }

    /// Sets: how the text is written; absent means `xml`.
    #[must_use]
    pub fn format(mut self, format: PolicyFormat) -> Self {
        self.format = Some(format);
        self
    }

    /// Sets: description.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sets: state of the last change; read-only.
    #[must_use]
    pub fn provisioning_state(mut self, provisioning_state: impl Into<String>) -> Self {
        self.provisioning_state = Some(provisioning_state.into());
        self
    }
}

open_enum! {
    /// How the XML of a policy is written.
    pub enum PolicyFormat {
        /// Expressions are escaped as XML requires.
        Xml = "xml",
        /// Expressions stand as C# is written.
        RawXml = "rawxml",
        /// The value is a link to an `xml` text.
        XmlLink = "xml-link",
        /// The value is a link to a `rawxml` text.
        RawXmlLink = "rawxml-link",
    }
}
