//! `Jwt` and `Authorization`: tokens that policies and helpers read; signatures are not checked here.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{array, dictionary, json};
use crate::expr::code::Run;
use crate::expr::dotnet::{DateTime, DateTimeKind};
use crate::expr::fault::{Cause, Fault};
use crate::expr::json::{Expected, Formatting, JToken, JTokenType};
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Value};

/// A JSON web token.
pub(crate) struct Jwt {
    text: Box<str>,
    header: JToken,
    payload: JToken,
}

impl Object for Jwt {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::Jwt)
    }
}

/// The header and the payload of a token as they are written, and the token itself: three parts with dots between;
/// `Bearer ` may stand in front.
fn parts(text: &str) -> Option<(&str, &str, &str)> {
    let text = text.trim();
    let text = match text.split_at_checked(7) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer ") => token.trim(),
        _ => text,
    };
    let mut parts = text.split('.');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(header), Some(payload), Some(_), None) => Some((header, payload, text)),
        _ => None,
    }
}

/// The JSON text of a part.
fn decode(part: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?).ok()
}

/// Reads a token; None when it is none.
fn parse(text: &str) -> Option<Value> {
    let (header, payload, text) = parts(text)?;
    let read = |part| JToken::parse(&decode(part)?, Expected::Object).ok()?;
    Some(Value::object(Jwt { text: text.into(), header: read(header)?, payload: read(payload)? }))
}

/// Reads a header's value under the run's budget; null when it is no token.
fn of_header(run: &mut Run<'_>, value: &Value) -> Result<Value, Fault> {
    let Some(text) = value.as_text() else { return Ok(Value::Null) };
    run.charge(text.byte_len())?;
    let text = text.text();
    let Some((header, payload, text)) = parts(&text) else { return Ok(Value::Null) };
    let (Some(header), Some(payload)) = (read(run, header)?, read(run, payload)?) else { return Ok(Value::Null) };
    Ok(Value::object(Jwt { text: text.into(), header, payload }))
}

fn read(run: &mut Run<'_>, part: &str) -> Result<Option<JToken>, Fault> {
    let Some(json) = decode(part) else { return Ok(None) };
    match json::parse(run, &json, Expected::Object) {
        Err(fault) if matches!(fault.cause(), Cause::Exception { .. }) => Ok(None),
        result => result,
    }
}

/// A claim as text: strings bare, the rest as JSON.
fn text(token: &JToken) -> Option<String> {
    let json = token.to_json(Formatting::None, 1 << 20).ok()?;
    match token.token_type() {
        JTokenType::Null => None,
        JTokenType::String => token.with_text(str::to_owned),
        JTokenType::Date => Some(json.trim_matches('"').to_owned()),
        _ => Some(json),
    }
}

fn jwt(value: &Value) -> Result<&Jwt, Fault> {
    value.downcast::<Jwt>().ok_or_else(Fault::null_reference)
}

/// A member of the header or the payload as text.
fn member(run: &mut Run<'_>, token: &JToken, name: &str) -> Result<Value, Fault> {
    let text = token.get(name).and_then(|token| text(&token));
    run.charge(text.as_ref().map_or(0, String::len))?;
    Ok(text.into())
}

fn claim(run: &mut Run<'_>, value: &Value, name: &str) -> Result<Value, Fault> {
    member(run, &jwt(value)?.payload, name)
}

fn head(run: &mut Run<'_>, value: &Value, name: &str) -> Result<Value, Fault> {
    member(run, &jwt(value)?.header, name)
}

/// Seconds since 1970 as a time.
fn time(value: &Value, name: &str) -> Result<Value, Fault> {
    let seconds = jwt(value)?.payload.get(name).and_then(|t| text(&t)).and_then(|t| t.parse::<f64>().ok());
    let in_range = seconds.filter(|s| s.abs() < 2.5e11);
    Ok(in_range.map(|s| DateTime::from_unix(s as i64, 0).with_kind(DateTimeKind::Utc)).into())
}

/// Each item of an array, or the one value.
fn texts(token: &JToken) -> Vec<String> {
    if token.token_type() == JTokenType::Array {
        return token.children().iter().map(|t| text(t).unwrap_or_default()).collect();
    }
    text(token).into_iter().collect()
}

fn claims(run: &mut Run<'_>, value: &Value) -> Result<Value, Fault> {
    let payload = &jwt(value)?.payload;
    run.charge(payload.weight())?;
    let pairs = payload
        .children()
        .iter()
        .filter_map(|property| {
            let values = property.property_value().map(|t| texts(&t)).unwrap_or_default();
            Some((Value::from(property.name()?), array::strings(values)))
        })
        .collect();
    Ok(dictionary::make(Ty::String, Ty::array(Ty::String), pairs))
}

/// What `get-authorization-context` puts in a variable.
struct Authorization {
    access_token: String,
    claims: Vec<(String, Value)>,
}

impl Object for Authorization {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::Authorization)
    }
}

impl Value {
    /// A `Jwt` from the text of a token, for variables that policies set; None when it is not a token.
    pub fn jwt(token: &str) -> Option<Self> {
        parse(token)
    }

    /// The text of the token that a `Jwt` was read of; None for other values.
    pub fn jwt_text(&self) -> Option<&str> {
        self.downcast::<Jwt>().map(|jwt| &*jwt.text)
    }

    /// An `Authorization` for variables that policies set.
    pub fn authorization(access_token: &str, claims: Vec<(String, Value)>) -> Self {
        Self::object(Authorization { access_token: access_token.to_owned(), claims })
    }
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::Jwt)
        .def("string Algorithm", |run, a| head(run, &a[0], "alg"))
        .def("string Type", |run, a| head(run, &a[0], "typ"))
        .def("string Id", |run, a| claim(run, &a[0], "jti"))
        .def("string Issuer", |run, a| claim(run, &a[0], "iss"))
        .def("string Subject", |run, a| claim(run, &a[0], "sub"))
        .def("IEnumerable<string> Audiences", |run, a| {
            let payload = &jwt(&a[0])?.payload;
            run.charge(payload.weight())?;
            Ok(array::strings(payload.get("aud").map(|t| texts(&t)).unwrap_or_default()))
        })
        .def("IReadOnlyDictionary<string, string[]> Claims", |run, a| claims(run, &a[0]))
        .def("DateTime? ExpirationTime", |_, a| time(&a[0], "exp"))
        .def("DateTime? IssuedAt", |_, a| time(&a[0], "iat"))
        .def("DateTime? NotBefore", |_, a| time(&a[0], "nbf"));
    table.on(TypeId::ContextExtensions).def("static Jwt AsJwt(this string input)", |run, a| of_header(run, &a[0])).def(
        "static bool TryParseJwt(this string input, out Jwt result)",
        |run, a| {
            a[1] = of_header(run, &a[0])?;
            Ok((!a[1].is_null()).into())
        },
    );
    table
        .on(TypeId::Authorization)
        .def("string AccessToken", |_, a| Ok(a[0].downcast::<Authorization>().map(|v| v.access_token.clone()).into()))
        .def("IReadOnlyDictionary<string, object> Claims", |_, a| {
            let claims = a[0].downcast::<Authorization>().map(|v| v.claims.clone()).unwrap_or_default();
            let pairs = claims.into_iter().map(|(name, value)| (Value::from(name), value)).collect();
            Ok(dictionary::make(Ty::String, Ty::Object, pairs))
        });
}
