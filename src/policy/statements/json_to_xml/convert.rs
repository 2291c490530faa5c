//! JSON to XML text.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use super::super::super::markup::{escape, is_xml_char};
use super::names::encoded;
use super::parts::Parts;
use crate::expr::json::text::iso_date;
use crate::expr::json::{Expected, Formatting, JToken, Scalars, TokenClass, TokenValue};

/// How deep objects and arrays may nest.
const MAX_DEPTH: usize = 256;

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// How JSON becomes XML.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options<'o> {
    pub(super) parses_dates: bool,
    pub(super) separator: Option<char>,
    pub(super) namespace_prefix: Option<&'o str>,
    pub(super) attribute_block: Option<&'o str>,
    pub(super) attribute_prefix: Option<&'o str>,
    pub(super) namespace_block: Option<&'o str>,
    pub(super) replacement: Option<&'o str>,
    pub(super) null_text: Option<&'o str>,
    pub(super) trims: bool,
    pub(super) empty_as_null: bool,
    /// The most bytes that the XML may have.
    pub(super) limit: usize,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum ConvertError {
    Invalid(String),
    TooLarge,
}

pub(super) type Result<T = ()> = std::result::Result<T, ConvertError>;

/// The XML of a JSON text.
pub(super) fn convert(json: &str, options: Options<'_>) -> Result<String> {
    let scalars = if options.parses_dates { Scalars::Typed } else { Scalars::TypedWithoutDates };
    let token = JToken::parse_with(json, Expected::Token, scalars);
    let token = token.map_err(|error| ConvertError::Invalid(error.message.to_string()))?;
    let mut writer = Writer { options, out: String::with_capacity(json.len() * 2), prefixes: HashMap::new() };
    writer.out.push_str(r#"<?xml version="1.0" encoding="utf-8"?>"#);
    if let Some(token) = token {
        writer.document(&token)?;
    }
    Ok(writer.out)
}

pub(super) struct Writer<'o> {
    pub(super) options: Options<'o>,
    out: String,
    /// The namespace prefixes that are declared here, with how many elements around declare them.
    prefixes: HashMap<String, usize>,
}

impl Writer<'_> {
    fn document(&mut self, token: &JToken) -> Result {
        if token.class() == TokenClass::Object {
            let parts = self.parts(token)?;
            if let ([(name, value)], true, true) =
                (parts.children.as_slice(), parts.attributes.is_empty(), parts.declarations.is_empty())
                && (value.class() != TokenClass::Array || value.count() < 2)
            {
                return self.member(name, value, 0);
            }
            return self.parts_of("Document", parts, 0);
        }
        if token.class() == TokenClass::Array {
            self.out.push_str("<Document>");
            for item in token.children() {
                self.element("item", &item, 1)?;
            }
            self.out.push_str("</Document>");
            return self.check();
        }
        self.element("Document", token, 0)
    }

    /// A property: one element, or one for each item of an array.
    fn member(&mut self, name: &str, value: &JToken, depth: usize) -> Result {
        if value.class() != TokenClass::Array {
            return self.element(name, value, depth);
        }
        if value.count() == 0 {
            let name = self.name(name);
            let _ = write!(self.out, "<{name} />");
            return self.check();
        }
        for item in value.children() {
            self.element(name, &item, depth)?;
        }
        Ok(())
    }

    fn element(&mut self, name: &str, value: &JToken, depth: usize) -> Result {
        if depth > MAX_DEPTH {
            return Err(ConvertError::Invalid(format!("It is nested more than {MAX_DEPTH} levels deep.")));
        }
        match value.class() {
            TokenClass::Object => {
                let parts = self.parts(value)?;
                self.parts_of(name, parts, depth)
            }
            TokenClass::Array => {
                // An array in an array: its items get the same name once more.
                let written = self.name(name);
                let _ = write!(self.out, "<{written}>");
                for item in value.children() {
                    self.element(name, &item, depth + 1)?;
                }
                let _ = write!(self.out, "</{written}>");
                self.check()
            }
            _ => self.scalar(name, value),
        }
    }

    fn parts_of(&mut self, name: &str, parts: Parts, depth: usize) -> Result {
        for (prefix, _) in parts.declarations.iter().filter(|(prefix, _)| !prefix.is_empty()) {
            *self.prefixes.entry(prefix.clone()).or_default() += 1;
        }
        let name = self.name(name);
        self.out.push('<');
        self.out.push_str(&name);
        let mut names = HashSet::with_capacity(parts.declarations.len() + parts.attributes.len());
        for (prefix, uri) in &parts.declarations {
            let name = if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
            let _ = write!(self.out, " {name}=\"");
            self.escaped(uri, true)?;
            self.out.push('"');
            names.insert(name);
        }
        for (name, value) in &parts.attributes {
            let name = self.name(name);
            if names.contains(&name) {
                return Err(ConvertError::Invalid(format!("The attribute '{name}' is there twice.")));
            }
            let _ = write!(self.out, " {name}=\"");
            self.escaped(value, true)?;
            self.out.push('"');
            names.insert(name);
        }
        if parts.children.is_empty() {
            self.out.push_str(" />");
        } else {
            self.out.push('>');
            for (name, value) in &parts.children {
                self.member(name, value, depth + 1)?;
            }
            let _ = write!(self.out, "</{name}>");
        }
        for (prefix, _) in &parts.declarations {
            if let Some(count) = self.prefixes.get_mut(prefix) {
                *count -= 1;
            }
        }
        self.check()
    }

    fn scalar(&mut self, name: &str, value: &JToken) -> Result {
        let name = self.name(name);
        let text = self.text(value).map(|text| if self.options.trims { text.trim().to_owned() } else { text });
        let text = text.filter(|text| !(text.is_empty() && self.options.empty_as_null));
        match text.as_deref().or(self.options.null_text) {
            None => {
                let _ = write!(self.out, "<{name} xsi:nil=\"true\" xmlns:xsi=\"{XSI}\" />");
            }
            Some("") => {
                let _ = write!(self.out, "<{name}></{name}>");
            }
            Some(text) => {
                let _ = write!(self.out, "<{name}>");
                self.escaped(text, false)?;
                let _ = write!(self.out, "</{name}>");
            }
        }
        self.check()
    }

    /// The text of a scalar; none for null.
    pub(super) fn text(&self, value: &JToken) -> Option<String> {
        match value.value() {
            None if value.is_container() => value.to_json(Formatting::None, self.options.limit).ok(),
            None | Some(TokenValue::Null) => None,
            Some(TokenValue::Date(date)) => {
                let mut text = String::new();
                iso_date(date, &mut text);
                Some(text)
            }
            Some(value) => Some(value.invariant_text()),
        }
    }

    /// The XML name of a property: with a prefix when that is declared, and illegal characters replaced.
    fn name(&self, property: &str) -> String {
        if let Some((prefix, local)) = self.options.separator.and_then(|separator| property.split_once(separator))
            && !local.is_empty()
            && (prefix == "xml" || self.prefixes.get(prefix).is_some_and(|count| *count > 0))
        {
            return format!("{prefix}:{}", encoded(local, self.options.replacement));
        }
        encoded(property, self.options.replacement)
    }

    fn escaped(&mut self, text: &str, is_attribute: bool) -> Result {
        if let Some(c) = text.chars().find(|c| !is_xml_char(*c)) {
            let message = format!("The character 0x{:02X} cannot stand in XML.", c as u32);
            return Err(ConvertError::Invalid(message));
        }
        escape(text, is_attribute, &mut self.out);
        self.check()
    }

    fn check(&self) -> Result {
        if self.out.len() > self.options.limit { Err(ConvertError::TooLarge) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::super::markup::Markup;
    use super::*;

    const PLAIN: Options<'_> = Options {
        parses_dates: true,
        separator: Some('_'),
        namespace_prefix: None,
        attribute_block: None,
        attribute_prefix: None,
        namespace_block: None,
        replacement: None,
        null_text: None,
        trims: false,
        empty_as_null: false,
        limit: 1 << 20,
    };

    fn xml(json: &str, options: Options<'_>) -> String {
        convert(json, options).unwrap().strip_prefix(r#"<?xml version="1.0" encoding="utf-8"?>"#).unwrap().to_owned()
    }

    #[test]
    fn the_root_is_the_only_property_or_a_document() {
        assert_eq!(xml(r#"{"a":1}"#, PLAIN), "<a>1</a>");
        assert_eq!(xml(r#"{"a":1,"b":true}"#, PLAIN), "<Document><a>1</a><b>True</b></Document>");
        assert_eq!(xml(r#"{"a":[1,2]}"#, PLAIN), "<Document><a>1</a><a>2</a></Document>");
        assert_eq!(xml(r#"[1,{"a":[]}]"#, PLAIN), "<Document><item>1</item><item><a /></item></Document>");
        assert_eq!(xml(r#""x<y""#, PLAIN), "<Document>x&lt;y</Document>");
        assert_eq!(xml("{}", PLAIN), "<Document />");
    }

    #[test]
    fn nested_arrays_dates_and_names() {
        assert_eq!(xml(r#"{"a":[[1],[2,3]]}"#, PLAIN), "<Document><a><a>1</a></a><a><a>2</a><a>3</a></a></Document>");
        assert_eq!(
            xml(r#"{"a b":"2024-03-05T14:07:09.120Z"}"#, PLAIN),
            "<a_x0020_b>2024-03-05T14:07:09.12Z</a_x0020_b>"
        );
        let text = Options { parses_dates: false, ..PLAIN };
        assert_eq!(xml(r#"{"1":"2024-03-05T14:07:09.120Z"}"#, text), "<_x0031_>2024-03-05T14:07:09.120Z</_x0031_>");
        assert_eq!(xml(r#"{"_x0041_":1}"#, PLAIN), "<_x005F_x0041_>1</_x005F_x0041_>");
    }

    #[test]
    fn many_attributes_and_declarations_take_their_time_once() {
        let options = Options { attribute_prefix: Some("@"), namespace_prefix: Some("xmlns"), limit: 1 << 26, ..PLAIN };
        let members = |name: &str| (0..20_000).map(|n| format!("\"{name}{n}\":\"u\"")).collect::<Vec<_>>().join(",");
        for json in [
            format!("{{\"a\":{{{}}}}}", members("@n")),
            format!("{{\"a\":{{{}}}}}", members("xmlns_n")),
            format!("{{\"a\":{{{},{}}}}}", members("xmlns_n"), members("n9_")),
        ] {
            assert!(xml(&json, options).len() > 200_000);
        }
    }

    #[test]
    fn a_declaration_is_not_an_attribute_too() {
        let options = Options { namespace_prefix: Some("xmlns"), attribute_block: Some("#attrs"), ..PLAIN };
        let twice = r##"{"a":{"xmlns":"u","#attrs":{"xmlns":"v"}}}"##;
        let message = "The attribute 'xmlns' is there twice.".to_owned();
        assert_eq!(convert(twice, options), Err(ConvertError::Invalid(message)));
    }

    #[test]
    fn a_prefix_holds_within_its_element() {
        let options = Options { namespace_prefix: Some("xmlns"), ..PLAIN };
        let json = r#"{"r":{"a":{"xmlns_p":"u","p_b":{"xmlns_p":"v","p_c":1},"p_d":2},"p_e":3}}"#;
        let expected = r#"<r><a xmlns:p="u"><p:b xmlns:p="v"><p:c>1</p:c></p:b><p:d>2</p:d></a><p_e>3</p_e></r>"#;
        assert_eq!(xml(json, options), expected);
    }

    #[test]
    fn a_long_name_of_many_items_is_bounded() {
        let json = format!("{{\"{}\":[{}1]}}", "n".repeat(10_000), "1,".repeat(10_000));
        assert_eq!(convert(&json, PLAIN), Err(ConvertError::TooLarge));
    }

    proptest! {
        #[test]
        fn what_comes_out_is_well_formed(name in "[ -~é]{0,12}", text in "[ -~é\n]{0,12}", inner in "[a-c:_@#]{1,6}") {
            let json = JToken::object();
            let child = JToken::object();
            child.add_property(&inner, Some(&JToken::string(&text))).unwrap();
            json.add_property(&name, Some(&child)).unwrap();
            let json = json.to_json(Formatting::None, 1 << 20).unwrap();
            let options = Options { separator: Some(':'), namespace_prefix: Some("a"), attribute_prefix: Some("@"), ..PLAIN };
            if let Ok(xml) = convert(&json, options) {
                prop_assert!(Markup::parse(&xml, 100).is_ok(), "{}", xml);
            }
        }
    }
}
