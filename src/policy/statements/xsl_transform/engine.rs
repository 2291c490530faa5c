//! libxslt, behind its crate: used on blocking threads only.

use std::path::Path;

use libxml::parser::{Parser, ParserOptions};
use libxml::tree::SaveOptions;

use super::output::{Method, Output};

/// Whether libxslt reads the stylesheet in a file.
pub(super) fn accepts(path: &Path) -> bool {
    path.to_str().is_some_and(|path| libxslt::parser::parse_file(path).is_ok())
}

/// A stylesheet as libxslt has it; of one thread, since its crate has none that threads can share.
pub(super) struct Compiled {
    sheet: libxslt::stylesheet::Stylesheet,
    output: Output,
}

impl Compiled {
    /// Reads a stylesheet that was checked.
    pub(super) fn new(text: String, output: Output) -> Result<Self, String> {
        Ok(Self { sheet: libxslt::parser::parse_bytes(text.into_bytes(), "stylesheet")?, output })
    }

    /// Transforms XML that is known to be well-formed and to have no DTD. The error says what is wrong.
    pub(super) fn transform<N: AsRef<str>>(
        &mut self,
        xml: &str,
        parameters: &[(N, String)],
    ) -> Result<Vec<u8>, String> {
        let options =
            ParserOptions { recover: false, no_net: true, no_error: true, no_warning: true, ..Default::default() };
        // The text is UTF-8 by now, whatever its declaration says.
        let xml = match xml.trim_start_matches('\u{feff}') {
            text if text.starts_with("<?xml") => text.split_once("?>").map_or(text, |(_, rest)| rest),
            text => text,
        };
        let document = Parser::default().parse_string_with_options(xml.trim_start(), options);
        let document = document.map_err(|_| "The body is not XML with namespaces.".to_owned())?;
        let quoted: Vec<_> = parameters.iter().map(|(name, value)| (name.as_ref(), literal(value))).collect();
        let parameters = quoted.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let result = self.sheet.transform(document, parameters);
        let result = result.map_err(|_| "The stylesheet stopped with an error.".to_owned())?;
        let root = result.get_root_element().map(|root| root.get_name());
        let default = match root.as_deref() {
            Some(name) if name.eq_ignore_ascii_case("html") => Method::Html,
            _ => Method::Xml,
        };
        let method = self.output.method.unwrap_or(default);
        let body = result.to_string_with_options(SaveOptions {
            format: self.output.indents,
            no_declaration: true,
            no_xhtml: true,
            as_xml: method != Method::Html,
            as_html: method == Method::Html,
            ..Default::default()
        });
        Ok(self.output.write(method, &body))
    }
}

/// A text as an XPath expression, whatever quotation marks it has.
fn literal(text: &str) -> String {
    let text: String = text.chars().filter(|c| *c != '\0').collect();
    if !text.contains('\'') {
        return format!("'{text}'");
    }
    if !text.contains('"') {
        return format!("\"{text}\"");
    }
    let parts: Vec<_> = text.split('\'').map(|part| format!("'{part}'")).collect();
    format!("concat({})", parts.join(",\"'\","))
}

#[cfg(test)]
mod tests {
    use super::literal;

    #[test]
    fn any_text_is_a_literal() {
        assert_eq!(literal("a"), "'a'");
        assert_eq!(literal("it's"), "\"it's\"");
        assert_eq!(literal("it's \"x\""), "concat('it',\"'\",'s \"x\"')");
    }
}
