//! Real documents, from the folder that `GATEWRIGHT_CORPUS` names: what they use is implemented, or refused by name.

use std::path::{Path, PathBuf};

use gatewright::policy::{Environment, References, Severity, lint};

#[test]
fn documents_that_use_only_what_is_there_are_accepted() {
    let Some(root) = std::env::var_os("GATEWRIGHT_CORPUS") else {
        println!("skipped: GATEWRIGHT_CORPUS is not set");
        return;
    };
    let mut files = Vec::new();
    collect(Path::new(&root), &mut files);
    files.retain(|file| is_policy(file));
    assert!(files.len() >= 16, "{} documents in {}", files.len(), Path::new(&root).display());
    let environment = Environment::new().references(References::TakenAsGiven);
    let (mut accepted, mut wrong) = (0, Vec::new());
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        let found = lint(&file.display().to_string(), &text, &environment);
        let errors: Vec<_> = found.iter().filter(|problem| problem.severity == Severity::Error).collect();
        accepted += usize::from(errors.is_empty());
        wrong.extend(errors.iter().map(ToString::to_string));
    }
    println!("{accepted} of {} documents are accepted", files.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(accepted >= ACCEPTED, "{accepted} of {}", files.len());
}

/// How many were accepted when this was last looked at.
const ACCEPTED: usize = 16;

fn is_policy(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "xml") && {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        text.contains("<policies") || text.contains("<fragment")
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() { collect(&entry, files) } else { files.push(entry) }
    }
}
