//! The load: keep-alive connections, each with one request at a time.

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::{Fault, job};

/// What is asked for.
#[derive(Clone, Copy, PartialEq)]
pub enum Scenario {
    PassThrough,
    Work,
    /// The gateway work with a key that nobody has.
    UnknownKey,
}

/// Open connections to one peer.
pub struct Load {
    connections: Vec<SendRequest<Full<Bytes>>>,
    requests_sent: usize,
}

impl Load {
    pub async fn connect(address: &str, connections: usize) -> Result<Self, Fault> {
        let mut load = Self { connections: Vec::new(), requests_sent: 0 };
        for _ in 0..connections {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let (sender, connection) = handshake(TokioIo::new(stream)).await?;
            tokio::spawn(connection);
            load.connections.push(sender);
        }
        Ok(load)
    }

    /// Sends this many requests over all connections; every answer must be the expected one.
    pub async fn send(&mut self, scenario: Scenario, requests: usize) -> Result<(), Fault> {
        let mut running = JoinSet::new();
        let share = requests.div_ceil(self.connections.len().max(1));
        for mut connection in self.connections.drain(..) {
            let first = self.requests_sent;
            self.requests_sent += share;
            running.spawn(async move {
                for number in first..first + share {
                    exchange(&mut connection, scenario, number).await?;
                }
                Ok::<_, Fault>(connection)
            });
        }
        while let Some(connection) = running.join_next().await {
            self.connections.push(connection??);
        }
        Ok(())
    }
}

async fn exchange(connection: &mut SendRequest<Full<Bytes>>, scenario: Scenario, number: usize) -> Result<(), Fault> {
    connection.ready().await?;
    let response = connection.send_request(request(scenario, number)?).await?;
    let status = response.status();
    let length = response.into_body().collect().await?.to_bytes().len();
    let as_expected = match scenario {
        Scenario::UnknownKey => matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN),
        _ => status == StatusCode::OK && length == 128,
    };
    as_expected.then_some(()).ok_or_else(|| format!("the peer answered {status} with {length} bytes").into())
}

fn request(scenario: Scenario, number: usize) -> http::Result<Request<Full<Bytes>>> {
    let builder = Request::builder()
        .header(header::HOST, "gateway.example.com")
        .header(header::USER_AGENT, "bench/1.0")
        .header(header::ACCEPT, "*/*")
        .header(header::ACCEPT_LANGUAGE, "en")
        .header("x-request-id", "3f2504e0-4f89-11d3-9a0c-0305e82c3301");
    if scenario == Scenario::PassThrough {
        return builder.uri("/b128").body(Full::default());
    }
    // A fixed order without a pattern that a branch predictor could learn.
    let random =
        (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xd1b5_4a32_d192_ed03);
    let below = |count: usize, shift: u32| (random >> shift) as usize % count;
    let (resource, id) = (below(job::RESOURCES, 8), below(1_000_000, 16));
    let (_, method, template) = job::OPERATIONS[below(job::OPERATIONS.len(), 40)];
    let path = template.replace("{id}", &id.to_string()).replace("{part}", &(id % 97).to_string());
    let key = match scenario {
        Scenario::UnknownKey => job::key(9999),
        _ => job::key(below(job::CALLERS, 24)),
    };
    let builder = builder
        .method(method)
        .uri(format!("/api/r{resource}{path}"))
        .header("x-api-key", key)
        .header("x-remove", "internal");
    match method {
        "POST" => builder
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::from(r#"{"name":"a thing","quantity":3}"#)),
        _ => builder.body(Full::default()),
    }
}
