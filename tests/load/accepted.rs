//! Folders that load.

use gatewright::load::{self, Options};
use gatewright::model::PolicyFormat;

#[test]
fn reads_the_smallest_folder() {
    let folder = tempfile::tempdir().unwrap();
    super::write(
        folder.path(),
        &[
            ("backends/orders.json", "{ \"url\": \"https://orders\" }"),
            ("apis/orders.json", "{ \"path\": \"\" }"),
            ("apis/orders/operations/any.json", "{ \"method\": \"*\", \"urlTemplate\": \"/*\" }"),
            ("apis/orders/operations/any.xml", "<policies />"),
        ],
    );
    let loaded = load::path(folder.path()).unwrap();
    assert_eq!(loaded.warnings, []);
    let any = loaded.store.service.apis.get("ORDERS").unwrap().operations.get("any").unwrap();
    let policy = any.policy.as_ref().unwrap();
    assert_eq!((policy.value.as_str(), policy.format.as_ref()), ("<policies />", Some(&PolicyFormat::RawXml)));
    let origin = policy.origin.as_ref().unwrap();
    assert!(origin.file.ends_with("apis/orders/operations/any.xml") && origin.position.is_none(), "{origin}");
}

#[test]
fn takes_byte_order_marks_and_envelopes() {
    let folder = tempfile::tempdir().unwrap();
    super::write(
        folder.path(),
        &[
            ("backends/a.json", "\u{feff}{ \"properties\": { \"url\": \"https://a\" } }"),
            (
                "backends/b.json",
                "{ \"url\": \"fabric:/a/b\", \"properties\": { \"serviceFabricCluster\": { \"managementEndpoints\": [\"https://c\"] } } }",
            ),
            ("policy.xml", "\u{feff}<policies />"),
        ],
    );
    let store = load::path(folder.path()).unwrap().store;
    assert_eq!(store.service.backends.get("a").unwrap().url.as_deref(), Some("https://a"));
    assert!(store.service.backends.get("b").unwrap().fabric().is_some());
    assert_eq!(store.service.policy.unwrap().value, "<policies />");
}

#[test]
fn workspaces_refer_to_their_own_entities() {
    let folder = tempfile::tempdir().unwrap();
    super::write(
        folder.path(),
        &[
            ("backends/shared.json", "{ \"url\": \"https://shared\" }"),
            ("workspaces/w/backends/own.json", "{ \"url\": \"https://own\" }"),
            ("workspaces/w/backends/pool.json", "{ \"pool\": { \"services\": [{ \"id\": \"/backends/own\" }] } }"),
            ("workspaces/w/backends/wrong.json", "{ \"pool\": { \"services\": [{ \"id\": \"/backends/shared\" }] } }"),
            (
                "workspaces/w/products/p/apiLinks/l/productApiLinkInformation.json",
                "{ \"properties\": { \"apiId\": \"/workspaces/w/apis/a\" } }",
            ),
            ("workspaces/w/products/p/productInformation.json", "{}"),
            ("workspaces/w/apis/a/apiInformation.json", "{ \"properties\": { \"path\": \"a\" } }"),
        ],
    );
    let problems = load::path(folder.path()).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems}");
    assert!(problems.to_string().ends_with(
        "backend `wrong` in workspace `w`: backend `shared` is not defined (named in `pool.services[0].id`)"
    ));
    std::fs::remove_file(folder.path().join("workspaces/w/backends/wrong.json")).unwrap();
    let store = load::path(folder.path()).unwrap().store;
    let workspace = store.entities(Some("W")).unwrap();
    assert_eq!(workspace.products.get("p").unwrap().apis, ["a"]);
    assert_eq!(workspace.backends.len(), 2);
}

#[test]
fn a_path_that_is_not_there_is_a_problem() {
    let problems = Options::new().load("does/not/exist").unwrap_err();
    assert_eq!(problems.to_string(), "does/not/exist: does not exist: expected a template file or a folder");
}

/// Ten thousand operations and a thousand documents; prints how long that takes.
#[test]
fn reads_large_folders() {
    let folder = tempfile::tempdir().unwrap();
    for api in 0..100 {
        let base = folder.path().join(format!("apis/api{api}"));
        std::fs::create_dir_all(base.join("operations")).unwrap();
        std::fs::write(base.join("api.json"), format!("{{ \"path\": \"api{api}\" }}")).unwrap();
        for operation in 0..100 {
            let json = format!(
                "{{ \"method\": \"GET\", \"urlTemplate\": \"/items/{operation}/{{id}}\", \"templateParameters\": [{{ \"name\": \"id\", \"type\": \"string\", \"required\": true }}] }}"
            );
            std::fs::write(base.join(format!("operations/get{operation}.json")), json).unwrap();
            if operation % 10 == 0 {
                let xml = format!(
                    "<policies><inbound><base /><set-variable name=\"n\" value=\"{operation}\" /></inbound></policies>"
                );
                std::fs::write(base.join(format!("operations/get{operation}.xml")), xml).unwrap();
            }
        }
    }
    let start = std::time::SystemTime::now();
    let store = load::path(folder.path()).unwrap().store;
    println!("10000 operations and 1000 documents in {:?}", start.elapsed().unwrap());
    let operations = store.service.apis.iter().flat_map(|(_, api)| api.operations.iter());
    let documents = operations.clone().filter(|(_, operation)| operation.policy.is_some()).count();
    assert_eq!((operations.count(), documents), (10_000, 1_000));
}

/// Exports name the current revision of an API, too.
#[test]
fn the_current_revision_may_be_named() {
    let folder = tempfile::tempdir().unwrap();
    super::write(
        folder.path(),
        &[
            ("apis/a/api.json", "{ \"path\": \"a\", \"apiRevision\": \"3\" }"),
            ("apis/a;rev=2/api.json", "{ \"path\": \"a\", \"apiRevision\": \"2\" }"),
            ("products/p.json", "{ \"apis\": [\"A;rev=3\"] }"),
            ("subscriptions/s.json", "{ \"scope\": \"/apis/a;rev=3\" }"),
            ("backends/b.json", "{ \"url\": \"https://b\", \"credentials\": { \"header\": { \"x\": \"one text\" } } }"),
        ],
    );
    let loaded = load::path(folder.path()).unwrap_or_else(|problems| panic!("{problems}"));
    let service = &loaded.store.service;
    assert_eq!(service.products.get("p").unwrap().apis, ["A"]);
    assert_eq!(service.api("a;rev=3").unwrap().0, "a");
    assert_eq!(service.api("a;REV=2").unwrap().0, "a;rev=2");
    assert!(service.api("a;rev=4").is_none());
    let credentials = service.backends.get("b").unwrap().credentials.as_ref().unwrap();
    assert_eq!(credentials.header["x"].iter().map(|value| value.expose()).collect::<Vec<_>>(), ["one text"]);
}
