//! What the service does not take of WSDL: findings about a document and about the endpoint that is imported.

use std::collections::HashSet;

use roxmltree::Node;

use super::Imports;
use super::definitions::{Definitions, Endpoint, Message, Operation, WSDL, is};
use super::files::Documents;
use super::types::{Types, is_xsd};
use crate::import::finding::Findings;

/// Reports what is wrong with the document as a whole, and with the files that it imports.
pub(super) fn document(
    definitions: &Definitions<'_>,
    types: &Types<'_>,
    documents: &Documents<'_>,
    imports: Imports,
    findings: &mut Findings,
) {
    // The service refuses what its own document imports; what those files import it never sees.
    let own = definitions.followed.iter().copied().filter(|node| documents.is_own(*node));
    let own: Vec<_> = own.filter(|_| imports == Imports::Refuse).collect();
    let refused = |is_kind: fn(Node<'_, '_>) -> bool| {
        own.iter().chain(&definitions.unresolved).copied().find(|node| is_kind(*node))
    };
    let kinds: [(&str, &str, fn(Node<'_, '_>) -> bool); 3] = [
        ("wsdl-import", "`wsdl:import`", |node| is(node, "import")),
        ("xsd-import", "`xsd:import` with `schemaLocation`", |node| is_xsd(node, "import")),
        ("xsd-include", "`xsd:include`", |node| is_xsd(node, "include") || is_xsd(node, "redefine")),
    ];
    for (code, what, is_kind) in kinds {
        let Some(node) = refused(is_kind) else { continue };
        let location = node.attribute("schemaLocation").or_else(|| node.attribute("location")).unwrap_or_default();
        let message = format!("{what} of `{location}` is not followed: merge the documents, or hand the file in");
        documents.refuse(findings, code, node, message);
    }
    let mut is_whole = definitions.unresolved.is_empty() && own.is_empty();
    let mut nodes = definitions.all_nodes();
    if let Some(old) = nodes.find(|node| is_old_schema(*node)) {
        let message = "the schema is of an old draft: expected `http://www.w3.org/2001/XMLSchema`";
        documents.refuse(findings, "old-schema-namespace", old, message);
        is_whole = false;
    }
    if let Some(node) = definitions.all_nodes().find(|node| is_ws_star(*node)) {
        let message =
            format!("`{}`: WS-Policy, WS-Addressing and WS-Security are not supported", node.tag_name().name());
        documents.refuse(findings, "ws-star", node, message);
    }
    let messages = definitions.children("message");
    let problems = types.check(messages.flat_map(|message| message.children().filter(|child| is(*child, "part"))));
    if let Some((node, name)) = problems.unresolved.filter(|_| is_whole) {
        let message = format!("`{name}` is not in the schemas of the document");
        documents.refuse(findings, "unresolved-type", node, message);
    }
    if let Some(node) = problems.recursive {
        let name = node.attribute("name").unwrap_or_default();
        documents.refuse(findings, "recursive-type", node, format!("`{name}` has a recursive definition"));
    }
}

/// Reports what is wrong with one endpoint.
pub(super) fn endpoint(endpoint: &Endpoint<'_>, documents: &Documents<'_>, findings: &mut Findings) {
    if endpoint.address.is_none() {
        let message = format!("endpoint `{}` has no address", endpoint.name);
        documents.refuse(findings, "no-address", endpoint.port, message);
    }
    if !endpoint.has_port_type {
        let message = format!("the port type of endpoint `{}` is not in the document", endpoint.name);
        documents.refuse(findings, "port-type-not-found", endpoint.port, message);
    }
    if let Some(transport) = endpoint.transport.filter(|transport| !is_http(transport)) {
        let message = format!("transport `{transport}` is not supported: expected HTTP");
        documents.refuse(findings, "transport-not-http", endpoint.port, message);
    }
    for rule in RULES {
        let mut broken = endpoint.operations.iter().filter(|operation| (rule.is_broken)(operation));
        let Some(first) = broken.next() else { continue };
        let others = broken.count();
        let and_others = if others > 0 { format!(" and {others} more") } else { String::new() };
        let message = format!("operation `{}`{and_others}: {}", first.name, rule.message);
        match rule.is_reason_to_refuse {
            true => documents.refuse(findings, rule.code, first.node, message),
            false => documents.warn(findings, rule.code, first.node, message),
        }
    }
    repeated(endpoint, documents, findings);
}

/// A restriction on operations.
struct Rule {
    code: &'static str,
    is_broken: fn(&Operation<'_>) -> bool,
    is_reason_to_refuse: bool,
    message: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        code: "operation-not-found",
        is_broken: |operation| operation.input.is_none() && operation.output.is_none(),
        is_reason_to_refuse: true,
        message: "the port type has no input and no output for it",
    },
    Rule {
        code: "rpc-style",
        is_broken: |operation| operation.style != "document",
        is_reason_to_refuse: true,
        message: "style is `rpc`: only `document` is supported",
    },
    Rule {
        code: "encoded-use",
        is_broken: |operation| operation.is_encoded,
        is_reason_to_refuse: true,
        message: "use is `encoded`: only `literal` is supported",
    },
    Rule {
        code: "one-way-operation",
        is_broken: |operation| operation.input.is_some() && operation.output.is_none(),
        is_reason_to_refuse: true,
        message: "there is no output: only request and response operations are supported",
    },
    Rule {
        code: "notification-operation",
        is_broken: |operation| operation.input.is_none() && operation.output.is_some(),
        is_reason_to_refuse: true,
        message: "there is no input: only request and response operations are supported",
    },
    Rule {
        code: "message-not-found",
        is_broken: |operation| messages(operation).any(|message| message.node.is_none()),
        is_reason_to_refuse: true,
        message: "a message is not in the document",
    },
    Rule {
        code: "multi-part-message",
        is_broken: |operation| messages(operation).any(|message| message.parts().count() > 1),
        is_reason_to_refuse: true,
        message: "a message contains multiple parts: only one is supported",
    },
    Rule {
        code: "document-part-without-element",
        is_broken: |operation| {
            operation.style == "document"
                && messages(operation).flat_map(Message::parts).any(|part| part.attribute("element").is_none())
        },
        is_reason_to_refuse: false,
        message: "a part of a `document` message has no element: it is taken without a type",
    },
    Rule {
        code: "empty-soap-action",
        is_broken: |operation| operation.action.is_none(),
        is_reason_to_refuse: false,
        message: "the SOAP action is empty: the name of the operation takes its place",
    },
];

fn messages<'o, 'd>(operation: &'o Operation<'d>) -> impl Iterator<Item = &'o Message<'d>> {
    operation.input.iter().chain(&operation.output)
}

fn repeated(endpoint: &Endpoint<'_>, documents: &Documents<'_>, findings: &mut Findings) {
    let (mut names, mut actions) = (HashSet::new(), HashSet::new());
    let operations = &endpoint.operations;
    let name = operations.iter().find(|operation| !names.insert(operation.name));
    let action = operations.iter().find(|operation| !actions.insert(operation.action));
    if let Some(operation) = name {
        let message = format!("two operations are called `{}`: the second gets a number", operation.name);
        documents.warn(findings, "duplicate-operation-name", operation.node, message);
    }
    let mut actions = HashSet::new();
    let mut written = operations.iter().filter(|operation| operation.action.is_some());
    if let Some(operation) = written.find(|operation| !actions.insert(operation.action)) {
        let message = format!("two operations have the SOAP action `{}`", operation.action.unwrap_or_default());
        documents.warn(findings, "duplicate-soap-action", operation.node, message);
    }
    if let (Some(operation), Some(_)) = (name, action) {
        let message = "names and SOAP actions of operations both repeat: no unique identifiers can be made";
        documents.refuse(findings, "names-and-actions-conflict", operation.node, message);
    }
}

fn is_http(transport: &str) -> bool {
    let transport = transport.trim_end_matches('/');
    transport.ends_with("/soap/http") || transport.ends_with("/soap/bindings/HTTP")
}

fn is_old_schema(node: Node<'_, '_>) -> bool {
    let is_schema = node.is_element() && node.tag_name().name() == "schema";
    is_schema
        && matches!(node.tag_name().namespace(), Some(uri) if uri.starts_with("http://www.w3.org/") && uri != super::types::XSD && uri.ends_with("XMLSchema"))
}

/// Whether a node asks for WS-Policy, for WS-Security, or for WS-Addressing and does not leave it to the caller.
fn is_ws_star(node: Node<'_, '_>) -> bool {
    let policy = ["/ws/2002/12/policy", "/ws/2004/09/policy", "/ns/ws-policy"];
    let Some(uri) = node.tag_name().namespace() else { return false };
    let is_required = || matches!(node.attribute((WSDL, "required")), Some("true" | "1"));
    policy.iter().any(|policy| uri.ends_with(policy))
        || uri.contains("wssecurity-secext")
        || uri.contains("securitypolicy")
        || (node.tag_name().name() == "UsingAddressing" && uri.contains("/addressing") && is_required())
}
