//! The table of goals names tests that are there.

use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn each_goal_names_tests_that_exist_or_says_that_it_is_not_done() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/backends-goals.md")).unwrap();
    let mut wrong = Vec::new();
    let mut rows = BTreeSet::new();
    for line in page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---")) {
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let (number, shown) = (cells[0], cells[cells.len() - 1]);
        if shown == "shown by" {
            continue;
        }
        assert!(rows.insert(number.to_owned()), "`{number}` is there twice");
        let tests: Vec<_> = shown.split('`').skip(1).step_by(2).filter_map(|name| name.split_once('#')).collect();
        if tests.is_empty() && !shown.contains("not done") {
            wrong.push(format!("{number}: neither a test nor `not done`"));
        }
        for (file, name) in tests {
            let folder = if file.starts_with("src/") { "" } else { "tests" };
            let path = root.join(folder).join(format!("{file}.rs"));
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            if !is_test(&text, name) {
                wrong.push(format!("{number}: there is no test `{name}` in {}", path.display()));
            }
        }
    }
    let expected = (1..=25).map(|number| number.to_string()).chain(('a'..='v').map(String::from));
    wrong.extend(expected.filter(|number| !rows.contains(number)).map(|number| format!("row {number} is missing")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether a function of this name comes after an attribute of tests, or is a property.
fn is_test(text: &str, name: &str) -> bool {
    let Some(at) = text.find(&format!("fn {name}(")) else { return false };
    let before = &text[..at];
    let since = before.rfind("}\n").map_or(0, |end| end);
    before[since..].contains("#[test]") || before[since..].contains("#[tokio::test")
}
