//! `llm-token-limit`: so many tokens of a language model, in a minute and in a longer period.

use std::sync::Arc;
use std::time::Duration;

use http::header;

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::limits::{self, Told};
use super::super::list::{Flow, Resume, Statement};
use super::super::llm::{Estimate, Prompt, PromptType, TokenLimit, TokenPeriod, TokenTelling, TokenUse};
use super::super::messages::MessageBody;
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Section, Spec};
use crate::state::{Answer, Decision, Window};
use crate::xml::Element;

const TOKENS: &str = "a whole number, 0 or more";
const FLAG: &str = "`true` or `false`";
const KEY: Attribute = Attribute::required("counter-key", "text").or_expression();
const PER_MINUTE: Attribute = Attribute::optional("tokens-per-minute", TOKENS, "").or_expression();
const QUOTA: Attribute = Attribute::optional("token-quota", TOKENS, "").or_expression();
const PERIOD: Attribute = Attribute::optional(
    "token-quota-period",
    "`Hourly`, `Daily`, `Weekly`, `Monthly`, `Yearly` or `Indefinite`",
    "Indefinite",
)
.or_expression();
const ESTIMATE: Attribute = Attribute::optional("estimate-prompt-tokens", FLAG, "false");
const ESTIMATE_ALIAS: Attribute = Attribute::optional("estimate-prompt-token", FLAG, "");
const PROMPT_TYPE: Attribute =
    Attribute::optional("prompt-type", "`auto`, `chat-completion`, `completion` or `embeddings`", "auto");
const IGNORE: Attribute = Attribute::optional("ignore-prompt", FLAG, "false");

pub(super) const ATTRIBUTES: &[Attribute] = &[
    KEY,
    PER_MINUTE,
    QUOTA,
    PERIOD,
    ESTIMATE,
    ESTIMATE_ALIAS,
    TokenTelling::ATTRIBUTES[0],
    TokenTelling::ATTRIBUTES[1],
    TokenTelling::ATTRIBUTES[2],
    TokenTelling::ATTRIBUTES[3],
    TokenTelling::ATTRIBUTES[4],
    TokenTelling::ATTRIBUTES[5],
    TokenTelling::ATTRIBUTES[6],
    TokenTelling::ATTRIBUTES[7],
    PROMPT_TYPE,
    IGNORE,
];

pub(crate) const SPEC: Spec = Spec::new(
    "llm-token-limit",
    "Allows a language model so many tokens for one value of `counter-key`: `tokens-per-minute`, and `token-quota` in a \
     longer period. What is used is read from the answer.",
)
.sections(&[Section::Inbound])
.attributes(ATTRIBUTES).state("counts, in `EngineSettings::counters`.");

const RATE_FAMILY: &str = "llm-tokens-per-minute";
const QUOTA_FAMILY: &str = "llm-token-quota";
const MINUTE: Duration = Duration::from_secs(60);

/// `llm-token-limit`, compiled.
#[derive(Debug)]
pub(crate) struct LlmTokenLimit {
    key: Setting<String>,
    per_minute: Option<Setting<i64>>,
    quota: Option<Setting<i64>>,
    period: Setting<TokenPeriod>,
    estimates: bool,
    prompt_type: PromptType,
    ignores_prompt: bool,
    telling: Arc<TokenTelling>,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    compile_as(SPEC.element, compiler, element)
}

/// Compiles the element under one of its names.
pub(super) fn compile_as(name: &'static str, compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let key = compiler.setting(element, &KEY);
    let per_minute = compiler.setting_within(element, &PER_MINUTE, 0..=i64::MAX);
    let quota = compiler.setting_within(element, &QUOTA, 0..=i64::MAX);
    let says = |attribute: &Attribute| element.attribute(attribute.name).is_some();
    if !says(&PER_MINUTE) && !says(&QUOTA) {
        let message = format!("`{name}` has neither `tokens-per-minute` nor `token-quota`: it needs one of them");
        compiler.error(element.span.start, message);
    }
    if says(&ESTIMATE_ALIAS) {
        let message = "`estimate-prompt-token` is taken as `estimate-prompt-tokens`".to_owned();
        compiler.warning(element.span.start, message);
    }
    let estimates = compiler.constant(element, &ESTIMATE).or_else(|| compiler.constant(element, &ESTIMATE_ALIAS));
    let limit = LlmTokenLimit {
        period: compiler.setting(element, &PERIOD).unwrap_or(Setting::Constant(TokenPeriod::Indefinite)),
        estimates: estimates.unwrap_or(false),
        prompt_type: compiler.constant(element, &PROMPT_TYPE).unwrap_or_default(),
        ignores_prompt: compiler.constant(element, &IGNORE).unwrap_or(false),
        telling: TokenTelling::compile(compiler, element).into(),
        key: key?,
        per_minute,
        quota,
    };
    Some(step(name, limit))
}

impl LlmTokenLimit {
    /// A limit, as it is for the request. Without an estimate of the prompt one token must be left; with one, as many as the
    /// prompt has. What another statement has counted for the request is not looked at.
    fn limit(
        setting: Option<&Setting<i64>>,
        (family, period, window): (&'static str, &'static str, Window),
        (key, tokens): (&Arc<str>, i64),
        exchange: &mut Exchange,
    ) -> Result<Option<TokenLimit>, Box<Failure>> {
        let Some(setting) = setting else { return Ok(None) };
        let limit = u64::try_from(*setting.get(exchange)?).unwrap_or(0);
        let counted = exchange.limited().counted(family, &[key.clone(), period.into()]);
        let need = tokens.saturating_sub(counted.unwrap_or(0));
        Ok(Some(TokenLimit { family, period, limit, window, need, counts: counted.is_none() }))
    }

    fn prompt(&self, exchange: &Exchange) -> Prompt {
        match &exchange.request.body {
            MessageBody::Bytes(body) => {
                Prompt::read(body, exchange.request.rest(), self.prompt_type, &*exchange.settings.token_counter)
            }
            _ => Prompt::default(),
        }
    }
}

impl Statement for LlmTokenLimit {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let key: Arc<str> = self.key.get(exchange)?.as_str().into();
        let now = exchange.settings.clock.wall();
        let prompt = self.prompt(exchange);
        let estimates = (self.estimates || prompt.streams) && !self.ignores_prompt;
        let estimated = if estimates { prompt.tokens } else { 0 };
        let need = if estimates { i64::try_from(estimated).unwrap_or(i64::MAX) } else { 1 };
        let minute = (RATE_FAMILY, "", exchange.settings.rate_algorithm.window(MINUTE));
        let rate = Self::limit(self.per_minute.as_ref(), minute, (&key, need), exchange)?;
        let period = if self.quota.is_some() { *self.period.get(exchange)? } else { TokenPeriod::Indefinite };
        let period = (QUOTA_FAMILY, period.name(), period.window(now));
        let quota = Self::limit(self.quota.as_ref(), period, (&key, need), exchange)?;
        let model: Arc<str> = prompt.model.into();
        if estimates {
            exchange.model_call().estimate = Some(Estimate { tokens: estimated, model: model.clone() });
        }
        let telling = self.telling.clone();
        let used = TokenUse { telling, key, rate, quota, estimated, ignores_prompt: self.ignores_prompt, model };
        match used.take(exchange) {
            Answer::Ready(answer) => told(exchange, used, answer),
            Answer::Later(answer) => Ok(Flow::Wait(Box::pin(async move {
                let answer = answer.await;
                let resume: Resume = Box::new(move |exchange| told(exchange, used, answer));
                resume
            }))),
        }
    }

    fn needs(&self) -> Needs {
        let numbers = [&self.per_minute, &self.quota].into_iter().flatten();
        let needs = self.key.needs() | self.period.needs() | Needs::REQUEST_BODY;
        numbers.fold(needs, |needs, number| needs | number.needs())
    }
}

fn told(exchange: &mut Exchange, used: TokenUse, told: Told) -> Result<Flow, Box<Failure>> {
    let telling = used.telling.clone();
    let Some(decision) = limits::decided(exchange, told) else { return Err(telling.undecided(exchange)) };
    if let Decision::Exceeded { limit, wait } = decision {
        let Some(quota) = used.quota.as_ref().filter(|_| limit == 0) else {
            let can_pass = used.rate.as_ref().is_none_or(|rate| used.estimated <= rate.limit);
            return Err(telling.rate_exceeded(exchange, wait.filter(|_| can_pass)));
        };
        let end = if let Window::Fixed { end, .. } = quota.window { end } else { None };
        let left = end.map(|end| end.duration_since(exchange.settings.clock.wall()).unwrap_or_default());
        return Err(telling.quota_exceeded(exchange, left));
    }
    used.passed(exchange);
    used.left(exchange, &decision);
    telling.consumed.remember(exchange, used.estimated);
    // What an answer says of its tokens is not read when the answer is packed.
    exchange.request.headers.remove(header::ACCEPT_ENCODING);
    exchange.limited().tokens.push(used);
    Ok(Flow::Continue)
}
