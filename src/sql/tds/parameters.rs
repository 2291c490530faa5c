//! Parameters of statements: JSON as SQL Server takes it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Number, Value as Json};
use tiberius::{ColumnData, IntoSql};

use super::super::{SqlError, SqlParameter};

/// A parameter, ready to be sent.
pub(super) struct Bound {
    pub(super) name: String,
    declared: String,
    pub(super) data: Data,
}

pub(super) struct Data(ColumnData<'static>);

impl<'a> IntoSql<'a> for Data {
    fn into_sql(self) -> ColumnData<'a> {
        self.0
    }
}

/// What `sp_executesql` is told of the parameters.
pub(super) fn declarations(all: &[Bound]) -> String {
    let all: Vec<_> = all.iter().map(|bound| format!("{} {}", bound.name, bound.declared)).collect();
    all.join(",")
}

/// Works out the type of a parameter, and its value.
pub(super) fn bound(parameter: &SqlParameter) -> Result<Bound, SqlError> {
    let name = parameter.name.to_string();
    if !SqlParameter::is_name(&name) {
        return Err(SqlError::new(format!("`{name}` is no name of a parameter: expected one such as `@id`")));
    }
    let (declared, data) = match parameter.sql_type.as_deref() {
        None => of_value(&parameter.value),
        Some(written) => {
            let written = written.trim();
            let wrong = |what: &str| SqlError::new(format!("the value of `{name}` is no {what}"));
            if !SqlParameter::is_type(written) {
                return Err(SqlError::new(format!("`{written}` is no type of SQL Server")));
            }
            of_type(written, &parameter.value).map_err(wrong)?
        }
    };
    Ok(Bound { name, declared, data: Data(data) })
}

/// A value whose JSON says its type.
fn of_value(value: &Json) -> (String, ColumnData<'static>) {
    let text = |text: String| {
        let is_short = text.encode_utf16().count() <= 4000;
        let declared = if is_short { "nvarchar(4000)" } else { "nvarchar(max)" };
        (declared.to_owned(), ColumnData::String(Some(text.into())))
    };
    match value {
        Json::Null => ("nvarchar(4000)".to_owned(), ColumnData::String(None)),
        Json::Bool(is) => ("bit".to_owned(), ColumnData::Bit(Some(*is))),
        Json::String(string) => text(string.clone()),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => match i32::try_from(whole) {
                Ok(small) => ("int".to_owned(), ColumnData::I32(Some(small))),
                Err(_) => ("bigint".to_owned(), ColumnData::I64(Some(whole))),
            },
            None if number.is_u64() => {
                ("decimal(20,0)".to_owned(), ColumnData::String(Some(number.to_string().into())))
            }
            None => ("float".to_owned(), ColumnData::F64(number.as_f64())),
        },
        Json::Array(_) | Json::Object(_) => text(value.to_string()),
    }
}

/// A value of a type that the document says; the error says what it is not.
fn of_type(written: &str, value: &Json) -> Result<(String, ColumnData<'static>), &'static str> {
    let base: String = written.chars().take_while(|c| *c != '(').collect::<String>().trim().to_ascii_lowercase();
    let has_length = written.contains('(');
    let declared = |otherwise: &str| if has_length { written.to_owned() } else { otherwise.to_owned() };
    let text = match value {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let string = |text: Option<String>| ColumnData::String(text.map(Into::into));
    Ok(match &*base {
        "bit" => {
            let flag = text.map(|text| match &*text.trim().to_ascii_lowercase() {
                "true" | "1" => Ok(true),
                "false" | "0" => Ok(false),
                _ => Err("boolean"),
            });
            (base, ColumnData::Bit(flag.transpose()?))
        }
        "tinyint" | "smallint" | "int" | "bigint" => {
            let whole = text.map(|text| whole(&text).ok_or("whole number"));
            (base, ColumnData::I64(whole.transpose()?))
        }
        "float" | "real" => {
            let number = text.map(|text| text.trim().parse::<f64>().ok().filter(|n| n.is_finite()).ok_or("number"));
            (declared(&base), ColumnData::F64(number.transpose()?))
        }
        "decimal" | "numeric" | "money" | "smallmoney" => {
            if text.as_deref().is_some_and(|text| text.trim().parse::<Number>().is_err()) {
                return Err("number");
            }
            let scale = text.as_deref().and_then(|text| Some(text.trim().split_once('.')?.1.len())).unwrap_or(0);
            let with_scale = format!("{base}(38,{})", scale.min(38));
            (if base.ends_with("money") { base } else { declared(&with_scale) }, string(text))
        }
        // Without a length it would be 1.
        "nvarchar" | "varchar" => (declared(&format!("{base}(max)")), string(text)),
        "nchar" => (declared("nchar(4000)"), string(text)),
        "char" => (declared("char(8000)"), string(text)),
        "binary" | "varbinary" | "image" => {
            let bytes = text.map(|text| STANDARD.decode(text.trim()).map_err(|_| "base64"));
            let declared = if base == "image" { base } else { declared("varbinary(max)") };
            (declared, ColumnData::Binary(bytes.transpose()?.map(Into::into)))
        }
        _ => (written.to_owned(), string(text)),
    })
}

fn whole(text: &str) -> Option<i64> {
    let text = text.trim();
    text.parse()
        .ok()
        .or_else(|| text.split_once('.').filter(|(_, zeros)| zeros.bytes().all(|b| b == b'0'))?.0.parse().ok())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;

    #[test]
    fn values_and_types() {
        for (sql_type, value, expected) in [
            (None, json!(null), "nvarchar(4000) String(None)"),
            (None, json!(true), "bit Bit(Some(true))"),
            (None, json!(-7), "int I32(Some(-7))"),
            (None, json!(3_000_000_000_u32), "bigint I64(Some(3000000000))"),
            (None, json!(u64::MAX), "decimal(20,0) String(Some(\"18446744073709551615\"))"),
            (None, json!(1.5), "float F64(Some(1.5))"),
            (None, json!("a'b"), "nvarchar(4000) String(Some(\"a'b\"))"),
            (None, json!([1, "x"]), "nvarchar(4000) String(Some(\"[1,\\\"x\\\"]\"))"),
            (Some("Int"), json!("12"), "int I64(Some(12))"),
            (Some("bigint"), json!(4.0), "bigint I64(Some(4))"),
            (Some("int"), json!("x"), "error: the value of `@p` is no whole number"),
            (Some("int"), json!(1.5), "error: the value of `@p` is no whole number"),
            (Some("bit"), json!("True"), "bit Bit(Some(true))"),
            (Some("bit"), json!("maybe"), "error: the value of `@p` is no boolean"),
            (Some("real"), json!("0.5"), "real F64(Some(0.5))"),
            (Some("decimal"), json!(12.25), "decimal(38,2) String(Some(\"12.25\"))"),
            (Some("Decimal(10, 3)"), json!("1"), "Decimal(10, 3) String(Some(\"1\"))"),
            (Some("money"), json!("1,5"), "error: the value of `@p` is no number"),
            (Some("NVarChar"), json!("a"), "nvarchar(max) String(Some(\"a\"))"),
            (Some("nvarchar(20)"), json!(5), "nvarchar(20) String(Some(\"5\"))"),
            (Some("varbinary(8)"), json!("AQI="), "varbinary(8) Binary(Some([1, 2]))"),
            (Some("varbinary"), json!("%"), "error: the value of `@p` is no base64"),
            (Some("datetime2"), json!("2024-03-15T10:30:45"), "datetime2 String(Some(\"2024-03-15T10:30:45\"))"),
            (Some("uniqueidentifier"), json!(null), "uniqueidentifier String(None)"),
            (Some("int; DROP TABLE x"), json!(1), "error: `int; DROP TABLE x` is no type of SQL Server"),
        ] {
            let parameter = SqlParameter { name: "@p".into(), sql_type: sql_type.map(Arc::from), value: value.clone() };
            let shown = match bound(&parameter) {
                Ok(bound) => {
                    assert_eq!(declarations(std::slice::from_ref(&bound)), format!("@p {}", bound.declared));
                    format!("{} {:?}", bound.declared, bound.data.0)
                }
                Err(error) => format!("error: {error}"),
            };
            assert_eq!(shown, expected, "{sql_type:?} {value}");
        }
        let long = SqlParameter { name: "@p".into(), sql_type: None, value: "é".repeat(4001).into() };
        assert_eq!(bound(&long).unwrap().declared, "nvarchar(max)");
        for name in ["", "@", "p", "@a b", "@a,@b int = 1", "@p--"] {
            assert!(bound(&SqlParameter { name: name.into(), sql_type: None, value: Json::Null }).is_err(), "{name}");
        }
    }
}
