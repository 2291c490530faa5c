//! What is written for names that XML does not have.

use std::fmt::Write as _;

use crate::expr::xlinq::{is_name_part, is_name_start};

pub(super) fn is_ncname(name: &str) -> bool {
    name.starts_with(is_name_start) && name.chars().all(is_name_part)
}

/// `XmlConvert.EncodeLocalName`, or with a replacement of one's own.
pub(super) fn encoded(name: &str, replacement: Option<&str>) -> String {
    let is_escape = |rest: &str| {
        let mut parts = rest.strip_prefix("_x").unwrap_or_default().chars();
        parts.by_ref().take(4).filter(char::is_ascii_hexdigit).count() == 4 && parts.next() == Some('_')
    };
    let mut out = String::with_capacity(name.len());
    for (at, c) in name.char_indices() {
        let is_legal = if at == 0 { is_name_start(c) } else { is_name_part(c) };
        let looks_escaped = c == '_' && replacement.is_none() && is_escape(name.get(at..).unwrap_or_default());
        if is_legal && !looks_escaped {
            out.push(c);
            continue;
        }
        match replacement {
            // What may follow the first character only, stays behind the replacement.
            Some(text) if is_name_part(c) => {
                out.push_str(text);
                out.push(c);
            }
            Some(text) => out.push_str(text),
            None if (c as u32) > 0xFFFF => {
                let _ = write!(out, "_x{:08X}_", c as u32);
            }
            None => {
                let _ = write!(out, "_x{:04X}_", c as u32);
            }
        }
    }
    // A replacement may be empty or illegal itself; a name must be one.
    if is_ncname(&out) { out } else { encoded_or_underscore(&out) }
}

fn encoded_or_underscore(name: &str) -> String {
    if name.is_empty() { "_".to_owned() } else { encoded(name, None) }
}
