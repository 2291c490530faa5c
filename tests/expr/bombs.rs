//! Hostile expressions under a budget: each ends as its line says, placed in the expression, in bounded memory.

use allocation_counter::measure;
use gatewright::expr::{Budget, Expression, Library};

use crate::hostile;

/// The most memory that an evaluation may have at once.
const MOST: u64 = 64_000_000;

/// The default, with fewer steps in an unoptimized build, which takes longer for each.
fn budget() -> Budget {
    let budget = Budget::default();
    let steps = if cfg!(debug_assertions) { budget.steps / 3 } else { budget.steps };
    budget.steps(steps)
}

#[test]
fn bombs_are_stopped() {
    let lines = include_str!("data/bombs.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let request = hostile::host();
    let mut problems = Vec::new();
    for line in lines {
        let mut parts = line.splitn(3, " | ");
        let (Some(name), Some(ending), Some(source)) = (parts.next(), parts.next(), parts.next()) else {
            panic!("`{line}` is not a name, an ending and an expression");
        };
        let expression = match Expression::compile(source, &Library::strict()) {
            Ok(expression) => expression,
            Err(errors) => panic!("{name}: {errors}"),
        };
        let (mut result, mut host) = (None, request.clone());
        let memory = measure(|| result = Some(expression.eval(&mut host, &budget())));
        let found = match result.expect("it ran") {
            Ok(_) => "value".to_owned(),
            Err(error) => {
                let span = error.span();
                if span.start >= span.end || span.end > source.len() {
                    problems.push(format!("{name}: its place is {span:?}"));
                }
                if error.is_budget() { "budget".to_owned() } else { error.exception_type().to_owned() }
            }
        };
        if found != ending {
            problems.push(format!("{name}: ends with {found}, not {ending}"));
        }
        if memory.bytes_max > MOST {
            problems.push(format!("{name}: took {} bytes", memory.bytes_max));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
