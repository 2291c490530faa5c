//! One conformance case: read, run, compared.

use gatewright::expr::{Budget, Expression, JsonHost, Library, LineEnd};
use serde_json::Value as Json;

/// What is checked of a case.
pub struct Case {
    pub id: String,
    pub family: String,
    json: Json,
}

/// Reads the cases of a file of JSON lines.
pub fn read(text: &str) -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let json: Json = serde_json::from_str(line).map_err(|e| format!("line {}: {e}", number + 1))?;
        let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        cases.push(Case { id: text("id"), family: text("family"), json });
    }
    Ok(cases)
}

impl Case {
    /// Runs the case; what differs, when something does.
    pub fn difference(&self, context: &Json) -> Result<(), String> {
        let source = self.json["expr"].as_str().unwrap_or_default();
        let is_lenient = self.json["lenient"] == true;
        let library = if is_lenient { Library::lenient() } else { Library::strict() }.line_end(LineEnd::Lf);
        let expects_compile_error = self.json["error_kind"] == "compile";
        let expression = match Expression::compile(source, &library) {
            Ok(_) if expects_compile_error => return Err(format!("compiles, expected {}", self.json["error"])),
            Ok(expression) => expression,
            Err(_) if expects_compile_error => return Ok(()),
            Err(errors) => return Err(format!("does not compile: {errors}")),
        };
        if let Some(wanted) = self.json["static_type"].as_str() {
            let found = expression.static_type().to_string();
            if found != wanted {
                return Err(format!("static type is {found}, expected {wanted}"));
            }
        }
        let mut host =
            JsonHost::overlaid(context.clone(), self.json.get("setup").unwrap_or(&Json::Object(Default::default())));
        let budget = Budget::default();
        let result = expression.eval(&mut host, &budget).and_then(|value| {
            let canonical = value.to_canonical(&mut host, &budget)?;
            Ok((value, canonical))
        });
        match (result, self.json["ok"].as_bool().unwrap_or(false)) {
            (Ok((value, found)), true) => {
                let ty = value.type_name();
                if !same(&found, &self.json["value"], &ty) {
                    return Err(format!("is {found}, expected {}", self.json["value"]));
                }
                match self.json["type"].as_str() {
                    Some(wanted) if wanted != ty => Err(format!("is a {ty}, expected {wanted}")),
                    _ => Ok(()),
                }
            }
            (Ok((_, found)), false) => Err(format!("is {found}, expected {}", self.json["error"])),
            (Err(error), true) => Err(format!("throws {}: {error}", error.exception_type())),
            (Err(error), false) => {
                let wanted = self.json["error"].as_str().unwrap_or_default();
                if error.exception_type() != wanted {
                    return Err(format!("throws {}: {error}; expected {wanted}", error.exception_type()));
                }
                Ok(())
            }
        }
    }

    pub fn source(&self) -> &str {
        self.json["expr"].as_str().unwrap_or_default()
    }
}

/// Equal, or equal as reals.
fn same(found: &Json, wanted: &Json, ty: &str) -> bool {
    match (found, wanted) {
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b, ty)),
        (Json::String(a), Json::String(b)) if ty.contains("Double") || ty.contains("Single") => {
            let real = |text: &str| text.parse::<f64>().ok();
            a == b || matches!((real(a), real(b)), (Some(a), Some(b)) if a == b || (a.is_nan() && b.is_nan()))
        }
        _ => found == wanted,
    }
}
