//! `XDeclaration`: version, encoding and standalone of `<?xml …?>`.

/// The parts of an XML declaration; none are left out of its text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct XDeclaration {
    pub(crate) version: Option<String>,
    pub(crate) encoding: Option<String>,
    pub(crate) standalone: Option<String>,
}

impl std::fmt::Display for XDeclaration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<?xml")?;
        for (name, part) in [("version", &self.version), ("encoding", &self.encoding), ("standalone", &self.standalone)]
        {
            if let Some(part) = part {
                write!(f, " {name}=\"{part}\"")?;
            }
        }
        f.write_str("?>")
    }
}
