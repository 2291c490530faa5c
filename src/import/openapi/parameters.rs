//! Parameters of an operation, and the URL template that they make with its path.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::document::Node;
use super::json_writer::write_name;
use super::references::{References, target};
use super::samples::{kind, wrap};
use super::{Context, QueryParameters, Strictness, Version};
use crate::model;

/// A parameter as the document declares it.
#[derive(Clone, Copy)]
pub(super) struct Declared<'d> {
    pub(super) name: &'d str,
    pub(super) place: Place,
    pub(super) node: Node<'d>,
}

/// Where a parameter is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    Path,
    Query,
    Header,
    Cookie,
    Body,
    Form,
}

impl Declared<'_> {
    fn is_required(&self) -> bool {
        self.place == Place::Path || self.node.get("required").is_true()
    }
}

/// So many parameters are scanned for a name.
const FEW: usize = 16;

/// How many parameters are declared for an operation; counting ends above `most`.
pub(super) fn count(item: Node<'_>, operation: Node<'_>, most: usize) -> usize {
    let all = item.get("parameters").items().chain(operation.get("parameters").items());
    all.take(most.saturating_add(1)).count()
}

/// The parameters of an operation: those of its path, each replaced by the operation's own of the same name and place.
pub(super) fn declared<'d>(
    references: &References<'d>,
    item: Node<'d>,
    operation: Node<'d>,
    most: usize,
) -> Vec<Declared<'d>> {
    let mut merged: Vec<Declared<'d>> = Vec::new();
    let mut places = HashMap::new();
    for node in item.get("parameters").items().chain(operation.get("parameters").items()).take(most) {
        let node = references.resolve(node);
        let place = match node.get("in").text() {
            Some("path") => Place::Path,
            Some("query") => Place::Query,
            Some("header") => Place::Header,
            Some("cookie") => Place::Cookie,
            Some("body") => Place::Body,
            Some("formData") => Place::Form,
            _ => continue,
        };
        let Some(name) = node.get("name").some_text() else { continue };
        let parameter = Declared { name, place, node };
        let earlier = if merged.len() < FEW {
            merged.iter().position(|earlier| earlier.name == name && earlier.place == place)
        } else {
            if places.is_empty() {
                places.extend(merged.iter().enumerate().map(|(at, earlier)| ((earlier.name, earlier.place), at)));
            }
            places.get(&(name, place)).copied()
        };
        match earlier.and_then(|at| merged.get_mut(at)) {
            Some(earlier) => *earlier = parameter,
            None => {
                if !places.is_empty() {
                    places.insert((name, place), merged.len());
                }
                merged.push(parameter);
            }
        }
    }
    merged
}

/// A path with its parameters sorted into those of the template and the others.
pub(super) struct Template {
    pub(super) url: String,
    pub(super) parameters: Vec<model::Parameter>,
    pub(super) query: Vec<model::Parameter>,
    pub(super) headers: Vec<model::Parameter>,
    /// What two operations may not have in common, besides the method.
    pub(super) signature: String,
}

/// Makes the URL template of an operation and reports what does not fit.
pub(super) fn template<'d>(
    context: &mut Context<'d>,
    path: &str,
    declared: &[Declared<'d>],
    type_prefix: &str,
    pointer: &str,
) -> Template {
    let mut template = Template {
        url: path.to_owned(),
        parameters: Vec::new(),
        query: Vec::new(),
        headers: Vec::new(),
        signature: String::new(),
    };
    let in_path = names(path);
    let fixed_query = path.split_once('?').map_or("", |(_, query)| query);
    let mut required = Vec::new();
    for parameter in declared {
        if context.room.is_full() {
            break;
        }
        context.room.take(size_of::<model::Parameter>(), None);
        report(context, parameter, pointer);
        let contract = match parameter.place {
            Place::Path | Place::Query | Place::Header => contract(context, parameter, type_prefix),
            Place::Cookie | Place::Body | Place::Form => continue,
        };
        let is_in_template = in_path.contains(&parameter.name);
        match parameter.place {
            Place::Header => template.headers.push(contract),
            Place::Path if is_in_template => template.parameters.push(contract),
            Place::Path => context.findings.refuse(
                "path-parameter-not-in-template",
                pointer,
                format!("path parameter `{}` does not occur in `{path}`", parameter.name),
            ),
            _ if is_in_template => template.parameters.push(contract),
            _ if has_key(fixed_query, parameter.name) => {}
            _ if parameter.is_required() && context.options.query_parameters == QueryParameters::Template => {
                required.push(parameter.name);
                template.parameters.push(contract);
            }
            _ => template.query.push(contract),
        }
    }
    for name in &required {
        let separator = if template.url.contains('?') { '&' } else { '?' };
        template.url.push_str(&format!("{separator}{name}={{{name}}}"));
    }
    undeclared(context, path, &in_path, &mut template.parameters, pointer);
    repeated(context, &in_path, &template, pointer);
    template.signature = signature(path, &required);
    template
}

/// The names in braces of a path.
pub(super) fn names(path: &str) -> Vec<&str> {
    path.split('{').skip(1).filter_map(|piece| piece.split_once('}')).map(|(name, _)| name).collect()
}

fn has_key(query: &str, name: &str) -> bool {
    query.split('&').any(|pair| pair.split('=').next() == Some(name))
}

fn undeclared(
    context: &mut Context<'_>,
    path: &str,
    in_path: &[&str],
    parameters: &mut Vec<model::Parameter>,
    pointer: &str,
) {
    let is_known = |name: &str| parameters.iter().any(|parameter| parameter.name == name);
    let unknown: Vec<_> = in_path.iter().filter(|name| !is_known(name)).collect();
    for name in unknown {
        let message = format!("`{{{name}}}` of `{path}` is not declared as a path parameter");
        if context.options.strictness == Strictness::Lenient {
            context.findings.warn("undeclared-path-parameter", pointer, format!("{message}: it is taken as a string"));
            parameters.push(model::Parameter::new(*name).kind("string").required(true));
        } else {
            context.findings.refuse("undeclared-path-parameter", pointer, message);
        }
    }
}

fn repeated(context: &mut Context<'_>, in_path: &[&str], template: &Template, pointer: &str) {
    if in_path.len() + template.parameters.len() < 2 {
        return;
    }
    let mut seen = HashSet::new();
    let from_query = template.parameters.iter().map(|p| p.name.as_str()).filter(|name| !in_path.contains(name));
    for name in in_path.iter().copied().chain(from_query) {
        if !seen.insert(name.to_lowercase()) {
            let message =
                format!("parameter `{name}` occurs twice in `{}`: names differ by more than case", template.url);
            context.findings.refuse("duplicate-parameter-name", pointer, message);
        }
    }
}

/// The template with names blanked and literals in lower case; what is in the query sorted.
fn signature(path: &str, required: &[&str]) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut blank = String::with_capacity(path.len());
    for (index, piece) in path.split('{').enumerate() {
        let literal = if index == 0 { piece } else { piece.split_once('}').map_or("", |(_, rest)| rest) };
        blank.push_str(if index == 0 { "" } else { "{}" });
        blank.push_str(&literal.to_lowercase());
    }
    blank.truncate(blank.trim_end_matches('/').len());
    let fixed = query.split('&').filter(|pair| !pair.is_empty()).map(str::to_owned);
    let mut keys: Vec<_> = fixed.chain(required.iter().map(|name| format!("{}={{}}", name.to_lowercase()))).collect();
    keys.sort_unstable();
    format!("{}?{}", if blank.is_empty() { "/" } else { &blank }, keys.join("&"))
}

/// Reports what of a parameter is left out.
fn report(context: &mut Context<'_>, parameter: &Declared<'_>, pointer: &str) {
    let Declared { name, place, node } = parameter;
    match place {
        Place::Cookie => {
            context.findings.warn(
                "cookie-parameter-ignored",
                pointer,
                format!("cookie parameter `{name}` is left out"),
            );
        }
        Place::Form => {
            context.findings.warn("form-parameter-ignored", pointer, format!("form parameter `{name}` is left out"));
        }
        Place::Query => {
            let style = |name, usual| node.get(name).text().is_some_and(|style| style != usual);
            let is_default = match context.version {
                Version::V2 => !style("collectionFormat", "multi"),
                _ => !style("style", "form") && node.get("explode").bool() != Some(false),
            };
            if !is_default && kind(context.references.resolve(schema(context.version, *node))) == "array" {
                let message =
                    format!("query parameter `{name}` has its own array style: it is taken as a plain parameter");
                context.findings.warn("array-style-unsupported", pointer, message);
            }
        }
        Place::Path | Place::Header | Place::Body => {}
    }
}

/// The schema of a parameter or header: in 2.0 the parameter itself.
fn schema(version: Version, node: Node<'_>) -> Node<'_> {
    match version {
        Version::V2 => node,
        _ => node.find("schema").unwrap_or_else(|| match node.get("content").members().next() {
            Some((_, media)) => media.get("schema"),
            None => node.get("schema"),
        }),
    }
}

/// The contract of a parameter that an operation keeps.
fn contract<'d>(context: &mut Context<'d>, parameter: &Declared<'d>, type_prefix: &str) -> model::Parameter {
    let mut contract = described(context, parameter.name, parameter.node);
    contract.required = Some(parameter.is_required());
    let written = schema(context.version, parameter.node);
    let name = || format!("{type_prefix}Request");
    let before = context.schemas.size();
    let (id, name) = match context.version {
        Version::V2 => context.schemas.add(name(), |out| write_inline_schema(written, out)),
        _ if written.is_map() => context.schemas.refer(written, target(written), name),
        _ => return contract,
    };
    context.room.take(context.schemas.size() - before, [&*id, &*name]);
    contract.schema_id(id).type_name(name)
}

/// Name, type, default, allowed values and example of a parameter, header or form field.
pub(super) fn described<'d>(context: &mut Context<'d>, name: &str, node: Node<'d>) -> model::Parameter {
    let schema = context.references.resolve(schema(context.version, node));
    property(context, name, schema, node)
}

/// The same for the field `name` of a form, whose schema is all there is.
pub(super) fn property(context: &mut Context<'_>, name: &str, schema: Node<'_>, node: Node<'_>) -> model::Parameter {
    let mut contract = model::Parameter::new(name).kind(kind(schema));
    let [default, values, of_schema] = schema.find_all(["default", "enum", "example"]);
    let [description, example] = node.find_all(["description", "example"]);
    contract.description = description.and_then(Node::some_text).map(str::to_owned);
    contract.default_value = default.map(|value| Value::String(value.to_text()));
    for value in values.into_iter().flat_map(Node::items) {
        if context.room.is_full() {
            break;
        }
        let value = value.to_text();
        // The list grows by doubling, and a short text takes more memory than its bytes.
        context.room.take(2 * size_of::<Value>() + 16, [&*value]);
        contract.values.push(Value::String(value));
    }
    contract.examples = example.or(of_schema).map(|value| wrap(|out| value.write(out)));
    context.room.take_parameter(&contract);
    contract
}

/// Writes the members of a 2.0 parameter that describe its value.
fn write_inline_schema(node: Node<'_>, out: &mut String) {
    let describes = |name: &str| {
        !matches!(name, "name" | "in" | "required" | "description" | "collectionFormat" | "allowEmptyValue")
            && !name.starts_with("x-")
    };
    out.push('{');
    for (number, (name, value)) in node.members().filter(|(name, _)| describes(name)).enumerate() {
        out.push_str(if number == 0 { "" } else { "," });
        write_name(name, out);
        value.write(out);
    }
    out.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_signatures() {
        for (left, right) in [
            ("/Users/{id}", "/users/{name}/"),
            ("/a?comp=list&x={y}", "/A/?x={y}&comp=list"),
            ("/{a}-{b}", "/{c}-{d}"),
            ("/", ""),
        ] {
            assert_eq!(signature(left, &[]), signature(right, &[]), "{left} {right}");
        }
        assert_ne!(signature("/a", &["q"]), signature("/a", &[]));
        assert_ne!(signature("/a?comp=list", &[]), signature("/a?comp=acl", &[]));
    }

    #[test]
    fn finds_names_in_paths() {
        assert_eq!(names("/a/{b}-{c d}.{e}/{/f}x{g"), ["b", "c d", "e", "/f"]);
    }
}
