//! Evaluates the expressions in a value of a template.

use super::functions;
use super::scope::Scope;
use super::syntax::{Expr, Text, parse};
use super::unknown;
use crate::load::json::{Node, Value};

/// The most iterations of a loop, as in Azure.
const MAX_COPIES: i64 = 800;

/// What a value or a call costs beside its text, so that loops end soon.
const COST: usize = 32;

/// What an iteration of a loop costs.
const ITERATION_COST: usize = 512;

/// Why an expression has no value.
#[derive(Debug)]
pub(super) struct Failure {
    /// Byte offset: inside the text of the expression until [`evaluate`] places it in the file.
    pub(super) offset: Option<usize>,
    pub(super) message: String,
    is_placed: bool,
}

impl Failure {
    /// A failure of the expression that is being evaluated.
    pub(super) fn here(message: String) -> Self {
        Self { offset: None, message, is_placed: false }
    }

    fn at(mut self, offset: usize) -> Self {
        self.offset.get_or_insert(offset);
        self
    }

    /// Places the failure in the file: the expression is a string that begins at `start`.
    fn in_string(mut self, start: usize) -> Self {
        if !self.is_placed {
            self.offset = Some(start + self.offset.map_or(0, |offset| offset + 1));
            self.is_placed = true;
        }
        self
    }

    /// A failure at an offset of the file.
    fn placed(offset: usize, message: String) -> Self {
        Self { offset: Some(offset), message, is_placed: true }
    }
}

/// Evaluates all expressions in a value.
pub(super) fn evaluate(node: &Node, scope: &Scope) -> Result<Node, Failure> {
    scope.charge(COST).map_err(|failure| failure.in_string(node.offset))?;
    scope.deeper(|| evaluate_value(node, scope)).map_err(|failure| failure.in_string(node.offset))
}

fn evaluate_value(node: &Node, scope: &Scope) -> Result<Node, Failure> {
    let value = match &node.value {
        Value::String(text) => evaluate_text(text, scope).map_err(|failure| failure.in_string(node.offset))?,
        Value::Array(elements) => {
            Value::Array(elements.iter().map(|node| evaluate(node, scope)).collect::<Result<_, _>>()?)
        }
        Value::Object(members) => {
            let mut evaluated = Vec::with_capacity(members.len());
            for (name, node) in members {
                match copies(name, node) {
                    Some(copies) => {
                        for copy in copies {
                            let name = copy.get("name").and_then(Node::as_str).unwrap_or_default().to_owned();
                            evaluated.push((name, Node::new(copy.offset, Value::Array(expand(copy, scope)?))));
                        }
                    }
                    None => evaluated.push((evaluate_name(name, node.offset, scope)?, evaluate(node, scope)?)),
                }
            }
            Value::Object(evaluated)
        }
        value => value.clone(),
    };
    let mut evaluated = Node::new(node.offset, value);
    if node.as_str().is_some() {
        evaluated.relocate(node.offset);
    }
    Ok(evaluated)
}

/// Evaluates a loop: an object with `name`, `count` and `input`.
pub(super) fn expand(copy: &Node, scope: &Scope) -> Result<Vec<Node>, Failure> {
    let Some(input) = copy.get("input") else {
        return Err(Failure::placed(copy.offset, "`copy` has no `input`".to_owned()));
    };
    let (name, count) = copy_of(copy, scope)?;
    let iterate = |index| {
        scope.charge(ITERATION_COST).map_err(|failure| failure.in_string(copy.offset))?;
        scope.in_loop(&name, index, || evaluate(input, scope))
    };
    (0..count).map(iterate).collect()
}

/// Name and count of a loop.
pub(super) fn copy_of(copy: &Node, scope: &Scope) -> Result<(String, i64), Failure> {
    let name = copy.get("name").and_then(Node::as_str).unwrap_or_default().to_owned();
    let count = copy.get("count").map(|count| evaluate(count, scope)).transpose()?;
    let number = count.as_ref().and_then(|count| functions::integer(&count.value));
    match number {
        Some(number @ 0..=MAX_COPIES) => Ok((name, number)),
        _ => {
            let message =
                format!("`count` of `copy` is not known here: expected a whole number from 0 to {MAX_COPIES}");
            Err(Failure::placed(count.map_or(copy.offset, |count| count.offset), message))
        }
    }
}

/// The loops of a member `copy`, which stands for members by their names.
fn copies<'a>(name: &str, node: &'a Node) -> Option<&'a [Node]> {
    let elements = node.elements().filter(|_| name == "copy")?;
    elements.iter().all(|copy| copy.get("count").is_some() && copy.get("input").is_some()).then_some(elements)
}

fn evaluate_name(name: &str, offset: usize, scope: &Scope) -> Result<String, Failure> {
    if !name.starts_with('[') {
        return Ok(name.to_owned());
    }
    match evaluate_text(name, scope).map_err(|failure| failure.in_string(offset))? {
        Value::String(name) => Ok(name),
        other => Err(Failure::placed(offset, format!("the name of a member is {}: expected a string", other.kind()))),
    }
}

fn evaluate_text(text: &str, scope: &Scope) -> Result<Value, Failure> {
    match parse(text) {
        Ok(Text::Literal(text)) => {
            scope.charge(text.len())?;
            Ok(Value::String(text))
        }
        Ok(Text::Expression(expr)) => run(&expr, scope),
        Err((offset, message)) => Err(Failure::here(message).at(offset)),
    }
}

fn run(expr: &Expr, scope: &Scope) -> Result<Value, Failure> {
    scope.deeper(|| run_here(expr, scope))
}

fn run_here(expr: &Expr, scope: &Scope) -> Result<Value, Failure> {
    match expr {
        Expr::String(text) => Ok(Value::String(text.clone())),
        Expr::Integer(number) => Ok(Value::Number((*number).into())),
        Expr::Call(at, name, arguments) => {
            let value = call(name, arguments, scope).map_err(|failure| failure.at(*at))?;
            scope.charge(COST + size(&value)).map_err(|failure| failure.at(*at))?;
            Ok(value)
        }
        Expr::Member(at, object, key) => {
            let object = run(object, scope)?;
            let key = run(key, scope)?;
            functions::member(&object, &key).map_err(|message| Failure::here(message).at(*at))
        }
    }
}

/// Calls what needs the scope or does not evaluate all of its arguments; the rest is in [`functions`].
fn call(name: &str, arguments: &[Expr], scope: &Scope) -> Result<Value, Failure> {
    let lower = name.to_ascii_lowercase();
    match (lower.as_str(), arguments) {
        ("if", [condition, yes, no]) => match run(condition, scope)? {
            Value::Bool(true) => run(yes, scope),
            Value::Bool(false) => run(no, scope),
            other => Err(Failure::here(not_known("if", &other))),
        },
        ("and", arguments) | ("or", arguments) if arguments.len() > 1 => {
            let stop = lower == "or";
            for argument in arguments {
                match run(argument, scope)? {
                    Value::Bool(value) if value == stop => return Ok(Value::Bool(stop)),
                    Value::Bool(_) => {}
                    other => return Err(Failure::here(not_known(name, &other))),
                }
            }
            Ok(Value::Bool(!stop))
        }
        _ => {
            let values = arguments.iter().map(|argument| run(argument, scope)).collect::<Result<Vec<_>, _>>()?;
            match (lower.as_str(), values.as_slice()) {
                ("parameters", [Value::String(name)]) => scope.parameter(name),
                ("variables", [Value::String(name)]) => scope.variable(name),
                ("copyindex", values) => copy_index(values, scope),
                _ => functions::call(name, &lower, values).map_err(Failure::here),
            }
        }
    }
}

fn copy_index(values: &[Value], scope: &Scope) -> Result<Value, Failure> {
    let (name, from) = match values {
        [] => (None, 0),
        [Value::String(name)] => (Some(name.as_str()), 0),
        [Value::String(name), from] => (Some(name.as_str()), functions::integer(from).unwrap_or_default()),
        [from, ..] => (None, functions::integer(from).unwrap_or_default()),
    };
    match scope.loop_index(name) {
        Some(index) => Ok(Value::Number(index.saturating_add(from).into())),
        None => Err(Failure::here("`copyIndex` is used outside of its loop".to_owned())),
    }
}

/// Why a condition has no truth value.
fn not_known(function: &str, value: &Value) -> String {
    match unknown::find_in(value) {
        Some(what) => format!("`{function}` depends on `{what}`, which is not known here: give it as a parameter"),
        None => format!("`{function}` is given {}: expected true or false", value.kind()),
    }
}

fn size(value: &Value) -> usize {
    1 + match value {
        Value::String(text) => text.len(),
        Value::Array(elements) => elements.iter().map(|node| size(&node.value)).sum(),
        Value::Object(members) => members.iter().map(|(name, node)| name.len() + size(&node.value)).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    const NAMES: &[&str] = &[
        "add",
        "and",
        "array",
        "base64",
        "bool",
        "coalesce",
        "concat",
        "contains",
        "copyIndex",
        "createArray",
        "createObject",
        "div",
        "empty",
        "endsWith",
        "equals",
        "extensionResourceId",
        "false",
        "first",
        "format",
        "greater",
        "if",
        "indexOf",
        "int",
        "items",
        "join",
        "json",
        "last",
        "length",
        "less",
        "mod",
        "mul",
        "not",
        "null",
        "or",
        "parameters",
        "range",
        "reference",
        "replace",
        "resourceGroup",
        "resourceId",
        "skip",
        "split",
        "startsWith",
        "string",
        "sub",
        "substring",
        "take",
        "toLower",
        "toUpper",
        "trim",
        "true",
        "tryGet",
        "union",
        "uniqueString",
        "uri",
        "uriComponent",
        "variables",
        "nope",
    ];

    fn any_text() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            "[a-z{}0-9/é%:.]{0,6}".prop_map(|text| format!("'{text}'")),
            prop_oneof![any::<i64>(), -3i64..5].prop_map(|number| number.to_string()),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let call = (prop::sample::select(NAMES), prop::collection::vec(inner.clone(), 0..4));
            prop_oneof![
                4 => call.prop_map(|(name, arguments)| format!("{name}({})", arguments.join(", "))),
                1 => (inner.clone(), inner).prop_map(|(object, key)| format!("string({object})[{key}]")),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn never_panics(text in any_text()) {
            let scope = Scope::new(&Node::object(0), HashMap::new(), None);
            let _ = evaluate(&Node::new(0, Value::String(format!("[{text}]"))), &scope);
        }
    }
}
