//! What `xsl:output` says: method, encoding and declaration.

use roxmltree::Node;

use super::super::super::markup::{Kind, Markup};
use crate::expr::dotnet::encoding::Encoding;

/// How a result is written.
#[derive(Clone, Debug, Default)]
pub(super) struct Output {
    pub(super) method: Option<Method>,
    pub(super) indents: bool,
    omits_declaration: bool,
    encoding: Option<String>,
    standalone: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Xml,
    Html,
    Text,
}

impl Output {
    /// The settings of all `xsl:output` elements; later ones win.
    pub(super) fn of<'a, 'input: 'a>(elements: impl Iterator<Item = Node<'a, 'input>>) -> Self {
        let mut output = Self::default();
        for element in elements {
            let is_yes = |name: &str| element.attribute(name).map(|value| value.trim() == "yes");
            output.method = match element.attribute("method") {
                Some("xml") => Some(Method::Xml),
                Some("html") => Some(Method::Html),
                Some("text") => Some(Method::Text),
                _ => output.method,
            };
            output.indents = is_yes("indent").unwrap_or(output.indents);
            output.omits_declaration = is_yes("omit-xml-declaration").unwrap_or(output.omits_declaration);
            output.standalone = is_yes("standalone").or(output.standalone);
            output.encoding = element.attribute("encoding").map(str::to_owned).or(output.encoding);
        }
        output
    }

    /// The bytes of a result that is serialised without declaration.
    pub(super) fn write(&self, method: Method, body: &str) -> Vec<u8> {
        let body = body.strip_suffix('\n').unwrap_or(body);
        let encoding = self.encoding.as_deref().and_then(|name| Encoding::by_name(name).ok()).unwrap_or(Encoding::Utf8);
        let mut text = String::with_capacity(body.len() + 64);
        if method == Method::Xml && !self.omits_declaration {
            text.push_str("<?xml version=\"1.0\" encoding=\"");
            text.push_str(encoding.web_name());
            text.push('"');
            if let Some(standalone) = self.standalone {
                text.push_str(if standalone { " standalone=\"yes\"" } else { " standalone=\"no\"" });
            }
            text.push_str("?>");
        }
        match method {
            Method::Text => text.push_str(&text_of(body)),
            Method::Xml | Method::Html => text.push_str(body),
        }
        let limit = match encoding {
            Encoding::Ascii => 0x7F,
            Encoding::Latin1 => 0xFF,
            _ => return [encoding_mark(encoding), &encoding.encode(&text)].concat(),
        };
        if method != Method::Text && text.chars().any(|c| c as u32 > limit) {
            let escape = |c: char| if c as u32 > limit { format!("&#{};", c as u32) } else { c.to_string() };
            text = text.chars().map(escape).collect();
        }
        encoding.encode(&text)
    }
}

fn encoding_mark(encoding: Encoding) -> &'static [u8] {
    if encoding == Encoding::Utf8 { &[] } else { encoding.preamble() }
}

/// The text of a serialised result: tags left out, entities decoded.
fn text_of(body: &str) -> String {
    let wrapped = format!("<t>{body}</t>");
    let Ok(markup) = Markup::parse(&wrapped, usize::MAX) else { return body.to_owned() };
    let mut text = String::new();
    let mut open = vec![markup.root];
    while let Some(id) = open.pop() {
        match markup.kind(id) {
            Kind::Element { .. } => {
                let children: Vec<_> = markup.children(id).collect();
                open.extend(children.into_iter().rev());
            }
            _ => text.push_str(markup.text(id).unwrap_or_default()),
        }
    }
    text
}
