//! What must hold for a token: decryption, signature, lifetime, issuer, audience, claims, in this order.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::super::compile::Compiler;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Resume};
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Child, Content};
use super::super::status;
use super::authority::{Authority, Document};
use super::claims::RequiredClaim;
use super::refusal::Refusal;
use super::source::Source;
use crate::expr::Value;
use crate::jwt::{
    Claim, Claims, DecryptionKey, Encrypted, Flight, Found, Inner, Key, Malformed, Outcome, Retrieval, Signatures,
    Token,
};
use crate::xml::Element;

/// Everything that must hold for a token.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) source: Source,
    pub(crate) code: Setting<i64>,
    pub(crate) message: Option<Setting<String>>,
    /// Receives the token.
    pub(crate) variable: Option<Arc<str>>,
    pub(crate) requires_expiration: Setting<bool>,
    pub(crate) requires_signature: Setting<bool>,
    /// Seconds.
    pub(crate) skew: Setting<i64>,
    pub(crate) keys: Vec<Key>,
    pub(crate) decryption: Vec<DecryptionKey>,
    pub(crate) signatures: Signatures,
    pub(crate) authority: Authority,
    pub(crate) audiences: Option<Vec<Setting<String>>>,
    /// Client applications, when only some may ask.
    pub(crate) applications: Option<Vec<String>>,
    pub(crate) claims: Vec<RequiredClaim>,
}

/// Why the checks of a token end early.
pub(crate) enum Stop {
    Refused(Refusal),
    Failed(Box<Failure>),
    /// Until these have landed; then the checks begin anew in that round.
    Wait(Vec<Flight>, Round),
}

/// What was waited for already.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Round {
    /// Nothing.
    First,
    /// Metadata that was not there.
    Loaded,
    /// Newer metadata, for a key that was not there.
    Renewed,
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Malformed> for Stop {
    fn from(malformed: Malformed) -> Self {
        Self::Refused(Refusal::Malformed(malformed))
    }
}

impl From<Box<Failure>> for Stop {
    fn from(failure: Box<Failure>) -> Self {
        Self::Failed(failure)
    }
}

/// The documents that are there, and whether these are all.
struct Documents<'s> {
    here: Vec<Document<'s>>,
    is_complete: bool,
}

impl Rules {
    /// Checks the token of a request.
    pub(crate) fn run(self: &Arc<Self>, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        match self.source.token(exchange)? {
            Some(text) => self.check(exchange, text, Round::First),
            None => Err(self.refuse(exchange, &Refusal::NotPresent)),
        }
    }

    fn check(self: &Arc<Self>, exchange: &mut Exchange, text: String, round: Round) -> Result<Flow, Box<Failure>> {
        match self.verdict(exchange, &text, round) {
            Ok(token) => {
                if let Some(variable) = &self.variable {
                    let Some(token) = Value::jwt(&token) else {
                        return Err(self.refuse(exchange, &Refusal::NotReadable));
                    };
                    exchange.variables.set(variable.clone(), token);
                }
                Ok(Flow::Continue)
            }
            Err(Stop::Refused(refusal)) => Err(self.refuse(exchange, &refusal)),
            Err(Stop::Failed(failure)) => Err(failure),
            Err(Stop::Wait(flights, next)) => {
                let rules = Arc::clone(self);
                Ok(Flow::Wait(Box::pin(async move {
                    for flight in flights {
                        flight.landed().await;
                    }
                    let resume: Resume = Box::new(move |exchange| rules.check(exchange, text, next));
                    resume
                })))
            }
        }
    }

    fn refuse(&self, exchange: &mut Exchange, refusal: &Refusal) -> Box<Failure> {
        status::refusal(exchange, &self.code, self.message.as_ref(), refusal.reason(), refusal.to_string())
            .unwrap_or_else(|failure| failure)
    }

    /// The text of the token, decrypted, once everything holds.
    fn verdict<'t>(&self, exchange: &mut Exchange, text: &'t str, round: Round) -> Result<Cow<'t, str>, Stop> {
        match Token::parse(text) {
            Ok(token) => {
                self.examine(exchange, &token, round)?;
                Ok(Cow::Borrowed(text))
            }
            Err(Malformed::Parts(5)) => {
                let inner = self.decrypt(text)?;
                self.examine(exchange, &Token::parse(&inner)?, round)?;
                Ok(Cow::Owned(inner))
            }
            Err(malformed) => Err(malformed.into()),
        }
    }

    /// What is in an encrypted token; bare claims become a token that is not signed.
    fn decrypt(&self, text: &str) -> Result<String, Stop> {
        let token = Encrypted::parse(text).ok_or(Malformed::Parts(5))??;
        let opened = self.decryption.iter().find_map(|key| key.open(&token).ok());
        match opened.ok_or(Refusal::NotDecrypted)?? {
            Inner::Token(token) => Ok(token),
            Inner::Claims(claims) => {
                let [header, claims] = [r#"{"alg":"none"}"#, &claims].map(|part| URL_SAFE_NO_PAD.encode(part));
                Ok(format!("{header}.{claims}."))
            }
        }
    }

    fn examine(&self, exchange: &mut Exchange, token: &Token<'_>, round: Round) -> Result<(), Stop> {
        let claims = &token.claims()?;
        let documents = self.documents(exchange, claims, round)?;
        if !token.is_unsigned() {
            self.signature(exchange, token, &documents, round)?;
        } else if *self.requires_signature.get(exchange)? {
            return Err(Refusal::Signature.into());
        }
        self.lifetime(exchange, claims)?;
        if !self.authority.allows(claims, &documents.here, documents.is_complete, exchange)? {
            let issuer = claims.get("iss").map(Claim::texts).unwrap_or_default().join(", ");
            return Err(Refusal::Issuer(issuer).into());
        }
        self.audience(exchange, claims)?;
        self.application(claims)?;
        RequiredClaim::check(&self.claims, claims, exchange)
    }

    /// The metadata that is there; what is not is waited for once.
    fn documents(&self, exchange: &mut Exchange, claims: &Claims<'_>, round: Round) -> Result<Documents<'_>, Stop> {
        let urls = self.authority.documents(claims, exchange)?;
        let (mut documents, mut flights) = (Documents { here: Vec::new(), is_complete: true }, Vec::new());
        if urls.is_empty() {
            return Ok(documents);
        }
        let retrieval = retrieval(exchange);
        for url in urls {
            match exchange.settings.metadata.find(&url, &retrieval) {
                Found::Here(metadata) => documents.here.push((url, metadata)),
                Found::Coming(flight) if round < Round::Loaded => flights.push(flight),
                Found::Coming(_) | Found::Missing => documents.is_complete = false,
                Found::NoOutbound => {
                    let message =
                        "Nothing sends the requests of policies here: the engine's settings have no outbound.";
                    return Err(Failure::internal("OutboundNotConfigured", message).into());
                }
            }
        }
        if flights.is_empty() { Ok(documents) } else { Err(Stop::Wait(flights, Round::Loaded)) }
    }

    /// Tries the keys that `kid` names, or all when it names none.
    fn signature(
        &self,
        exchange: &mut Exchange,
        token: &Token<'_>,
        documents: &Documents<'_>,
        round: Round,
    ) -> Result<(), Stop> {
        let all = || self.keys.iter().chain(documents.here.iter().flat_map(|(_, metadata)| &metadata.keys));
        let id = token.key_id.as_deref();
        let is_named = id.is_some_and(|id| all().any(|key| key.is_named(id)));
        if let Some(algorithm) = token.algorithm {
            for key in all().filter(|key| !is_named || id.is_some_and(|id| key.is_named(id))) {
                let outcome = key.check(self.signatures, algorithm, token.signed, token.signature());
                let outcome =
                    outcome.map_err(|error| Failure::internal("CryptoProviderNotFound", error.to_string()))?;
                if outcome == Outcome::Good {
                    return Ok(());
                }
            }
        }
        let searches = id.is_some() && !is_named;
        if searches && round < Round::Renewed && !documents.here.is_empty() {
            self.search(exchange, documents)?;
        }
        let is_unknown = searches && self.keys.is_empty();
        Err(match all().next() {
            Some(_) if is_named || documents.is_complete && !is_unknown => Refusal::Signature.into(),
            _ => Refusal::KeyNotFound.into(),
        })
    }

    /// Looks for newer metadata that may have the key.
    fn search(&self, exchange: &mut Exchange, documents: &Documents<'_>) -> Result<(), Stop> {
        let (mut flights, mut is_newer, retrieval) = (Vec::new(), false, retrieval(exchange));
        for (url, seen) in &documents.here {
            match exchange.settings.metadata.newer(url, seen, &retrieval) {
                Found::Coming(flight) => flights.push(flight),
                Found::Here(_) => is_newer = true,
                Found::Missing | Found::NoOutbound => {}
            }
        }
        if is_newer || !flights.is_empty() { Err(Stop::Wait(flights, Round::Renewed)) } else { Ok(()) }
    }

    fn lifetime(&self, exchange: &mut Exchange, claims: &Claims<'_>) -> Result<(), Stop> {
        let time = |name: &'static str| match claims.get(name) {
            None => Ok(None),
            Some(value) => value.as_f64().map(Some).ok_or(Refusal::NoTime(name)),
        };
        let now = exchange.settings.clock.wall().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs_f64();
        let skew = *self.skew.get(exchange)? as f64;
        match time("exp")? {
            None if *self.requires_expiration.get(exchange)? => return Err(Refusal::NoExpiration.into()),
            Some(end) if now - skew >= end => return Err(Refusal::Expired.into()),
            _ => {}
        }
        match time("nbf")? {
            Some(start) if now + skew < start => Err(Refusal::NotYetValid.into()),
            _ => Ok(()),
        }
    }

    fn audience(&self, exchange: &mut Exchange, claims: &Claims<'_>) -> Result<(), Stop> {
        let Some(audiences) = &self.audiences else { return Ok(()) };
        let found = claims.get("aud").map(Claim::texts).unwrap_or_default();
        for audience in audiences {
            let audience = audience.get(exchange)?;
            if found.iter().any(|found| **found == **audience) {
                return Ok(());
            }
        }
        Err(Refusal::Audience(found.join(", ")).into())
    }

    fn application(&self, claims: &Claims<'_>) -> Result<(), Stop> {
        const NAME: &str = "appid/azp";
        let Some(applications) = &self.applications else { return Ok(()) };
        // Version 2 of the tokens has the one, version 1 the other.
        let Some(found) = claims.get("azp").or_else(|| claims.get("appid")) else {
            return Err(Refusal::ClaimsMissing(vec![NAME.to_owned()]).into());
        };
        match found.as_str() {
            Some(id) if applications.iter().any(|known| known.eq_ignore_ascii_case(id)) => Ok(()),
            _ => Err(Refusal::Claim { name: NAME.to_owned(), value: found.texts().join(",") }.into()),
        }
    }

    pub(crate) fn needs(&self) -> Needs {
        let mut needs = self.source.needs() | self.authority.needs() | self.code.needs() | self.skew.needs();
        needs |= self.requires_expiration.needs() | self.requires_signature.needs();
        needs |= self.message.as_ref().map_or(Needs::NONE, Setting::needs);
        for audience in self.audiences.iter().flatten() {
            needs |= audience.needs();
        }
        self.claims.iter().fold(needs, |needs, claim| needs | claim.needs())
    }
}

fn retrieval(exchange: &Exchange) -> Retrieval {
    Retrieval { clock: exchange.settings.clock.clone(), outbound: exchange.outbound.clone() }
}

/// The texts of the `child` elements in `parent`, such as `audience` in `audiences`.
pub(crate) fn texts(
    compiler: &mut Compiler<'_>,
    parent: &Element,
    known: &Child,
    child: &Child,
) -> Option<Vec<Setting<String>>> {
    compiler.check_child(known, parent);
    let expressions = matches!(child.content, Content::Text { expressions: true });
    let mut all = Some(Vec::new());
    for element in parent.elements().filter(|element| *element.name == *child.element) {
        compiler.check_child(child, element);
        match (compiler.text(element, expressions, "text"), &mut all) {
            (Some(text), Some(all)) => all.push(text),
            (None, all) => *all = None,
            _ => {}
        }
    }
    all
}
