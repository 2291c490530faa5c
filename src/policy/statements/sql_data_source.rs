//! `sql-data-source`: the document of a GraphQL resolver that asks Azure SQL. It is refused.

use super::super::compile::Compiler;
use super::super::document::Node;
use super::super::spec::{Content, Spec};
use crate::xml::Element;

pub(crate) const SPEC: Spec = Spec::new(
    "sql-data-source",
    "Asks Azure SQL for the value of a field of a GraphQL API. It is not supported: a configuration that has it is refused when it \
     is loaded.",
)
.sections(&[])
.scopes(&[])
.content(Content::Verbatim).differences(&["It is refused when a configuration is loaded."]);

/// It stands in no document of statements.
pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let message = "`sql-data-source` is not supported: expected a resolver with `http-data-source`";
    compiler.error(element.span.start, message.to_owned());
    None
}
