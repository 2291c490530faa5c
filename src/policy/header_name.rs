//! Names of headers: as a document gives them (known at load, or an expression), and as expressions see them.

use std::borrow::Cow;

use http::{HeaderName, HeaderValue};

use super::compile::Compiler;
use super::error::Failure;
use super::exchange::Exchange;
use super::pipeline::Needs;
use super::setting::Setting;
use super::spec::Attribute;
use crate::expr::dotnet::encoding::utf8;
use crate::xml::Element;

/// The name of a header.
#[derive(Debug)]
pub(crate) enum HeaderSetting {
    /// As it is written, and as it is looked up.
    Constant(Box<str>, HeaderName),
    Computed(Setting<String>),
}

impl HeaderSetting {
    /// Reads an attribute.
    pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element, attribute: &Attribute) -> Option<Self> {
        match compiler.setting::<String>(element, attribute)? {
            Setting::Constant(text) => match HeaderName::from_bytes(text.trim().as_bytes()) {
                Ok(name) => Some(Self::Constant(text.trim().into(), name)),
                Err(_) => {
                    let at = element.attribute(attribute.name).map_or(element.span.start, |a| a.span.start);
                    let (name, of, kind) = (attribute.name, &element.name, attribute.kind);
                    compiler.error(at, format!("`{name}` of `{of}` is `{text}`: expected {kind}"));
                    None
                }
            },
            computed => Some(Self::Computed(computed)),
        }
    }

    /// The name as it is written, and as it is looked up; a text that is no name is that of no header.
    pub(crate) fn get(&self, exchange: &mut Exchange) -> Result<(Cow<'_, str>, Option<HeaderName>), Box<Failure>> {
        match self {
            Self::Constant(text, name) => Ok((Cow::Borrowed(text), Some(name.clone()))),
            Self::Computed(text) => {
                let text = text.get(exchange)?.into_owned();
                let name = HeaderName::from_bytes(text.trim().as_bytes()).ok();
                Ok((Cow::Owned(text), name))
            }
        }
    }

    pub(crate) fn needs(&self) -> Needs {
        match self {
            Self::Constant(..) => Needs::NONE,
            Self::Computed(text) => text.needs(),
        }
    }
}

/// `Content-Type` for `content-type`: names are kept in lower case, whatever the caller wrote.
pub(crate) fn usual(name: &HeaderName) -> String {
    let mut starts = true;
    let letters = name.as_str().chars().map(|c| {
        let c = if starts { c.to_ascii_uppercase() } else { c };
        starts = c == '-';
        c
    });
    letters.collect()
}

/// A header's value as text.
pub(crate) fn text(value: &HeaderValue) -> Cow<'_, str> {
    utf8(value.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_usual() {
        for (kept, seen) in
            [("content-type", "Content-Type"), ("x-b3-id", "X-B3-Id"), ("host", "Host"), ("a--b", "A--B")]
        {
            assert_eq!(usual(&HeaderName::from_static(kept)), seen);
        }
    }
}
