//! `BasicAuthCredentials`, and the helpers that read them from a header.

use crate::expr::dotnet::base64;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Value};

/// A user name and a password.
struct BasicCredentials {
    user: String,
    password: String,
}

impl Object for BasicCredentials {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::BasicAuthCredentials)
    }
}

/// Reads `Basic <base64>`; the first colon ends the user name.
fn parse(header: &Value) -> Option<BasicCredentials> {
    let text = header.as_text()?.text().into_owned();
    let (scheme, data) = text.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = base64::decode(data.trim()).ok()?;
    let pair = String::from_utf8_lossy(&bytes);
    let (user, password) = pair.split_once(':')?;
    Some(BasicCredentials { user: user.to_owned(), password: password.to_owned() })
}

fn value(parsed: Option<BasicCredentials>) -> Value {
    parsed.map_or(Value::Null, Value::object)
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::BasicAuthCredentials)
        .def("string UserId", |_, a| Ok(a[0].downcast::<BasicCredentials>().map(|c| c.user.clone()).into()))
        .def("string Username", |_, a| Ok(a[0].downcast::<BasicCredentials>().map(|c| c.user.clone()).into()))
        .def("string Password", |_, a| Ok(a[0].downcast::<BasicCredentials>().map(|c| c.password.clone()).into()));
    table
        .on(TypeId::ContextExtensions)
        .def("static BasicAuthCredentials AsBasic(this string input)", |_, a| Ok(value(parse(&a[0]))))
        .def("static bool TryParseBasic(this string input, out BasicAuthCredentials result)", |_, a| {
            a[1] = value(parse(&a[0]));
            Ok((!a[1].is_null()).into())
        });
}
