//! `IUrl`: the URLs of the request and of APIs.

use std::borrow::Cow;

use super::{open, part, text_member, url_text, view};
use crate::expr::code::{Run, View};
use crate::expr::dotnet::uri::{Uri, UriKind};
use crate::expr::fault::Fault;
use crate::expr::form_text;
use crate::expr::host::Number;
use crate::expr::library::{dictionary, uri};
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Str, Value};

/// The URL of a listed API, as text.
pub(super) struct UrlText(pub(super) String);

impl Object for UrlText {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::IUrl)
    }

    fn to_text(&self, _: &mut Run<'_>) -> Result<Option<Str>, Fault> {
        Ok(Some(self.0.as_str().into()))
    }
}

impl UrlText {
    /// Scheme, authority, path and query.
    fn parts(&self) -> [&str; 4] {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("", &self.0));
        let (authority, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (path, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
        [scheme, authority, if path.is_empty() { "/" } else { path }, query]
    }

    fn port(&self) -> i32 {
        let [scheme, authority, ..] = self.parts();
        let written = authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        written.unwrap_or(if scheme.eq_ignore_ascii_case("http") { 80 } else { 443 })
    }
}

fn text(run: &mut Run<'_>, value: &Value, name: &str, of: fn([&str; 4]) -> &str) -> Result<Value, Fault> {
    Ok(match value.downcast::<UrlText>() {
        Some(url) => of(url.parts()).into(),
        None => match view(value).and_then(|view| text_member(view, name)) {
            Some(member) => {
                let text = run.host.text(member).map(Str::from);
                run.charge(text.as_ref().map_or(0, Str::byte_len))?;
                text.into()
            }
            None => Value::Null,
        },
    })
}

fn host_of(authority: &str) -> &str {
    let port = authority.rfind(':').filter(|colon| authority[*colon..].bytes().skip(1).all(|b| b.is_ascii_digit()));
    port.map_or(authority, |colon| &authority[..colon])
}

/// The pairs of a query string as a dictionary of arrays.
fn query_of(query: &str) -> Value {
    let groups = form_text::groups(query).into_iter();
    let owned = |(name, values): (Cow<'_, str>, Vec<Cow<'_, str>>)| {
        (name.into_owned(), values.into_iter().map(Cow::into_owned).collect())
    };
    dictionary::of_headers(&groups.map(owned).collect::<Vec<_>>())
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::IUrl)
        .def("string Scheme", |run, a| text(run, &a[0], "Scheme", |[scheme, ..]| scheme))
        .def("string Host", |run, a| text(run, &a[0], "Host", |[_, authority, ..]| host_of(authority)))
        .def("string Path", |run, a| text(run, &a[0], "Path", |[_, _, path, _]| path))
        .def("string QueryString", |run, a| text(run, &a[0], "QueryString", |[.., query]| query))
        .def("int Port", |run, a| {
            Ok(Value::Int(match (a[0].downcast::<UrlText>(), view(&a[0])) {
                (Some(url), _) => url.port(),
                (None, Some(View::Url(url))) => run.host.number(Number::UrlPort(url)).unwrap_or(0) as i32,
                _ => 0,
            }))
        })
        .def("IReadOnlyDictionary<string, string[]> Query", |run, a| {
            Ok(match (a[0].downcast::<UrlText>(), view(&a[0]).and_then(|view| part(view, "Query"))) {
                (Some(url), _) => query_of(url.parts()[3]),
                (None, Some(found)) => open(run, found),
                _ => Value::Null,
            })
        })
        .def("Uri ToUri()", |run, a| {
            let text = match (a[0].downcast::<UrlText>(), view(&a[0])) {
                (Some(url), _) => url.0.clone(),
                (None, Some(View::Url(url))) => url_text(run, url),
                _ => return Err(Fault::null_reference()),
            };
            run.charge(text.len())?;
            Ok(uri::object(Uri::with_kind(&text, UriKind::Absolute)?))
        });
}
