//! Reads ARM templates: written by hand, exported, or compiled from Bicep.

mod evaluate;
mod functions;
mod parameters;
mod resource;
mod scope;
mod syntax;
mod unknown;

use std::path::Path;

pub(super) use parameters::Parameters;

use super::item::Collected;
use super::json;
use super::problem::Problem;
use super::source::Source;
use resource::Reader;
use scope::Scope;

/// Reads a template file.
pub(super) fn collect(path: &Path, parameters: Parameters, collected: &mut Collected) {
    let file = path.display().to_string();
    let refuse = |message: &str| Problem::new(file.as_str(), None, message);
    if !path.exists() {
        return collected.problems.push(refuse("does not exist: expected a template file or a folder"));
    }
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    if matches!(ending.as_str(), "bicep" | "bicepparam") {
        return collected.problems.push(refuse("Bicep is not read: compile it with `az bicep build` first"));
    }
    if matches!(ending.as_str(), "xml" | "tf" | "yaml" | "yml") {
        return collected.problems.push(refuse("is not an ARM template: expected a JSON file or a folder"));
    }
    let source = match Source::read(path, file.as_str()) {
        Ok(source) => source,
        Err(problem) => return collected.problems.push(problem),
    };
    let template = match json::parse(&source.text) {
        Ok(template) => template,
        Err((offset, message)) => return collected.problems.push(source.problem(offset, message)),
    };
    let is_template = template.get("resources").is_some();
    let is_resource = template.get("type").is_some() && template.get("properties").is_some();
    if !is_template && !is_resource {
        let message = "is not an ARM template: it has no `resources`";
        return collected.problems.push(source.problem(template.offset, message));
    }
    let scope = Scope::new(&template, parameters.into_values(), None);
    let mut reader = Reader::new(source, collected);
    if is_template {
        reader.template(&template, &scope);
    } else {
        reader.resource(&template, &scope);
    }
    reader.warn_when_empty();
}
