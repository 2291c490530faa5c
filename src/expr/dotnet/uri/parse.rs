//! Text to the parts of an absolute URI.

use super::escape::{self, Keep};
use super::{HostKind, Parts, Result, bad, host};

const NO_FORMAT: &str = "Invalid URI: The format of the URI could not be determined.";

/// The length of the scheme before the first colon, when `text` starts with one.
pub(super) fn scheme_length(text: &str) -> Option<usize> {
    let length = text.find(':')?;
    is_scheme(&text[..length]).then_some(length)
}

/// `Uri.CheckSchemeName`.
pub fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

/// Schemes that need an authority.
fn is_hierarchical(scheme: &str) -> bool {
    matches!(scheme, "http" | "https" | "ftp" | "ws" | "wss" | "gopher" | "nntp" | "net.tcp" | "net.pipe" | "telnet")
}

pub(super) fn absolute(text: &str) -> Result<Parts> {
    let text = text.trim_matches(|c: char| matches!(c, ' ' | '\t' | '\r' | '\n'));
    if text.is_empty() {
        return Err(bad("Invalid URI: The URI is empty."));
    }
    if text.starts_with('/') || text.starts_with("\\\\") {
        return Ok(file(&text.replace('\\', "/")));
    }
    // One letter and a colon is a drive.
    if matches!(text.as_bytes(), [letter, b':', b'/' | b'\\', ..] if letter.is_ascii_alphabetic()) {
        return Ok(file(&format!("/{}", text.replace('\\', "/"))));
    }
    let length = scheme_length(text).filter(|&length| length > 1).ok_or_else(|| bad(NO_FORMAT))?;
    let scheme = text[..length].to_ascii_lowercase();
    let hierarchical = is_hierarchical(&scheme);
    let mut rest = text[length + 1..].to_owned();
    if hierarchical || scheme == "file" {
        let end = rest.find(['?', '#']).unwrap_or(rest.len());
        let tail = rest.split_off(end);
        rest = rest.replace('\\', "/") + &tail;
    }
    match rest.strip_prefix("//") {
        Some(after) => with_authority(scheme, after, hierarchical),
        None if hierarchical => Err(bad("Invalid URI: The hostname could not be parsed.")),
        None if scheme == "file" => Ok(file(&rest)),
        None => {
            let (path, query, fragment) = split(&rest);
            let mut parts = Parts::opaque(scheme, escape::escape(path, Keep::Uri));
            parts.set_tail(query, fragment);
            Ok(parts)
        }
    }
}

/// A path of a file, as `/a/b` on a system with such paths.
fn file(path: &str) -> Parts {
    let (path, host) = match path.strip_prefix("//") {
        Some(rest) if !rest.starts_with('/') => match rest.find('/') {
            Some(end) => (&rest[end..], &rest[..end]),
            None => ("/", rest),
        },
        _ => (path, ""),
    };
    let mut parts = Parts::opaque("file".to_owned(), remove_dots(&escape::escape(path, Keep::FilePath)));
    parts.has_authority = true;
    parts.host = host.to_lowercase();
    parts
}

fn with_authority(scheme: String, after: &str, needs_host: bool) -> Result<Parts> {
    let end = after.find(['/', '?', '#']).unwrap_or(after.len());
    let (authority, tail) = after.split_at(end);
    let (user_info, server) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (name, port) = split_port(server)?;
    let (host, host_kind) =
        host::canonical(name).ok_or_else(|| bad("Invalid URI: The hostname could not be parsed."))?;
    if host.is_empty() && needs_host {
        return Err(bad("Invalid URI: The hostname could not be parsed."));
    }
    let (path, query, fragment) = split(tail);
    let path = if path.is_empty() && (needs_host || scheme == "file") { "/" } else { path };
    let mut parts = Parts::opaque(scheme, remove_dots(&escape::escape(path, Keep::Uri)));
    parts.has_authority = true;
    parts.user_info = escape::escape(user_info, Keep::Uri);
    parts.host = host;
    parts.host_kind = host_kind;
    parts.port = port;
    parts.set_tail(query, fragment);
    Ok(parts)
}

fn split_port(server: &str) -> Result<(&str, Option<u16>)> {
    let colon = server.rfind(':').filter(|&colon| !server[colon..].contains(']'));
    let Some(colon) = colon else { return Ok((server, None)) };
    let (name, port) = (&server[..colon], &server[colon + 1..]);
    if port.is_empty() {
        return Ok((name, None));
    }
    let number = if port.bytes().all(|b| b.is_ascii_digit()) { port.parse().ok() } else { None };
    let number = number.ok_or_else(|| bad("Invalid URI: Invalid port specified."))?;
    Ok((name, Some(number)))
}

/// Path, query with its `?`, fragment with its `#`.
pub(super) fn split(text: &str) -> (&str, &str, &str) {
    let (front, fragment) = text.split_at(text.find('#').unwrap_or(text.len()));
    let (path, query) = front.split_at(front.find('?').unwrap_or(front.len()));
    (path, query, fragment)
}

/// Resolves `.` and `..` segments.
pub(super) fn remove_dots(path: &str) -> String {
    if !path.starts_with('/') {
        return path.to_owned();
    }
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<_> = path[1..].split('/').collect();
    for (index, &segment) in segments.iter().enumerate() {
        let last = index + 1 == segments.len();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if last {
                    kept.push("");
                }
            }
            _ => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

impl Parts {
    fn opaque(scheme: String, path: String) -> Self {
        Self {
            scheme,
            has_authority: false,
            user_info: String::new(),
            host: String::new(),
            host_kind: HostKind::Basic,
            port: None,
            path,
            query: String::new(),
            fragment: String::new(),
        }
    }

    pub(super) fn set_tail(&mut self, query: &str, fragment: &str) {
        self.query = escape::escape(query, Keep::Uri);
        self.fragment = escape::escape(fragment, Keep::Uri);
    }
}
