//! Relative references: resolution, making, and well-formedness.

use super::super::exception::Result;
use super::escape::{self, Keep};
use super::{Parts, Uri, UriKind, bad, parse};

impl Uri {
    /// `new Uri(base, reference)`.
    pub fn resolve(&self, reference: &str) -> Result<Self> {
        let Some(base) = &self.parts else {
            return Err(super::Exception::out_of_range(
                "Specified argument was out of the range of valid values. (Parameter 'baseUri')",
            ));
        };
        let reference = reference.trim();
        if parse::scheme_length(reference).is_some_and(|length| length > 1) {
            return Self::new(reference);
        }
        if !base.has_authority && !base.path.starts_with('/') {
            return Err(bad("Invalid URI: The format of the URI could not be determined."));
        }
        if reference.starts_with("//") || reference.starts_with("\\\\") {
            return Self::new(&format!("{}:{}", base.scheme, reference));
        }
        let parts = base.join(reference);
        let original = parts.text(&parts.path, &parts.query, &parts.fragment);
        Ok(Self { original, parts: Some(parts) })
    }

    /// `new Uri(base, relative)`.
    pub fn resolve_uri(&self, relative: &Self) -> Result<Self> {
        if relative.is_absolute() { Ok(relative.clone()) } else { self.resolve(&relative.original) }
    }

    /// `MakeRelativeUri(other)`.
    pub fn make_relative(&self, other: &Self) -> Result<Self> {
        let (base, target) = (self.parts()?, other.parts()?);
        if base.scheme != target.scheme || base.authority() != target.authority() || base.user_info != target.user_info
        {
            return Ok(other.clone());
        }
        let mut path = relative_path(&base.path, &target.path);
        let before_slash = path.split('/').next().unwrap_or_default();
        if before_slash.contains(':') {
            path.insert_str(0, "./");
        }
        Self::with_kind(&format!("{path}{}{}", target.query, target.fragment), UriKind::Relative)
    }

    /// `IsBaseOf(other)`.
    pub fn is_base_of(&self, other: &Self) -> Result<bool> {
        let base = self.parts()?;
        let Some(target) = &other.parts else { return Ok(true) };
        let folder = &base.path[..base.path.rfind('/').map_or(0, |slash| slash + 1)];
        Ok(base.scheme == target.scheme && base.authority() == target.authority() && target.path.starts_with(folder))
    }

    /// `IsWellFormedOriginalString()`.
    pub fn is_well_formed(&self) -> bool {
        let escaped = escape::escape(&self.original, Keep::Uri);
        let plain = escaped.len() == self.original.len() && !self.original.contains('\\');
        match &self.parts {
            Some(parts) if parts.scheme == "file" && !self.original.contains(':') => false,
            Some(parts) => {
                // The host may be written in any script.
                let tail = self.original.find(&parts.host).map_or(0, |at| at + parts.host.len());
                let tail = self.original.get(tail..).unwrap_or_default();
                plain || (!parts.host.is_ascii() && escape::escape(tail, Keep::Uri).len() == tail.len())
            }
            None => plain && !self.original.split('/').next().unwrap_or_default().contains(':'),
        }
    }

    /// `Uri.IsWellFormedUriString(text, kind)`.
    pub fn is_well_formed_string(text: &str, kind: UriKind) -> bool {
        Self::with_kind(text, kind).is_ok_and(|uri| {
            let right_kind = match kind {
                UriKind::Absolute => uri.is_absolute(),
                UriKind::Relative => !uri.is_absolute(),
                UriKind::RelativeOrAbsolute => true,
            };
            // A path of a file counts as a relative reference here.
            let as_relative = kind != UriKind::Absolute && text.starts_with('/');
            right_kind && (uri.is_well_formed() || (as_relative && Self { parts: None, ..uri }.is_well_formed()))
        })
    }
}

impl Parts {
    fn join(&self, reference: &str) -> Self {
        let (path, query, fragment) = parse::split(reference);
        let path = escape::escape(&path.replace('\\', "/"), Keep::Uri);
        let mut joined = self.clone();
        if path.is_empty() {
            let kept = if query.is_empty() { self.query.clone() } else { String::new() };
            joined.set_tail(query, fragment);
            joined.query.push_str(&kept);
            return joined;
        }
        let full = if path.starts_with('/') {
            path
        } else {
            let folder = self.path.rfind('/').map_or("/", |slash| &self.path[..=slash]);
            format!("{folder}{path}")
        };
        joined.path = parse::remove_dots(&full);
        joined.set_tail(query, fragment);
        joined
    }
}

fn relative_path(base: &str, target: &str) -> String {
    if base == target {
        return String::new();
    }
    let common = base.bytes().zip(target.bytes()).take_while(|(a, b)| a == b).count();
    let folder = base.as_bytes()[..common].iter().rposition(|&b| b == b'/').map_or(0, |slash| slash + 1);
    let up = base[folder..].matches('/').count();
    let rest = &target[folder..];
    if up == 0 && rest.is_empty() { "./".to_owned() } else { "../".repeat(up) + rest }
}
