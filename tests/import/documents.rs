//! Where documents and their expected summaries are.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use gatewright::import::Imported;
use serde_json::{Map, Value};

/// Documents for each rule of the specification.
pub fn rules(kind: &str) -> PathBuf {
    own("rules", kind)
}

/// Documents that are odd and valid, or odd and wrong.
pub fn odd(kind: &str) -> PathBuf {
    own("odd", kind)
}

fn own(collection: &str, kind: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import").join(collection).join(kind)
}

/// Published documents; none, and a note, when `GATEWRIGHT_CORPUS` does not name their folder.
pub fn corpus(kind: &str) -> Option<PathBuf> {
    let corpus = std::env::var_os("GATEWRIGHT_CORPUS");
    if corpus.is_none() {
        println!("skipped: GATEWRIGHT_CORPUS is not set");
    }
    Some(Path::new(&corpus?).join("import").join(kind))
}

/// The expected summaries in a folder by document; `member` is where they are in the file, if not at its root.
pub fn expected(folder: &Path, member: &str) -> Map<String, Value> {
    let path = folder.join("expected.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let value: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let value = if value[member].is_object() { &value[member] } else { &value };
    value.as_object().cloned().unwrap_or_default()
}

pub fn codes(imported: &Imported) -> BTreeSet<&str> {
    imported.findings.iter().map(|finding| finding.code).collect()
}

/// Fails when a document differs, after printing how. `differences` are those of one document, by its name.
pub fn compare(documents: Map<String, Value>, mut differences: impl FnMut(&str, &Value) -> Vec<String>) {
    let (mut passed, mut failed) = (0, 0);
    for (name, expected) in documents {
        let found = differences(&name, &expected);
        if found.is_empty() {
            passed += 1;
        } else {
            failed += 1;
            println!("{name}:");
            found.iter().for_each(|difference| println!("  {difference}"));
        }
    }
    println!("{passed} documents agree, {failed} differ");
    assert!(passed > 0 && failed == 0, "{passed} documents agree, {failed} differ");
}
