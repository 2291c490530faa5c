//! Declarations that several types share: the six comparison operators.

/// Declares `==`, `!=`, `<`, `<=`, `>` and `>=` of a struct that Rust can order.
macro_rules! comparisons {
    ($on:ident, $name:literal, $get:ident) => {
        $on.pure(concat!("static bool operator ==(", $name, " a, ", $name, " b)"), |_, a| {
            Ok(($get(&a[0]) == $get(&a[1])).into())
        })
        .pure(concat!("static bool operator !=(", $name, " a, ", $name, " b)"), |_, a| {
            Ok(($get(&a[0]) != $get(&a[1])).into())
        })
        .pure(concat!("static bool operator <(", $name, " a, ", $name, " b)"), |_, a| {
            Ok(($get(&a[0]) < $get(&a[1])).into())
        })
        .pure(concat!("static bool operator <=(", $name, " a, ", $name, " b)"), |_, a| {
            Ok(($get(&a[0]) <= $get(&a[1])).into())
        })
        .pure(concat!("static bool operator >(", $name, " a, ", $name, " b)"), |_, a| {
            Ok(($get(&a[0]) > $get(&a[1])).into())
        })
        .pure(concat!("static bool operator >=(", $name, " a, ", $name, " b)"), |_, a| {
            Ok(($get(&a[0]) >= $get(&a[1])).into())
        });
    };
}

pub(super) use comparisons;
