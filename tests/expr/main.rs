//! The conformance cases: answers of a real C# compiler and a real .NET runtime.

mod bombs;
mod case;
mod hostile;
mod limits;
mod members;
mod memory;

use std::collections::BTreeMap;

#[test]
fn conformance_cases() {
    run(include_str!("data/cases.jsonl"));
}

/// Answers by the rules of Json.NET and LINQ to XML, where the conformance cases have none.
#[test]
fn more_json_and_xml() {
    run(include_str!("data/json_xml.jsonl"));
}

/// Answers by the rules of C# 7, a few for each rule of the language, where the conformance cases have none.
#[test]
fn more_of_the_language() {
    run(include_str!("data/language.jsonl"));
}

fn run(cases: &str) {
    let context = serde_json::from_str(include_str!("data/context.json")).expect("context.json is JSON");
    let cases = case::read(cases).expect("cases are JSON lines");
    let mut families: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut failed = Vec::new();
    for case in &cases {
        let result = case.difference(&context);
        let counts = families.entry(&case.family).or_default();
        counts.1 += 1;
        match result {
            Ok(()) => counts.0 += 1,
            Err(difference) => {
                failed.push(&*case.id);
                println!("{} {}\n    {difference}", case.id, case.source());
            }
        }
    }
    for (family, (passed, total)) in &families {
        println!("{family}: {passed} of {total}");
    }
    println!("{} passed, {} failed", cases.len() - failed.len(), failed.len());
    assert_eq!(failed, Vec::<&str>::new());
}
