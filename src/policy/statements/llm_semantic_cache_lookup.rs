//! `llm-semantic-cache-lookup`: answers with what a model has answered to a prompt that is like this one.

use std::sync::Arc;

use super::super::caching::{self, Parts, Place};
use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Keeper, Resume, Statement};
use super::super::llm::{Dialog, Embedder, EmbeddingAuth, Likeness};
use super::super::messages::{MessageBody, ResponseState};
use super::super::pipeline::Needs;
use super::super::query;
use super::super::setting::{Literal, Setting};
use super::super::spec::{Attribute, Child, Content, Scope, Section, Spec};
use crate::expr::Value;
use crate::state::{NearResponse, StoreError, VectorCache, VectorPartition};
use crate::xml::Element;

const THRESHOLD: Attribute =
    Attribute::required("score-threshold", "a number from 0.0 to 1.0; the lower, the more alike").or_expression();
const BACKEND: Attribute =
    Attribute::required("embeddings-backend-id", "the id of the Backend entity of an embeddings API").or_expression();
const AUTH: Attribute =
    Attribute::optional("embeddings-backend-auth", "`system-assigned` or `header`", "system-assigned");
const IGNORE: Attribute = Attribute::optional("ignore-system-messages", "`true` or `false`", "false");
const MOST: Attribute = Attribute::optional("max-message-count", "a whole number from 0", "any number of them");
const CACHE: Attribute = Attribute::optional("cache-id", "the name of a cache", "that of the gateway");
const VARY: Child = Child::new("vary-by", "0..n", Content::Text { expressions: true });

pub(super) const ATTRIBUTES: &[Attribute] = &[THRESHOLD, BACKEND, AUTH, IGNORE, MOST, CACHE];
pub(super) const CHILDREN: &[Child] = &[VARY];
pub(super) const SCOPES: &[Scope] = &[Scope::Global, Scope::Product, Scope::Api, Scope::Operation];

pub(crate) const SPEC: Spec = Spec::new(
    "llm-semantic-cache-lookup",
    "Answers with what `llm-semantic-cache-store` kept for a prompt that is like this one, as an embeddings API sees it; the \
     rest of `inbound` and `backend` are left out then, and `outbound` goes on behind the store.",
)
.sections(&[Section::Inbound])
.scopes(SCOPES)
.attributes(ATTRIBUTES)
.content(Content::Elements(CHILDREN)).state("answers of models, in `EngineSettings::vector_cache` or one of `EngineSettings::named_vector_caches`.");

/// `llm-semantic-cache-lookup`, compiled.
#[derive(Debug)]
pub(crate) struct LlmSemanticCacheLookup {
    threshold: Setting<Score>,
    backend: Setting<String>,
    auth: EmbeddingAuth,
    ignores_system: bool,
    most_messages: Option<usize>,
    cache: Option<Arc<str>>,
    vary: Vec<Setting<String>>,
}

/// A number from 0 to 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Score(f32);

impl Literal for Score {
    fn literal(text: &str) -> Option<Self> {
        text.trim().parse().ok().filter(|score| (0.0..=1.0).contains(score)).map(Self)
    }

    fn value(value: Value) -> Result<Self, String> {
        let score = value.as_double().filter(|score| (0.0..=1.0).contains(score));
        let problem = || "The score threshold is not a number from 0 to 1.".to_owned();
        score.map(|score| Self(score as f32)).ok_or_else(problem)
    }
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    compile_as(SPEC.element, compiler, element)
}

/// Compiles the element under one of its names.
pub(super) fn compile_as(name: &'static str, compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    caching::warn_of_place(compiler, element, name);
    let (threshold, backend) = (compiler.setting(element, &THRESHOLD), compiler.setting::<String>(element, &BACKEND));
    if let (Some(Setting::Constant(id)), Some(attribute)) = (&backend, element.attribute(BACKEND.name)) {
        compiler.backend(attribute.span.start, id.trim());
    }
    let (mut vary, mut is_whole) = (Vec::new(), true);
    for child in element.elements().filter(|child| &*child.name == VARY.element) {
        compiler.check_child(&VARY, child);
        let by = compiler.text(child, true, "text");
        is_whole &= by.is_some();
        vary.extend(by);
    }
    let most = compiler.within(element, &MOST, 0..=i64::MAX);
    let lookup = LlmSemanticCacheLookup {
        auth: compiler.constant(element, &AUTH).unwrap_or_default(),
        ignores_system: compiler.constant(element, &IGNORE).unwrap_or(false),
        most_messages: most.map(|most| usize::try_from(most).unwrap_or(usize::MAX)),
        cache: compiler.constant::<String>(element, &CACHE).map(Into::into),
        threshold: threshold?,
        backend: backend?,
        vary,
    };
    is_whole.then(|| step(name, lookup))
}

impl LlmSemanticCacheLookup {
    /// What is said that counts; the error says why nothing is looked up.
    fn text(&self, dialog: Option<Dialog>) -> Result<(String, String), &'static str> {
        let mut dialog = dialog.ok_or("the body is not a prompt in a form that is known")?;
        if dialog.streams {
            return Err("the answer is to come in pieces");
        }
        if self.ignores_system {
            dialog.messages.retain(|message| !message.is_system);
        }
        if self.most_messages.is_some_and(|most| dialog.messages.len() > most) {
            return Err("there are more messages than max-message-count");
        }
        match dialog.text() {
            text if text.is_empty() => Err("the prompt has no text"),
            text => Ok((text, dialog.model)),
        }
    }

    /// What only prompts of are compared with each other.
    fn partition(&self, exchange: &mut Exchange, model: &str) -> Result<VectorPartition, Box<Failure>> {
        let mut parts = Parts::new();
        let facts = exchange.facts.clone();
        let (api, operation) = (facts.api.as_deref(), facts.operation.as_deref());
        for part in [
            facts.deployment.as_deref().map_or("", |deployment| &deployment.service_id),
            facts.workspace.as_deref().map_or("", |workspace| &workspace.0),
            api.map_or("", |api| &api.id),
            api.map_or("", |api| &api.revision),
            operation.map_or("", |operation| &operation.id),
            self.cache.as_deref().unwrap_or_default(),
            model,
            // A deployment of Azure's is a part of the path.
            query::split(exchange.request.rest()).0,
        ] {
            parts.add(part.as_bytes());
        }
        for by in &self.vary {
            parts.add(by.get(exchange)?.as_bytes());
        }
        Ok(VectorPartition::new(parts.digest()))
    }

    fn cache(&self, exchange: &Exchange) -> Arc<dyn VectorCache> {
        let settings = &exchange.settings;
        let named = self.cache.as_deref().and_then(|id| settings.named_vector_caches.get(id));
        named.unwrap_or(&settings.vector_cache).clone()
    }
}

impl Statement for LlmSemanticCacheLookup {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        if !matches!(exchange.model_call().likeness, Likeness::Unknown) {
            exchange.trace_note(|| "Another semantic look-up has run: this one does nothing.".to_owned());
            return Ok(Flow::Continue);
        }
        exchange.model_call().likeness = Likeness::Over;
        let within = self.threshold.get(exchange)?.0;
        let dialog = match &exchange.request.body {
            MessageBody::Bytes(body) => Dialog::read(body, exchange.request.rest()),
            _ => None,
        };
        let (text, model) = match self.text(dialog) {
            Ok(found) => found,
            Err(why) => {
                exchange.trace_note(|| format!("Nothing is looked up: {why}."));
                return Ok(Flow::Continue);
            }
        };
        let (partition, cache) = (self.partition(exchange, &model)?, self.cache(exchange));
        let backend = self.backend.get(exchange)?;
        let embedder = match Embedder::new(exchange, &backend, self.auth) {
            Ok(embedder) => embedder,
            Err(failure) => {
                unknown(exchange, &failure.message);
                return Ok(Flow::Continue);
            }
        };
        let clock = exchange.settings.clock.clone();
        Ok(Flow::Wait(Box::pin(async move {
            let found = match embedder.vector(&text).await {
                Ok(vector) => {
                    let nearest = cache.nearest(&partition, &vector, within, clock.wall()).wait().await;
                    Ok((nearest, Place::Vector(cache, partition, vector)))
                }
                Err(why) => Err(why),
            };
            let resume: Resume = Box::new(move |exchange| {
                Ok(match found {
                    Ok((nearest, place)) => heard(exchange, nearest, place),
                    Err(why) => {
                        unknown(exchange, &why);
                        Flow::Continue
                    }
                })
            });
            resume
        })))
    }

    fn needs(&self) -> Needs {
        let needs = self.threshold.needs() | self.backend.needs() | Needs::REQUEST_BODY | Needs::OUTBOUND;
        self.vary.iter().fold(needs | Needs::REQUEST, |needs, by| needs | by.needs())
    }
}

/// Takes what the cache has answered.
fn heard(exchange: &mut Exchange, nearest: Result<Option<NearResponse>, StoreError>, place: Place) -> Flow {
    let now = exchange.settings.clock.wall();
    match caching::answered(exchange, nearest).map(|found| found.filter(|near| near.response.expires > now)) {
        Some(Some(near)) => {
            exchange.trace_note(|| {
                format!("A prompt that is like this one was answered before: distance {}.", near.distance)
            });
            Flow::Cached(Box::new(ResponseState::of_kept(&near.response)), Keeper::Semantic)
        }
        Some(None) => {
            exchange.trace_note(|| "No prompt that is like this one was answered before.".to_owned());
            exchange.model_call().likeness = Likeness::Missed(place);
            Flow::Continue
        }
        // What a cache that fails would keep is not asked of it.
        None => Flow::Continue,
    }
}

/// There is no vector of the prompt: the request goes on without a cache.
fn unknown(exchange: &mut Exchange, why: &str) {
    tracing::debug!(target: "gatewright::policy", "semantic cache: no vector of the prompt: {why}");
    exchange.trace_note(|| format!("Nothing is looked up: the embeddings backend gave no vector. {why}"));
}
