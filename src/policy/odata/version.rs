//! Versions of OData, as headers say them.

use super::super::setting::Literal;
use crate::expr::Value;

/// A version such as 4.0 or 4.01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ODataVersion {
    major: u16,
    minor: u16,
}

impl ODataVersion {
    pub(crate) const V4: Self = Self { major: 4, minor: 0 };
    pub(crate) const V401: Self = Self { major: 4, minor: 1 };

    /// Reads `4.01`; what stands behind a semicolon, as in version 3, says nothing.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.split(';').next().unwrap_or_default().trim();
        let (major, minor) = text.split_once('.')?;
        let number = |part: &str| {
            let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            if is_number { part.parse().ok() } else { None }
        };
        Some(Self { major: number(major)?, minor: number(minor)? })
    }

    pub(super) fn is_at_least_4(self) -> bool {
        self.major >= 4
    }

    /// Whether the names of options are compared without case.
    pub(super) fn ignores_case(self) -> bool {
        self >= Self::V401
    }
}

impl std::fmt::Display for ODataVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.minor {
            0 => write!(f, "{}.0", self.major),
            minor => write!(f, "{}.{minor:02}", self.major),
        }
    }
}

impl Literal for ODataVersion {
    fn literal(text: &str) -> Option<Self> {
        Self::parse(text)
    }

    fn value(_: Value) -> Result<Self, String> {
        Err("versions of OData do not take an expression".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_compared() {
        let version = |text| ODataVersion::parse(text);
        assert!(version("3.0") < version("4.0") && version("4.0") < version("4.01"));
        assert_eq!(version(" 4.01 "), Some(ODataVersion::V401));
        assert_eq!(version("3.0;NetFx"), Some(ODataVersion { major: 3, minor: 0 }));
        assert_eq!(version("4.01").map(|version| version.to_string()).as_deref(), Some("4.01"));
        for text in ["", "4", "4.", ".0", "4.0.1", "+4.0", "four", "4.99999999"] {
            assert_eq!(version(text), None, "{text}");
        }
    }
}
