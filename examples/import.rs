//! Reads an API description and prints what would be imported, as one JSON object.
//!
//! ```text
//! cargo run --example import --features import -- openapi.yaml
//! ```

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use gatewright::import::{
    FunctionAppOptions, Imported, Imports, LogicAppOptions, Options, SoapForm, SourceFile, WebAppOptions, WsdlOptions,
    function_app, logic_app, openapi, web_app, wsdl_with_files,
};
use serde_json::Value;

const USAGE: &str = "usage: import [--kind openapi|wsdl|function-app|logic-app|web-app] \
                     [--wsdl-service NAME] [--wsdl-endpoint NAME] [--merge-imports] [--soap-to-rest] FILE";

fn main() -> ExitCode {
    match Arguments::read(std::env::args().skip(1)).and_then(run) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

/// Whether the document is accepted.
fn run(arguments: Arguments) -> Result<bool, String> {
    let Arguments { path, kind, wsdl: options } = arguments;
    let files = read(Path::new(&path), "").map_err(|error| format!("{path}: {error}"))?;
    let [(_, first), ..] = files.as_slice() else { return Err(format!("{path}: the folder is empty")) };
    let detected = if Path::new(&path).is_dir() { "function-app" } else { detect(first) };
    let imported = match kind.as_deref().unwrap_or(detected) {
        "wsdl" => import_wsdl(Path::new(&path), first, &options)?,
        "openapi" => openapi(first, &Options::default()),
        "logic-app" => logic_app(first, &LogicAppOptions::default()),
        "web-app" => web_app(first, None, &WebAppOptions::default()),
        "function-app" => import_app(&path, &files),
        other => return Err(format!("kind `{other}` is not known\n{USAGE}")),
    };
    let text = serde_json::to_string_pretty(&imported).map_err(|error| error.to_string())?;
    // A reader that has seen enough, such as `head`, closes the pipe.
    let _ = writeln!(std::io::stdout(), "{text}");
    for finding in imported.findings.iter().chain(&imported.dropped) {
        eprintln!("{path}: {finding}");
    }
    if imported.accepted {
        let count = imported.operations.len();
        eprintln!("{count} operations");
        let is_alone = ["openapi", "swagger", "specification"].iter().any(|name| path.contains(&format!("{name}.")));
        if is_alone || path.ends_with(".wsdl") {
            let folder =
                Path::new(&path).parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            eprintln!("to serve them: cargo run --example gateway -- --config {}", folder.display());
        }
    }
    Ok(imported.accepted)
}

/// A WSDL document with the documents and schemas beside it, which it may import.
fn import_wsdl(path: &Path, bytes: &[u8], options: &WsdlOptions) -> Result<Imported, String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut beside = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if [".wsdl", ".xsd"].iter().any(|ending| name.to_ascii_lowercase().ends_with(ending)) {
            beside.extend(std::fs::read(entry.path()).map(|bytes| (name, bytes)));
        }
    }
    let files: Vec<_> = beside.iter().map(|(path, bytes)| SourceFile { path, bytes }).collect();
    Ok(wsdl_with_files(bytes, &files, options))
}

fn import_app(path: &str, files: &[(String, Vec<u8>)]) -> Imported {
    let sources: Vec<_> = files.iter().map(|(path, bytes)| SourceFile { path, bytes }).collect();
    let mut options = FunctionAppOptions::default();
    let has_name = files.iter().any(|(name, _)| name.ends_with("functions.json") || name.ends_with("template.json"));
    if Path::new(path).is_dir() && !has_name {
        options.app = Path::new(path).file_name().map(|name| name.to_string_lossy().into_owned());
    }
    function_app(&sources, &options)
}

/// A file, or the files of a folder that describe a Function App, with their paths inside it.
fn read(path: &Path, prefix: &str) -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if !path.is_dir() {
        return Ok(vec![(format!("{prefix}{name}"), std::fs::read(path)?)]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let child = entry?.path();
        let name = child.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if child.is_dir() {
            files.extend(read(&child, &format!("{prefix}{name}/"))?);
        } else if name.ends_with(".json") || name.ends_with(".metadata") {
            files.extend(read(&child, prefix)?);
        }
    }
    Ok(files)
}

/// The kind of a file from its content.
fn detect(bytes: &[u8]) -> &'static str {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    if text.starts_with(b"<") || text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
        return "wsdl";
    }
    let Ok(value) = serde_json::from_slice::<Value>(text) else { return "openapi" };
    let is_trigger_url = value["queries"]["sig"].is_string();
    let is_workflow = value["definition"].is_object() || value["properties"]["definition"].is_object();
    let is_workflow_swagger = value["info"]["description"] == "Azure Logic App.";
    let kind = value["type"].as_str().unwrap_or_default();
    let is_app =
        ["Microsoft.Web/sites", "Microsoft.App/containerApps"].iter().any(|app| kind.eq_ignore_ascii_case(app));
    let is_listing = value.is_array() || value["value"].is_array() || value["resources"].is_array();
    match () {
        () if is_trigger_url || is_workflow || is_workflow_swagger => "logic-app",
        () if is_app => "web-app",
        () if is_listing || value["bindings"].is_array() => "function-app",
        () => "openapi",
    }
}

struct Arguments {
    path: String,
    kind: Option<String>,
    wsdl: WsdlOptions,
}

impl Arguments {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut path, mut kind, mut wsdl) = (None, None, WsdlOptions::default());
        wsdl.imports = Imports::Refuse;
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("`{argument}` has no value\n{USAGE}"));
            match argument.as_str() {
                "--kind" => kind = Some(value()?),
                "--wsdl-service" => wsdl.service = Some(value()?),
                "--wsdl-endpoint" => wsdl.endpoint = Some(value()?),
                "--merge-imports" => wsdl.imports = Imports::Follow,
                "--soap-to-rest" => wsdl.form = SoapForm::Rest,
                option if option.starts_with("--") => return Err(format!("`{option}` is not known\n{USAGE}")),
                _ => path = Some(argument),
            }
        }
        Ok(Self { path: path.ok_or(USAGE)?, kind, wsdl })
    }
}
