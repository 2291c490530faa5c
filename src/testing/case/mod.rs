//! Tests in files: documents, a request, what services answer, and what is expected, all as text.

mod compare;
mod parse;
mod setup;

use std::path::Path;

use super::begin::SetupError;
use super::outcome::Outcome;
use super::test::PolicyTest;
use crate::policy::lint;
use compare::Found;

/// One case of a file. `docs/testing-policies.md` has the format.
///
/// ```
/// use gatewright::testing::Case;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), String> {
/// let cases = Case::parse("orders", r#"
/// ## the region is added
/// === policies
/// <policies>
///     <inbound><set-header name="X-Region"><value>west</value></set-header></inbound>
///     <backend><forward-request /></backend>
/// </policies>
/// === request
/// GET /orders/7
/// === sent
/// GET /orders/7
/// X-Region: west
/// === response
/// 200 OK
/// "#)?;
/// assert_eq!(cases[0].run().await, Vec::<String>::new());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Case {
    name: String,
    parts: Vec<(String, String)>,
}

impl Case {
    /// The file and the name of the case.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs the case and says what differs from what it expects, a text each.
    ///
    /// Time-outs and `retry` wait in tokio's time, as in [`PolicyTest::run`].
    pub async fn run(&self) -> Vec<String> {
        self.run_with(|test| test).await
    }

    /// As [`run`](Self::run), with something added that a file cannot say, such as a policy of one's own.
    pub async fn run_with(&self, add: impl FnOnce(PolicyTest) -> PolicyTest) -> Vec<String> {
        let test = match self.test() {
            Ok(test) => add(test),
            Err(problem) => return vec![problem],
        };
        if let Some(text) = self.part("lint") {
            let found: Vec<_> = lint("case.xml", text, &test.environment()).iter().map(ToString::to_string).collect();
            return self.compare("diagnostics", &found.join("\n"));
        }
        if self.part("request").is_none() {
            let found = test.diagnostics().unwrap_or_else(|error| error.problems().to_vec());
            return self.compare("diagnostics", &found.join("\n"));
        }
        match test.try_run().await {
            Ok(outcome) => self.differences(&outcome),
            Err(error) => self.not_begun(&error),
        }
    }

    fn not_begun(&self, error: &SetupError) -> Vec<String> {
        match self.part("diagnostics") {
            Some(_) => self.compare("diagnostics", &error.to_string()),
            None => vec![format!("does not begin:\n{error}")],
        }
    }

    fn differences(&self, outcome: &Outcome) -> Vec<String> {
        let mut problems = match self.part("diagnostics") {
            Some(_) => self.compare("diagnostics", &outcome.warnings().join("\n")),
            None if outcome.warnings().is_empty() => Vec::new(),
            None => vec![format!("warnings that no part `diagnostics` has:\n{}", outcome.warnings().join("\n"))],
        };
        problems.extend(self.compare_message("response", 0, &Found::response(outcome)));
        for (part, calls) in [("sent", outcome.sent_requests()), ("called", outcome.calls())] {
            for (index, call) in calls.iter().enumerate() {
                problems.extend(self.compare_message(part, index, &Found::call(call)));
            }
            let expected = self.messages(part).len();
            if expected > calls.len() {
                problems.push(format!("{part}: expected {expected}, found {}", calls.len()));
            }
        }
        if self.part("not sent").is_some() && !outcome.sent_requests().is_empty() {
            problems.push(format!("the backend got {} requests: expected none", outcome.sent_requests().len()));
        }
        if self.part("trace").is_some() {
            let lines: Vec<_> = outcome.traces().iter().map(ToString::to_string).collect();
            problems.extend(self.compare("trace", &lines.join("\n")));
        }
        if self.part("metrics").is_some() {
            let lines: Vec<_> = outcome.metrics().iter().map(ToString::to_string).collect();
            problems.extend(self.compare("metrics", &lines.join("\n")));
        }
        problems.extend(self.compare_variables(outcome));
        problems.extend(self.compare_error(outcome));
        problems
    }
}

/// Runs all cases of a file, or of the `.case` files in a folder and its folders, and gives their number.
///
/// # Panics
///
/// When a case finds something else than it expects, with everything that differs in all of them; when a file cannot be
/// read or is not in the format; when there is no case.
pub async fn run_cases(path: impl AsRef<Path>) -> usize {
    let path = path.as_ref();
    let cases = Case::load(path).unwrap_or_else(|problem| panic!("{problem}"));
    assert!(!cases.is_empty(), "`{}` has no cases", path.display());
    let mut failures = Vec::new();
    for case in &cases {
        failures.extend(case.run().await.into_iter().map(|problem| format!("{}: {problem}", case.name)));
    }
    assert!(failures.is_empty(), "{} differences in {} cases:\n{}", failures.len(), cases.len(), failures.join("\n"));
    cases.len()
}
