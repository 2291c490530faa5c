//! The naming service of a Service Fabric cluster.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use gatewright::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use rustls::ServerConfig;

use super::TestServer;

/// A naming service that gives prepared answers, one after the other; the last one stays.
pub struct TestNaming {
    pub server: TestServer,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    answers: VecDeque<(u16, String)>,
    asked: Vec<String>,
}

impl TestNaming {
    pub async fn http() -> Self {
        let state = Arc::<Mutex<State>>::default();
        let seen = state.clone();
        Self { server: TestServer::http(move |request| answer(seen.clone(), request)).await, state }
    }

    pub async fn tls(config: Arc<ServerConfig>) -> Self {
        let state = Arc::<Mutex<State>>::default();
        let seen = state.clone();
        Self { server: TestServer::tls(config, move |request| answer(seen.clone(), request)).await, state }
    }

    pub fn then(self, status: u16, body: impl Into<String>) -> Self {
        self.state.lock().unwrap().answers.push_back((status, body.into()));
        self
    }

    /// Paths and queries so far.
    pub fn asked(&self) -> Vec<String> {
        self.state.lock().unwrap().asked.clone()
    }
}

/// The answer for a stateless service at these addresses.
pub fn stateless(version: &str, addresses: &[String]) -> String {
    let endpoints: Vec<_> = addresses
        .iter()
        .map(|url| {
            let address = serde_json::json!({ "Endpoints": { "": url } }).to_string();
            serde_json::json!({ "Kind": "Stateless", "Address": address })
        })
        .collect();
    serde_json::json!({
        "Name": "fabric:/app/svc",
        "PartitionInformation": { "ServicePartitionKind": "Singleton", "Id": "3f0d39ad" },
        "Endpoints": endpoints,
        "Version": version,
    })
    .to_string()
}

async fn answer(state: Arc<Mutex<State>>, request: Request<Incoming>) -> Response<Body> {
    let mut state = state.lock().unwrap();
    state.asked.push(request.uri().path_and_query().unwrap().to_string());
    let next = if state.answers.len() > 1 { state.answers.pop_front() } else { state.answers.front().cloned() };
    let (status, body) = next.unwrap_or((500, String::new()));
    Response::builder().status(status).body(Body::from(body)).unwrap()
}
