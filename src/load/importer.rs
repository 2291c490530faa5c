//! Reads an API's specification into its operations and schemas, with the importers.

use super::problem::Problem;
use crate::import::{self, Options, Severity};
use crate::model::ApiEntry;

/// Reads the specification of an API that has a file of its own already, whose settings stay.
pub(super) fn import(file: &str, text: &str, entry: &mut ApiEntry) -> Result<Vec<Problem>, Vec<Problem>> {
    let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending);
    if !matches!(ending, "json" | "yaml" | "yml") {
        let message = format!("`.{ending}` specifications are not read: the API has the operations of its own files");
        return Ok(vec![Problem::new(file, None, message)]);
    }
    let imported = import::openapi(text.as_bytes(), &Options::default());
    let mut found = Vec::new();
    for finding in &imported.findings {
        // An API that is configured already says itself where its backend is and whom it lets in.
        if imported.accepted || finding.severity == Severity::Error {
            let place = finding.line.zip(finding.column);
            let position =
                place.map(|(line, column)| (line.try_into().unwrap_or(u32::MAX), column.try_into().unwrap_or(1)));
            let message = match finding.pointer.as_str() {
                "" => format!("{} ({})", finding.message, finding.code),
                pointer => format!("`#{pointer}`: {} ({})", finding.message, finding.code),
            };
            found.push(Problem::new(file, position, message));
        }
    }
    if !imported.accepted {
        return Err(found);
    }
    let read = imported.into_entry();
    for (name, operation) in read.operations.iter() {
        entry.operations.insert(name, operation.clone());
    }
    for (name, schema) in read.schemas.iter() {
        entry.schemas.insert(name, schema.clone());
    }
    if entry.api.service_url.is_none() {
        entry.api.service_url = read.api.service_url;
    }
    Ok(found)
}
