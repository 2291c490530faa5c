//! Looks at policy documents and fragments and says what is wrong with them.
//!
//! `lint PATH… [--config PATH] [--json]`: files or folders; with or without a root element. Named values, fragments and
//! backends that a document refers to are taken as given, unless `--config` names the configuration that has them.
//! Prints `file:line:column: message`, then `N passed, N failed`; exit code 1 when one failed, 2 when called wrongly.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use gatewright::policy::{Diagnostic, Environment, References, Severity, lint};

fn main() -> ExitCode {
    match run() {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("lint: {message}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<usize, String> {
    let (mut paths, mut config, mut json) = (Vec::new(), None, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--json" => json = true,
            "--config" => config = Some(arguments.next().ok_or("`--config` needs a path")?),
            flag if flag.starts_with("--") => {
                return Err(format!("unknown flag `{flag}`: try `lint PATH… [--config PATH] [--json]`"));
            }
            path => paths.push(PathBuf::from(path)),
        }
    }
    if paths.is_empty() {
        return Err("no path given: try `lint policy.xml`".to_owned());
    }
    let environment = match config {
        Some(path) => known(&path)?,
        None => Environment::new().references(References::TakenAsGiven),
    };
    let mut files = Vec::new();
    for path in &paths {
        collect(path, &mut files)?;
    }
    let (mut passed, mut failed) = (0, 0);
    for file in &files {
        let name = file.display().to_string();
        let text = std::fs::read(file).map_err(|error| format!("`{name}` cannot be read: {error}"))?;
        let found = match String::from_utf8(text) {
            Ok(text) => lint(&name, &text, &environment),
            Err(_) => {
                println!("{name}:1:1: the file is not UTF-8");
                failed += 1;
                continue;
            }
        };
        for diagnostic in &found {
            if json { println!("{}", to_json(diagnostic)) } else { println!("{diagnostic}") }
        }
        if found.iter().any(|diagnostic| diagnostic.severity == Severity::Error) { failed += 1 } else { passed += 1 }
    }
    println!("{passed} passed, {failed} failed");
    Ok(failed)
}

/// What a real configuration has.
fn known(path: &str) -> Result<Environment, String> {
    let loaded = gatewright::load::path(path).map_err(|problems| problems.to_string())?;
    Ok(gatewright::gateway::environment(&loaded.store))
}

/// All `.xml` files under a folder, in order; a file itself whatever its name.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    if path.is_dir() {
        let entries =
            std::fs::read_dir(path).map_err(|error| format!("`{}` cannot be read: {error}", path.display()))?;
        let mut entries: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        entries.sort();
        for entry in entries.iter().filter(|entry| entry.is_dir() || entry.extension().is_some_and(|e| e == "xml")) {
            collect(entry, files)?;
        }
    } else if path.is_file() {
        files.push(path.to_owned());
    } else {
        return Err(format!("`{}` is not there", path.display()));
    }
    Ok(())
}

fn to_json(diagnostic: &Diagnostic) -> serde_json::Value {
    serde_json::json!({
        "file": &*diagnostic.file,
        "line": diagnostic.line,
        "column": diagnostic.column,
        "severity": match diagnostic.severity {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        },
        "element": diagnostic.element.as_deref(),
        "message": diagnostic.message,
    })
}
