//! `graphql-data-source`: the document of a GraphQL resolver that asks another GraphQL service.

use super::super::compile::Compiler;
use super::super::document::Node;
use super::super::own_request::{BASIC, CERTIFICATE, IDENTITY, SET_BACKEND, SET_BODY, SET_HEADER, SET_URL};
use super::super::spec::{Attribute, Child, Content, Spec};
use super::{get_authorization_context, include_fragment, publish_event};
use crate::xml::Element;

const FRAGMENT: Child = Child::policy(&include_fragment::SPEC, "0..n");
pub(crate) const NAME: Attribute = Attribute::required("name", "the name of a variable of the query");
/// The query.
pub(crate) const DOCUMENT: Child = Child::new("document", "1", Content::Text { expressions: true });
pub(crate) const OPERATION: Child = Child::new("operationName", "0..1", Content::Text { expressions: true });
pub(crate) const VARIABLE: Child =
    Child::new("variable", "0..n", Content::Text { expressions: true }).attributes(&[NAME]);
pub(crate) const VARIABLES: Child = Child::new("variables", "0..1", Content::Elements(&[VARIABLE]));

/// What is asked.
pub(crate) const REQUEST: Child = Child::new(
    "request",
    "1",
    Content::Elements(&[
        Child::policy(&get_authorization_context::SPEC, "0..1"),
        SET_BACKEND,
        SET_URL,
        FRAGMENT,
        SET_HEADER,
        BASIC,
        CERTIFICATE,
        IDENTITY,
        DOCUMENT,
        OPERATION,
        VARIABLES,
    ]),
);
/// What becomes of the answer.
pub(crate) const RESPONSE: Child = Child::new(
    "response",
    "0..1",
    Content::Elements(&[SET_BODY, Child::policy(&publish_event::SPEC, "0..1"), FRAGMENT]),
);

pub(crate) const SPEC: Spec = Spec::new(
    "graphql-data-source",
    "Asks another GraphQL service for the value of a field of a GraphQL API: the document of a resolver. The value is the \
     `data` of the answer.",
)
.sections(&[])
.scopes(&[])
.content(Content::Elements(&[REQUEST, RESPONSE]));

/// It stands in no document of statements.
pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let message = "`graphql-data-source` is the document of a GraphQL resolver: it cannot stand in another one";
    compiler.error(element.span.start, message.to_owned());
    None
}
