//! `System.Uri`: parsing, parts, resolution and escaping.

mod components;
pub mod escape;
mod host;
mod parse;
mod relative;

use super::exception::{Exception, Result};
pub use host::{HostKind, check as check_host_name};
pub use parse::is_scheme as check_scheme_name;

/// A `System.Uri`, absolute or relative.
#[derive(Debug, Clone)]
pub struct Uri {
    original: String,
    parts: Option<Parts>,
}

/// The parts of an absolute URI, escaped.
#[derive(Debug, Clone)]
struct Parts {
    scheme: String,
    /// Whether `//` and an authority stand after the scheme.
    has_authority: bool,
    user_info: String,
    host: String,
    host_kind: HostKind,
    port: Option<u16>,
    path: String,
    /// Empty, or with its `?`.
    query: String,
    /// Empty, or with its `#`.
    fragment: String,
}

/// `System.UriKind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UriKind {
    /// 0
    RelativeOrAbsolute,
    /// 1
    Absolute,
    /// 2
    Relative,
}

/// `System.UriPartial`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum UriPartial {
    /// 0
    Scheme,
    /// 1
    Authority,
    /// 2
    Path,
    /// 3
    Query,
}

fn default_port(scheme: &str) -> Option<u16> {
    Some(match scheme {
        "http" | "ws" => 80,
        "https" | "wss" => 443,
        "ftp" => 21,
        "ldap" => 389,
        "gopher" => 70,
        "nntp" => 119,
        "telnet" => 23,
        "mailto" => 25,
        "net.tcp" => 808,
        _ => return None,
    })
}

fn bad(message: &str) -> Exception {
    Exception::new("System.UriFormatException", message)
}

impl Uri {
    /// `new Uri(text)`.
    pub fn new(text: &str) -> Result<Self> {
        Self::with_kind(text, UriKind::Absolute)
    }

    /// `new Uri(text, kind)`.
    pub fn with_kind(text: &str, kind: UriKind) -> Result<Self> {
        let parts = match kind {
            UriKind::Absolute => Some(parse::absolute(text)?),
            UriKind::RelativeOrAbsolute => match parse::absolute(text) {
                Ok(parts) => Some(parts),
                Err(error) if parse::scheme_length(text.trim()).is_some_and(|length| length > 1) => return Err(error),
                Err(_) => None,
            },
            UriKind::Relative if parse::absolute(text).is_ok() && !text.starts_with('/') => {
                return Err(bad(
                    "A relative URI cannot be created because the 'uriString' parameter represents an absolute URI.",
                ));
            }
            UriKind::Relative => None,
        };
        Ok(Self { original: text.to_owned(), parts })
    }

    /// `OriginalString`.
    pub fn original(&self) -> &str {
        &self.original
    }

    /// `IsAbsoluteUri`.
    pub fn is_absolute(&self) -> bool {
        self.parts.is_some()
    }

    fn parts(&self) -> Result<&Parts> {
        self.parts.as_ref().ok_or_else(|| {
            Exception::new("System.InvalidOperationException", "This operation is not supported for a relative URI.")
        })
    }

    /// `AbsoluteUri`.
    pub fn absolute_uri(&self) -> Result<String> {
        let parts = self.parts()?;
        Ok(parts.text(&parts.path, &parts.query, &parts.fragment))
    }

    /// `ToString()`: escapes that are safe to read are decoded.
    pub fn display(&self) -> String {
        match &self.parts {
            None => self.original.clone(),
            Some(parts) => {
                let shown = [&parts.path, &parts.query, &parts.fragment].map(|part| escape::for_display(part));
                parts.text(&shown[0], &shown[1], &shown[2])
            }
        }
    }

    /// `Scheme`.
    pub fn scheme(&self) -> Result<&str> {
        Ok(&self.parts()?.scheme)
    }

    /// `Host`; an IPv6 address is in brackets.
    pub fn host(&self) -> Result<&str> {
        Ok(&self.parts()?.host)
    }

    /// `DnsSafeHost`: the host without brackets.
    pub fn dns_safe_host(&self) -> Result<&str> {
        Ok(self.host()?.trim_start_matches('[').trim_end_matches(']'))
    }

    /// `IdnHost`: the host in ASCII.
    pub fn idn_host(&self) -> Result<String> {
        let host = self.dns_safe_host()?;
        Ok(if host.is_ascii() { host.to_owned() } else { host::to_ascii(host) })
    }

    /// `HostNameType`.
    pub fn host_kind(&self) -> Result<HostKind> {
        Ok(self.parts()?.host_kind)
    }

    /// `Port`: -1 when there is none.
    pub fn port(&self) -> Result<i64> {
        let parts = self.parts()?;
        Ok(parts.port.or_else(|| default_port(&parts.scheme)).map_or(-1, i64::from))
    }

    /// `IsDefaultPort`.
    pub fn is_default_port(&self) -> Result<bool> {
        let parts = self.parts()?;
        Ok(parts.port.is_none() || parts.port == default_port(&parts.scheme))
    }

    /// `Authority`: host, and port when it is not the default.
    pub fn authority(&self) -> Result<String> {
        Ok(self.parts()?.authority())
    }

    /// `UserInfo`.
    pub fn user_info(&self) -> Result<&str> {
        Ok(&self.parts()?.user_info)
    }

    /// `AbsolutePath`.
    pub fn absolute_path(&self) -> Result<&str> {
        Ok(&self.parts()?.path)
    }

    /// `LocalPath`: the path decoded.
    pub fn local_path(&self) -> Result<String> {
        Ok(escape::unescape_data(&self.parts()?.path))
    }

    /// `Query`: empty, or with its `?`.
    pub fn query(&self) -> Result<&str> {
        Ok(&self.parts()?.query)
    }

    /// `Fragment`: empty, or with its `#`.
    pub fn fragment(&self) -> Result<&str> {
        Ok(&self.parts()?.fragment)
    }

    /// `PathAndQuery`.
    pub fn path_and_query(&self) -> Result<String> {
        let parts = self.parts()?;
        Ok(format!("{}{}", parts.path, parts.query))
    }

    /// `Segments`: each but the last ends with its slash.
    pub fn segments(&self) -> Result<Vec<String>> {
        Ok(self.parts()?.path.split_inclusive('/').map(str::to_owned).collect())
    }

    /// `IsFile`.
    pub fn is_file(&self) -> Result<bool> {
        Ok(self.parts()?.scheme == "file")
    }

    /// `IsUnc`.
    pub fn is_unc(&self) -> Result<bool> {
        let parts = self.parts()?;
        Ok(parts.scheme == "file" && !parts.host.is_empty())
    }

    /// `IsLoopback`.
    pub fn is_loopback(&self) -> Result<bool> {
        let parts = self.parts()?;
        Ok(host::is_loopback(&parts.host) || (parts.scheme == "file" && parts.host.is_empty()))
    }

    /// `GetLeftPart(part)`.
    pub fn left_part(&self, part: UriPartial) -> Result<String> {
        let parts = self.parts()?;
        let mut text = parts.scheme_and_delimiter();
        if part >= UriPartial::Authority {
            if !parts.has_authority && part == UriPartial::Authority {
                return Ok(String::new());
            }
            text += &parts.full_authority();
        }
        if part >= UriPartial::Path {
            text += &parts.path;
        }
        if part >= UriPartial::Query {
            text += &parts.query;
        }
        Ok(text)
    }
}

impl Parts {
    fn scheme_and_delimiter(&self) -> String {
        format!("{}:{}", self.scheme, if self.has_authority { "//" } else { "" })
    }

    fn authority(&self) -> String {
        match self.port {
            Some(port) if self.port != default_port(&self.scheme) => format!("{}:{port}", self.host),
            _ => self.host.clone(),
        }
    }

    /// The authority with its user.
    fn full_authority(&self) -> String {
        let user = if self.user_info.is_empty() { String::new() } else { format!("{}@", self.user_info) };
        format!("{user}{}", self.authority())
    }

    fn text(&self, path: &str, query: &str, fragment: &str) -> String {
        format!("{}{}{path}{query}{fragment}", self.scheme_and_delimiter(), self.full_authority())
    }

    /// What equality looks at: all but user and fragment.
    fn identity(&self) -> (String, &str, &str) {
        (format!("{}{}", self.scheme_and_delimiter(), self.authority()), &self.path, &self.query)
    }
}

impl PartialEq for Uri {
    fn eq(&self, other: &Self) -> bool {
        match (&self.parts, &other.parts) {
            (Some(a), Some(b)) => a.identity() == b.identity(),
            (None, None) => self.original == other.original,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
