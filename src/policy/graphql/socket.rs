//! Subscriptions over WebSocket, in the protocol `graphql-transport-ws`.

use std::collections::HashMap;
use std::future::Future as _;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use sha1::{Digest as _, Sha1};
use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};

use super::super::exchange::Exchange;
use super::super::messages::ResponseState;
use super::events::{Event, Mailbox, Subscription};
use super::guard::{Guard, admit};
use super::scene::{Resolvers, Scene};
use crate::graphql::transport::{self, Said, Violation};
use crate::graphql::{Checked, Execution, GraphError, GraphRequest, Hidden, JsonMap, JsonValue, answer_of};

/// The largest message of a client, in bytes.
const LARGEST: usize = 128 << 10;
/// How many values may wait for a connection.
const WAITING: usize = 256;
/// How many subscriptions a connection may have.
const MOST_SUBSCRIPTIONS: usize = 100;
/// How long a client may take to begin.
const BEGIN: Duration = Duration::from_secs(10);
/// How long nothing may come of a client; half of it later it is asked whether it is there.
const SILENCE: Duration = Duration::from_secs(60);
/// How long a message may take to be sent, or a value to be made.
const PATIENCE: Duration = Duration::from_secs(60);

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// Answers a handshake; a connection goes on beside its request.
pub(super) fn accept(exchange: &mut Exchange, scene: Arc<Scene>) -> ResponseState {
    let upgrade = exchange.request.extensions.remove::<OnUpgrade>();
    match (agreed(&exchange.request.headers), upgrade) {
        (Ok(accept), Some(upgrade)) => {
            let guards = std::mem::take(&mut exchange.graphql.guards);
            tokio::spawn(serve(upgrade, scene, guards));
            let mut response = ResponseState::ok();
            response.status = StatusCode::SWITCHING_PROTOCOLS;
            response.headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
            response.headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
            response.headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(transport::NAME));
            response.headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
            response
        }
        (Ok(_), None) => refused("The connection cannot be upgraded."),
        (Err(problem), _) => refused(problem),
    }
}

fn refused(problem: &str) -> ResponseState {
    let mut response = ResponseState::ok();
    response.status = StatusCode::BAD_REQUEST;
    response.headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.replace_body(answer_of(&[GraphError::new(problem)], None));
    response
}

/// The answer to the key of a handshake (RFC 6455, 4.2.2); the error says what is wrong with the handshake.
fn agreed(headers: &HeaderMap) -> Result<HeaderValue, &'static str> {
    if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err("The version of WebSocket is not 13.");
    }
    let protocols = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    if !protocols.flat_map(|value| value.split(',')).any(|name| name.trim() == transport::NAME) {
        return Err("The protocol of subscriptions is graphql-transport-ws.");
    }
    let key = headers.get(SEC_WEBSOCKET_KEY).ok_or("The handshake has no key.")?;
    let hash = Sha1::new().chain_update(key.as_bytes()).chain_update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    HeaderValue::try_from(STANDARD.encode(hash.finalize())).map_err(|_| "The handshake has no key.")
}

async fn serve(upgrade: OnUpgrade, scene: Arc<Scene>, guards: Vec<Arc<Guard>>) {
    // It fails when a policy has put another response in place of the agreement.
    let Ok(upgraded) = upgrade.await else { return };
    let config = WebSocketConfig::default().max_message_size(Some(LARGEST)).max_frame_size(Some(LARGEST));
    let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
    let (sender, inbox) = channel(WAITING);
    let mailbox = Mailbox { sender, has_lost: Arc::default() };
    let session = Session { scene, guards, mailbox, has_begun: false, subscriptions: HashMap::new() };
    session.run(socket, inbox).await;
}

/// One connection.
struct Session {
    scene: Arc<Scene>,
    guards: Vec<Arc<Guard>>,
    mailbox: Mailbox,
    has_begun: bool,
    subscriptions: HashMap<Arc<str>, Subscribed>,
}

/// One subscription of a connection.
struct Subscribed {
    checked: Arc<Checked>,
    hidden: Vec<Hidden>,
    field: String,
    _until_dropped: Subscription,
}

enum Next {
    Said(Message),
    Event(Event),
    Time,
    Gone,
}

impl Session {
    async fn run(mut self, mut socket: Socket, mut inbox: Receiver<Event>) {
        let (mut due, mut is_asked) = (Instant::now() + BEGIN, false);
        loop {
            let outcome = match next(&mut socket, &mut inbox, due).await {
                Next::Gone => return,
                Next::Time if !self.has_begun => Err(Violation::new(4408, "Connection initialisation timeout")),
                Next::Time if is_asked => return,
                Next::Time => {
                    is_asked = true;
                    due = Instant::now() + SILENCE / 2;
                    Ok(Some(Message::Ping(Bytes::new())))
                }
                Next::Event(event) => Ok(self.value(&event).await),
                Next::Said(message) => {
                    is_asked = false;
                    let answer = match message {
                        Message::Text(text) => self.answer(&text).map(|answer| answer.map(Message::text)),
                        Message::Binary(_) => Err(Violation::new(4400, "A message is not text")),
                        Message::Close(_) => return,
                        Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(None),
                    };
                    if self.has_begun {
                        due = Instant::now() + SILENCE;
                    }
                    answer
                }
            };
            let outcome = match outcome {
                Ok(_) if self.mailbox.has_lost.load(Ordering::Relaxed) => {
                    Err(Violation::new(4429, "The client reads too slowly"))
                }
                outcome => outcome,
            };
            let sent = match outcome {
                Ok(None) => continue,
                Ok(Some(message)) => timeout(PATIENCE, socket.send(message)).await,
                Err(Violation { code, reason }) => {
                    let frame = CloseFrame { code: CloseCode::from(code), reason: reason.into() };
                    let _ = timeout(PATIENCE, socket.close(Some(frame))).await;
                    return;
                }
            };
            if !matches!(sent, Ok(Ok(()))) {
                return;
            }
        }
    }

    /// The answer to what a client says.
    fn answer(&mut self, text: &str) -> Result<Option<String>, Violation> {
        match transport::read(text)? {
            Said::Init if self.has_begun => Err(Violation::new(4429, "Too many initialisation requests")),
            Said::Init => {
                self.has_begun = true;
                Ok(Some(transport::ack()))
            }
            Said::Ping => Ok(Some(transport::pong())),
            Said::Pong => Ok(None),
            Said::Subscribe { .. } if !self.has_begun => Err(Violation::new(4401, "Unauthorized")),
            Said::Subscribe { id, request } => {
                if self.subscriptions.contains_key(id.as_str()) {
                    return Err(Violation::new(4409, format!("Subscriber for {} already exists", shown(&id))));
                }
                let outcome = self.subscribe(Arc::from(id.as_str()), request, text.len());
                Ok(outcome.err().map(|errors| transport::error(&id, &errors)))
            }
            Said::Complete { id } => {
                self.subscriptions.remove(id.as_str());
                Ok(None)
            }
        }
    }

    fn subscribe(&mut self, id: Arc<str>, request: JsonMap, size: usize) -> Result<(), Vec<GraphError>> {
        let refuse = |message: String| Err(vec![GraphError::new(message)]);
        if self.subscriptions.len() >= MOST_SUBSCRIPTIONS {
            return refuse(format!("A connection may have {MOST_SUBSCRIPTIONS} subscriptions."));
        }
        let request = GraphRequest::of_members(request).map_err(|error| vec![error])?;
        let guarded = admit(&self.scene.api.schema, &self.guards, &request, size)?;
        let Some(checked) = guarded.checked else {
            return Err(guarded.hidden.iter().flat_map(Hidden::errors).cloned().collect());
        };
        let field = match checked.subscribed() {
            Some(field) if checked.is_subscription() => field.to_owned(),
            _ => return refuse("Queries and mutations are not served over WebSocket.".to_owned()),
        };
        let (api, events) = (&self.scene.api.name, &self.scene.settings.events);
        let subscription = events.subscribe(api, &field, Arc::clone(&id), self.mailbox.clone());
        let (checked, hidden) = (Arc::new(checked), guarded.hidden);
        self.subscriptions.insert(id, Subscribed { checked, hidden, field, _until_dropped: subscription });
        Ok(())
    }

    /// What a subscriber gets of a value that was published.
    async fn value(&self, event: &Event) -> Option<Message> {
        let Subscribed { checked, hidden, field, .. } = self.subscriptions.get(&event.id)?;
        let mut root = JsonMap::new();
        root.insert(field.as_str(), JsonValue::clone(&event.value));
        let execution = Execution {
            schema: Arc::clone(&self.scene.api.schema),
            checked: Arc::clone(checked),
            resolvers: Arc::new(Resolvers(Arc::clone(&self.scene))),
        };
        let (mut data, mut errors) = match timeout(PATIENCE, execution.run(&root)).await {
            Ok(made) => made,
            Err(_) => (JsonValue::Null, vec![GraphError::new("The value took too long.")]),
        };
        for hidden in hidden {
            hidden.put_nulls(&mut data);
            errors.extend_from_slice(hidden.errors());
        }
        Some(Message::text(transport::next(&event.id, &data, &errors)))
    }
}

/// Whatever comes first.
async fn next(socket: &mut Socket, inbox: &mut Receiver<Event>, due: Instant) -> Next {
    let mut time = pin!(sleep_until(due));
    std::future::poll_fn(|cx| {
        // The sender is a part of the session: there is always one.
        if let Poll::Ready(Some(event)) = inbox.poll_recv(cx) {
            return Poll::Ready(Next::Event(event));
        }
        match Pin::new(&mut *socket).poll_next_unpin(cx) {
            Poll::Ready(Some(Ok(message))) => return Poll::Ready(Next::Said(message)),
            Poll::Ready(_) => return Poll::Ready(Next::Gone),
            Poll::Pending => {}
        }
        time.as_mut().poll(cx).map(|()| Next::Time)
    })
    .await
}

/// The beginning of a name: a reason has 123 bytes at most.
fn shown(id: &str) -> String {
    id.chars().take(20).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_is_answered_as_the_rfc_says() {
        let mut headers = HeaderMap::new();
        assert!(agreed(&headers).unwrap_err().contains("version"));
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        assert!(agreed(&headers).unwrap_err().contains("graphql-transport-ws"));
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("graphql-ws, graphql-transport-ws"));
        assert!(agreed(&headers).unwrap_err().contains("key"));
        headers.insert(SEC_WEBSOCKET_KEY, HeaderValue::from_static("dGhlIHNhbXBsZSBub25jZQ=="));
        assert_eq!(agreed(&headers).unwrap(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
