//! Configurations with all that is wrong in them, as data: see `cases/README.md`.

use std::path::Path;

use gatewright::load;

#[test]
fn cases_give_the_expected_messages() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/load/cases");
    let mut failures = Vec::new();
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "txt") {
            continue;
        }
        count += 1;
        let (expected, found) = run(&std::fs::read_to_string(&path).unwrap());
        if expected != found {
            failures.push(format!("{}\n  expected:\n{expected}  found:\n{found}", path.display()));
        }
    }
    assert!(count > 0);
    assert!(failures.is_empty(), "{} of {count} cases failed\n{}", failures.len(), failures.join("\n"));
}

/// The expected and the actual outcome of a case.
fn run(case: &str) -> (String, String) {
    let (files, expected) = case.split_once("\n===\n").unwrap();
    let mut parts = Vec::new();
    for part in files.split("--- ").skip(1) {
        let (path, text) = part.split_once('\n').unwrap();
        parts.push((path.trim(), text));
    }
    let folder = tempfile::tempdir().unwrap();
    super::write(folder.path(), &parts);
    let path = match parts.as_slice() {
        [(path, _)] if path.starts_with("template") => folder.path().join(path),
        _ => folder.path().to_owned(),
    };
    let mut found = String::new();
    let mut put = |kind: &str, problem: &load::Problem| {
        found.push_str(&format!("{kind} {}\n", super::below(folder.path(), problem)));
    };
    match load::path(path) {
        Ok(loaded) => loaded.warnings.iter().for_each(|warning| put("warning", warning)),
        Err(problems) => problems.iter().for_each(|problem| put("problem", problem)),
    }
    (expected.to_owned(), found)
}
