//! Runs conformance cases, evaluates one expression, or prompts for expressions.
//!
//! `expressions cases.jsonl` prints each difference, then `N passed, N failed`; `expressions '1 + 1'` evaluates one;
//! without an argument it prompts. `--context FILE` names the JSON document that answers `context`.

use std::io::{BufRead, Write};
use std::process::ExitCode;

use gatewright::expr::{Budget, Expression, JsonHost, Library, LineEnd};
use serde_json::Value as Json;

#[path = "../tests/expr/case.rs"]
mod case;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<bool, String> {
    let mut argument = None;
    let mut context = None;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        if arg == "--context" {
            context = Some(args.next().ok_or("`--context` needs a file")?);
        } else {
            argument = Some(arg);
        }
    }
    match argument {
        Some(path) if path.ends_with(".jsonl") => {
            let beside = std::path::Path::new(&path).with_file_name("context.json");
            let context = read_context(context.map_or(beside, Into::into))?;
            cases(&path, &context)
        }
        Some(source) => {
            let context = context.map_or(Ok(Json::Null), |path| read_context(path.into()))?;
            Ok(evaluate(&source, &context))
        }
        None => {
            let context = context.map_or(Ok(Json::Null), |path| read_context(path.into()))?;
            prompt(&context)
        }
    }
}

fn read_context(path: std::path::PathBuf) -> Result<Json, String> {
    let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))
}

fn cases(path: &str, context: &Json) -> Result<bool, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
    let cases = case::read(&text).map_err(|e| format!("{path}: {e}"))?;
    let mut failed = 0;
    for case in &cases {
        if let Err(difference) = case.difference(context) {
            failed += 1;
            println!("{} [{}] {}\n    {difference}", case.id, case.family, case.source());
        }
    }
    println!("{} passed, {failed} failed", cases.len() - failed);
    Ok(failed == 0)
}

fn evaluate(text: &str, context: &Json) -> bool {
    let text = text.trim();
    let source = if text.starts_with("@(") || text.starts_with("@{") { text.to_owned() } else { format!("@({text})") };
    let expression = match Expression::compile(&source, &Library::lenient().line_end(LineEnd::Lf)) {
        Ok(expression) => expression,
        Err(errors) => {
            println!("{}", errors.report(&source));
            return false;
        }
    };
    let mut host = JsonHost::new(context.clone());
    let budget = Budget::default();
    let result = expression.eval(&mut host, &budget).and_then(|value| {
        let shown = value.to_canonical(&mut host, &budget)?;
        Ok((value.type_name(), shown))
    });
    match &result {
        Ok((ty, Json::String(text))) => println!("{ty}: {text}"),
        Ok((ty, shown)) => println!("{ty}: {shown}"),
        Err(error) => println!("{}", error.report(&source)),
    }
    result.is_ok()
}

fn prompt(context: &Json) -> Result<bool, String> {
    println!("C# policy expressions; try  \"a,b\".Split(',').Length  or  context.Request.Method;  an empty line ends");
    loop {
        print!("> ");
        std::io::stdout().flush().map_err(|e| e.to_string())?;
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line).map_err(|e| e.to_string())?;
        if read == 0 || line.trim().is_empty() {
            return Ok(true);
        }
        evaluate(&line, context);
    }
}
