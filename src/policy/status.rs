//! The status and text with which a policy refuses a request, as its document says.

use http::StatusCode;

use super::compile::Compiler;
use super::error::Failure;
use super::exchange::Exchange;
use super::setting::Setting;
use super::spec::Attribute;
use crate::xml::Element;

/// What a status code looks like.
pub(crate) const STATUS: &str = "a status code, 200 to 999";

/// An attribute that is a status code.
pub(crate) fn setting(compiler: &mut Compiler<'_>, element: &Element, attribute: &Attribute) -> Option<Setting<i64>> {
    compiler.setting_within(element, attribute, 200..=999)
}

/// The failure of a refused request: `text` is for `context.LastError`, and for the caller too unless `public` is there.
///
/// The error is that of an expression.
pub(crate) fn refusal(
    exchange: &mut Exchange,
    code: &Setting<i64>,
    public: Option<&Setting<String>>,
    reason: &'static str,
    text: String,
) -> Result<Box<Failure>, Box<Failure>> {
    let code = *code.get(exchange)?;
    let status = u16::try_from(code).ok().filter(|code| *code >= 200).and_then(|code| StatusCode::from_u16(code).ok());
    let Some(status) = status else {
        return Err(Failure::expression(format_args!("{code} is not a status code from 200 to 999.")));
    };
    let failure = Failure::refused(status, reason, text);
    Ok(match public {
        Some(public) => failure.public_message(public.get(exchange)?.into_owned()),
        None => failure,
    })
}
