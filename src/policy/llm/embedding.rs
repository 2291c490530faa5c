//! Embeddings: the vector of a text, from the Backend entity of an embeddings API.

use std::time::Duration;

use http::uri::PathAndQuery;
use serde_json::{Value as Json, json};

use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::own_request::{Asking, Wanted};
use super::super::setting::Literal;
use crate::expr::Value;
use crate::identity::TokenRequest;

/// What the tokens of a system-assigned identity are for.
const RESOURCE: &str = "https://cognitiveservices.azure.com";
/// A request does not wait longer for the vector of its prompt.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most numbers of a vector.
const MOST: usize = 1 << 16;

/// `embeddings-backend-auth`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum EmbeddingAuth {
    /// A token of the gateway's identity, when it has one.
    #[default]
    SystemAssigned,
    /// What the Backend entity adds.
    Header,
}

impl Literal for EmbeddingAuth {
    fn literal(text: &str) -> Option<Self> {
        match text.trim() {
            "system-assigned" => Some(Self::SystemAssigned),
            "header" => Some(Self::Header),
            _ => None,
        }
    }

    fn value(_: Value) -> Result<Self, String> {
        Err("`embeddings-backend-auth` does not take an expression".to_owned())
    }
}

/// Gets vectors of texts.
pub(crate) struct Embedder {
    asking: Asking,
    wanted: Option<Wanted>,
}

impl Embedder {
    /// Asks the Backend entity with that id, whose URL is the whole one of the embeddings API.
    pub(crate) fn new(exchange: &Exchange, backend: &str, auth: EmbeddingAuth) -> Result<Self, Box<Failure>> {
        let token = || Wanted { token: TokenRequest::new(RESOURCE), variable: None, ignores_errors: true };
        let wanted = (auth == EmbeddingAuth::SystemAssigned).then(token);
        Ok(Self { asking: Asking::new(exchange, backend)?, wanted })
    }

    /// The vector of a text; the error says why there is none.
    pub(crate) async fn vector(&self, text: &str) -> Result<Vec<f32>, String> {
        let question = json!({ "input": text });
        let whole_url = PathAndQuery::from_static("?");
        let answer = self.asking.post(whole_url, &question, self.wanted.as_ref(), PATIENCE).await?;
        read(&answer).ok_or_else(|| "Its answer has no vector.".to_owned())
    }
}

/// The vector of an embeddings API's answer.
fn read(answer: &Json) -> Option<Vec<f32>> {
    let numbers = answer.pointer("/data/0/embedding")?.as_array().filter(|numbers| numbers.len() <= MOST)?;
    numbers.iter().map(|number| number.as_f64().map(|number| number as f32)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_read() {
        for (answer, expected) in [
            (json!({ "data": [{ "embedding": [1, 0.5, -2e-3] }] }), Some(vec![1.0, 0.5, -0.002])),
            (json!({ "data": [{ "embedding": [1, "2"] }] }), None),
            (json!({ "data": [{ "embedding": "AAAA" }] }), None),
            (json!({ "data": [] }), None),
            (json!([]), None),
        ] {
            assert_eq!(read(&answer), expected, "{answer}");
        }
    }
}
