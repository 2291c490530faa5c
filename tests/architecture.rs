//! The arrows between modules point one way: any other `crate::…` path fails this test.

use std::fs;
use std::path::{Path, PathBuf};

/// What each module may use of ours. `ARCHITECTURE.md` says why.
const ARROWS: &[(&str, &[&str])] = &[
    ("body", &[]),
    ("clock", &[]),
    ("xml", &[]),
    ("expr", &[]),
    ("secret", &[]),
    ("forward", &[]),
    ("sink", &[]),
    ("random", &[]),
    ("state", &["secret"]),
    ("outbound", &["body", "clock", "forward"]),
    ("jwt", &["body", "clock", "forward", "outbound"]),
    ("cosmos", &["body", "clock", "outbound", "secret"]),
    ("sql", &["backend", "forward", "secret"]),
    ("model", &[]),
    ("graphql", &[]),
    ("identity", &["clock", "secret"]),
    ("backend", &["body", "clock", "forward", "identity", "model", "outbound", "random", "secret"]),
    ("azure", &["backend", "body", "identity", "secret"]),
    ("vault", &["backend", "body", "clock", "identity", "outbound", "secret"]),
    (
        "policy",
        &[
            "body", "clock", "cosmos", "expr", "forward", "graphql", "identity", "jwt", "outbound", "random", "secret",
            "sink", "sql", "state", "xml",
        ],
    ),
    ("import", &["model"]),
    ("load", &["import", "model"]),
    (
        "gateway",
        &[
            "backend", "body", "clock", "cosmos", "expr", "forward", "graphql", "jwt", "load", "model", "outbound",
            "policy", "secret", "sink", "sql", "state",
        ],
    ),
    (
        "management",
        &[
            "backend", "body", "clock", "gateway", "import", "load", "model", "outbound", "policy", "random", "secret",
            "xml",
        ],
    ),
    (
        "testing",
        &[
            "backend", "body", "clock", "expr", "forward", "gateway", "identity", "load", "model", "outbound",
            "policy", "random", "secret", "sink", "sql",
        ],
    ),
];

#[test]
fn arrows_point_one_way() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for file in files(&root) {
        let relative = file.strip_prefix(&root).unwrap();
        let first = relative.iter().next().unwrap().to_str().unwrap();
        let module = first.trim_end_matches(".rs");
        if module == "lib" {
            continue;
        }
        let allowed = ARROWS.iter().find(|(name, _)| *name == module);
        let Some((_, allowed)) = allowed else {
            wrong.push(format!("{}: module `{module}` has no line in ARROWS", relative.display()));
            continue;
        };
        let text = fs::read_to_string(&file).unwrap();
        for (number, line) in text.lines().enumerate() {
            for used in used_modules(line.split("//").next().unwrap_or_default()) {
                if used != module && !allowed.contains(&used) && ARROWS.iter().any(|(name, _)| *name == used) {
                    wrong.push(format!("{}:{}: `{module}` may not use `{used}`", relative.display(), number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that point the wrong way:\n{}", wrong.join("\n"));
}

#[test]
fn expressions_and_xml_know_no_http_and_no_runtime() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for module in ["expr", "xml"] {
        for file in files(&root.join(module)) {
            let text = fs::read_to_string(&file).unwrap();
            for (number, line) in text.lines().enumerate() {
                let code = line.split("//").next().unwrap_or_default();
                if ["http::", "http_body", "hyper", "tokio", "tower"].iter().any(|name| code.contains(name)) {
                    wrong.push(format!("{}:{}: {}", file.display(), number + 1, line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The names after each `crate::`.
fn used_modules(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("crate::").map(|(at, _)| {
        let rest = &line[at + "crate::".len()..];
        rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
    })
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}
