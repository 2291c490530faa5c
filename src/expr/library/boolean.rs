//! `System.Boolean`.

use crate::expr::dotnet::number::parse;
use crate::expr::library::args::{boolean, string};
use crate::expr::library::number::ordering;
use crate::expr::types::{Table, TypeId};

/// Adds the members of `Boolean`.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::Boolean)
        .constant("string TrueString", "True")
        .constant("string FalseString", "False")
        .pure("static bool Parse(string value)", |_, a| Ok(parse::boolean(&string(&a[0], "value")?.text())?.into()))
        .def("static bool TryParse(string value, out bool result)", |_, a| {
            let parsed = a[0].as_text().and_then(|s| parse::boolean(&s.text()).ok());
            a[1] = parsed.unwrap_or(false).into();
            Ok(parsed.is_some().into())
        })
        .pure("string ToString(IFormatProvider provider)", |_, a| {
            Ok(if boolean(&a[0]) { "True" } else { "False" }.into())
        })
        .pure("int CompareTo(bool value)", |_, a| Ok(ordering(boolean(&a[0]).cmp(&boolean(&a[1])))))
        .pure("bool Equals(bool obj)", |_, a| Ok((boolean(&a[0]) == boolean(&a[1])).into()));
}
