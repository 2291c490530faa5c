//! `System.Net.WebUtility`.

use crate::expr::code::Run;
use crate::expr::dotnet::web_utility;
use crate::expr::fault::Fault;
use crate::expr::library::array::{bytes, to_bytes};
use crate::expr::library::convert::cut;
use crate::expr::library::string_writer;
use crate::expr::types::{Table, TypeId};
use crate::expr::value::Value;

/// Null stays null.
fn map(value: &Value, work: fn(&str) -> String) -> Result<Value, Fault> {
    Ok(value.as_text().map(|text| work(&text.text())).into())
}

fn write(run: &mut Run<'_>, text: &Value, output: &Value) -> Result<Value, Fault> {
    if let Some(text) = text.as_text() {
        string_writer::push(run, output, "output", text)?;
    }
    Ok(Value::Null)
}

/// Adds the members of `WebUtility`.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::WebUtility)
        .pure("static string UrlEncode(string value)", |_, a| map(&a[0], web_utility::url_encode))
        .pure("static string UrlDecode(string encodedValue)", |_, a| map(&a[0], web_utility::url_decode))
        .def("static byte[] UrlEncodeToBytes(byte[] value, int offset, int count)", |_, a| {
            let data = to_bytes(&a[0], "value")?;
            Ok(bytes(web_utility::url_encode_bytes(cut(&data, &a[1], &a[2])?).into_bytes()))
        })
        .def("static byte[] UrlDecodeToBytes(byte[] encodedValue, int offset, int count)", |_, a| {
            let data = to_bytes(&a[0], "encodedValue")?;
            Ok(bytes(web_utility::url_decode_bytes(cut(&data, &a[1], &a[2])?)))
        })
        .pure("static string HtmlEncode(string value)", |_, a| map(&a[0], web_utility::html_encode))
        .pure("static string HtmlDecode(string value)", |_, a| map(&a[0], web_utility::html_decode))
        .def("static void HtmlEncode(string value, StringWriter output)", |run, a| {
            let text = map(&a[0], web_utility::html_encode)?;
            write(run, &text, &a[1])
        })
        .def("static void HtmlDecode(string value, StringWriter output)", |run, a| {
            let text = map(&a[0], web_utility::html_decode)?;
            write(run, &text, &a[1])
        });
}
