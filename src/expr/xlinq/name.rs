//! `XName` and `XNamespace`: expanded names, compared by value as .NET's interned ones are by reference.

use std::fmt;
use std::sync::Arc;

use crate::expr::dotnet::exception::{Exception, Result};

/// The namespace of the prefix `xml`.
pub(crate) const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// The namespace of the prefix `xmlns`.
pub(crate) const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// A namespace name; the empty one is `XNamespace.None`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct XNamespace(Arc<str>);

/// A local name in a namespace.
#[derive(Debug, Clone)]
pub(crate) struct XName(Arc<(XNamespace, Box<str>)>);

impl PartialEq for XName {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl Eq for XName {}

impl std::hash::Hash for XName {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Display for XName {
    /// `a` or `{urn:x}a`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.namespace().name() {
            "" => f.write_str(self.local()),
            namespace => write!(f, "{{{namespace}}}{}", self.local()),
        }
    }
}

impl XNamespace {
    /// `XNamespace.Get(name)`.
    pub(crate) fn new(name: &str) -> Self {
        Self(Arc::from(name))
    }

    /// `NamespaceName`, empty for none.
    pub(crate) fn name(&self) -> &str {
        &self.0
    }

    /// `ns + local`.
    pub(crate) fn named(&self, local: &str) -> Result<XName> {
        check_name(local)?;
        Ok(XName::new(self.clone(), local))
    }
}

impl XName {
    /// A name from its parts, unchecked.
    pub(crate) fn new(namespace: XNamespace, local: &str) -> Self {
        Self(Arc::new((namespace, Box::from(local))))
    }

    /// `XName.Get(expandedName)`, and the conversion from a string: `a` or `{urn:x}a`.
    pub(crate) fn parse(expanded: &str) -> Result<Self> {
        if expanded.is_empty() {
            return Err(Exception::argument("'' is an invalid expanded name."));
        }
        let Some(rest) = expanded.strip_prefix('{') else { return XNamespace::new("").named(expanded) };
        match rest.rsplit_once('}') {
            Some((namespace, local)) if !namespace.is_empty() && !local.is_empty() => {
                XNamespace::new(namespace).named(local)
            }
            _ => Err(Exception::argument(format!("'{expanded}' is an invalid expanded name."))),
        }
    }

    /// `LocalName`.
    pub(crate) fn local(&self) -> &str {
        &self.0.1
    }

    /// `Namespace`.
    pub(crate) fn namespace(&self) -> &XNamespace {
        &self.0.0
    }

    /// For an attribute's name that declares a namespace: the prefix, empty for the default one.
    pub(crate) fn declared_prefix(&self) -> Option<&str> {
        match (self.namespace().name(), self.local()) {
            ("", "xmlns") => Some(""),
            (XMLNS, prefix) => Some(prefix),
            _ => None,
        }
    }
}

/// Whether a name without colon may begin with the character.
pub(crate) fn is_name_start(c: char) -> bool {
    matches!(c, 'A'..='Z' | 'a'..='z' | '_' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}' | '\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}')
}

/// Whether a name without colon may contain the character.
pub(crate) fn is_name_part(c: char) -> bool {
    is_name_start(c) || matches!(c, '0'..='9' | '-' | '.' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}' | '\u{2040}')
}

/// `XmlConvert.VerifyNCName`.
pub(crate) fn check_name(local: &str) -> Result<()> {
    let xml_exception = |message: String| Exception::new("System.Xml.XmlException", message);
    let mut chars = local.chars();
    match chars.next() {
        None => return Err(Exception::argument_null("name")),
        Some(first) if !is_name_start(first) => {
            return Err(xml_exception(format!(
                "Name cannot begin with the '{first}' character, hexadecimal value 0x{:02X}.",
                first as u32
            )));
        }
        Some(_) => {}
    }
    match chars.find(|c| !is_name_part(*c)) {
        None => Ok(()),
        Some(bad) => Err(xml_exception(format!(
            "The '{bad}' character, hexadecimal value 0x{:02X}, cannot be included in a name.",
            bad as u32
        ))),
    }
}
