//! Origins: scheme, host and port.

use std::fmt;

use super::super::super::compile::Compiler;
use super::super::super::error::Failure;
use super::super::super::exchange::Exchange;
use super::super::super::pipeline::Needs;
use super::super::super::setting::Setting;
use super::super::super::spec::Child;
use crate::xml::Element;

/// Where a page comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// `null`, which browsers send for files and sandboxes.
    Null,
    /// Scheme and host are in lower case; the port is that of the scheme when none is written.
    Url { scheme: Box<str>, host: Box<str>, port: Option<u16> },
}

/// A text that is no origin.
#[derive(Debug)]
pub(super) struct NoOrigin;

impl fmt::Display for NoOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Origin must be a valid URL consisting of scheme, host, and port only")
    }
}

impl Origin {
    /// Reads `https://host:8443`, and one slash behind it that real documents have.
    pub(super) fn parse(text: &str) -> Result<Self, NoOrigin> {
        let text = text.trim();
        if text == "null" {
            return Ok(Self::Null);
        }
        let (scheme, rest) = text.split_once("://").ok_or(NoOrigin)?;
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse::<u16>().map_err(|_| NoOrigin)?)),
            _ => (authority, None),
        };
        let is_ip6 = host.starts_with('[') && host.ends_with(']');
        let is_host = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_') || (is_ip6 && "[]:".contains(c));
        if !is_scheme || host.is_empty() || !host.chars().all(is_host) {
            return Err(NoOrigin);
        }
        let scheme = scheme.to_ascii_lowercase();
        let port = port.or(match &*scheme {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        });
        Ok(Self::Url { scheme: scheme.into(), host: host.to_lowercase().into(), port })
    }
}

/// The origins that a policy allows.
#[derive(Debug, Default)]
pub(super) struct Origins {
    is_any: bool,
    fixed: Vec<Origin>,
    computed: Vec<Setting<Option<String>>>,
}

impl Origins {
    pub(super) fn compile(compiler: &mut Compiler<'_>, list: &Element, child: &Child) -> Self {
        let mut origins = Self::default();
        for element in list.elements().filter(|element| *element.name == *child.element) {
            compiler.check_child(child, element);
            match compiler.text::<Option<String>>(element, true, "an origin such as `https://contoso.com`, or `*`") {
                Some(Setting::Constant(Some(text))) if text == "*" => origins.is_any = true,
                // An expression that is null for every request allows nothing.
                Some(Setting::Constant(None)) => {}
                Some(Setting::Constant(Some(text))) => match Origin::parse(&text) {
                    Ok(origin) => origins.fixed.push(origin),
                    Err(problem) => {
                        let at = element.text().span().start;
                        compiler.error(at, format!("{problem}: found `{text}`"));
                    }
                },
                Some(computed) => origins.computed.push(computed),
                None => {}
            }
        }
        if origins.is_any && !(origins.fixed.is_empty() && origins.computed.is_empty()) {
            let message = "`*` stands beside other origins of `cors`: it allows all of them";
            compiler.warning(list.span.start, message.to_owned());
        }
        origins
    }

    pub(super) fn is_any(&self) -> bool {
        self.is_any
    }

    /// Whether every origin is allowed in this request.
    pub(super) fn is_any_for(&self, exchange: &mut Exchange) -> Result<bool, Box<Failure>> {
        if self.is_any {
            return Ok(true);
        }
        for computed in &self.computed {
            if computed.get(exchange)?.as_deref().is_some_and(|text| text.trim() == "*") {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether an origin is allowed; none is an `Origin` header that is no origin, which only `*` allows.
    pub(super) fn has(&self, origin: Option<&Origin>, exchange: &mut Exchange) -> Result<bool, Box<Failure>> {
        if self.is_any || origin.is_some_and(|origin| self.fixed.contains(origin)) {
            return Ok(true);
        }
        for computed in &self.computed {
            let text = computed.get(exchange)?;
            let Some(text) = text.as_deref() else { continue };
            let same = origin.is_some() && Origin::parse(text).ok().as_ref() == origin;
            if same || text.trim() == "*" {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn needs(&self) -> Needs {
        self.computed.iter().fold(Needs::NONE, |needs, origin| needs | origin.needs())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn same(a: &str, b: &str) -> bool {
        Origin::parse(a).unwrap() == Origin::parse(b).unwrap()
    }

    #[test]
    fn ports_are_those_of_the_scheme_and_case_does_not_count() {
        assert!(same("https://Contoso.com", "HTTPS://contoso.com:443"));
        assert!(same("http://[::1]/", "http://[::1]:80"));
        assert!(!same("http://contoso.com", "https://contoso.com"));
        assert!(!same("https://contoso.com:8443", "https://contoso.com"));
        assert!(same("capacitor://localhost", "capacitor://localhost"));
    }

    #[test]
    fn what_is_more_than_an_origin_is_refused() {
        for text in [
            "contoso.com",
            "https://",
            "https://*.contoso.com",
            "https://a/b",
            "https://a?b",
            "https://a:x",
            "https://u@a",
            "'https://a'",
            "https://a,https://b",
        ] {
            assert!(Origin::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "[a-c:/.\\[\\]0-9*é ]{0,20}") {
            let _ = Origin::parse(&text);
        }
    }
}
