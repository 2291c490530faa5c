//! Bodies of XML against XML Schema, by libxml2: used on blocking threads only.

use libxml::error::StructuredError;
use libxml::parser::{Parser, ParserOptions};
use libxml::schemas::{SchemaParserContext, SchemaValidationContext};
use libxml::tree::Node;
use roxmltree::{Document, ParsingOptions};

use super::super::super::validation::LARGEST_DOCUMENT;

/// The namespace of XML Schema.
pub(super) const XSD: &str = "http://www.w3.org/2001/XMLSchema";
/// The most breaches that are told.
const MOST_TOLD: usize = 100;
/// The most nodes of a schema.
pub(super) const MOST_NODES: u32 = 1_000_000;

/// Why a schema cannot be used; a schema must not lead out of itself. One that is too large fails when it is used.
pub(super) fn problem(xsd: &str) -> Option<String> {
    if xsd.len() > LARGEST_DOCUMENT {
        return None;
    }
    outside(xsd).or_else(|| compiled(xsd).err())
}

/// A schema, ready to compare documents with. It belongs to its thread, so that each body has one of its own.
fn compiled(xsd: &str) -> Result<SchemaValidationContext, String> {
    let mut parser = SchemaParserContext::from_buffer(xsd);
    SchemaValidationContext::from_parser(&mut parser).map_err(|errors| first(&errors))
}

/// Why a schema may not be compiled: it is no XML, or leads out of itself.
fn outside(xsd: &str) -> Option<String> {
    let document = match parse(xsd, MOST_NODES) {
        Ok(document) => document,
        Err((message, ..)) => return Some(message),
    };
    let outside = document.descendants().find(|node| {
        let is_reference = ["include", "import", "redefine", "override"].contains(&node.tag_name().name());
        is_reference && node.tag_name().namespace() == Some(XSD) && node.attribute("schemaLocation").is_some()
    });
    outside.map(|node| format!("`{}` leads to another schema, which is not supported", node.tag_name().name()))
}

/// What does not conform, with line and position; the error says why nothing could be checked.
pub(super) fn check(
    xsd: Option<&str>,
    xml: &str,
    is_soap: bool,
    most_nodes: usize,
) -> Result<Vec<(String, usize, usize)>, String> {
    if let Err((message, line, position)) = parse(xml, u32::try_from(most_nodes).unwrap_or(u32::MAX)) {
        return Ok(vec![(format!("The body is not XML: {message}."), line, position)]);
    }
    let Some(xsd) = xsd else { return Ok(Vec::new()) };
    if xsd.len() > LARGEST_DOCUMENT {
        return Err(format!("The schema is larger than {LARGEST_DOCUMENT} bytes."));
    }
    if let Some(problem) = outside(xsd) {
        return Err(problem);
    }
    let mut schema = compiled(xsd)?;
    let options =
        ParserOptions { recover: false, no_net: true, no_error: true, no_warning: true, ..Default::default() };
    // The text is UTF-8 by now, whatever its declaration says.
    let xml = match xml.trim_start_matches('\u{feff}') {
        text if text.starts_with("<?xml") => text.split_once("?>").map_or(text, |(_, rest)| rest),
        text => text,
    };
    let document = Parser::default().parse_string_with_options(xml, options);
    let document = document.map_err(|_| "The body is not XML with namespaces.".to_owned())?;
    let outcome = if is_soap {
        let Some(payload) = document.get_root_element().and_then(|root| payload(&root)) else {
            return Ok(vec![("The SOAP envelope has no body with an element.".to_owned(), 1, 1)]);
        };
        schema.validate_node(&payload)
    } else {
        schema.validate_document(&document)
    };
    let errors = outcome.err().unwrap_or_default();
    Ok(errors.iter().take(MOST_TOLD).map(|error| (text(error), number(error.line), number(error.col))).collect())
}

/// The first element in the body of an envelope.
fn payload(root: &Node) -> Option<Node> {
    let body = root.get_child_elements().into_iter().find(|child| child.get_name() == "Body");
    let body = body.filter(|_| root.get_name() == "Envelope")?;
    body.get_child_elements().into_iter().next()
}

/// XML without a DTD; the error has its line and position.
pub(super) fn parse(xml: &str, most_nodes: u32) -> Result<Document<'_>, (String, usize, usize)> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: most_nodes, ..ParsingOptions::default() };
    Document::parse_with_options(xml, options).map_err(|error| {
        let place = error.pos();
        let message = error.to_string();
        let message = message.split(" at ").next().unwrap_or_default().to_owned();
        (message, place.row as usize, place.col as usize)
    })
}

fn text(error: &StructuredError) -> String {
    error.message.as_deref().map_or("The element is not valid.", str::trim).to_owned()
}

fn first(errors: &[StructuredError]) -> String {
    errors.first().map_or_else(|| "it is not XML Schema".to_owned(), text)
}

fn number(number: Option<i32>) -> usize {
    number.and_then(|number| usize::try_from(number).ok()).filter(|number| *number > 0).unwrap_or(1)
}
