//! Checks the parts of a document against the specification: members, their types, and which must be there.
//!
//! The service's own check is more lenient in places; so what is found here is reported and, unless the caller is
//! strict, not a reason to refuse.

use super::document::Node;
use super::pointer::Pointer;
use super::{Context, Strictness, Version};
use crate::import::Severity;

/// The most problems that are reported.
const MOST: usize = 50;

/// What a member may hold.
#[derive(Clone, Copy)]
enum Kind {
    Any,
    Text,
    Bool,
    Texts,
    Schema,
    Schemas,
    One(&'static Shape),
    List(&'static Shape),
    Named(&'static Shape),
}

use Kind::{Any, Bool, List, Named, One, Schema, Schemas, Text, Texts};

/// One kind of object: its members, of which those with `true` must be there.
struct Shape {
    members: &'static [(&'static str, Kind, bool)],
}

static ROOT_2: Shape = Shape {
    members: &[
        ("swagger", Text, true),
        ("info", One(&INFO), true),
        ("host", Text, false),
        ("basePath", Text, false),
        ("schemes", Texts, false),
        ("consumes", Texts, false),
        ("produces", Texts, false),
        ("paths", Named(&PATH), true),
        ("definitions", Schemas, false),
        ("parameters", Named(&PARAMETER), false),
        ("responses", Named(&RESPONSE), false),
        ("securityDefinitions", Any, false),
        ("security", Any, false),
        ("tags", Any, false),
        ("externalDocs", Any, false),
    ],
};

static ROOT_3: Shape = Shape {
    members: &[
        ("openapi", Text, true),
        ("info", One(&INFO), true),
        ("jsonSchemaDialect", Text, false),
        ("servers", List(&SERVER), false),
        ("paths", Named(&PATH), false),
        ("webhooks", Named(&PATH), false),
        ("components", One(&COMPONENTS), false),
        ("security", Any, false),
        ("tags", Any, false),
        ("externalDocs", Any, false),
    ],
};

static INFO: Shape = Shape {
    members: &[
        ("title", Text, true),
        ("version", Text, true),
        ("summary", Text, false),
        ("description", Text, false),
        ("termsOfService", Text, false),
        ("contact", One(&CONTACT), false),
        ("license", One(&LICENSE), false),
    ],
};

static CONTACT: Shape = Shape { members: &[("name", Text, false), ("url", Text, false), ("email", Text, false)] };

static LICENSE: Shape = Shape { members: &[("name", Text, true), ("url", Text, false), ("identifier", Text, false)] };

static SERVER: Shape =
    Shape { members: &[("url", Text, true), ("description", Text, false), ("variables", Named(&VARIABLE), false)] };

static VARIABLE: Shape =
    Shape { members: &[("default", Text, true), ("enum", Texts, false), ("description", Text, false)] };

static COMPONENTS: Shape = Shape {
    members: &[
        ("schemas", Schemas, false),
        ("responses", Named(&RESPONSE), false),
        ("parameters", Named(&PARAMETER), false),
        ("requestBodies", Named(&BODY), false),
        ("headers", Named(&HEADER), false),
        ("pathItems", Named(&PATH), false),
        ("examples", Any, false),
        ("securitySchemes", Any, false),
        ("links", Any, false),
        ("callbacks", Any, false),
    ],
};

static PATH: Shape = Shape {
    members: &[
        ("get", One(&OPERATION), false),
        ("put", One(&OPERATION), false),
        ("post", One(&OPERATION), false),
        ("delete", One(&OPERATION), false),
        ("options", One(&OPERATION), false),
        ("head", One(&OPERATION), false),
        ("patch", One(&OPERATION), false),
        ("trace", One(&OPERATION), false),
        ("summary", Text, false),
        ("description", Text, false),
        ("servers", List(&SERVER), false),
        ("parameters", List(&PARAMETER), false),
    ],
};

static OPERATION: Shape = Shape {
    members: &[
        ("tags", Texts, false),
        ("summary", Text, false),
        ("description", Text, false),
        ("operationId", Text, false),
        ("parameters", List(&PARAMETER), false),
        ("requestBody", One(&BODY), false),
        ("responses", Named(&RESPONSE), false),
        ("deprecated", Bool, false),
        ("servers", List(&SERVER), false),
        ("consumes", Texts, false),
        ("produces", Texts, false),
        ("schemes", Texts, false),
        ("security", Any, false),
        ("callbacks", Any, false),
        ("externalDocs", Any, false),
    ],
};

/// A parameter of any version; in 2.0 it also has the members of a schema, which are not looked at.
static PARAMETER: Shape = Shape {
    members: &[
        ("name", Text, true),
        ("in", Text, true),
        ("description", Text, false),
        ("required", Bool, false),
        ("schema", Schema, false),
        ("content", Named(&MEDIA), false),
        ("*", Any, false),
    ],
};

static BODY: Shape =
    Shape { members: &[("content", Named(&MEDIA), true), ("description", Text, false), ("required", Bool, false)] };

static RESPONSE: Shape = Shape {
    members: &[
        ("description", Text, true),
        ("headers", Named(&HEADER), false),
        ("content", Named(&MEDIA), false),
        ("schema", Schema, false),
        ("examples", Any, false),
        ("links", Any, false),
    ],
};

static HEADER: Shape = Shape {
    members: &[
        ("description", Text, false),
        ("required", Bool, false),
        ("schema", Schema, false),
        ("content", Named(&MEDIA), false),
        ("*", Any, false),
    ],
};

static MEDIA: Shape = Shape {
    members: &[("schema", Schema, false), ("example", Any, false), ("examples", Any, false), ("encoding", Any, false)],
};

/// Reports what breaks the specification.
pub(super) fn check(context: &mut Context<'_>) {
    let root = context.root;
    let mut check = Check { version: context.version, path: Pointer::default(), problems: Vec::new() };
    check.object(root, if context.version == Version::V2 { &ROOT_2 } else { &ROOT_3 });
    let containers: &[&str] = match context.version {
        Version::V31 => &["paths", "components", "webhooks"],
        _ => &["paths"],
    };
    if !containers.iter().any(|name| root.find(name).is_some()) {
        check.problem(format!("`{}` is missing", containers.join("`, `")));
    }
    let severity = match context.options.strictness {
        Strictness::Strict => Severity::Error,
        _ => Severity::Warning,
    };
    for (pointer, problem) in check.problems {
        context.findings.add("invalid-document", severity, pointer, problem);
    }
}

/// Says that the document breaks the specification when another finding shows it.
pub(super) fn conclude(context: &mut Context<'_>) {
    let breaking = [
        "external-ref",
        "broken-ref",
        "undeclared-path-parameter",
        "path-parameter-not-in-template",
        "path-without-slash",
    ];
    let mut found = breaking.into_iter().filter_map(|code| Some((code, context.findings.pointer_of(code)?.to_owned())));
    if let Some((code, pointer)) = found.next() {
        let message = format!("the document breaks the specification of its version: see `{code}`");
        context.findings.warn("invalid-document", pointer, message);
    }
}

struct Check<'d> {
    version: Version,
    path: Pointer<'d>,
    problems: Vec<(String, String)>,
}

impl<'d> Check<'d> {
    fn problem(&mut self, problem: String) {
        if self.problems.len() < MOST {
            self.problems.push((self.path.to_string(), problem));
        }
    }

    fn below(&mut self, name: &'d str, check: impl FnOnce(&mut Self)) {
        self.path.push(name);
        check(self);
        self.path.pop();
    }

    fn items(&mut self, list: Node<'d>, check: impl Fn(&mut Self, Node<'d>)) {
        for (number, item) in list.items().enumerate() {
            self.path.push_item(number);
            check(self, item);
            self.path.pop();
        }
    }

    fn object(&mut self, node: Node<'d>, shape: &'static Shape) {
        if !node.is_map() {
            return self.problem("expected an object".to_owned());
        }
        if node.find("$ref").is_some() {
            return;
        }
        for (name, _, _) in shape.members.iter().filter(|(name, _, required)| *required && node.find(name).is_none()) {
            self.problem(format!("`{name}` is missing"));
        }
        let is_open = shape.members.iter().any(|(name, _, _)| *name == "*");
        for (name, value) in node.members() {
            match shape.members.iter().find(|(known, _, _)| *known == name) {
                Some((_, kind, _)) => self.below(name, |check| check.value(value, *kind)),
                None if is_open || name.starts_with("x-") => {}
                None => self.problem(format!("`{name}` is not known here")),
            }
        }
    }

    fn value(&mut self, node: Node<'d>, kind: Kind) {
        let expected = |right: bool, what: &str| (!right).then(|| format!("expected {what}"));
        let problem = match kind {
            Any => None,
            Text => expected(node.text().is_some(), "text"),
            Bool => expected(node.bool().is_some(), "`true` or `false`"),
            Texts => {
                let texts = node.items().all(|item| item.text().is_some());
                let is_empty_enum = !node.has_items() && self.path.last() == Some("enum");
                expected(node.is_list() && texts && !is_empty_enum, "a list of texts")
            }
            Schema => return self.schema(node),
            One(shape) => return self.object(node, shape),
            List(shape) if node.is_list() => return self.items(node, |check, item| check.object(item, shape)),
            List(_) => expected(false, "a list"),
            Named(_) | Schemas if !node.is_map() => expected(false, "an object"),
            Named(shape) => {
                for (name, value) in node.members().filter(|(name, _)| !name.starts_with("x-")) {
                    self.below(name, |check| check.object(value, shape));
                }
                None
            }
            Schemas => {
                node.members().for_each(|(name, value)| self.below(name, |check| check.schema(value)));
                None
            }
        };
        problem.into_iter().for_each(|problem| self.problem(problem));
    }

    fn schema(&mut self, node: Node<'d>) {
        if node.bool().is_some() && self.version == Version::V31 {
            return;
        }
        if !node.is_map() {
            return self.problem("expected a schema".to_owned());
        }
        for (name, value) in node.members() {
            match name {
                "properties" | "patternProperties" | "$defs" => self.below(name, |check| check.value(value, Schemas)),
                "additionalProperties" if value.bool().is_some() => {}
                "items" | "not" | "additionalProperties" => self.below(name, |check| check.schema(value)),
                "allOf" | "anyOf" | "oneOf" => {
                    self.below(name, |check| check.items(value, Self::schema));
                }
                "required" => self.below(name, |check| check.value(value, Texts)),
                "type" if self.version != Version::V31 => self.below(name, |check| check.value(value, Text)),
                _ => {}
            }
        }
    }
}
