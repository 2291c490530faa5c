//! Stylesheets: read and checked when a document is loaded.

use roxmltree::{Document, Node};

use super::engine;
use super::output::Output;
use super::scratch::Scratch;

const XSLT: &str = "http://www.w3.org/1999/XSL/Transform";

/// Namespaces whose elements write files or run scripts.
const EXTENSIONS: [&str; 7] = [
    "http://exslt.org/",
    "http://xmlsoft.org/XSLT/",
    "http://icl.com/saxon",
    "http://saxon.sf.net/",
    "org.apache.xalan.",
    "http://xml.apache.org/xalan",
    "http://www.jclark.com/xt",
];

/// Namespaces whose functions make code of text, or run scripts.
const DYNAMIC: [&str; 3] = ["http://exslt.org/dynamic", "http://exslt.org/functions", "urn:schemas-microsoft-com:xslt"];

/// A stylesheet that libxslt accepts, and that reaches nothing outside of it.
#[derive(Debug)]
pub(super) struct Stylesheet {
    pub(super) text: String,
    pub(super) output: Output,
}

impl Stylesheet {
    /// Reads and checks a stylesheet; the error says what is wrong.
    pub(super) fn compile(text: String) -> Result<Self, String> {
        let document = Document::parse(&text).map_err(|error| error.to_string())?;
        let root = document.root_element();
        if root.tag_name().namespace() != Some(XSLT) || !matches!(root.tag_name().name(), "stylesheet" | "transform") {
            return Err(format!("the root is not `xsl:stylesheet` of the namespace `{XSLT}`"));
        }
        for node in root.descendants().filter(Node::is_element) {
            check(node)?;
        }
        let output = output_of(&document);
        drop(document);
        let stylesheet = Self { text, output };
        stylesheet.try_out()?;
        Ok(stylesheet)
    }

    /// Lets libxslt read the stylesheet. It takes a file: only of one does its crate tell whether it could be read.
    fn try_out(&self) -> Result<(), String> {
        let file = Scratch::of(self.text.as_bytes()).map_err(|error| format!("it could not be checked: {error}"))?;
        if engine::accepts(file.path()) { Ok(()) } else { Err("it is not XSLT 1.0".to_owned()) }
    }
}

/// What a stylesheet that was checked says of its result.
pub(super) fn output_of(document: &Document<'_>) -> Output {
    Output::of(document.root_element().children().filter(|node| node.has_tag_name((XSLT, "output"))))
}

/// Refuses what reaches outside of the stylesheet and the body.
fn check(node: Node<'_, '_>) -> Result<(), String> {
    let name = node.tag_name();
    let namespace = name.namespace().unwrap_or_default();
    let shown = name.name();
    if namespace == XSLT && matches!(shown, "import" | "include" | "document") {
        return Err(format!("`xsl:{shown}` is not allowed: nothing outside of the stylesheet is read"));
    }
    if EXTENSIONS.iter().any(|start| namespace.starts_with(start)) {
        return Err(format!("the extension element `{shown}` is not allowed"));
    }
    for declared in node.namespaces() {
        if DYNAMIC.contains(&declared.uri()) {
            return Err(format!("the extension namespace `{}` is not allowed", declared.uri()));
        }
    }
    for attribute in node.attributes() {
        if attribute.name() == "extension-element-prefixes" {
            return Err("`extension-element-prefixes` is not allowed".to_owned());
        }
        if calls_document(attribute.value()) {
            return Err("the function `document` is not allowed: nothing outside of the stylesheet is read".to_owned());
        }
    }
    Ok(())
}

/// Whether an XPath calls `document()`.
fn calls_document(path: &str) -> bool {
    path.match_indices("document").any(|(at, word)| {
        let before = path.get(..at).and_then(|before| before.chars().next_back());
        let behind = path.get(at + word.len()..).unwrap_or_default();
        let is_word = before.is_none_or(|c| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.')));
        is_word && behind.trim_start().starts_with('(')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(inner: &str) -> String {
        let text = format!("<xsl:stylesheet version='1.0' xmlns:xsl='{XSLT}'>{inner}</xsl:stylesheet>");
        Stylesheet::compile(text).map(drop).unwrap_err()
    }

    #[test]
    fn nothing_outside_is_reached() {
        assert!(problem("<xsl:import href='http://x'/>").starts_with("`xsl:import` is not allowed"));
        assert!(problem("<xsl:include href='/etc/passwd'/>").starts_with("`xsl:include` is not allowed"));
        for path in ["document('/etc/passwd')", "a | document ( @href )/b", "concat('', xx:document('x'))"] {
            let text = format!("<xsl:template match='/' xmlns:xx='u'><xsl:copy-of select=\"{path}\"/></xsl:template>");
            assert!(problem(&text).starts_with("the function `document` is not allowed"), "{path}");
        }
        assert!(problem("<xsl:template match='/'><a b='{document(\"x\")}'/></xsl:template>").contains("`document`"));
        let write =
            "<xsl:template match='/'><e:document xmlns:e='http://exslt.org/common' href='/tmp/x'/></xsl:template>";
        assert_eq!(problem(write), "the extension element `document` is not allowed");
        let dynamic = "<xsl:template match='/' xmlns:d='http://exslt.org/dynamic'/>";
        assert_eq!(problem(dynamic), "the extension namespace `http://exslt.org/dynamic` is not allowed");
        let script = "<m:script xmlns:m='urn:schemas-microsoft-com:xslt'/>";
        assert_eq!(problem(script), "the extension namespace `urn:schemas-microsoft-com:xslt` is not allowed");
    }

    #[test]
    fn what_libxslt_does_not_read_is_refused() {
        assert_eq!(problem("<xsl:template match='a['/>"), "it is not XSLT 1.0");
        assert!(Stylesheet::compile("<a/>".to_owned()).is_err());
        assert!(Stylesheet::compile("<!DOCTYPE a><a/>".to_owned()).is_err());
        let fine = format!(
            "<xsl:transform version='1.0' xmlns:xsl='{XSLT}'><xsl:template match='mydocument'/></xsl:transform>"
        );
        assert!(Stylesheet::compile(fine).is_ok());
    }
}
