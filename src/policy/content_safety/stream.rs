//! An answer in pieces that is checked while it passes: events are held back until their text was found good.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame};

use super::super::llm::Events;
use super::service::Checker;
use super::windows::{Windows, length};
use crate::body::{Body, BoxError};

/// More bytes than this are not held: what they say is checked at once. A single line may not be longer.
const MOST_HELD: usize = 1 << 20;

/// A check that is under way.
type Check = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// An answer in pieces, checked window by window. When a window is bad it ends; nothing of that window was passed on.
pub(super) struct Screened {
    body: Body,
    checker: Arc<Checker>,
    windows: Windows,
    events: Events,
    /// What was said and not checked, behind the end of what was checked before.
    text: String,
    /// How many characters of the text were checked, and how many are new.
    checked: usize,
    new: usize,
    /// Whole lines that are not checked.
    held: VecDeque<Bytes>,
    /// The line that has begun.
    line: VecDeque<Bytes>,
    /// What may pass.
    good: VecDeque<Bytes>,
    /// How many bytes are held in lines that are whole, and in the one that has begun.
    sizes: [usize; 2],
    /// What comes behind everything else.
    last: Option<Result<Frame<Bytes>, BoxError>>,
    check: Option<Check>,
    is_over: bool,
}

impl Screened {
    pub(super) fn new(body: Body, checker: Arc<Checker>, windows: Windows) -> Self {
        Self {
            body,
            checker,
            windows,
            events: Events::of_any_form(),
            text: String::new(),
            checked: 0,
            new: 0,
            held: VecDeque::new(),
            line: VecDeque::new(),
            good: VecDeque::new(),
            sizes: [0; 2],
            last: None,
            check: None,
            is_over: false,
        }
    }

    /// Holds data back; the error says why nothing more may pass.
    fn hold(&mut self, data: Bytes) -> Result<(), String> {
        self.events.feed(&data);
        match data.iter().rposition(|byte| *byte == b'\n') {
            Some(at) => {
                self.held.append(&mut self.line);
                self.held.push_back(data.slice(..=at));
                self.line.push_back(data.slice(at + 1..));
                self.sizes = [self.sizes[0] + self.sizes[1] + at + 1, data.len() - at - 1];
            }
            None => {
                self.sizes[1] += data.len();
                self.line.push_back(data);
            }
        }
        self.hear()?;
        if self.sizes[1] > MOST_HELD {
            return Err("A line of the answer is too long to be checked.".to_owned());
        }
        if self.new == 0 {
            self.pass();
        } else if self.checked + self.new >= self.windows.size() || self.sizes[0] > MOST_HELD {
            self.begin();
        }
        Ok(())
    }

    /// Takes what was said.
    fn hear(&mut self) -> Result<(), String> {
        let text = self.events.take_text().ok_or("A part of the answer is too long to be checked.")?;
        self.new += length(&text);
        self.text.push_str(&text);
        Ok(())
    }

    /// Begins to check what was said.
    fn begin(&mut self) {
        let text = std::mem::take(&mut self.text);
        self.windows.end_of(&text).clone_into(&mut self.text);
        (self.checked, self.new) = (length(&self.text), 0);
        let (checker, windows) = (Arc::clone(&self.checker), self.windows);
        self.check = Some(Box::pin(async move { checker.check(&text, windows).await }));
    }

    /// Lets whole lines go.
    fn pass(&mut self) {
        self.good.append(&mut self.held);
        self.sizes[0] = 0;
    }

    /// Takes the end of the answer.
    fn end(&mut self) -> Result<(), String> {
        self.is_over = true;
        self.events.finish();
        self.held.append(&mut self.line);
        self.hear()?;
        if self.new > 0 {
            self.begin();
        } else {
            self.pass();
        }
        Ok(())
    }

    /// Lets nothing more pass, and asks the model for no more.
    fn stop(&mut self, why: &str) {
        tracing::info!(target: "gatewright::policy", "content safety: an answer in pieces ends: {why}");
        self.is_over = true;
        self.body = Body::empty();
        self.check = None;
        self.last = None;
        [&mut self.held, &mut self.line].into_iter().for_each(VecDeque::clear);
    }
}

impl HttpBody for Screened {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        loop {
            if let Some(data) = this.good.pop_front() {
                if data.is_empty() {
                    continue;
                }
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
            if let Some(check) = &mut this.check {
                let judged = ready!(check.as_mut().poll(cx));
                this.check = None;
                match judged {
                    Ok(()) => this.pass(),
                    Err(why) => this.stop(&why),
                }
                continue;
            }
            if this.is_over {
                return Poll::Ready(this.last.take());
            }
            let outcome = match ready!(Pin::new(&mut this.body).poll_frame(cx)) {
                None => this.end(),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => this.hold(data),
                    Err(frame) => {
                        this.last = Some(Ok(frame));
                        Ok(())
                    }
                },
                Some(Err(error)) => {
                    this.stop("it broke off");
                    this.last = Some(Err(error));
                    Ok(())
                }
            };
            if let Err(why) = outcome {
                this.stop(&why);
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.is_over && self.good.is_empty() && self.check.is_none() && self.last.is_none()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::Mutex;

    use async_trait::async_trait;
    use http::{Request, Response};
    use http_body_util::StreamBody;
    use serde_json::{Value as Json, json};

    use super::super::super::exchange::Exchange;
    use super::super::super::own_request::Asking;
    use super::super::terms::{Category, Terms};
    use super::*;
    use crate::forward::ForwardError;
    use crate::outbound::{Outbound, OutboundOptions};

    /// Finds `bad` in texts, and notes them.
    #[derive(Default)]
    struct Service(Mutex<Vec<String>>);

    #[async_trait]
    impl Outbound for Service {
        async fn send(&self, request: Request<Body>, _: &OutboundOptions) -> Result<Response<Body>, ForwardError> {
            let body = request.into_body().collect(1 << 20).await.unwrap();
            let asked: Json = serde_json::from_slice(body.as_bytes().unwrap()).unwrap();
            let text = asked["text"].as_str().unwrap().to_owned();
            let severity = if text.contains("bad") { 6 } else { 0 };
            self.0.lock().unwrap().push(text);
            tokio::task::yield_now().await;
            let answer = json!({ "categoriesAnalysis": [{ "category": "Hate", "severity": severity }] });
            Ok(Response::new(Body::from(answer.to_string())))
        }
    }

    /// What passes, and which texts were judged.
    async fn screen(chunks: Vec<String>, size: usize, overlap: usize) -> (String, Vec<String>) {
        let service = Arc::new(Service::default());
        let mut exchange = Exchange::new(Request::new(Body::empty()), Arc::default());
        exchange.outbound = Some(service.clone());
        let terms = Terms { categories: vec![(Category::Hate, 4)], ..Terms::default() };
        let checker = Arc::new(Checker::new(Asking::new(&exchange, "safety").unwrap(), terms, false));
        let frames = chunks.into_iter().map(|chunk| Ok::<_, Infallible>(Frame::data(Bytes::from(chunk))));
        let body = Body::new(StreamBody::new(futures_util::stream::iter(frames)));
        let screened = Body::new(Screened::new(body, checker, Windows::new(size, overlap)));
        let passed = screened.collect(1 << 24).await.unwrap();
        let passed = passed.as_bytes().map_or(String::new(), |bytes| String::from_utf8(bytes.to_vec()).unwrap());
        let judged = service.0.lock().unwrap().clone();
        (passed, judged)
    }

    fn event(text: &str) -> String {
        format!("data: {}\n\n", json!({ "choices": [{ "delta": { "content": text } }] }))
    }

    #[tokio::test]
    async fn events_pass_window_by_window() {
        let events: Vec<_> = ["nice ", "words.", " more", "!"].map(event).into();
        let (passed, judged) = screen(events.clone(), 10, 4).await;
        assert_eq!(passed, events.concat());
        assert_eq!(judged, ["nice words", "ords.", "rds. more!"]);
        let (passed, judged) = screen(events.clone(), 10, 0).await;
        assert_eq!((passed, judged), (events.concat(), vec!["nice words".to_owned(), ".".into(), " more!".into()]));
    }

    #[tokio::test]
    async fn nothing_of_a_bad_window_passes_and_nothing_behind_it() {
        let events: Vec<_> = ["nice words.", " a b", "ad one", " more"].map(event).into();
        // The overlap finds what is cut by two windows.
        let (passed, judged) = screen(events.clone(), 4, 2).await;
        assert_eq!(passed, events[..2].concat());
        assert!(judged.iter().any(|text| text.contains("bad")), "{judged:?}");
        let (passed, _) = screen(events.clone(), 100, 0).await;
        assert_eq!(passed, "");
    }

    #[tokio::test]
    async fn events_without_text_are_not_held() {
        let role = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n".to_owned();
        let (passed, judged) = screen(vec![role.clone(), ": ping\n\n".to_owned(), event("bad")], 100, 0).await;
        assert_eq!((passed, judged), (format!("{role}: ping\n\n"), vec!["bad".to_owned()]));
    }

    #[tokio::test]
    async fn lines_may_come_in_parts_and_none_is_endless() {
        let whole = [event("nice"), event("words")].concat();
        let parts: Vec<_> = whole.as_bytes().chunks(7).map(|part| String::from_utf8(part.to_vec()).unwrap()).collect();
        assert_eq!(screen(parts, 4, 0).await.0, whole);
        let endless = vec!["data: ".to_owned(), "x".repeat(MOST_HELD), "y".to_owned()];
        assert_eq!(screen(endless, 4, 0).await, (String::new(), Vec::new()));
        let (passed, judged) = screen(vec!["data: some bad text".to_owned()], 100, 0).await;
        assert_eq!((passed.as_str(), judged.len()), ("", 1));
    }
}
