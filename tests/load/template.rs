//! Templates that load.

use gatewright::load::{Loaded, Options};
use gatewright::model::{CertificateAuthority, PolicyFormat};

fn load(template: &str, options: Options) -> Loaded {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("main.json");
    std::fs::write(&file, template).unwrap();
    options.load(&file).unwrap_or_else(|problems| panic!("{problems}"))
}

/// What the Bicep compiler writes: symbolic names, `format` for names, files as variables, modules as deployments.
#[test]
fn reads_compiled_bicep() {
    let loaded = load(
        r##"{
            "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "languageVersion": "2.0",
            "contentVersion": "1.0.0.0",
            "parameters": {
                "apimServiceName": { "type": "string", "defaultValue": "[format('apim-{0}', uniqueString(resourceGroup().id))]" },
                "hosts": { "type": "array", "defaultValue": ["east", "west"] },
                "withOld": { "type": "bool", "defaultValue": false },
                "location": { "type": "string", "defaultValue": "[resourceGroup().location]" }
            },
            "variables": {
                "$fxv#0": "<policies><inbound><set-variable name=\"a\" value=\"@(\"x\")\" /></inbound></policies>",
                "copy": [{ "name": "urls", "count": "[length(parameters('hosts'))]", "input": "[format('https://{0}.contoso.com', parameters('hosts')[copyIndex('urls')])]" }]
            },
            "resources": {
                "apim": { "existing": true, "type": "Microsoft.ApiManagement/service", "apiVersion": "2024-05-01", "name": "[parameters('apimServiceName')]" },
                "backends": {
                    "copy": { "name": "backends", "count": "[length(parameters('hosts'))]" },
                    "type": "Microsoft.ApiManagement/service/backends",
                    "name": "[format('{0}/{1}', parameters('apimServiceName'), parameters('hosts')[copyIndex()])]",
                    "properties": { "url": "[variables('urls')[copyIndex()]]", "protocol": "http" }
                },
                "pool": {
                    "type": "Microsoft.ApiManagement/service/backends",
                    "name": "[format('{0}/{1}', parameters('apimServiceName'), 'pool')]",
                    "properties": {
                        "type": "Pool",
                        "pool": {
                            "copy": [{
                                "name": "services",
                                "count": "[length(range(0, length(parameters('hosts'))))]",
                                "input": {
                                    "id": "[resourceId('Microsoft.ApiManagement/service/backends', parameters('apimServiceName'), parameters('hosts')[copyIndex('services')])]",
                                    "priority": "[add(copyIndex('services'), 1)]"
                                }
                            }]
                        }
                    },
                    "dependsOn": ["backends"]
                },
                "old": {
                    "condition": "[parameters('withOld')]",
                    "type": "Microsoft.ApiManagement/service/backends",
                    "name": "[format('{0}/old', parameters('apimServiceName'))]",
                    "properties": { "url": "[reference('x').y]" }
                },
                "module": {
                    "type": "Microsoft.Resources/deployments",
                    "name": "api",
                    "properties": {
                        "expressionEvaluationOptions": { "scope": "inner" },
                        "mode": "Incremental",
                        "parameters": { "service": { "value": "[parameters('apimServiceName')]" }, "path": { "value": "orders" } },
                        "template": {
                            "parameters": { "service": { "type": "string" }, "path": { "type": "string" } },
                            "resources": [
                                {
                                    "type": "Microsoft.ApiManagement/service/apis",
                                    "name": "[format('{0}/{1}', parameters('service'), 'orders')]",
                                    "properties": { "path": "[parameters('path')]", "subscriptionRequired": "[not(true())]" }
                                },
                                {
                                    "type": "Microsoft.ApiManagement/service/apis/operations",
                                    "name": "[format('{0}/{1}/{2}', parameters('service'), 'orders', 'list')]",
                                    "properties": { "method": "GET", "urlTemplate": "/" }
                                }
                            ]
                        }
                    }
                },
                "policy": {
                    "type": "Microsoft.ApiManagement/service/policies",
                    "name": "[format('{0}/{1}', parameters('apimServiceName'), 'policy')]",
                    "properties": { "format": "rawxml", "value": "[variables('$fxv#0')]" }
                }
            },
            "outputs": { "x": { "type": "string", "value": "[reference('apim').gatewayUrl]" } }
        }"##,
        Options::new(),
    );
    assert_eq!(loaded.warnings, []);
    let service = &loaded.store.service;
    assert_eq!(service.backends.names().collect::<Vec<_>>(), ["east", "pool", "west"]);
    assert_eq!(service.backends.get("west").unwrap().url.as_deref(), Some("https://west.contoso.com"));
    let members = &service.backends.get("pool").unwrap().pool.as_ref().unwrap().services;
    assert_eq!(members.iter().map(|member| member.priority).collect::<Vec<_>>(), [Some(1), Some(2)]);
    let orders = service.apis.get("orders").unwrap();
    assert_eq!((orders.api.path.as_str(), orders.api.subscription_required), ("orders", Some(false)));
    assert!(orders.operations.contains("list"));
    let policy = service.policy.as_ref().unwrap();
    assert_eq!(policy.format, Some(PolicyFormat::RawXml));
    assert!(policy.value.contains("@(\"x\")"));
    let origin = policy.origin.as_ref().unwrap();
    assert!(origin.file.ends_with("main.json"));
    assert_eq!(origin.position.map(|(line, _)| line), Some(74));
}

#[test]
fn reads_nested_resources_and_parameters() {
    let template = r#"{
        "parameters": { "url": { "type": "string" }, "settings": { "type": "object" } },
        "resources": [{
            "type": "Microsoft.ApiManagement/service",
            "name": "contoso",
            "location": "westeurope",
            "properties": { "hostnameConfigurations": [
                { "type": "Proxy", "hostName": "api.contoso.com" }, { "type": "Portal", "hostName": "portal.contoso.com" }
            ], "certificates": [
                { "storeName": "Root", "encodedCertificate": "[parameters('url')]" },
                { "storeName": "CertificateAuthority", "encodedCertificate": "MIIB", "certificatePassword": "pw" }
            ] },
            "resources": [
                { "type": "backends", "name": "b", "properties": { "url": "[parameters('url')]", "title": "[[literal]" } },
                { "type": "properties", "name": "n", "properties": { "displayName": "n", "value": "[parameters('settings').key]" } },
                { "type": "workspaces", "name": "w", "properties": { "displayName": "W" }, "resources": [
                    { "type": "namedValues", "name": "inner", "properties": { "displayName": "inner", "value": "1" } }
                ] },
                { "type": "products", "name": "p", "properties": { "displayName": "P" }, "resources": [
                    { "type": "apis", "name": "a" },
                    { "type": "policies", "name": "policy", "properties": { "value": "<policies />" } }
                ] },
                { "type": "apis", "name": "a", "properties": { "path": "a" } }
            ]
        }]
    }"#;
    let options = Options::new()
        .parameter("URL", "https://given")
        .parameter("settings", serde_json::json!({ "key": "[not an expression]" }));
    let store = load(template, options).store;
    assert_eq!((store.name.as_deref(), store.location.as_deref()), (Some("contoso"), Some("westeurope")));
    assert_eq!(store.host_names, ["api.contoso.com"]);
    let authorities = [CertificateAuthority::new("https://given"), CertificateAuthority::new("MIIB").password("pw")];
    assert_eq!(store.authorities, authorities);
    let backend = store.service.backends.get("b").unwrap();
    assert_eq!((backend.url.as_deref(), backend.title.as_deref()), (Some("https://given"), Some("[literal]")));
    let value = store.service.named_values.get("n").unwrap().value.as_ref().unwrap();
    assert_eq!(value.expose(), "[not an expression]");
    let product = store.service.products.get("p").unwrap();
    assert_eq!(product.apis, ["a"]);
    assert_eq!(product.policy.as_ref().unwrap().format, None);
    let workspace = store.workspaces.get("w").unwrap();
    assert_eq!(workspace.properties.display_name.as_deref(), Some("W"));
    assert!(workspace.entities.named_values.contains("inner"));
}

#[test]
fn evaluates_functions() {
    for (expression, expected) in [
        ("concat('a', 1, true())", "a1True"),
        ("format('{0}-{1}{{}}', 'a', 2)", "a-2{}"),
        ("toUpper(trim(' x '))", "X"),
        ("replace('a.b', '.', '/')", "a/b"),
        ("split('a,b', ',')[1]", "b"),
        ("if(equals(1, 1), 'yes', variables('none'))", "yes"),
        ("if(and(true(), not(false())), 'yes', 'no')", "yes"),
        ("if(or(false(), false()), 'yes', 'no')", "no"),
        ("string(createObject('b', 1, 'a', createArray(true())))", r#"{"a":[true],"b":1}"#),
        ("string(json('{\"a\": [1, 2]}').a[1])", "2"),
        ("string(length(union(createArray('a'), createArray('a', 'b'))))", "2"),
        ("union(createObject('a', 'x'), createObject('a', 'y')).a", "y"),
        ("string(contains(createArray('a', 'b'), 'b'))", "True"),
        ("uri('https://host/path/', 'x/y')", "https://host/path/x/y"),
        ("substring('abcdef', 1, 3)", "bcd"),
        ("string(add(int('40'), 2))", "42"),
        ("string(empty(''))", "True"),
        ("coalesce(null(), 'x')", "x"),
        ("join(createArray('a', 'b'), '-')", "a-b"),
        ("take('abc', 2)", "ab"),
        ("last(split(resourceId('Microsoft.ApiManagement/service/apis', 's', 'x'), '/'))", "?"),
        ("'it''s'", "it's"),
    ] {
        let template = serde_json::json!({ "resources": [{
            "type": "Microsoft.ApiManagement/service/tags",
            "name": "s/t",
            "properties": { "displayName": format!("[{expression}]") },
        }] });
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("main.json");
        std::fs::write(&file, template.to_string()).unwrap();
        let found = match Options::new().load(&file) {
            Ok(loaded) => loaded.store.service.tags.get("t").unwrap().display_name.clone().unwrap(),
            Err(_) => "?".to_owned(),
        };
        assert_eq!(found, expected, "{expression}");
    }
}

/// Nesting of every kind ends in a message, not in a crash.
#[test]
fn deep_templates_are_refused() {
    let mut variables = serde_json::Map::new();
    for level in 0..1000 {
        let inner = format!("variables('v{}')", level + 1);
        let nested = format!("[{}{inner}{}]", "string(".repeat(50), ")".repeat(50));
        variables.insert(format!("v{level}"), nested.into());
    }
    let template = |variables: serde_json::Value, value: serde_json::Value| {
        serde_json::json!({ "variables": variables, "resources": [{
            "type": "Microsoft.ApiManagement/service/tags", "name": "s/t", "properties": { "displayName": value },
        }] })
        .to_string()
    };
    let deep_arrays = format!("{}{}", "[".repeat(120), "]".repeat(120));
    let deep_extra = template(serde_json::json!({}), serde_json::json!("x")).replace("\"x\"", &deep_arrays);
    let mut deployment = template(serde_json::json!({}), serde_json::json!("x"));
    for _ in 0..25 {
        deployment = format!(
            "{{\"resources\":[{{\"type\":\"Microsoft.Resources/deployments\",\"name\":\"d\",\"properties\":{{\"template\":{deployment}}}}}]}}"
        );
    }
    for (template, message) in [
        (template(variables.into(), "[variables('v0')]".into()), "nested too deep"),
        (deep_extra, "`displayName` is an array"),
        (deployment, "nested more than"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("main.json");
        std::fs::write(&file, template).unwrap();
        let problems = Options::new().load(&file).unwrap_err().to_string();
        assert!(problems.contains(message), "{problems}");
    }
}

#[test]
fn a_parameters_file_gives_values() {
    let folder = tempfile::tempdir().unwrap();
    let template = r#"{
        "parameters": { "url": { "type": "string" } },
        "resources": [{ "type": "Microsoft.ApiManagement/service/backends", "name": "s/b", "properties": { "url": "[parameters('url')]" } }]
    }"#;
    let (main, values, broken) =
        (folder.path().join("main.json"), folder.path().join("values.json"), folder.path().join("broken.json"));
    std::fs::write(&main, template).unwrap();
    std::fs::write(&values, r#"{ "parameters": { "url": { "value": "https://file" } } }"#).unwrap();
    std::fs::write(&broken, r#"{ "parameters": { "url": { "reference": { "secretName": "x" } } } }"#).unwrap();
    let loaded = Options::new().parameters_file(&values).load(&main).unwrap();
    assert_eq!(loaded.store.service.backends.get("b").unwrap().url.as_deref(), Some("https://file"));

    let problems = Options::new().parameters_file(&broken).load(&main).unwrap_err();
    let problems: Vec<_> = problems.iter().map(|problem| super::below(folder.path(), problem)).collect();
    assert_eq!(
        problems,
        [
            "broken.json:1:41: parameter `url` refers to Key Vault, which is not asked: give its value",
            "main.json:3:115: backend `b`: depends on `parameters('url')`, which is not known here: give the parameter a value",
        ]
    );
}

/// Ten thousand operations and a thousand documents in one template; prints how long that takes.
#[test]
fn reads_large_templates() {
    let mut resources = Vec::new();
    let mut push = |kind: &str, name: String, properties: serde_json::Value| {
        let kind = format!("Microsoft.ApiManagement/service/{kind}");
        let name = format!("[concat(parameters('service'), '/{name}')]");
        resources.push(
            serde_json::json!({ "type": kind, "apiVersion": "2024-05-01", "name": name, "properties": properties }),
        );
    };
    for api in 0..100 {
        push("apis", format!("api{api}"), serde_json::json!({ "path": format!("api{api}") }));
        for operation in 0..100 {
            let name = format!("api{api}/get{operation}");
            let template = format!("/items/{operation}/{{id}}");
            let parameter = serde_json::json!({ "name": "id", "type": "string", "required": true });
            let properties =
                serde_json::json!({ "method": "GET", "urlTemplate": template, "templateParameters": [parameter] });
            push("apis/operations", name.clone(), properties);
            if operation % 10 == 0 {
                let policy = "<policies>".repeat(100);
                push("apis/operations/policies", format!("{name}/policy"), serde_json::json!({ "value": policy }));
            }
        }
    }
    let template = serde_json::to_string_pretty(&serde_json::json!({ "resources": resources })).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("main.json");
    std::fs::write(&file, &template).unwrap();
    let start = std::time::SystemTime::now();
    let store = Options::new().load(&file).unwrap_or_else(|problems| panic!("{problems}")).store;
    println!("{} bytes of template in {:?}", template.len(), start.elapsed().unwrap());
    let operations: usize = store.service.apis.iter().map(|(_, api)| api.operations.len()).sum();
    assert_eq!(operations, 10_000);
}
