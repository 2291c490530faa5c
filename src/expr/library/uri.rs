//! `System.Uri`.

use crate::expr::code::Run;
use crate::expr::dotnet::Exception;
use crate::expr::dotnet::uri::{HostKind, Uri, UriKind, UriPartial, check_host_name, check_scheme_name, escape};
use crate::expr::fault::Fault;
use crate::expr::library::args::{int, string, unit};
use crate::expr::library::array::strings;
use crate::expr::library::string::Comparison;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Str, Value};

/// A `System.Uri` of the evaluator.
pub(crate) struct UriObject(pub(crate) Uri);

impl Object for UriObject {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::Uri)
    }

    fn to_text(&self, _: &mut Run<'_>) -> Result<Option<Str>, Fault> {
        Ok(Some(self.0.display().into()))
    }

    fn equals(&self, other: &Value) -> Option<bool> {
        Some(match other {
            Value::Str(text) => {
                Uri::with_kind(&text.text(), UriKind::RelativeOrAbsolute).is_ok_and(|uri| uri == self.0)
            }
            other => other.downcast::<Self>().is_some_and(|uri| uri.0 == self.0),
        })
    }

    fn hash_code(&self) -> Option<i32> {
        let text = self.0.absolute_uri().unwrap_or_else(|_| self.0.original().to_owned());
        let text = text.split('#').next().unwrap_or_default();
        Some(text.bytes().fold(7, |hash: i32, byte| hash.wrapping_mul(31).wrapping_add(byte.into())))
    }
}

/// A new `Uri` object.
pub(crate) fn object(uri: Uri) -> Value {
    Value::object(UriObject(uri))
}

/// A `Uri` object from text that was one before.
pub(crate) fn from_text(text: &str) -> Value {
    match Uri::with_kind(text, UriKind::RelativeOrAbsolute).or_else(|_| Uri::with_kind(text, UriKind::Relative)) {
        Ok(uri) => object(uri),
        Err(_) => Value::Null,
    }
}

/// `OriginalString` of a value that is a `Uri`.
pub(crate) fn original_text(value: &Value) -> Option<String> {
    value.downcast::<UriObject>().map(|uri| uri.0.original().to_owned())
}

fn get(value: &Value) -> Result<&Uri, Fault> {
    value.downcast::<UriObject>().map(|uri| &uri.0).ok_or_else(Fault::null_reference)
}

fn required<'a>(value: &'a Value, parameter: &str) -> Result<&'a Uri, Fault> {
    value.downcast::<UriObject>().map(|uri| &uri.0).ok_or_else(|| Fault::argument_null(parameter))
}

fn kind(value: &Value) -> UriKind {
    match int(value) {
        1 => UriKind::Absolute,
        2 => UriKind::Relative,
        _ => UriKind::RelativeOrAbsolute,
    }
}

fn partial(value: &Value) -> UriPartial {
    match int(value) {
        0 => UriPartial::Scheme,
        1 => UriPartial::Authority,
        2 => UriPartial::Path,
        _ => UriPartial::Query,
    }
}

fn host_kind(kind: HostKind) -> Value {
    Value::enumeration(TypeId::UriHostNameType, kind as i64)
}

/// Whether a `UriFormat` asks for unescaped text; 0 counts as escaped.
fn format(value: &Value) -> Result<bool, Fault> {
    match int(value) {
        0 | 1 => Ok(false),
        2 | 3 => Ok(true),
        _ => {
            Err(Fault::out_of_range("Specified argument was out of the range of valid values. (Parameter 'uriFormat')"))
        }
    }
}

/// What a `TryCreate` leaves in its last argument.
fn created(a: &mut [Value], made: Result<Uri, Exception>) -> Result<Value, Fault> {
    let found = made.is_ok();
    a[2] = made.map_or(Value::Null, object);
    Ok(found.into())
}

/// Adds the members of `Uri`.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::Uri)
        .def("new(string uriString)", |_, a| Ok(object(Uri::new(&string(&a[0], "uriString")?.text())?)))
        .def("new(string uriString, UriKind uriKind)", |_, a| {
            Ok(object(Uri::with_kind(&string(&a[0], "uriString")?.text(), kind(&a[1]))?))
        })
        .def("new(Uri baseUri, string relativeUri)", |_, a| {
            let relative = a[1].as_text().map(|text| text.text().into_owned()).unwrap_or_default();
            Ok(object(required(&a[0], "baseUri")?.resolve(&relative)?))
        })
        .def("new(Uri baseUri, Uri relativeUri)", |_, a| {
            Ok(object(required(&a[0], "baseUri")?.resolve_uri(required(&a[1], "relativeUri")?)?))
        })
        .def("new(string uriString, bool dontEscape)", |_, a| {
            Ok(object(Uri::new(&string(&a[0], "uriString")?.text())?))
        })
        .def("new(Uri baseUri, string relativeUri, bool dontEscape)", |_, a| {
            let relative = a[1].as_text().map(|text| text.text().into_owned()).unwrap_or_default();
            Ok(object(required(&a[0], "baseUri")?.resolve(&relative)?))
        })
        .def("static bool TryCreate(string uriString, UriKind uriKind, out Uri result)", |_, a| {
            let Some(text) = a[0].as_text().cloned() else { return created(a, Err(Exception::bad_input())) };
            let kind = kind(&a[1]);
            created(a, Uri::with_kind(&text.text(), kind))
        })
        .def("static bool TryCreate(Uri baseUri, string relativeUri, out Uri result)", |_, a| {
            let made = match (get(&a[0]), a[1].as_text()) {
                (Ok(base), Some(text)) => base.resolve(&text.text()),
                _ => Err(Exception::bad_input()),
            };
            created(a, made)
        })
        .def("static bool TryCreate(Uri baseUri, Uri relativeUri, out Uri result)", |_, a| {
            let made = match (get(&a[0]), get(&a[1])) {
                (Ok(base), Ok(relative)) => base.resolve_uri(relative),
                _ => Err(Exception::bad_input()),
            };
            created(a, made)
        })
        .def("static bool operator ==(Uri a, Uri b)", |_, a| Ok(same(a).into()))
        .def("static bool operator !=(Uri a, Uri b)", |_, a| Ok((!same(a)).into()));
    properties(table);
    methods(table);
    escaping(table);
}

fn same(a: &[Value]) -> bool {
    match (get(&a[0]), get(&a[1])) {
        (Ok(one), Ok(other)) => one == other,
        _ => a[0].is_null() && a[1].is_null(),
    }
}

fn properties(table: &mut Table) {
    table
        .on(TypeId::Uri)
        .def("string OriginalString", |_, a| Ok(get(&a[0])?.original().into()))
        .def("string AbsoluteUri", |_, a| Ok(get(&a[0])?.absolute_uri()?.into()))
        .def("string AbsolutePath", |_, a| Ok(get(&a[0])?.absolute_path()?.into()))
        .def("string LocalPath", |_, a| Ok(get(&a[0])?.local_path()?.into()))
        .def("string PathAndQuery", |_, a| Ok(get(&a[0])?.path_and_query()?.into()))
        .def("string Query", |_, a| Ok(get(&a[0])?.query()?.into()))
        .def("string Fragment", |_, a| Ok(get(&a[0])?.fragment()?.into()))
        .def("string Scheme", |_, a| Ok(get(&a[0])?.scheme()?.into()))
        .def("string Authority", |_, a| Ok(get(&a[0])?.authority()?.into()))
        .def("string Host", |_, a| Ok(get(&a[0])?.host()?.into()))
        .def("string DnsSafeHost", |_, a| Ok(get(&a[0])?.dns_safe_host()?.into()))
        .def("string IdnHost", |_, a| Ok(get(&a[0])?.idn_host()?.into()))
        .def("string UserInfo", |_, a| Ok(get(&a[0])?.user_info()?.into()))
        .def("UriHostNameType HostNameType", |_, a| Ok(host_kind(get(&a[0])?.host_kind()?)))
        .def("int Port", |_, a| Ok(Value::Int(get(&a[0])?.port()? as i32)))
        .def("bool IsDefaultPort", |_, a| Ok(get(&a[0])?.is_default_port()?.into()))
        .def("bool IsAbsoluteUri", |_, a| Ok(get(&a[0])?.is_absolute().into()))
        .def("bool IsFile", |_, a| Ok(get(&a[0])?.is_file()?.into()))
        .def("bool IsUnc", |_, a| Ok(get(&a[0])?.is_unc()?.into()))
        .def("bool IsLoopback", |_, a| Ok(get(&a[0])?.is_loopback()?.into()))
        .def("bool UserEscaped", |_, _| Ok(false.into()))
        .def("string[] Segments", |_, a| Ok(strings(get(&a[0])?.segments()?)));
}

fn methods(table: &mut Table) {
    table
        .on(TypeId::Uri)
        .def("string GetComponents(UriComponents components, UriFormat format)", |_, a| {
            Ok(get(&a[0])?.components(int(&a[1]) as u32, format(&a[2])?)?.into())
        })
        .def(
            "static int Compare(Uri uri1, Uri uri2, UriComponents partsToCompare, UriFormat compareFormat, StringComparison comparisonType)",
            |_, a| {
                let part = |value: &Value| -> Result<Value, Fault> {
                    match get(value) {
                        Ok(uri) => Ok(uri.components(int(&a[2]) as u32, format(&a[3])?)?.into()),
                        Err(_) => Ok(Value::Null),
                    }
                };
                let how = Comparison::of(&a[4])?;
                Ok(how.compare_values(&part(&a[0])?, &part(&a[1])?).into())
            },
        )
        .def("string GetLeftPart(UriPartial part)", |_, a| Ok(get(&a[0])?.left_part(partial(&a[1]))?.into()))
        .def("string MakeRelative(Uri toUri)", |run, a| {
            let relative = object(get(&a[0])?.make_relative(required(&a[1], "toUri")?)?);
            Ok(Value::Str(run.text_of(&relative)?))
        })
        .def("Uri MakeRelativeUri(Uri uri)", |_, a| Ok(object(get(&a[0])?.make_relative(required(&a[1], "uri")?)?)))
        .def("bool IsBaseOf(Uri uri)", |_, a| Ok(get(&a[0])?.is_base_of(required(&a[1], "uri")?)?.into()))
        .def("bool IsWellFormedOriginalString()", |_, a| Ok(get(&a[0])?.is_well_formed().into()))
        .pure("static bool IsWellFormedUriString(string uriString, UriKind uriKind)", |_, a| {
            let kind = kind(&a[1]);
            Ok(a[0].as_text().is_some_and(|text| Uri::is_well_formed_string(&text.text(), kind)).into())
        })
        .pure("static UriHostNameType CheckHostName(string name)", |_, a| {
            let kind = a[0].as_text().map_or(HostKind::Unknown, |name| check_host_name(&name.text()));
            Ok(host_kind(kind))
        })
        .pure("static bool CheckSchemeName(string schemeName)", |_, a| {
            Ok(a[0].as_text().is_some_and(|name| check_scheme_name(&name.text())).into())
        })
        .constant("string UriSchemeHttp", "http")
        .constant("string UriSchemeHttps", "https")
        .constant("string UriSchemeFtp", "ftp")
        .constant("string UriSchemeFile", "file")
        .constant("string UriSchemeMailto", "mailto")
        .constant("string UriSchemeGopher", "gopher")
        .constant("string UriSchemeNetPipe", "net.pipe")
        .constant("string UriSchemeNetTcp", "net.tcp")
        .constant("string UriSchemeNews", "news")
        .constant("string UriSchemeNntp", "nntp")
        .constant("string SchemeDelimiter", "://");
}

fn escaping(table: &mut Table) {
    table
        .on(TypeId::Uri)
        .pure("static string EscapeDataString(string stringToEscape)", |_, a| {
            Ok(escape::escape_data(&string(&a[0], "stringToEscape")?.text()).into())
        })
        .pure("static string EscapeUriString(string stringToEscape)", |_, a| {
            Ok(escape::escape_uri(&string(&a[0], "stringToEscape")?.text()).into())
        })
        .pure("static string UnescapeDataString(string stringToUnescape)", |_, a| {
            Ok(escape::unescape_data(&string(&a[0], "stringToUnescape")?.text()).into())
        })
        .pure("static string HexEscape(char character)", |_, a| match unit(&a[0]) {
            byte @ 0..=0xFF => Ok(format!("%{byte:02X}").into()),
            _ => Err(Fault::out_of_range(
                "Specified argument was out of the range of valid values. (Parameter 'character')",
            )),
        })
        .pure("static bool IsHexEncoding(string pattern, int index)", |_, a| {
            let text = string(&a[0], "pattern")?;
            Ok(usize::try_from(int(&a[1])).ok().and_then(|at| hex_at(text, at)).is_some().into())
        })
        .def("static char HexUnescape(string pattern, ref int index)", |_, a| {
            let text = string(&a[0], "pattern")?;
            let at = usize::try_from(int(&a[1])).ok().filter(|at| *at < text.len());
            let at = at.ok_or_else(|| {
                Fault::out_of_range("Specified argument was out of the range of valid values. (Parameter 'index')")
            })?;
            let (unit, read) = match hex_at(text, at) {
                Some(byte) => (byte, 3),
                None => (text.unit(at).unwrap_or(0), 1),
            };
            a[1] = Value::Int((at + read) as i32);
            Ok(Value::Char(unit))
        })
        .pure("static bool IsHexDigit(char character)", |_, a| Ok(hex_digit(&a[0]).is_some().into()))
        .pure("static int FromHex(char digit)", |_, a| match hex_digit(&a[0]) {
            Some(value) => Ok(Value::Int(value as i32)),
            None => Err(Fault::argument("Value does not fall within the expected range. (Parameter 'digit')")),
        });
}

/// The byte that `%XX` at a place stands for.
fn hex_at(text: &Str, at: usize) -> Option<u16> {
    let digit = |at: usize| char::from_u32(text.unit(at)?.into())?.to_digit(16);
    let byte = digit(at.checked_add(1)?)? * 16 + digit(at.checked_add(2)?)?;
    (text.unit(at) == Some(u16::from(b'%'))).then_some(byte as u16)
}

fn hex_digit(value: &Value) -> Option<u32> {
    char::from_u32(unit(value).into())?.to_digit(16)
}
