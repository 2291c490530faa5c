//! `IMessageBody`: the body of a message, read as a type that the expression names.

use super::{array, json, xml};
use crate::expr::code::{Run, View};
use crate::expr::dotnet::encoding;
use crate::expr::fault::{Cause, Fault};
use crate::expr::host::{Body, BodyError};
use crate::expr::json::Expected;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Response, Str, Value};
use crate::expr::xlinq::Root;

/// The body of a response that stands alone.
struct ResponseBody(Response);

/// The body of a response.
pub(super) fn of_response(response: Response) -> Value {
    Value::object(ResponseBody(response))
}

impl Object for ResponseBody {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::IMessageBody)
    }
}

fn read(run: &mut Run<'_>, body: &Value, preserve: bool) -> Result<Body, Fault> {
    let result = match body {
        Value::View(View::Body(message)) => run.host.body(*message, preserve),
        other => match other.downcast::<ResponseBody>() {
            Some(body) => body.0.body(preserve).map(Option::unwrap_or_default),
            None => Ok(Body::default()),
        },
    };
    let body = result.map_err(|error| match error {
        BodyError::Consumed => Fault::invalid_operation(
            "The message body has already been consumed. Read it with preserveContent: true to be able to read it again.",
        ),
        BodyError::Failed(message) => Fault::invalid_operation(message),
    })?;
    run.widen_for_body(body.bytes.len());
    run.charge(body.bytes.len())?;
    Ok(body)
}

/// The text of a body in the charset of its content type; a byte order mark is dropped.
fn text(body: &Body) -> Str {
    let charset =
        body.content_type.as_deref().and_then(charset).and_then(|name| encoding::Encoding::by_name(&name).ok());
    let text = match charset {
        Some(encoding) => Str::from(encoding.decode(&body.bytes)),
        None => Str::from(encoding::utf8(&body.bytes)),
    };
    match text.as_str().and_then(|t| t.strip_prefix('\u{feff}')) {
        Some(rest) => rest.into(),
        None => text,
    }
}

/// The charset parameter of a content type.
fn charset(content_type: &str) -> Option<String> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"').to_ascii_lowercase())
    })
}

fn convert(run: &mut Run<'_>, body: &Body, ty: &Ty) -> Result<Value, Fault> {
    if *ty == Ty::String {
        return Ok(Value::Str(text(body)));
    }
    if *ty == Ty::array(Ty::Named(TypeId::Byte)) {
        return Ok(array::bytes(body.bytes.clone()));
    }
    let text = text(body);
    match ty.id() {
        Some(TypeId::JToken) => json_token(run, &text, Expected::Token),
        Some(TypeId::JObject) => json_token(run, &text, Expected::Object),
        Some(TypeId::JArray) => json_token(run, &text, Expected::Array),
        Some(TypeId::XElement | TypeId::XNode) => Ok(xml::value(xml::parse(run, &text.text(), Root::Element)?)),
        Some(TypeId::XDocument) => Ok(xml::value(xml::parse(run, &text.text(), Root::Document)?)),
        _ => Err(Fault::invalid_operation(format!("The message body cannot be read as '{}'.", ty.full_name()))),
    }
}

fn json_token(run: &mut Run<'_>, text: &Str, expected: Expected) -> Result<Value, Fault> {
    match json::parse(run, &text.text(), expected) {
        Ok(token) => Ok(json::value(token)),
        Err(fault) => Err(match fault.cause() {
            Cause::Exception { ty, message } => {
                Fault::new(*ty, format!("The message body is not a valid JSON. {message}"))
            }
            _ => fault,
        }),
    }
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table.on(TypeId::IMessageBody).def("T As<T>(bool preserveContent = false)", |run, a| {
        let ty = run.type_arg(0);
        let body = read(run, &a[0], super::args::boolean(&a[1]))?;
        convert(run, &body, &ty)
    });
    table.on(TypeId::IMessageBody).def(
        "IDictionary<string, IList<string>> AsFormUrlEncodedContent(bool preserveContent = false)",
        |run, a| {
            let body = read(run, &a[0], super::args::boolean(&a[1]))?;
            super::form::parse(run, &text(&body).text())
        },
    );
}
