//! A request whose query, headers and form have very many parts.

use gatewright::expr::JsonHost;
use serde_json::{Map, Value as Json, json};

/// The context of the bombs: a query of one name again and again, another of many names, a header of many values, many
/// headers, and a form of many fields.
pub fn host() -> JsonHost {
    let many = |count: usize, part: fn(usize) -> String| (0..count).map(part).collect::<String>();
    let mut headers = Map::new();
    headers.insert("X-Many".to_owned(), (0..4_000).map(|n| Json::from(format!("v{n}"))).collect());
    headers.extend((0..400).map(|n| (format!("X-Header-{n}"), Json::from("value"))));
    JsonHost::new(json!({
        "request": {
            "method": "POST",
            "url": format!("https://host/?{}", many(32_000, |_| "a&".to_owned())),
            "originalUrl": format!("https://host/?{}", many(9_000, |n| format!("n{n}&"))),
            "headers": headers,
            "body": many(100_000, |n| format!("n{n}=v&")),
        },
    }))
}
