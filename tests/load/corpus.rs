//! Real folders and templates, from the folder that `GATEWRIGHT_CORPUS` names.

use std::path::{Path, PathBuf};

use gatewright::load::{self, Loaded};

fn corpus(below: &str) -> Option<PathBuf> {
    match std::env::var_os("GATEWRIGHT_CORPUS") {
        Some(root) => Some(Path::new(&root).join(below)),
        None => {
            println!("skipped: GATEWRIGHT_CORPUS is not set");
            None
        }
    }
}

fn loaded(path: &Path) -> Loaded {
    load::path(path).unwrap_or_else(|problems| panic!("{problems}"))
}

fn warnings(loaded: &Loaded, root: &Path) -> Vec<String> {
    loaded.warnings.iter().map(|warning| super::below(root, warning)).collect()
}

#[test]
fn reads_the_toolkit_layout() {
    let Some(root) = corpus("apiops/toolkit-layout") else { return };
    let loaded = loaded(&root);
    let service = &loaded.store.service;
    assert!(service.policy.is_some());
    assert_eq!(service.apis.len(), 8);
    assert_eq!(service.apis.get("revisioned-api;rev=2").unwrap().api.api_revision.as_deref(), Some("2"));
    assert_eq!(service.backends.len(), 2);
    assert_eq!(service.named_values.len(), 4);
    assert_eq!(service.policy_fragments.len(), 2);
    assert_eq!(service.api_version_sets.len(), 1);
    assert_eq!(service.products.get("product1").unwrap().apis, ["basic-api", "revisioned-api", "versioned-api-v1"]);
    assert_eq!(service.subscriptions.len(), 2);
    assert_eq!(service.apis.get("basic-api").unwrap().tags, ["tag1"]);
    assert_eq!(service.apis.get("basic-api").unwrap().diagnostics.len(), 1);
    assert_eq!(service.products.get("product2").unwrap().tags, ["tag2"]);
    let other: Vec<_> =
        warnings(&loaded, &root).into_iter().filter(|warning| !warning.contains("specification")).collect();
    assert_eq!(other, Vec::<String>::new());
}

#[test]
fn reads_the_cli_layout() {
    let Some(root) = corpus("apiops/cli-layout") else { return };
    let loaded = loaded(&root);
    let service = &loaded.store.service;
    assert_eq!(service.backends.get("pool1").unwrap().pool.as_ref().unwrap().services.len(), 1);
    assert_eq!(service.products.get("product1").unwrap().apis, ["basic-api"]);
    assert_eq!(service.products.get("product1").unwrap().groups, ["developers"]);
    assert_eq!(service.gateways.get("gw1").unwrap().apis, ["basic-api"]);
    assert!(service.policy_fragments.get("policyFragment1").unwrap().value.starts_with("<fragment>"));
    assert!(loaded.store.entities(Some("ws1")).unwrap().backends.contains("wsBackend1"));
    let other: Vec<_> =
        warnings(&loaded, &root).into_iter().filter(|warning| !warning.contains("specification")).collect();
    assert_eq!(other, Vec::<String>::new());
}

#[test]
fn reads_single_resources() {
    let Some(root) = corpus("arm/backends") else { return };
    let breaker = loaded(&root.join("arm-template-circuit-breaker.json"));
    let rules = &breaker.store.service.backends.get("myBackend").unwrap().circuit_breaker.as_ref().unwrap().rules;
    let condition = rules[0].failure_condition.as_ref().unwrap();
    assert_eq!((condition.count, condition.status_code_ranges[0].min), (Some(3), 500));

    let problems = load::path(root.join("arm-template-pool.json")).unwrap_err();
    assert_eq!(problems.len(), 2);
    assert!(problems.iter().all(|problem| problem.message.contains("a placeholder is not filled in")));

    let problems = load::path(root.join("arm-template-pool-short-ids.json")).unwrap_err();
    assert!(problems.to_string().contains("backend `backend-1` is not defined (named in `pool.services[0].id`)"));
}
