//! Preflight requests: what a browser asks before it calls another origin.

use http::{HeaderMap, HeaderValue, Method, header};

use super::super::super::error::Failure;
use super::super::super::exchange::Exchange;
use super::super::super::messages::ResponseState;
use super::super::super::pipeline::Pipeline;
use super::{Cors, Names, value};

/// What a preflight request asks for.
#[derive(Clone, Debug)]
pub(crate) struct Preflight {
    origin: HeaderValue,
    /// The method of the request that is to follow.
    pub(crate) method: Method,
}

/// What the `cors` policies of a pipeline answer.
pub(crate) enum Outcome {
    /// The request that is to follow is allowed.
    Allowed(ResponseState),
    /// It is not: an empty 200 without headers.
    Refused(ResponseState),
    /// No `cors` stands directly in `inbound`.
    NoPolicy,
}

impl Preflight {
    /// The question of a request, when it is one: `OPTIONS` with `Origin` and `Access-Control-Request-Method`.
    pub(crate) fn of(method: &Method, headers: &HeaderMap) -> Option<Self> {
        if *method != Method::OPTIONS {
            return None;
        }
        let origin = Cors::origin_of(headers)?;
        let method = headers.get(header::ACCESS_CONTROL_REQUEST_METHOD)?.as_bytes().trim_ascii();
        Some(Self { origin, method: Method::from_bytes(method).ok()? })
    }
}

/// Asks the `cors` policies that stand directly in the effective `inbound`, in order.
pub(crate) fn answer(
    preflight: &Preflight,
    pipeline: &Pipeline,
    exchange: &mut Exchange,
) -> Result<Outcome, Box<Failure>> {
    let mut outcome = Outcome::NoPolicy;
    for cors in pipeline.cors() {
        outcome = Outcome::Refused(ResponseState::ok());
        if let Some(response) = cors.answers(preflight, exchange)? {
            return Ok(Outcome::Allowed(response));
        }
        if cors.terminates(exchange)? {
            break;
        }
    }
    Ok(outcome)
}

impl Cors {
    fn answers(&self, preflight: &Preflight, exchange: &mut Exchange) -> Result<Option<ResponseState>, Box<Failure>> {
        let Some(answer) = self.allows(&preflight.origin, exchange)? else { return Ok(None) };
        let Some(methods) = self.methods(preflight.method.as_str(), exchange)? else { return Ok(None) };
        let asked: Vec<String> = exchange
            .request
            .headers
            .get_all(header::ACCESS_CONTROL_REQUEST_HEADERS)
            .into_iter()
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
            .map(|name| String::from_utf8_lossy(name.trim_ascii()).into_owned())
            .filter(|name| !name.is_empty())
            .collect();
        let headers = match &self.headers {
            Names::Any => asked.join(","),
            Names::List(names) => {
                let is_allowed = |name: &String| names.iter().any(|known| known.eq_ignore_ascii_case(name));
                if !asked.iter().all(is_allowed) {
                    return Ok(None);
                }
                names.join(",")
            }
        };
        let max_age = *self.max_age.get(exchange)?;
        let mut response = ResponseState::ok();
        let expose = None;
        super::Answer { expose, ..answer }.apply(&mut response.headers);
        response.headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, value(&methods));
        if !asked.is_empty() {
            response.headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, value(&headers));
        }
        if max_age > 0 {
            response.headers.insert(header::ACCESS_CONTROL_MAX_AGE, max_age.into());
        }
        Ok(Some(response))
    }
}

impl Outcome {
    /// The response to the caller; none when the request is none that the policies answer.
    pub(crate) fn into_response(self) -> Option<ResponseState> {
        match self {
            Self::Allowed(response) | Self::Refused(response) => Some(response),
            Self::NoPolicy => None,
        }
    }
}
