//! A document as large APIs have it: parameters, bodies, references, texts, schemas that refer to others.

use std::fmt::Write as _;

use serde_json::Value;

const TEXT: &str = "Returns the resource in the state that it had when the request came; fields that the caller may not see \
                    are left out. The result is paged: follow `nextLink` until it is absent. See the *guide* for limits, and for what happens when they are met.";

/// JSON with this many operations, about 2.5 KB each.
pub fn json(operations: usize) -> String {
    let mut out = String::from(
        r#"{"openapi":"3.0.3","info":{"title":"Generated","version":"1","description":"A large API."},"servers":[{"url":"https://large.example.com/api"}],"tags":[{"name":"one"},{"name":"two"}],"paths":{"#,
    );
    for number in 0..operations / 2 {
        let comma = if number == 0 { "" } else { "," };
        // INVARIANT: writing to a String does not fail.
        let _ = write!(
            out,
            r##"{comma}"/area{area}/things{number}/{{thingId}}":{{"parameters":[{{"name":"thingId","in":"path","required":true,"description":"Id of the thing.","schema":{{"type":"string","format":"uuid"}}}}],"get":{{"operationId":"Things{number}_Get","summary":"Get thing {number}","description":"{TEXT}","tags":["one"],"parameters":[{{"name":"api-version","in":"query","required":true,"schema":{{"type":"string","default":"2024-01-01"}}}},{{"name":"$top","in":"query","description":"How many.","schema":{{"type":"integer","format":"int32","minimum":1,"maximum":1000}}}},{{"name":"If-None-Match","in":"header","schema":{{"type":"string"}}}}],"responses":{{"200":{{"description":"The thing.","headers":{{"ETag":{{"schema":{{"type":"string"}}}}}},"content":{{"application/json":{{"schema":{{"$ref":"#/components/schemas/Thing{number}"}}}}}}}},"404":{{"$ref":"#/components/responses/NotFound"}},"default":{{"description":"An error.","content":{{"application/json":{{"schema":{{"$ref":"#/components/schemas/Error"}}}}}}}}}}}},"post":{{"operationId":"Things{number}_Update","summary":"Update thing {number}","description":"{TEXT}","tags":["one","two"],"requestBody":{{"required":true,"content":{{"application/json":{{"schema":{{"$ref":"#/components/schemas/Thing{number}"}},"example":{{"id":"7","name":"a thing","count":3,"labels":["x","y"]}}}}}}}},"responses":{{"200":{{"description":"The new state.","content":{{"application/json":{{"schema":{{"type":"object","properties":{{"changed":{{"type":"boolean"}},"thing":{{"$ref":"#/components/schemas/Thing{number}"}}}}}}}}}}}},"400":{{"description":"The request is not valid.","content":{{"application/json":{{"schema":{{"$ref":"#/components/schemas/Error"}}}},"application/problem+json":{{"schema":{{"$ref":"#/components/schemas/Error"}}}}}}}},"409":{{"description":"Somebody else was faster.","headers":{{"Retry-After":{{"description":"Seconds to wait.","schema":{{"type":"integer"}}}}}}}}}}}}}}"##,
            area = number % 97,
        );
    }
    out.push_str(r##"},"components":{"responses":{"NotFound":{"description":"There is none.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Error"}}}}},"schemas":{"Error":{"type":"object","required":["code"],"properties":{"code":{"type":"string"},"message":{"type":"string"}}}"##);
    for number in 0..operations / 2 {
        // INVARIANT: writing to a String does not fail.
        let _ = write!(
            out,
            r##","Thing{number}":{{"type":"object","description":"{TEXT}","required":["id","name"],"properties":{{"id":{{"type":"string","readOnly":true,"description":"Id of the thing, given by the service."}},"name":{{"type":"string","minLength":1,"maxLength":64,"description":"Name of the thing, chosen by the caller."}},"count":{{"type":"integer","format":"int64","minimum":0}},"ratio":{{"type":"number","format":"double"}},"isActive":{{"type":"boolean","default":true}},"state":{{"type":"string","enum":["new","active","suspended","deleted"]}},"createdAt":{{"type":"string","format":"date-time"}},"labels":{{"type":"array","items":{{"type":"string"}}}},"parent":{{"$ref":"#/components/schemas/Thing{next}"}},"notes":{{"type":"array","items":{{"type":"object","properties":{{"text":{{"type":"string","description":"{TEXT}"}},"author":{{"type":"string"}},"at":{{"type":"string","format":"date-time"}}}}}}}},"address":{{"type":"object","description":"{TEXT}","required":["street","city"],"properties":{{"street":{{"type":"string","maxLength":200,"description":"Street and number."}},"city":{{"type":"string","maxLength":100,"description":"City or village."}},"postCode":{{"type":"string","pattern":"^[0-9A-Z -]{{3,10}}$"}},"country":{{"type":"string","description":"Two letters (ISO 3166-1)."}},"latitude":{{"type":"number","format":"double","minimum":-90,"maximum":90}},"longitude":{{"type":"number","format":"double","minimum":-180,"maximum":180}}}}}},"history":{{"type":"array","description":"{TEXT}","items":{{"oneOf":[{{"$ref":"#/components/schemas/Error"}},{{"type":"object","properties":{{"what":{{"type":"string","enum":["created","changed","deleted"]}},"who":{{"type":"string"}},"when":{{"type":"string","format":"date-time"}},"before":{{"type":"object","additionalProperties":{{"type":"string"}}}}}}}}]}}}}}},"example":{{"id":"7","name":"a thing","count":3,"state":"new"}}}}"##,
            next = number / 2,
        );
    }
    out.push_str("}}}");
    out
}

/// The same as YAML in block style.
pub fn yaml(operations: usize) -> String {
    let value: Value = serde_json::from_str(&json(operations)).unwrap_or_default();
    let mut out = String::new();
    write(&value, 0, &mut out);
    out
}

fn write(value: &Value, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(members) if !members.is_empty() => {
            out.push('\n');
            for (name, value) in members {
                out.push_str(&format!("{indent}{}:", if name.starts_with(['$', '/']) { format!("'{name}'") } else { name.clone() }));
                write(value, depth + 1, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            out.push('\n');
            for item in items {
                out.push_str(&format!("{indent}-"));
                write(item, depth + 1, out);
            }
        }
        Value::String(text) => out.push_str(&format!(" '{}'\n", text.replace('\'', "''"))),
        other => out.push_str(&format!(" {other}\n")),
    }
}
