//! Policies, case by case: documents, a request, what the backend answers, and what comes of it.
//!
//! The cases are files in `cases`, one folder a policy; `docs/testing-policies.md` has their format.

mod corpus;
mod custom;
mod docs;
mod index;
mod limits;
mod run;
mod secrets;
mod testing;

use gatewright::testing::run_cases;

#[tokio::test(start_paused = true)]
async fn all_cases() {
    let count = run_cases("tests/policies/cases").await;
    assert!(count >= 240, "only {count} cases were found");
}

#[tokio::test]
async fn cases_of_features() {
    let folder = if cfg!(feature = "libxml") { "libxml" } else { "without-libxml" };
    run_cases(format!("tests/policies/features/{folder}")).await;
}
