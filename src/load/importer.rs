//! Reads an API's specification into its operations and schemas, with the importers.

use super::item::Specification;
use super::problem::Problem;
use super::specification::Importer;
use crate::import::{self, Imported, Options, Severity, SoapForm, SourceFile, WsdlOptions};
use crate::model::{ApiEntry, ApiKind};

pub(super) const IMPORTER: Importer = Importer { into_api, alone, markup_text: import::markup_text };

/// Reads the specification of an API that has a file of its own already, whose settings stay.
fn into_api(specification: &Specification, entry: &mut ApiEntry) -> Result<Vec<Problem>, Vec<Problem>> {
    let Some(imported) = import(specification, entry.api.kind.as_ref().or(entry.api.api_type.as_ref())) else {
        let (file, ending) = (&specification.source.file, ending(specification));
        let message = format!("`.{ending}` specifications are not read: the API has the operations of its own files");
        return Ok(vec![Problem::new(file.clone(), None, message)]);
    };
    let found = problems(specification, &imported);
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
    if entry.api.kind.is_none() && entry.api.api_type.is_none() {
        entry.api.kind = read.api.kind;
    }
    Ok(found)
}

/// Makes an API of nothing but a specification. It asks for no key, since there is nothing that could have one.
fn alone(specification: &Specification) -> Result<(Option<(String, ApiEntry)>, Vec<Problem>), Vec<Problem>> {
    let Some(imported) = import(specification, None) else { return Ok((None, Vec::new())) };
    let is_part = imported.findings.iter().any(|finding| finding.code == "no-service");
    if is_part && specification.beside.iter().any(|(name, _)| name.to_ascii_lowercase().ends_with(".wsdl")) {
        return Ok((None, Vec::new()));
    }
    let found = problems(specification, &imported);
    if !imported.accepted {
        return Err(found);
    }
    let name = imported.api.name.clone().unwrap_or_default();
    let mut entry = imported.into_entry();
    entry.api.subscription_required = Some(false);
    Ok((Some((name, entry)), found))
}

fn ending(specification: &Specification) -> &str {
    specification.source.file.rsplit_once('.').map_or("", |(_, ending)| ending)
}

/// What an importer makes of a specification; none when no importer reads files of its kind.
fn import(specification: &Specification, kind: Option<&ApiKind>) -> Option<Imported> {
    let bytes = specification.text().as_bytes();
    let is_markup = specification.text().trim_start().starts_with('<');
    match ending(specification).to_ascii_lowercase().as_str() {
        "wsdl" => {}
        "json" if is_markup && specification.inline.is_some() => {}
        "json" | "yaml" | "yml" => {
            // A folder is often one for trying things out, with a backend beside it.
            let options = Options { allow_http_server: true, ..Options::default() };
            return Some(import::openapi(bytes, &options));
        }
        _ => return None,
    }
    let form = if kind == Some(&ApiKind::Http) { SoapForm::Rest } else { SoapForm::PassThrough };
    let options = WsdlOptions { any_endpoint: true, form, ..WsdlOptions::default() };
    let files = specification.beside.iter();
    let files: Vec<_> = files.map(|(path, source)| SourceFile { path, bytes: source.text.as_bytes() }).collect();
    Some(import::wsdl_with_files(bytes, &files, &options))
}

/// The findings; of a refused document only the reasons.
fn problems(specification: &Specification, imported: &Imported) -> Vec<Problem> {
    let shown = imported.findings.iter();
    let shown = shown.filter(|finding| imported.accepted || finding.severity == Severity::Error);
    let problem = |finding: &import::Finding| {
        let place = finding.line.zip(finding.column);
        let position =
            place.map(|(line, column)| (line.try_into().unwrap_or(u32::MAX), column.try_into().unwrap_or(1)));
        let message = match finding.pointer.as_str() {
            "" => format!("{} ({})", finding.message, finding.code),
            pointer => format!("`#{pointer}`: {} ({})", finding.message, finding.code),
        };
        let of_beside = |name: &String| specification.beside.iter().find(|(other, _)| other == name);
        let file =
            finding.file.as_ref().and_then(of_beside).map_or(&specification.source.file, |(_, source)| &source.file);
        Problem::new(file.clone(), position, message)
    };
    shown.map(problem).collect()
}
