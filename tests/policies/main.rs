//! Policies, case by case: documents, a request, what the backend answers, and what comes of it.
//!
//! The cases are files in `cases`, one folder a policy; `docs/testing-policies.md` has their format.

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod access;
mod corpus;
mod custom;
mod docs;
mod encodings;
mod index;
#[cfg(feature = "aws-lc-rs")]
mod jwks;
mod limits;
#[allow(clippy::duplicate_mod)] // `support` has it too, but is not in every build.
#[path = "../support/log.rs"]
mod log;
mod memory;
mod reasons;
mod run;
mod secrets;
mod settings;
#[cfg(feature = "aws-lc-rs")]
#[allow(unused_imports)] // The tests of backends use the rest.
#[path = "../support/mod.rs"]
mod support;
mod testing;
mod tokens;
mod validation;
#[cfg(feature = "libxml")]
mod xsl;

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
    let folder = if cfg!(feature = "sql") { "sql" } else { "without-sql" };
    run_cases(format!("tests/policies/features/{folder}")).await;
}

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#[tokio::test(start_paused = true)]
async fn cases_of_crypto_providers() {
    run_cases("tests/policies/features/crypto").await;
    if cfg!(feature = "aws-lc-rs") {
        run_cases("tests/policies/features/aws-lc-rs").await;
    }
}
