//! What is wrong with a configuration is said at once, all of it.

use gatewright::backend::Transport;
use gatewright::expr::Library;
use gatewright::gateway::{Gateway, GatewayBuilder, Snapshot};
use gatewright::model::{
    Api, ApiEntry, ApiKind, ApiSchema, Backend, NamedValue, Operation, Origin, Policy, PolicyFormat, PolicyFragment,
    Product, Store,
};
use gatewright::policy::Strictness;

use crate::{free_api, product, subscription};

#[test]
fn all_problems_are_reported_with_their_places() {
    let mut store = Store::new();
    let service = &mut store.service;
    let file = |text: &str, name: &str| Some(Policy::new(text).origin(Origin::file(name)));
    service.policy = file("<policies>\n<inbound>\n  <nonsense />\n</inbound><backend /></policies>", "policy.xml");
    let mut entry = free_api("a", "not a url", &[("x", "GET", "/x/{"), ("y", "G T", "/y"), ("z", "GET", "/z")]);
    entry.policy = file("<policies><inbound><set-header /><rewrite-uri /></inbound><backend /></policies>", "a.xml");
    service.apis.insert("a", entry);
    service.apis.insert("b", free_api("/A/", "", &[]));
    service.apis.insert("c", ApiEntry::new(Api::new("c").api_version("v1")));
    let named = |id| ApiEntry::new(Api::new("d").api_version("v1").api_version_set_id(id));
    service.apis.insert("d", named("/apiVersionSets/none"));
    let mut entry = free_api("e", "{{unknown}}", &[]);
    entry.policy = Some(Policy::new("https://example.com/policy.xml").format(PolicyFormat::XmlLink));
    service.apis.insert("e", entry);
    service.backends.insert("bad", Backend::new("http://h").unwrap().url("ftp://h"));
    service.products.insert("p", product(Product::new().subscription_required(false), &["b"]));
    service.products.insert("q", product(Product::new().subscription_required(false), &["b"]));
    for (name, scope, key) in [
        ("s1", "/apis/none", "1"),
        ("s2", "/products/none", "2"),
        ("s3", "/workspaces/none/apis", "3"),
        ("s4", "/users/u", "4"),
        ("s5", "/apis", "same-key"),
        ("s6", "/apis", "same-key"),
    ] {
        service.subscriptions.insert(name, subscription(scope, key));
    }
    let transport = Transport::builder().native_roots(false).build().unwrap();
    let error = Snapshot::new(&store, &transport).unwrap_err();
    let text = error.to_string();
    let expected = [
        "policy.xml:3:3: unknown policy `nonsense`",
        "a.xml:1:20: `set-header` needs the attribute `name`",
        "a.xml:1:34: `rewrite-uri` needs the attribute `template`",
        "API `a`: `serviceUrl`: ",
        "operation `x` of API `a`: URL template `/x/{`, character 4: `{` is not closed",
        "operation `y` of API `a`: `G T` is not an HTTP method",
        "API `b`: it has the path, version and revision of API `a`",
        "API `c`: it has the version `v1` but no version set",
        "API `d`: the version set `none` is not defined",
        "API `e`: `serviceUrl`: named value `unknown` is not defined",
        "policy of API `e`: the format is a link",
        "backend `bad`: ",
        "API `b`: it is in the open products `p` and `q`",
        "subscription `s1`: `scope`: the API `none` is not defined",
        "subscription `s2`: `scope`: the product `none` is not defined",
        "subscription `s3`: `scope`: the workspace `none` is not defined",
        "subscription `s4`: `scope` is `/users/u`",
        "subscription `s6`: it has a key that subscription `s5` has",
    ];
    for problem in expected {
        assert!(text.contains(problem), "`{problem}` is missing in:\n{text}");
    }
    assert!(!text.contains("same-key"));
    assert!(error.problems().len() >= expected.len());
}

#[test]
fn a_document_of_many_operations_is_compiled_and_linked_once() {
    let mut store = Store::new();
    let mut entry = free_api("a", "", &[]);
    for index in 0..100 {
        let operation = Operation::new("GET", format!("/o{index}"));
        entry.operations.insert(format!("o{index}"), crate::with_policy(operation, "<policies><inbound /></policies>"));
    }
    store.service.apis.insert("a", entry);
    let transport = Transport::builder().native_roots(false).build().unwrap();
    let snapshot = Snapshot::new(&store, &transport).unwrap();
    // One warning: the text without a backend section is compiled once.
    assert_eq!(snapshot.warnings().len(), 1, "{:?}", snapshot.warnings());
}

#[test]
fn a_rewrite_names_parameters_that_the_operation_has() {
    let rewrite = |template: &str| {
        let text = "<policies><inbound><rewrite-uri template='T' /></inbound><backend><base /></backend></policies>";
        Some(Policy::new(text.replace('T', template)).origin(Origin::file("p.xml")))
    };
    let problems = |own: &str, of_api: &str| {
        let mut store = Store::new();
        let mut entry =
            free_api("a", "", &[("x", "GET", "/orders/{id}/{*rest}?page={page}"), ("y", "GET", "/y/{name}")]);
        entry.operations.get_mut("x").unwrap().policy = rewrite(own);
        entry.policy = rewrite(of_api);
        store.service.apis.insert("a", entry);
        let transport = Transport::builder().native_roots(false).build().unwrap();
        match Snapshot::new(&store, &transport) {
            Ok(snapshot) => snapshot.warnings().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
            Err(error) => error.to_string(),
        }
    };
    assert_eq!(problems("/v2/{id}/{*rest}?p={page}&q={ID}", "/{id}/{name}"), "");
    let unknown = "`{oid}` is no parameter of the operation's URL template";
    assert_eq!(problems("/v2/{oid}", "/"), format!("p.xml:1:33: {unknown}"));
    // A document of several operations may be right for one of them.
    assert_eq!(problems("/", "/{oid}"), format!("p.xml:1:33: warning: {unknown}"));
}

#[test]
fn a_service_url_made_of_a_secret_is_not_shown() {
    let mut store = Store::new();
    let secret = NamedValue::new().value("https://u:canary-4711@orders").secret(true);
    store.service.named_values.insert("url", secret);
    store.service.apis.insert("a", free_api("a", "{{url}}", &[]));
    let transport = Transport::builder().native_roots(false).build().unwrap();
    let error = Snapshot::new(&store, &transport).unwrap_err();
    assert!(error.to_string().contains("API `a`: `serviceUrl`: `***` is not a base URL"), "{error}");
    assert!(!format!("{error:?}").contains("canary"));
}

#[test]
fn an_odata_api_without_usable_metadata_is_a_warning() {
    let odata = |document: Option<&str>| {
        let mut entry = ApiEntry::new(Api::new("a").kind(ApiKind::Odata).service_url("https://example.com"));
        if let Some(text) = document {
            let mut schema = ApiSchema::new().content_type("application/xml");
            schema.document = Some(serde_json::json!({ "value": text }).into());
            entry.schemas.insert("metadata", schema);
        }
        let mut store = Store::new();
        store.service.apis.insert("a", entry);
        let transport = Transport::builder().native_roots(false).build().unwrap();
        let snapshot = Snapshot::new(&store, &transport).unwrap_or_else(|error| panic!("{error}"));
        snapshot.warnings().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let start = "API `a`: requests cannot be validated: ";
    assert_eq!(odata(None), [format!("{start}it has no schema with its metadata")]);
    assert_eq!(odata(Some("<a/>")), [format!("{start}the metadata is not of OData: its root is not `Edmx`")]);
    assert_eq!(odata(Some("<Edmx/>")), [""; 0]);
}

#[test]
fn what_the_host_says_goes_for_all_documents() {
    let store = |inbound: &str| {
        let mut store = Store::new();
        store.service.policy = Some(Policy::new(format!(
            "<policies><inbound>{inbound}</inbound><backend /><outbound /><on-error /></policies>"
        )));
        store
            .service
            .policy_fragments
            .insert("f", PolicyFragment::new("<fragment><set-method>GET</set-method></fragment>"));
        store
    };
    type Setting = fn(GatewayBuilder) -> GatewayBuilder;
    let refused = |store: &Store, setting: Setting| {
        let transport = Transport::builder().native_roots(false).build().unwrap();
        setting(Gateway::builder().transport(transport)).build(store).err().map(|error| error.to_string())
    };
    let cases: [(&str, Setting); 2] = [
        (r#"<set-method>@(("GET", 1).Item1)</set-method>"#, |builder| builder.library(Library::lenient())),
        (r#"<set-method unknown="x">GET</set-method>"#, |builder| builder.strictness(Strictness::Lenient)),
    ];
    for (statement, setting) in cases {
        assert!(refused(&store(statement), |builder| builder).is_some(), "{statement}");
        assert_eq!(refused(&store(statement), setting), None, "{statement}");
    }
    let fragment = store(r#"<include-fragment fragment-id="f" />"#);
    assert_eq!(refused(&fragment, |builder| builder), None);
    let limits: [Setting; 2] = [|builder| builder.document_limit(20), |builder| builder.fragment_limit(20)];
    for setting in limits {
        let error = refused(&fragment, setting).unwrap();
        assert!(error.contains("20"), "{error}");
    }
}
