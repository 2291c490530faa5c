//! What templates see of an exchange: `body` and `context`.

use std::sync::Arc;

use http::HeaderMap;

use super::super::context::Context;
use super::super::exchange::{Exchange, Message};
use super::super::header_name;
use super::super::media::{self, MediaType};
use super::super::messages::MessageBody;
use super::super::query;
use super::body::{self, BodyOptions};
use super::value::{Hash, Value};
use crate::expr;
use crate::expr::dotnet::certificate::Certificate;
use crate::expr::json::JToken;
use crate::expr::{Host as _, Text, Url};
use crate::forward::ClientCertificate;

/// The parsed body of a message; none when it is neither JSON nor XML. An error is the reader's message.
pub(crate) fn body(exchange: &mut Exchange, message: Message, options: BodyOptions) -> Result<Value, String> {
    let guesses = exchange.settings.liquid_reads_bodies_of_unknown_type;
    let Some((MessageBody::Bytes(bytes), headers)) = exchange.message(message) else { return Ok(Value::Nil) };
    let xml = || {
        let text = media::xml_text(bytes, headers).ok_or_else(|| media::NOT_ITS_ENCODING.to_owned())?;
        body::xml(&text, options)
    };
    let json = || body::json(&media::text(bytes, headers), options);
    match MediaType::of(headers) {
        Some(media) if media.is_json() => json(),
        Some(media) if media.is_xml() => xml(),
        _ if guesses => match media::text(bytes, headers).trim_start().chars().next() {
            Some('{' | '[') => json(),
            Some('<') => xml(),
            _ => Ok(Value::Nil),
        },
        _ => Ok(Value::Nil),
    }
}

/// `context`.
pub(crate) fn context(exchange: &mut Exchange, with_variables: bool) -> Value {
    let method = Value::from(exchange.request.method.as_str());
    let parameters = exchange.parameters.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
    let parameters = Hash::ignoring_case(parameters.collect());
    let has_body = !matches!(exchange.request.body, MessageBody::None);
    let headers = headers(&exchange.request.headers);
    let original_method = exchange.request.original_method.as_ref().unwrap_or(&exchange.request.method);
    let original_method = Value::from(original_method.as_str());
    let response = exchange.response.as_ref().map(|response| {
        members([
            ("StatusCode", Value::Int(response.status.as_u16().into())),
            ("Method", method.clone()),
            ("Headers", self::headers(&response.headers)),
        ])
    });
    let certificates = certificates(exchange);
    let variables = with_variables.then(|| variables(exchange));
    let mut view = Context::new(exchange);
    let address = view.text(Text::RequestIpAddress).map_or(Value::Nil, |text| Value::from(&*text));
    let request = members([
        ("Url", url(&mut view, Url::Current)),
        ("OriginalUrl", url(&mut view, Url::Original)),
        ("Method", method),
        ("OriginalMethod", original_method),
        ("IpAddress", address),
        ("MatchedParameters", parameters.into()),
        ("HasBody", Value::Bool(has_body)),
        ("ClientCertificates", certificates),
        ("Headers", headers),
    ]);
    members([
        ("Request", request),
        ("Response", response.unwrap_or_default()),
        ("Variables", variables.unwrap_or_default()),
    ])
}

/// A list of the certificate that the caller showed; empty when there was none.
fn certificates(exchange: &Exchange) -> Value {
    let shown = exchange.request.extensions.get::<ClientCertificate>();
    let certificate = shown.and_then(|shown| Certificate::parse(&shown.der).ok());
    let read = certificate.map(|certificate| {
        members([
            ("Subject", Value::from(certificate.subject())),
            ("Issuer", Value::from(certificate.issuer())),
            ("SerialNumber", Value::from(certificate.serial_number())),
            ("Thumbprint", Value::from(certificate.thumbprint())),
            ("NotBefore", Value::Date(certificate.not_before())),
            ("NotAfter", Value::Date(certificate.not_after())),
        ])
    });
    Value::from(read.into_iter().collect::<Vec<_>>())
}

fn members<const N: usize>(members: [(&str, Value); N]) -> Value {
    Hash::ignoring_case(members.into_iter().map(|(name, value)| (name.into(), value)).collect()).into()
}

/// Several values of one header are joined by commas.
fn headers(headers: &HeaderMap) -> Value {
    let values = |name| {
        let values = headers.get_all(name).into_iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        values.collect::<Vec<_>>().join(",")
    };
    let names = headers.keys().map(|name| (Arc::from(header_name::usual(name)), Value::from(values(name))));
    Hash::ignoring_case(names.collect()).into()
}

fn variables(exchange: &Exchange) -> Value {
    let variables = exchange.variables.iter().map(|(name, value)| (name.clone(), of_expression(value)));
    Hash::new(variables.collect()).into()
}

/// A value of expressions: JSON can be looked into, anything else that is no number is text.
fn of_expression(value: &expr::Value) -> Value {
    if let Some(token) = value.downcast::<JToken>() {
        return Value::of_token(token).unwrap_or_default();
    }
    match value {
        expr::Value::Null => Value::Nil,
        expr::Value::Bool(value) => Value::Bool(*value),
        expr::Value::Double(value) => Value::Double(*value),
        expr::Value::Float(value) => Value::Double(f64::from(*value)),
        expr::Value::Decimal(value) => Value::Decimal(*value),
        expr::Value::DateTime(date) => Value::Date(*date),
        expr::Value::Str(text) => Value::from(&*text.text()),
        expr::Value::Char(_) => value.to_text().map_or(Value::Nil, Value::from),
        other => match other.as_int() {
            Some(number) => Value::Int(number),
            None => other.to_text().map_or(Value::Nil, Value::from),
        },
    }
}

fn url(view: &mut Context<'_>, url: Url) -> Value {
    let text = |view: &mut Context<'_>, part| view.text(part).map(|text| text.into_owned()).unwrap_or_default();
    let (scheme, host) = (text(view, Text::UrlScheme(url)), text(view, Text::UrlHost(url)));
    let (path, search) = (text(view, Text::UrlPath(url)), text(view, Text::UrlQueryString(url)));
    let port = view.number(expr::Number::UrlPort(url));
    let authority = view.authority(url).unwrap_or_default();
    let whole: Arc<str> = format!("{scheme}://{authority}{path}{search}").into();
    let parameters = query::parameters(search.trim_start_matches('?')).map(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        (Arc::from(query::decode(name)), Value::from(query::decode(value)))
    });
    let parameters = Hash::ignoring_case(parameters.collect()).into();
    let members = [
        ("Scheme", Value::from(scheme)),
        ("Host", Value::from(host)),
        ("Port", port.map_or(Value::Nil, Value::Int)),
        ("Path", Value::from(path)),
        ("Query", parameters),
        ("QueryString", Value::from(search)),
        ("ToUri", Value::Text(whole.clone())),
        ("ToString", Value::Text(whole.clone())),
    ];
    let members = members.into_iter().map(|(name, value)| (name.into(), value)).collect();
    Hash::ignoring_case(members).text(whole).into()
}
