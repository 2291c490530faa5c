//! Overrides, and that secrets do not print.

use gatewright::load::{self, Options};

const CANARY: &str = "canary-4711";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    super::write(
        folder.path(),
        &[
            ("named-values/key.json", "{ \"displayName\": \"orders-key\", \"secret\": true }"),
            ("backends/orders.json", "{ \"url\": \"https://test\", \"tls\": { \"validateCertificateName\": false } }"),
        ],
    );
    folder
}

#[test]
fn code_gives_a_named_value() {
    let folder = folder();
    for name in ["orders-key", "KEY"] {
        let loaded = Options::new().named_value(name, CANARY).load(folder.path()).unwrap();
        assert_eq!(loaded.warnings, []);
        let value = loaded.store.service.named_values.get("key").unwrap().value.as_ref();
        assert_eq!(value.unwrap().expose(), CANARY);
    }
}

#[test]
fn a_file_overrides_member_by_member() {
    let folder = folder();
    let home = std::env::var("PATH").unwrap();
    let file = folder.path().join(".overrides.json");
    std::fs::write(
        &file,
        r#"{
            "namedValues": [{ "name": "key", "properties": { "value": "{#[PATH]#}" } }],
            "backends": [{ "name": "Orders", "properties": { "url": "https://prod" } }, { "name": "none", "properties": {} }]
        }"#,
    )
    .unwrap();
    let loaded = Options::new().overrides_file(&file).load(folder.path()).unwrap();
    let backend = loaded.store.service.backends.get("orders").unwrap();
    assert_eq!(backend.url.as_deref(), Some("https://prod"));
    assert_eq!(backend.tls.as_ref().unwrap().validate_certificate_name, Some(false));
    assert_eq!(loaded.store.service.named_values.get("key").unwrap().value.as_ref().unwrap().expose(), home);
    let warnings: Vec<_> = loaded.warnings.iter().map(|warning| super::below(folder.path(), warning)).collect();
    assert_eq!(warnings, [".overrides.json:3:121: backend `none` is overridden but not defined"]);
}

#[test]
fn what_is_given_in_vain_is_told() {
    let folder = folder();
    let options = Options::new().named_value("key", "1").named_value("ordrs-key", "2").parameter("x", 1);
    let loaded = options.load(folder.path()).unwrap();
    let warnings: Vec<_> = loaded.warnings.iter().map(|warning| super::below(folder.path(), warning)).collect();
    assert_eq!(
        warnings,
        [
            ": parameters have no effect on a folder: give values by overrides",
            ": named value `ordrs-key` is given in code but not defined",
        ]
    );
}

#[test]
fn broken_overrides_are_problems() {
    let folder = folder();
    let file = folder.path().join(".overrides.json");
    std::fs::write(
        &file,
        r#"{ "namedValues": [{ "properties": {} }], "things": [], "backends": [{ "name": "{#[NOT_SET_ANYWHERE]#}", "properties": {} }] }"#,
    )
    .unwrap();
    let problems = Options::new().overrides_file(&file).load(folder.path()).unwrap_err();
    let problems: Vec<_> = problems.iter().map(|problem| super::below(folder.path(), problem)).collect();
    assert_eq!(
        problems,
        [
            ".overrides.json:1:19: element of `namedValues` has no `name`",
            ".overrides.json:1:52: `things` cannot be overridden",
            ".overrides.json:1:79: environment variable `NOT_SET_ANYWHERE` is not set",
        ]
    );
}

#[test]
fn overrides_that_would_do_nothing_are_problems() {
    let folder = folder();
    let file = folder.path().join(".overrides.json");
    let cases = [
        (
            r#"{"namedValues": {"key": {"properties": {"value": "x"}}}}"#,
            "1:17: `namedValues` is an object: expected an array of objects with `name` and `properties`",
        ),
        (
            r#"{"workspaces": {"sales": {}}}"#,
            "1:16: `workspaces` is an object: expected an array of objects with `name` and `properties`",
        ),
        (
            r#"{"backends": [{"name": "orders", "properties": {}, "rules": []}]}"#,
            "1:61: `rules` of backend `orders` cannot be overridden",
        ),
        (r#"{"namedValues": [{"name": "key"}]}"#, "1:18: the override of named value `key` has no `properties`"),
        (
            r#"{"namedValues": [{"name": "key", "properties": "x"}]}"#,
            "1:48: `properties` of the override of named value `key` is a string: expected an object",
        ),
        (
            r#"{"namedValues": [{"name": "key", "properties": {}, "value": "x"}]}"#,
            "1:61: `value` of the override of named value `key` is not known: put it into `properties`",
        ),
        (
            r#"{"namedValues": [{"name": "key", "properties": {}}, {"name": "KEY", "properties": {}}]}"#,
            "1:53: named value `KEY` is overridden twice",
        ),
    ];
    for (text, expected) in cases {
        std::fs::write(&file, text).unwrap();
        let problems = Options::new().overrides_file(&file).load(folder.path()).unwrap_err();
        let problems: Vec<_> = problems.iter().map(|problem| super::below(folder.path(), problem)).collect();
        assert_eq!(problems, [format!(".overrides.json:{expected}")], "{text}");
    }
}

#[test]
fn secrets_do_not_print() {
    let folder = tempfile::tempdir().unwrap();
    let with = |json: &str| json.replace("CANARY", CANARY);
    super::write(
        folder.path(),
        &[
            ("named-values/key.json", with(r#"{ "secret": true, "value": "CANARY" }"#)),
            (
                "backends/orders.json",
                with(
                    r#"{
                        "url": "https://orders",
                        "credentials": {
                            "authorization": { "scheme": "Basic", "parameter": "CANARY" },
                            "header": { "x-key": ["CANARY"] }, "query": { "code": ["CANARY"] }, "unknown": "CANARY"
                        },
                        "proxy": { "url": "http://p", "password": "CANARY" }
                    }"#,
                ),
            ),
            ("subscriptions/s.json", with(r#"{ "scope": "/", "primaryKey": "CANARY", "secondaryKey": "CANARY" }"#)),
            ("certificates/c.json", with(r#"{ "data": "CANARY", "password": "CANARY" }"#)),
            ("loggers/l.json", with(r#"{ "credentials": { "connectionString": "CANARY" } }"#)),
            ("caches/c.json", with(r#"{ "connectionString": "CANARY" }"#)),
            ("workspaces/w/named-values/key.json", with(r#"{ "secret": true, "value": "CANARY" }"#)),
            (
                "workspaces/w/backends/orders.json",
                with(r#"{ "url": "https://o", "proxy": { "url": "http://p", "password": "CANARY" } }"#),
            ),
            ("workspaces/w/subscriptions/s.json", with(r#"{ "scope": "/apis", "primaryKey": "CANARY" }"#)),
            ("workspaces/w/certificates/c.json", with(r#"{ "data": "CANARY", "password": "CANARY" }"#)),
            ("workspaces/w/loggers/l.json", with(r#"{ "credentials": { "connectionString": "CANARY" } }"#)),
        ],
    );
    let options = Options::new().named_value("other", CANARY).parameter("key", CANARY);
    assert!(!format!("{options:?}").contains(CANARY));
    let loaded = load::path(folder.path()).unwrap();
    assert!(!format!("{loaded:#?}").contains(CANARY), "{loaded:#?}");
    let backend = serde_json::to_string(loaded.store.service.backends.get("orders").unwrap()).unwrap();
    assert_eq!(backend.matches(CANARY).count(), 5);
    let workspace = &loaded.store.workspaces.get("w").unwrap().entities;
    assert_eq!(workspace.named_values.get("key").unwrap().value.as_ref().unwrap().expose(), CANARY);
    assert!(workspace.loggers.get("l").is_some() && workspace.certificates.get("c").is_some());
}

#[test]
fn yaml_overrides_need_the_importers() {
    let folder = folder();
    let file = folder.path().join(".overrides.yaml");
    std::fs::write(&file, "backends:\n  - name: orders\n    properties:\n      url: https://prod\n").unwrap();
    let outcome = Options::new().overrides_file(&file).load(folder.path());
    if cfg!(feature = "import") {
        let store = outcome.unwrap().store;
        assert_eq!(store.service.backends.get("orders").unwrap().url.as_deref(), Some("https://prod"));
    } else {
        assert!(outcome.unwrap_err().to_string().contains("needs the feature `import`"));
    }
}
