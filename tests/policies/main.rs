//! Policies, case by case: documents, a request, what the backend answers, and what comes of it.
//!
//! The cases are files in `cases`, one folder a policy; `cases/README.md` has their format.

mod case;
mod custom;
mod docs;
mod gateway;
mod outside;
mod run;

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use case::{Case, Message};
use gatewright::Body;
use gatewright::body::BoxError;
use gatewright::clock::Clock;
use gatewright::forward::{ClientAddress, Target};
use gatewright::policy::{Document, EngineSettings, Environment, EventHub, PolicyLayer, Scope, lint};
use gatewright::secret::NamedValues;
use gatewright::sink::{TraceEvent, TraceSink};
use http::{Request, Response};
use outside::Outside;
use tower::{Layer, ServiceExt, service_fn};

#[tokio::test(start_paused = true)]
async fn all_cases() {
    let cases = Case::load_all();
    assert!(cases.len() > 40, "only {} cases were found", cases.len());
    let mut failures = Vec::new();
    for case in &cases {
        for problem in run(case).await {
            failures.push(format!("{}: {problem}", case.name));
        }
    }
    assert!(failures.is_empty(), "{} of {} cases:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

/// Takes down what `trace` says.
#[derive(Default)]
struct Traces(Mutex<Vec<String>>);

impl TraceSink for Traces {
    fn trace(&self, event: &TraceEvent<'_>) {
        let metadata: Vec<_> = event.metadata.iter().map(|(name, value)| format!(" {name}={value}")).collect();
        let line = format!("{:?} {}: {}{}", event.severity, event.source, event.message, metadata.concat());
        self.0.lock().unwrap().push(line);
    }
}

/// Runs one case and says what differs.
async fn run(case: &Case) -> Vec<String> {
    let environment = environment(case);
    if let Some(text) = case.part("lint") {
        let found: Vec<_> = lint("case.xml", text, &environment).iter().map(ToString::to_string).collect();
        return case.compare("diagnostics", &found.join("\n"));
    }
    let mut documents = Vec::new();
    let mut diagnostics = Vec::new();
    for (part, scope) in [
        ("global", Scope::Global),
        ("product", Scope::Product),
        ("policies", Scope::Api),
        ("operation", Scope::Operation),
    ] {
        let Some(text) = case.part(part) else { continue };
        match Document::compile(&format!("{part}.xml"), text, scope, &environment) {
            Ok(document) => {
                diagnostics.extend(document.diagnostics().iter().map(ToString::to_string));
                documents.push(document);
            }
            Err(error) => diagnostics.extend(error.diagnostics().iter().map(ToString::to_string)),
        }
    }
    let mut problems = match case.part("diagnostics") {
        Some(_) => case.compare("diagnostics", &diagnostics.join("\n")),
        None if diagnostics.is_empty() => Vec::new(),
        None => return vec![format!("does not compile:\n{}", diagnostics.join("\n"))],
    };
    let Some(request) = case.message("request") else { return problems };
    let traces = Arc::new(Traces::default());
    let sent = Arc::new(Mutex::new(Vec::new()));
    let answers = Arc::new(Mutex::new(case.messages("backend")));
    let (seen, given) = (sent.clone(), answers.clone());
    let backend = service_fn(move |request: Request<Body>| {
        let (seen, given) = (seen.clone(), given.clone());
        async move { answer(request, &seen, &given).await }
    });
    let clock = Clock::manual(SystemTime::UNIX_EPOCH + Duration::from_secs(1_710_498_645));
    let mut settings = EngineSettings::default();
    settings.clock = clock;
    settings.trace_sink = traces.clone();
    let outside = Outside::new(case);
    outside.install(&mut settings);
    let deliveries = settings.deliveries.clone();
    let response = if case.part("apis").is_some() {
        match gateway::serve(case, settings, to_request(&request)).await {
            Ok(response) => response,
            Err(problem) => return vec![problem],
        }
    } else {
        let service = PolicyLayer::new(documents).settings(settings).layer(backend);
        service.oneshot(to_request(&request)).await.expect("policies answer always")
    };
    let (parts, body) = response.into_parts();
    let body = body.collect(1 << 20).await.map(|body| body.as_bytes().cloned().unwrap_or_default());
    let reason = parts.extensions.get::<hyper::ext::ReasonPhrase>();
    let first = match reason {
        Some(reason) => format!("{} {}", parts.status.as_u16(), String::from_utf8_lossy(reason.as_bytes())),
        None => parts.status.to_string(),
    };
    let body = body.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_else(|e| format!("<{e}>"));
    problems.extend(case.compare_message("response", &Message::new(first, &parts.headers, body)));
    let sent = sent.lock().unwrap();
    for (index, message) in sent.iter().enumerate() {
        problems.extend(case.compare_message_at("sent", index, message));
    }
    if case.messages("sent").len() > sent.len() {
        problems.push(format!("only {} requests reached the backend", sent.len()));
    }
    deliveries.drained().await;
    problems.extend(outside.compare(case));
    problems.extend(case.part("trace").and_then(|_| {
        let lines = traces.0.lock().unwrap().join("\n");
        case.compare("trace", &lines).into_iter().next()
    }));
    problems
}

fn environment(case: &Case) -> Environment {
    let mut values = NamedValues::new();
    for (name, value) in case.pairs("named-values") {
        values = values.plain(name, value);
    }
    let mut environment = Environment::new().named_values(values).backends(["orders", "billing"]);
    for (id, text) in case.pairs("loggers") {
        environment = environment.logger(id, EventHub::of_connection_string(text, None).expect("an event hub"));
    }
    for (name, text) in case.parts_with("fragment ") {
        environment = environment.fragment(name, &format!("{name}.xml"), text);
    }
    environment
}

fn to_request(message: &Message) -> Request<Body> {
    let (method, uri) = message.first.split_once(' ').expect("a request line has a method and a path");
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in &message.headers {
        request = request.header(name, value);
    }
    let body = if message.body.is_empty() { Body::empty() } else { streaming(message.body.clone()) };
    let mut request = request.body(body).expect("the case's request is valid");
    request.extensions_mut().insert(ClientAddress("203.0.113.7".parse().unwrap()));
    request
}

/// A body that is not known to be in memory, as one from a connection.
fn streaming(text: String) -> Body {
    use http_body_util::BodyExt as _;
    Body::new(http_body_util::Full::new(bytes::Bytes::from(text)).map_err(|never| match never {}))
}

/// Notes the request down and answers with the next message of the case.
async fn answer(
    request: Request<Body>,
    seen: &Mutex<Vec<Message>>,
    given: &Mutex<Vec<Message>>,
) -> Result<Response<Body>, BoxError> {
    let (parts, body) = request.into_parts();
    let body = body.collect(1 << 20).await?.as_bytes().cloned().unwrap_or_default();
    let target = match parts.extensions.get::<Target>() {
        Some(Target::Url(url)) => format!(" -> {url}"),
        Some(Target::Backend(id)) => format!(" -> backend {id}"),
        None => String::new(),
    };
    let first = format!("{} {}{target}", parts.method, parts.uri);
    seen.lock().unwrap().push(Message::new(first, &parts.headers, String::from_utf8_lossy(&body).into_owned()));
    let message = {
        let mut given = given.lock().unwrap();
        if given.is_empty() {
            Message::new("200 OK".to_owned(), &http::HeaderMap::new(), String::new())
        } else {
            given.remove(0)
        }
    };
    if let Some(error) = message.first.strip_prefix("error ") {
        return Err(error.into());
    }
    Ok(to_response(&message))
}

fn to_response(message: &Message) -> Response<Body> {
    let (status, reason) = message.first.split_once(' ').unwrap_or((&message.first, ""));
    let mut response = Response::builder().status(status);
    for (name, value) in &message.headers {
        response = response.header(name, value);
    }
    let mut response = response.body(streaming(message.body.clone())).expect("the case's answer is valid");
    if response.status().canonical_reason() != Some(reason) && !reason.is_empty() {
        let reason = hyper::ext::ReasonPhrase::try_from(reason.as_bytes().to_vec()).expect("a valid reason");
        response.extensions_mut().insert(reason);
    }
    response
}
