//! The service that judges texts, by its REST interface: Azure AI Content Safety.

use std::time::Duration;

use http::uri::PathAndQuery;
use serde_json::{Value as Json, json};
use tokio::time::timeout;

use super::super::own_request::Asking;
use super::parallel::{Question, all_good};
use super::terms::Terms;
use super::windows::Windows;

const ANALYZE: &str = "/contentsafety/text:analyze?api-version=2024-09-01";
const SHIELD: &str = "/contentsafety/text:shieldPrompt?api-version=2024-09-01";
/// How long the judgement of one text may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many windows are judged at the same time.
const AT_ONCE: usize = 8;

/// Judges texts for one request.
pub(crate) struct Checker {
    asking: Asking,
    terms: Terms,
    shields: bool,
}

impl Checker {
    /// Judges by these terms, and looks for attacks on the prompt if it `shields` it.
    pub(crate) fn new(asking: Asking, terms: Terms, shields: bool) -> Self {
        Self { asking, terms, shields }
    }

    /// Whether there is nothing to ask.
    pub(crate) fn is_idle(&self) -> bool {
        self.terms.is_empty() && !self.shields
    }

    /// Whether a text may pass; the error says why not. What cannot be judged may not.
    pub(crate) async fn check(&self, text: &str, windows: Windows) -> Result<(), String> {
        let judged = async {
            let windows: Vec<_> = windows.of(text).collect();
            for group in windows.chunks(AT_ONCE) {
                let mut questions: Vec<Question<'_>> = Vec::new();
                for window in group.iter().copied() {
                    if !self.terms.is_empty() {
                        questions.push(Box::pin(self.analyze(window)));
                    }
                    if self.shields {
                        questions.push(Box::pin(self.shield(window)));
                    }
                }
                all_good(questions).await?;
            }
            Ok(())
        };
        let late = |_| format!("The service did not judge the text in {} s.", PATIENCE.as_secs());
        timeout(PATIENCE, judged).await.map_err(late)?
    }

    async fn analyze(&self, text: &str) -> Result<(), String> {
        let question = self.terms.question(text);
        self.terms.judge(&self.ask(ANALYZE, &question).await?)
    }

    async fn shield(&self, prompt: &str) -> Result<(), String> {
        let answer = self.ask(SHIELD, &json!({ "userPrompt": prompt, "documents": [] })).await?;
        match answer.pointer("/userPromptAnalysis/attackDetected").and_then(Json::as_bool) {
            Some(false) => Ok(()),
            Some(true) => Err("The prompt is an attack.".to_owned()),
            None => Err("The service's answer says nothing of attacks.".to_owned()),
        }
    }

    async fn ask(&self, operation: &'static str, question: &Json) -> Result<Json, String> {
        self.asking.post(PathAndQuery::from_static(operation), question, None, PATIENCE).await
    }
}
