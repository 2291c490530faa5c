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

const OPENAPI: &str = "openapi: 3.0.3\ninfo: { title: My Orders, version: '1' }\nservers: [{ url: 'http://127.0.0.1:9/base' }]\n\
                       paths:\n  /orders/{id}:\n    get:\n      operationId: getOrder\n      parameters:\n        \
                       - { name: id, in: path, required: true, schema: { type: string } }\n      responses: { 200: { description: ok } }\n";

fn wsdl(name: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import/rules/wsdl").join(name);
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn a_specification_alone_is_an_api() {
    for file in ["openapi.yaml", "openapi.yml", "OpenAPI.YAML", "swagger.yaml", "specification.yaml"] {
        let folder = tempfile::tempdir().unwrap();
        super::write(folder.path(), &[(file, OPENAPI), ("notes.md", "hello")]);
        let loaded = load::path(folder.path()).unwrap();
        let entry = loaded.store.service.apis.get("my-orders").unwrap();
        assert_eq!((entry.api.path.as_str(), entry.api.subscription_required), ("my-orders", Some(false)), "{file}");
        assert_eq!(entry.api.service_url.as_deref(), Some("http://127.0.0.1:9/base"), "{file}");
        assert!(entry.operations.contains("getorder"), "{file}");
        assert!(
            loaded.warnings.iter().any(|warning| warning.message.contains("needs no key")),
            "{:?}",
            loaded.warnings
        );
    }
}

#[test]
fn a_wsdl_document_alone_is_an_api() {
    let folder = tempfile::tempdir().unwrap();
    super::write(folder.path(), &[("calc.wsdl", wsdl("w01-calculator-two-endpoints.wsdl").as_str())]);
    let loaded = load::path(folder.path()).unwrap();
    let entry = loaded.store.service.apis.get("calculator").unwrap();
    assert_eq!(entry.api.effective_kind(), gatewright::model::ApiKind::Soap);
    assert!(entry.operations.contains("add"));
    assert!(
        loaded.warnings.iter().any(|warning| warning.message.contains("several-endpoints")),
        "{:?}",
        loaded.warnings
    );
}

#[test]
fn wsdl_may_be_utf_16_or_latin_1() {
    let text = wsdl("w01-calculator-two-endpoints.wsdl").replace("<wsdl:service", "<!-- Zürich --><wsdl:service");
    let body = text.split_once("?>").map_or(text.as_str(), |(_, body)| body);
    let declared = |encoding: &str| format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>{body}");
    let utf_16 = declared("utf-16");
    let little = utf_16.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let big = utf_16.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>();
    let latin_1 = declared("ISO-8859-1").chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    for (name, bytes) in [
        ("little end first, with a mark", [vec![0xff, 0xfe], little.clone()].concat()),
        ("big end first, with a mark", [vec![0xfe, 0xff], big.clone()].concat()),
        ("little end first, by the declaration", little),
        ("big end first, by the declaration", big),
        ("UTF-8 that says it was UTF-16", utf_16.clone().into_bytes()),
        ("Latin-1", latin_1),
    ] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("calc.wsdl"), &bytes).unwrap();
        let loaded = load::path(folder.path()).unwrap_or_else(|problems| panic!("{name}: {problems}"));
        assert!(loaded.store.service.apis.get("calculator").unwrap().operations.contains("add"), "{name}");
        let mut options = gatewright::import::WsdlOptions::default();
        options.any_endpoint = true;
        let imported = gatewright::import::wsdl(&bytes, &options);
        assert!(imported.accepted && !imported.operations.is_empty(), "{name}: {:?}", imported.findings);
    }
}

#[test]
fn wsdl_imports_files_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let whole = wsdl("w02-wrapped-arrays.wsdl");
    let (start, rest) = whole.split_once("<wsdl:types>").unwrap();
    let (types, rest) = rest.split_once("</wsdl:types>").unwrap();
    let (abstract_part, service) = rest.split_once("<wsdl:service").unwrap();
    let schema = types.trim().replacen(
        "<xs:schema",
        "<xs:schema xmlns:tns=\"http://orders.example.com/\" xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"",
        1,
    );
    let include = "<wsdl:types><xs:schema targetNamespace=\"http://orders.example.com/\"><xs:include schemaLocation=\"./types.xsd\"/></xs:schema></wsdl:types>";
    let main = format!("{start}<wsdl:import namespace=\"x\" location=\"sub/../binding.wsdl\"/><wsdl:service{service}");
    let binding = format!("{start}{include}{abstract_part}</wsdl:definitions>");
    let files = [("main.wsdl", main.as_str()), ("binding.wsdl", &binding), ("types.xsd", &schema)];
    super::write(folder.path(), &files);
    let loaded = load::path(folder.path()).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(loaded.store.service.apis.names().collect::<Vec<_>>(), ["orders"]);
    assert!(loaded.store.service.apis.get("orders").unwrap().operations.contains("placeorder"));

    let in_api: Vec<_> = files
        .iter()
        .map(|(name, text)| (format!("apis/orders/{name}").replace("main.wsdl", "specification.wsdl"), *text))
        .collect();
    let in_api: Vec<_> = in_api.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let folder = tempfile::tempdir().unwrap();
    super::write(folder.path(), &in_api);
    super::write(
        folder.path(),
        &[("apis/orders/apiInformation.json", r#"{"properties": {"path": "o", "apiType": "soap"}}"#)],
    );
    let loaded = load::path(folder.path()).unwrap_or_else(|problems| panic!("{problems}"));
    let entry = loaded.store.service.apis.get("orders").unwrap();
    assert_eq!(
        entry.operations.get("placeorder").unwrap().operation.url_template,
        "/?soapAction=http://orders.example.com/PlaceOrder"
    );
}

#[test]
fn a_lone_specification_that_is_wrong_says_where() {
    let folder = tempfile::tempdir().unwrap();
    super::write(folder.path(), &[("openapi.yaml", "openapi: 3.0.3\ninfo: [\n")]);
    let problems = load::path(folder.path()).unwrap_err().to_string();
    assert!(problems.contains("openapi.yaml:") && problems.contains("invalid-syntax"), "{problems}");
}

#[test]
fn a_specification_of_graphql_is_the_schema_of_its_api() {
    let folder = tempfile::tempdir().unwrap();
    let schema = "type Query { a: Int }\n";
    let resolver = "<http-data-source><http-request><set-method>GET</set-method><set-url>https://a.example</set-url>\
                    </http-request></http-data-source>";
    super::write(
        folder.path(),
        &[
            ("apis/g/apiInformation.json", r#"{"properties": {"path": "g", "type": "graphql"}}"#),
            ("apis/g/specification.graphql", schema),
            (
                "apis/g/resolvers/a/resolverInformation.json",
                r#"{"properties": {"path": "Query/a", "displayName": "a"}}"#,
            ),
            ("apis/g/resolvers/a/policy.xml", resolver),
        ],
    );
    let loaded = gatewright::load::path(folder.path()).unwrap();
    let api = loaded.store.service.apis.get("g").unwrap();
    let found = api.schemas.get("graphql").unwrap();
    assert_eq!(found.content_type.as_deref(), Some("application/vnd.ms-azure-apim.graphql.schema"));
    assert_eq!(found.document.as_deref().unwrap()["value"], schema);
    assert_eq!(api.resolvers.get("a").unwrap().policy.as_ref().unwrap().value, resolver);
}
