//! Secrets come back only where the contract returns them.

use serde_json::{Value, json};

use crate::support::Authority;
use crate::{Site, TOKEN};

/// In every secret that is sent.
const CANARY: &str = "c4n4ry";

#[tokio::test]
async fn a_canary_is_in_no_answer_and_no_debug_print() {
    let site = Site::new().await;
    let (pem, _) = Authority::new().client("client");
    let secrets = [
        ("/namedValues/secret", json!({"displayName": "secret", "value": CANARY, "secret": true})),
        (
            "/loggers/hub",
            json!({"loggerType": "azureEventHub", "credentials": {"name": "hub", "connectionString":
                format!("Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=s;SharedAccessKey={CANARY}")}}),
        ),
        (
            "/loggers/insights",
            json!({"loggerType": "applicationInsights", "credentials": {"instrumentationKey": CANARY}}),
        ),
        (
            "/caches/default",
            json!({"connectionString": format!("redis,password={CANARY}"), "useFromLocation": "default"}),
        ),
        ("/certificates/c", json!({"data": pem, "password": CANARY})),
        (
            "/users/u",
            json!({"email": "u@example.com", "firstName": "A", "lastName": "B", "password": CANARY, "confirmation": "invite"}),
        ),
        (
            "/subscriptions/s",
            json!({"displayName": "s", "scope": "/apis", "primaryKey": format!("{CANARY}-1"), "secondaryKey": format!("{CANARY}-2")}),
        ),
    ];
    let mut told = String::new();
    for (path, properties) in &secrets {
        told += &site.put(path, properties.clone()).await.is(201).text;
        told += &site.patch(path, json!({"description": "d"})).await.text;
        told += &site.get(path).await.is(200).text;
        told += &site.get(path.rsplit_once('/').unwrap().0).await.is(200).text;
    }
    // In places where it is wrong.
    for (path, properties) in [
        ("/namedValues/other", json!({"displayName": CANARY.repeat(100), "value": {"text": CANARY}})),
        ("/namedValues/other", json!({"displayName": "other", "value": [CANARY]})),
        ("/certificates/d", json!({"data": CANARY, "password": CANARY})),
        ("/certificates/d", json!({"data": {"x": CANARY}})),
        ("/backends/b", json!({"url": "https://b.example", "credentials": CANARY})),
        ("/backends/b", json!({"url": "https://b.example", "credentials": {"authorization": CANARY}})),
        ("/subscriptions/t", json!({"displayName": "t", "scope": "/apis", "primaryKey": format!("{CANARY}-1")})),
        ("/loggers/bad", json!({"loggerType": "azureEventHub", "credentials": [CANARY]})),
        ("/caches/bad", json!({"connectionString": "x", "useFromLocation": {"x": CANARY}})),
    ] {
        let refused = site.put(path, properties).await.is(400).text;
        told += &refused.replace(&CANARY.repeat(100), "");
    }
    // A document that does not compile with the secret in it.
    let policy = r#"<set-variable name="v" value="@({{secret}} + )" />"#;
    told += &site.policy("", policy).await.is(400).text;
    told += &format!("{:?} {:?} {:?}", site.management, site.management.store(), site.gateway);
    assert!(!told.contains(CANARY) && !told.contains(TOKEN), "{told}");

    let value = site.post("/namedValues/secret/listValue").await.is(200);
    assert_eq!(value.json(), json!({"value": CANARY}));
    assert_eq!(value.etag(), site.get("/namedValues/secret").await.etag());
    let keys = site.post("/subscriptions/s/listSecrets").await.is(200).json();
    assert_eq!(keys["primaryKey"], format!("{CANARY}-1"));
    // Nobody finds it by asking whether it is so.
    site.get("/namedValues?$filter=value%20eq%20'c4n4ry'").await.is(400);
    // A logger shows the named value that its secret has become.
    let logger = site.get("/loggers/hub").await.json();
    let shown = logger["properties"]["credentials"]["connectionString"].as_str().unwrap();
    assert!(shown.starts_with("{{Logger-Credentials-") && shown.ends_with("}}"), "{shown}");
    // A change that sends back what was read keeps the secret.
    site.put("/loggers/hub", logger["properties"].clone()).await.is(200);
    site.call("PUT", "/namedValues/secret", &[], json!({"displayName": "secret", "secret": true})).await.is(400);
    site.patch("/namedValues/secret", json!({"tags": ["x"]})).await.is(200);
    assert_eq!(site.post("/namedValues/secret/listValue").await.json()["value"], CANARY);
    site.post("/namedValues/secret/refreshSecret").await.is(400);
    let plain = site.call("GET", "/namedValues/secret", &[], Value::Null).await.json();
    assert!(plain["properties"].get("value").is_none());
}

#[tokio::test]
async fn secrets_of_loggers_and_caches_change_and_go_with_them() {
    let site = Site::new().await;
    let logger = |key: &str| json!({"loggerType": "applicationInsights", "credentials": {"instrumentationKey": key}});
    let cache = |text: &str| json!({"connectionString": text, "useFromLocation": "default"});
    site.put("/loggers/l", logger("one")).await.is(201);
    site.put("/caches/default", cache("redis,password=one")).await.is(201);
    let names = site.get("/namedValues").await.names();
    assert_eq!(names.len(), 2);
    let mut values = Vec::new();
    for name in &names {
        values.push(
            site.post(&format!("/namedValues/{name}/listValue")).await.json()["value"].as_str().unwrap().to_owned(),
        );
        let shown = site.get(&format!("/namedValues/{name}")).await.json();
        let display = shown["properties"]["displayName"].as_str().unwrap();
        let hex = display.strip_prefix("Logger-Credentials--").unwrap();
        assert!(hex.len() == 24 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()), "{display}");
    }
    values.sort();
    assert_eq!(values, ["one", "redis,password=one"]);
    // Another secret takes the place of the first.
    site.put("/loggers/l", logger("two")).await.is(200);
    site.patch("/caches/default", cache("redis,password=two")).await.is(200);
    assert_eq!(site.get("/namedValues").await.names(), names);
    // One that is used elsewhere stays as it is.
    let shared = site.get("/loggers/l").await.json()["properties"]["credentials"]["instrumentationKey"].clone();
    site.put("/loggers/m", logger(shared.as_str().unwrap())).await.is(201);
    site.put("/loggers/l", logger("three")).await.is(200);
    assert_eq!(site.get("/namedValues").await.names().len(), 3);
    site.delete("/loggers/l").await.is(200);
    site.put("/loggers/m", logger("{{key}}")).await.is(400);
    site.put("/namedValues/key", json!({"displayName": "key", "value": "k"})).await.is(201);
    site.put("/loggers/m", logger("{{key}}")).await.is(200);
    site.delete("/caches/default").await.is(200);
    assert_eq!(site.get("/namedValues").await.names(), ["key"]);
    site.delete("/loggers/m").await.is(200);
    assert_eq!(site.get("/namedValues").await.names(), ["key"], "it was not made for the logger");
}
