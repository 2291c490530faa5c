//! Values of the parameters of a template.

use std::collections::HashMap;
use std::path::Path;

use crate::load::json::{self, Node};
use crate::load::problem::Problem;
use crate::load::source::Source;

/// Values of parameters by lower-case name.
#[derive(Debug, Default)]
pub(in crate::load) struct Parameters(HashMap<String, Node>);

impl Parameters {
    /// Gives one parameter its value.
    pub(in crate::load) fn set(&mut self, name: &str, value: &serde_json::Value) {
        self.0.insert(name.to_lowercase(), value.into());
    }

    /// Reads a parameters file: `{"parameters": {"name": {"value": …}}}`.
    pub(in crate::load) fn read(&mut self, path: &Path, problems: &mut Vec<Problem>) {
        let source = match Source::read(path, path.display().to_string()) {
            Ok(source) => source,
            Err(problem) => return problems.push(problem),
        };
        let root = match json::parse(&source.text) {
            Ok(root) => root,
            Err((offset, message)) => return problems.push(source.problem(offset, message)),
        };
        let Some(members) = root.get("parameters").and_then(Node::members) else {
            return problems.push(source.problem(root.offset, "is not a parameters file: it has no `parameters`"));
        };
        for (name, node) in members {
            match (node.get("value"), node.get("reference")) {
                (Some(value), _) => {
                    let mut value = value.clone();
                    value.relocate(0);
                    self.0.insert(name.to_lowercase(), value);
                }
                (None, Some(reference)) => {
                    let message = format!("parameter `{name}` refers to Key Vault, which is not asked: give its value");
                    problems.push(source.problem(reference.offset, message));
                }
                (None, None) => {
                    problems.push(source.problem(node.offset, format!("parameter `{name}` has no `value`")));
                }
            }
        }
    }

    /// The values by lower-case name.
    pub(super) fn into_values(self) -> HashMap<String, Node> {
        self.0
    }
}
