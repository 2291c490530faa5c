//! Policy expressions beside CEL, Rhai and LuaJIT: one table.

mod cel;
mod gatewright;
mod lua;
mod measure;
mod request;
mod rhai;

use std::hint::black_box;

use measure::Way;
use request::{Case, Request};

/// What a peer is given for each evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// All of the request, as a gateway offers it to any expression.
    Whole,
    /// Nothing but the values that the expression uses.
    Used,
}

const COLUMNS: [&str; 8] = ["Rust", "gatewright", "cel", "cel, used", "rhai", "rhai, used", "LuaJIT", "LuaJIT, used"];

fn main() {
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let request = Request::new();
    print!("{:<30}", "ns (times Rust)");
    for column in COLUMNS {
        print!(" {column:>16}");
    }
    println!(" {:>18}", "best peer / ours");
    for case in Case::ALL.into_iter().filter(|case| case.name().contains(&wanted)) {
        let mut ways = ways(case, &request);
        let answer = request.by_hand(case);
        for (way, column) in ways.iter_mut().zip(COLUMNS) {
            assert_eq!(way(), answer, "{column}: {}", case.name());
        }
        let costs = measure::rounds(&mut ways);
        print!("{:<30}", case.name());
        for cost in &costs {
            print!(" {:>8.0} ({:>5.1})", cost.nanos, cost.ratio);
        }
        let best = costs[2..].iter().map(|cost| cost.ratio).fold(f64::INFINITY, f64::min);
        println!(" {:>18.2}", best / costs[1].ratio);
    }
}

fn ways(case: Case, request: &Request) -> Vec<Way<'_>> {
    vec![
        Box::new(move || black_box(request).by_hand(case)),
        gatewright::way(case, request),
        cel::way(case, Binding::Whole, request),
        cel::way(case, Binding::Used, request),
        rhai::way(case, Binding::Whole, request),
        rhai::way(case, Binding::Used, request),
        lua::way(case, Binding::Whole, request),
        lua::way(case, Binding::Used, request),
    ]
}
