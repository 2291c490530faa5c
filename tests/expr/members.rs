//! The members of the allow-list, one expression each: `members.txt`; and what is outside it: `refused.txt`.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use gatewright::expr::{Budget, Category, Expression, JsonHost, Library, LineEnd};
use serde_json::{Value as Json, json};

const CERTIFICATE: &[u8] = include_bytes!("data/certificates/client.der");
const PFX: &[u8] = include_bytes!("data/certificates/client.pfx");

/// The context of the members: what `data/context.json` has, and the members that are rarely there.
fn host() -> JsonHost {
    let context = serde_json::from_str(include_str!("data/context.json")).expect("context.json is JSON");
    let body = r#"{"a":1}"#;
    let setup = json!({
        "variables": {"x": 1},
        "backend": {"id": "orders-backend", "type": "Pool", "azureRegion": "West Europe"},
        "deployment": {
            "currentCarbonIntensity": "High",
            "certificates": {"root": STANDARD.encode(CERTIFICATE), "client": {"pfx": STANDARD.encode(PFX), "password": "pw"}},
        },
        "graphQL": {"arguments": {"id": 7, "name": "Ana"}, "parent": {"id": "p-1"}},
        "lastError": {"source": "set-body", "reason": "ExpressionValueEvaluationFailure", "message": "it failed", "scope": "api",
            "section": "inbound", "path": "choose[1]", "policyId": "p1", "httpErrorCode": 500},
        "product": {"subscriptionsLimit": 3, "apis": [{"id": "orders-api", "name": "Orders", "path": "orders/v1",
            "protocols": ["https"], "serviceUrl": "https://backend.contoso.example/base",
            "subscriptionKeyParameterNames": {"header": "Ocp-Apim-Subscription-Key", "query": "subscription-key"}}]},
        "request": {"method": "POST", "body": body, "certificate": STANDARD.encode(CERTIFICATE), "foundry": {"deployment": "gpt"},
            "privateEndpointConnection": {"name": "pe", "groupId": "gateway", "memberName": "member"}},
        "response": {"headers": {"Content-Type": ["application/xml"]}, "body": "<r/>"},
        "workspace": {"id": "ws", "name": "Workspace"},
    });
    JsonHost::overlaid(context, &setup)
}

/// The words in capitals that stand for long texts.
fn expand(source: &str) -> String {
    let bytes = |data: &[u8]| format!("Convert.FromBase64String(\"{}\")", STANDARD.encode(data));
    let part = |json: Json| URL_SAFE_NO_PAD.encode(json.to_string());
    let token = [
        part(json!({"alg": "HS256", "typ": "JWT"})),
        part(json!({"jti": "id-1", "iss": "iss", "sub": "sub", "aud": "aud", "n": 3, "roles": ["a", "b"],
            "exp": 2_000_000_000, "iat": 1_000_000_000})),
        "c2ln".to_owned(),
    ];
    let replaced =
        source.replace("(CERT", &format!("({}", bytes(CERTIFICATE))).replace("(PFX", &format!("({}", bytes(PFX)));
    let xml = include_str!("data/certificates/private-key.xml").trim();
    replaced.replace("PRIVATE_XML", &format!("\"{xml}\"")).replace("JWT.As", &format!("\"{}\".As", token.join(".")))
}

fn wrap(source: &str) -> String {
    if source.starts_with('{') { format!("@{source}") } else { format!("@({source})") }
}

fn lines(text: &'static str) -> impl Iterator<Item = (usize, &'static str)> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
}

/// What an expression gives, in the notation of the file.
fn outcome(source: &str) -> Result<String, String> {
    let library = Library::strict().line_end(LineEnd::Lf);
    let expression = Expression::compile(&wrap(&expand(source)), &library).map_err(|errors| errors.to_string())?;
    let (mut host, budget) = (host(), Budget::default());
    let result = expression.eval(&mut host, &budget).and_then(|value| value.to_canonical(&mut host, &budget));
    Ok(match result {
        Ok(Json::String(text)) => text.replace('\n', "\\n"),
        Ok(json) => json.to_string(),
        Err(error) => format!("!{}", error.exception_type()),
    })
}

/// What is wrong with a line of the file.
fn problem(line: &str) -> Option<String> {
    let (source, wanted) = line.split_once(" ==>").map_or((line, None), |(source, wanted)| (source, Some(wanted)));
    let wanted = wanted.map(|wanted| wanted.strip_prefix(' ').unwrap_or(wanted));
    match (outcome(source), wanted) {
        (Err(errors), _) => Some(format!("does not compile: {errors}")),
        (Ok(found), Some(wanted)) if found != wanted => Some(format!("is {found}, expected {wanted}")),
        (Ok(found), None) if found.starts_with('!') => Some(format!("throws {found}")),
        _ => None,
    }
}

#[test]
fn members_of_the_allow_list_work() {
    let (mut count, mut failed) = (0, 0);
    for (number, line) in lines(include_str!("members.txt")) {
        count += 1;
        if let Some(problem) = problem(line) {
            failed += 1;
            println!("members.txt:{number}: {line}\n    {problem}");
        }
    }
    println!("{count} members, {failed} failed");
    assert_eq!(failed, 0, "of {count} members");
}

/// Whether an expression is refused because of a member that API Management does not allow; else what happens to it.
fn refusal(source: &str) -> Result<(), String> {
    match Expression::compile(&wrap(source), &Library::strict()) {
        Ok(_) => Err("compiles".to_owned()),
        Err(errors) if errors.iter().any(|e| e.category == Category::NotAllowed) => Ok(()),
        Err(errors) => Err(format!("is refused for another reason: {errors}")),
    }
}

#[test]
fn what_is_outside_the_allow_list_is_refused() {
    let mut failed = 0;
    for (number, source) in lines(include_str!("refused.txt")) {
        if let Err(problem) = refusal(source) {
            failed += 1;
            println!("refused.txt:{number}: {source}\n    {problem}");
        }
    }
    assert_eq!(failed, 0);
}
