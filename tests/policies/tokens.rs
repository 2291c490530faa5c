//! `llm-token-limit` over several requests, whose counters are shared.

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;
use gatewright::clock::Clock;
use gatewright::policy::TokenCounter;
use gatewright::state::{CounterStore, MemoryCounters};
use gatewright::testing::{Answer, Outcome, PolicyTest};

/// A token a word.
#[derive(Debug)]
struct Words;

impl TokenCounter for Words {
    fn count(&self, model: &str, text: &str) -> u64 {
        assert_eq!(model, "m");
        text.split_whitespace().count() as u64
    }
}

struct Requests {
    counters: Arc<dyn CounterStore>,
    clock: Clock,
    document: String,
    believes: bool,
}

impl Requests {
    fn new(attributes: &str) -> Self {
        Self {
            counters: Arc::new(MemoryCounters::new()),
            clock: Clock::manual(SystemTime::UNIX_EPOCH + Duration::from_secs(1_710_498_600)),
            document: format!(
                r#"<policies><inbound><llm-token-limit counter-key="k" {attributes} remaining-tokens-header-name="X-Left"
                    remaining-quota-tokens-header-name="X-Quota" /></inbound>
                    <backend><forward-request /></backend><outbound /></policies>"#
            ),
            believes: false,
        }
    }

    async fn send(&self, prompt: &str, answer: Answer) -> Outcome {
        let (counters, believes) = (self.counters.clone(), self.believes);
        PolicyTest::new(&self.document)
            .request("POST", "/chat")
            .body(prompt.to_owned())
            .backend(answer)
            .clock(self.clock.clone())
            .settings(move |settings| {
                settings.counters = counters;
                settings.token_counter = Arc::new(Words);
                settings.prefer_reported_stream_usage = believes;
            })
            .run()
            .await
    }
}

fn whole(prompt: u64, completion: u64) -> Answer {
    let body = format!(r#"{{"usage":{{"prompt_tokens":{prompt},"completion_tokens":{completion}}}}}"#);
    Answer::new(200).header("Content-Type", "application/json").body(body)
}

fn streamed(text: &str) -> Answer {
    let event = |text: &str| format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{text} \"}}}}]}}\n\n");
    let events: String = text.split(' ').map(event).collect();
    let usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":20}}\n\ndata: [DONE]\n\n";
    Answer::new(200).header("Content-Type", "text/event-stream").body(events + usage)
}

const ASKS: &str = r#"{"model":"m","prompt":"one two"}"#;
const ASKS_FOR_PIECES: &str = r#"{"model":"m","prompt":"one two","stream":true}"#;

#[tokio::test]
async fn without_an_estimate_the_next_request_notices_what_was_too_much() {
    let requests = Requests::new(r#"tokens-per-minute="100" token-quota="200" token-quota-period="Hourly""#);
    requests.send(ASKS, whole(60, 39)).await.assert_status(200).assert_header("X-Left", "1");
    requests
        .send(ASKS, whole(50, 30))
        .await
        .assert_status(200)
        .assert_header("X-Left", "0")
        .assert_header("X-Quota", "21");
    requests.clock.advance(Duration::from_secs(40));
    let refused = requests.send(ASKS, whole(1, 1)).await;
    refused.assert_status(429).assert_header("Retry-After", "20").assert_not_sent();
    requests.clock.advance(Duration::from_secs(20));
    requests
        .send(ASKS, whole(20, 1))
        .await
        .assert_status(200)
        .assert_header("X-Left", "79")
        .assert_header("X-Quota", "0");
    let refused = requests.send(ASKS, whole(1, 1)).await;
    refused.assert_status(403).assert_header("Retry-After", "1740");
    requests.clock.advance(Duration::from_secs(1_740));
    requests.send(ASKS, whole(1, 1)).await.assert_status(200).assert_header("X-Quota", "198");
}

#[tokio::test]
async fn with_an_estimate_a_prompt_that_does_not_fit_is_refused() {
    let requests = Requests::new(r#"tokens-per-minute="10" estimate-prompt-tokens="true""#);
    requests.send(ASKS, whole(4, 4)).await.assert_status(200).assert_header("X-Left", "2");
    requests.send(ASKS, whole(1, 0)).await.assert_status(200).assert_header("X-Left", "1");
    requests.send(ASKS, whole(1, 0)).await.assert_status(429).assert_header("Retry-After", "60");
}

#[tokio::test]
async fn answers_in_pieces_are_estimated_and_counted_when_they_have_gone() {
    let mut requests = Requests::new(r#"tokens-per-minute="100""#);
    let outcome = requests.send(ASKS_FOR_PIECES, streamed("three more words")).await;
    outcome.assert_status(200).assert_header("X-Left", "98").assert_body_has("[DONE]");
    requests.send(ASKS, whole(0, 0)).await.assert_header("X-Left", "95");
    requests.believes = true;
    requests.send(ASKS_FOR_PIECES, streamed("three more words")).await.assert_header("X-Left", "93");
    requests.send(ASKS, whole(0, 0)).await.assert_header("X-Left", "65");
}

#[tokio::test]
async fn what_the_model_reports_counts_where_no_prompt_was_estimated() {
    let requests = Requests::new(r#"tokens-per-minute="100""#);
    requests.send(ASKS, streamed("three more words")).await.assert_status(200);
    requests.send(ASKS, whole(0, 0)).await.assert_header("X-Left", "70");
}

#[tokio::test]
async fn what_services_take_for_true_asks_for_pieces() {
    let requests = Requests::new(r#"tokens-per-minute="100""#);
    let asks = r#"{"model":"m","prompt":"one two","stream":1}"#;
    requests.send(asks, streamed("three more words")).await.assert_status(200).assert_header("X-Left", "98");
    requests.send(ASKS, whole(0, 0)).await.assert_header("X-Left", "95");
}

#[tokio::test]
async fn an_answer_that_is_packed_without_being_asked_is_counted() {
    let requests = Requests::new(r#"tokens-per-minute="100""#);
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(br#"{"usage":{"prompt_tokens":20,"completion_tokens":30}}"#).unwrap();
    let answer = Answer::new(200).header("Content-Type", "application/json").header("Content-Encoding", "gzip");
    requests.send(ASKS, answer.body(packed.finish().unwrap())).await.assert_header("X-Left", "50");
}

#[tokio::test]
async fn what_no_model_has_answered_is_given_back() {
    let requests = Requests::new(r#"tokens-per-minute="10" estimate-prompt-tokens="true""#);
    requests.send(ASKS, Answer::refuses()).await.assert_status(500).assert_header("X-Left", "8");
    requests.send(ASKS, whole(3, 0)).await.assert_status(200).assert_header("X-Left", "7");
}
