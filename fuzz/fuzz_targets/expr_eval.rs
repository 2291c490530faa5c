//! The evaluator: what compiles ends with a value or an error, within its budget.
#![no_main]

use std::sync::LazyLock;

use gatewright::expr::{Budget, Expression, JsonHost, Library};
use libfuzzer_sys::fuzz_target;

static LIBRARY: LazyLock<Library> = LazyLock::new(Library::lenient);
static CONTEXT: LazyLock<serde_json::Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../tests/expr/data/context.json")).unwrap_or_default());

fuzz_target!(|source: &str| {
    let Ok(expression) = Expression::compile(source, &LIBRARY) else { return };
    let budget = Budget::default().steps(200_000).bytes(1 << 20).depth(60).regex_backtracks(20_000);
    let mut host = JsonHost::new(CONTEXT.clone());
    if let Ok(value) = expression.eval(&mut host, &budget) {
        let _ = value.to_canonical(&mut host, &budget);
        let _ = value.to_text();
    }
});
