//! `http-data-source`: the document of a GraphQL resolver that asks an HTTP service.

use super::super::compile::Compiler;
use super::super::document::Node;
use super::super::own_request::{
    BASIC, CERTIFICATE, IDENTITY, PROXY, SET_BACKEND, SET_BODY, SET_HEADER, SET_METHOD, SET_URL,
};
use super::super::spec::{Child, Content, Spec};
use super::{
    find_and_replace, forward_request, get_authorization_context, include_fragment, json_to_xml, publish_event,
    xml_to_json,
};
use crate::xml::Element;

const FRAGMENT: Child = Child::policy(&include_fragment::SPEC, "0..n");

/// What is asked.
pub(crate) const REQUEST: Child = Child::new(
    "http-request",
    "1",
    Content::Elements(&[
        Child::policy(&get_authorization_context::SPEC, "0..1"),
        SET_BACKEND,
        SET_METHOD,
        SET_URL,
        FRAGMENT,
        SET_HEADER,
        SET_BODY,
        BASIC,
        CERTIFICATE,
        IDENTITY,
        PROXY,
    ]),
);
/// How it is sent.
pub(crate) const BACKEND: Child =
    Child::new("backend", "0..1", Content::Elements(&[Child::policy(&forward_request::SPEC, "0..1")]));
/// What becomes of the answer.
pub(crate) const RESPONSE: Child = Child::new(
    "http-response",
    "0..1",
    Content::Elements(&[
        SET_BODY,
        Child::policy(&json_to_xml::SPEC, "0..1"),
        Child::policy(&xml_to_json::SPEC, "0..1"),
        Child::policy(&find_and_replace::SPEC, "0..1"),
        Child::policy(&publish_event::SPEC, "0..1"),
        FRAGMENT,
    ]),
);

pub(crate) const SPEC: Spec = Spec::new(
    "http-data-source",
    "Asks an HTTP service for the value of a field of a GraphQL API: the document of a resolver.",
)
.sections(&[])
.scopes(&[])
.content(Content::Elements(&[REQUEST, BACKEND, RESPONSE]));

/// It stands in no document of statements.
pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let message = "`http-data-source` is the document of a GraphQL resolver: it cannot stand in another one";
    compiler.error(element.span.start, message.to_owned());
    None
}
