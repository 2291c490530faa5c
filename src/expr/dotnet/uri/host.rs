//! Hosts of URIs: names and addresses, in canonical form.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::super::ip_address;

/// `System.UriHostNameType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostKind {
    /// 0
    Unknown,
    /// 1
    Basic,
    /// 2
    Dns,
    /// 3
    IPv4,
    /// 4
    IPv6,
}

/// The canonical text of a host, or nothing when it is none.
pub(super) fn canonical(name: &str) -> Option<(String, HostKind)> {
    if name.is_empty() {
        return Some((String::new(), HostKind::Basic));
    }
    if let Some(inner) = name.strip_prefix('[') {
        let inner = inner.strip_suffix(']')?;
        let (address, zone) = inner.split_once('%').unwrap_or((inner, ""));
        let address: Ipv6Addr = address.parse().ok()?;
        let zone = if zone.is_empty() { String::new() } else { format!("%{zone}") };
        return Some((format!("[{address}{zone}]"), HostKind::IPv6));
    }
    if let Some(address) = ip_address::parse_v4(name) {
        return Some((address.to_string(), HostKind::IPv4));
    }
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let labels_fit = name.trim_end_matches('.').split('.').all(|label| !label.is_empty() && label.len() < 64);
    (labels_fit && name.chars().all(is_name)).then(|| (name.to_lowercase(), HostKind::Dns))
}

/// `Uri.CheckHostName(name)`.
pub fn check(name: &str) -> HostKind {
    if name.parse::<Ipv6Addr>().is_ok() {
        return HostKind::IPv6;
    }
    match canonical(name) {
        Some((host, kind)) if !host.is_empty() => kind,
        _ => HostKind::Unknown,
    }
}

pub(super) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host == "loopback"
        || bare.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || bare.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback())
}

/// The host as Punycode.
pub(super) fn to_ascii(host: &str) -> String {
    let parsed = url::Host::parse(host);
    parsed.map_or_else(|_| host.to_owned(), |ascii| ascii.to_string())
}
