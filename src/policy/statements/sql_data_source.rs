//! `sql-data-source`: the document of a GraphQL resolver that asks Azure SQL or a SQL Server.

use super::super::compile::Compiler;
use super::super::document::Node;
use super::super::own_request::{CERTIFICATE, SET_BODY};
use super::super::spec::{Attribute, Child, Content, Spec};
use super::cosmosdb_data_source::{CLIENT, USES_IDENTITY};
use super::{get_authorization_context, include_fragment, publish_event};
use crate::xml::Element;

const FRAGMENT: Child = Child::policy(&include_fragment::SPEC, "0..n");
const EXPRESSION: Content = Content::Text { expressions: true };
const BOOL: &str = "`true` or `false`";

pub(crate) const TEMPLATE: Attribute = Attribute::optional("template", "`liquid`", "none");
pub(crate) const SCOPE: Attribute =
    Attribute::optional("scope", "what a token is asked for", "https://database.windows.net").or_expression();
pub(crate) const SINGLE: Attribute = Attribute::optional("single-result", BOOL, "false").or_expression();
pub(crate) const NAME: Attribute = Attribute::required("name", "the name of a parameter, such as `@id`");
pub(crate) const TYPE: Attribute =
    Attribute::optional("sql-type", "a type of SQL Server, such as `nvarchar(20)`", "that of the value");

pub(crate) const CONNECTION_STRING: Child =
    Child::new("connection-string", "1", EXPRESSION).attributes(&[USES_IDENTITY, SCOPE, CLIENT]);
pub(crate) const STATEMENT: Child = Child::new("sql-statement", "1", Content::Text { expressions: false });
pub(crate) const PARAMETER: Child = Child::new("parameter", "1..n", EXPRESSION).attributes(&[NAME, TYPE, TEMPLATE]);
pub(crate) const PARAMETERS: Child = Child::new("parameters", "0..1", Content::Elements(&[PARAMETER]));

/// Which server and database, and who asks.
pub(crate) const CONNECTION: Child = Child::new(
    "connection-info",
    "1",
    Content::Elements(&[
        Child::policy(&get_authorization_context::SPEC, "0..1"),
        CONNECTION_STRING,
        FRAGMENT,
        CERTIFICATE,
    ]),
);
/// What is asked.
pub(crate) const REQUEST: Child =
    Child::new("request", "1", Content::Elements(&[FRAGMENT, SET_BODY, STATEMENT, PARAMETERS])).attributes(&[SINGLE]);
/// What becomes of the answer.
pub(crate) const RESPONSE: Child = Child::new(
    "response",
    "0..1",
    Content::Elements(&[FRAGMENT, SET_BODY, Child::policy(&publish_event::SPEC, "0..1")]),
);

pub(crate) const SPEC: Spec = Spec::new(
    "sql-data-source",
    "Asks Azure SQL or a SQL Server for the value of a field of a GraphQL API: the document of a resolver.",
)
.sections(&[])
.scopes(&[])
.content(Content::Elements(&[CONNECTION, FRAGMENT, REQUEST, RESPONSE]))
.state("connections, in the gateway: 8 that nobody uses for each database and login, for a minute.")
.differences(&[
    "It needs a build with the feature `sql`, or a `SqlExecutor` of the host: without, it is refused when a configuration is \
     loaded.",
    "The rows are those of the last result: an array of objects, or with `single-result` the first one, or null. 50,000 rows are \
     the most.",
    "A parameter without `sql-type` is what its value is: a bit, an int or bigint, a float, or nvarchar; lists and objects are \
     their JSON.",
    "Connecting may take what `Connect Timeout` of the connection string says (15 s), a statement what `Command Timeout` says \
     (30 s); `Encrypt` is true unless it says otherwise.",
    "A client certificate is one of the gateway's transport, or a `body`.",
]);

/// It stands in no document of statements.
pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let message = "`sql-data-source` is the document of a GraphQL resolver: it cannot stand in another one";
    compiler.error(element.span.start, message.to_owned());
    None
}
