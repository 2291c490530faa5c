use std::str::FromStr;

use proptest::prelude::*;

use super::parse::{self, IntegerType};
use super::{Number, convert, format, rounding, to_text};
use crate::expr::dotnet::Decimal;

fn decimal(text: &str) -> Number {
    Number::Decimal(Decimal::from_str(text).expect("a decimal"))
}

fn int(value: i128) -> Number {
    Number::Integer { value, bits: 32 }
}

#[test]
fn formats_as_the_real_runtime_does() {
    let cases = [
        (Number::Integer { value: 1, bits: 32 }, "D4", "0001"),
        (Number::Integer { value: 255, bits: 32 }, "x", "ff"),
        (Number::Integer { value: 255, bits: 32 }, "X6", "0000FF"),
        (Number::Double(1234.5678), "N3", "1,234.568"),
        (Number::Double(-1234.5), "N1", "-1,234.5"),
        (Number::Double(1234.5678), "E", "1.234568E+003"),
        (Number::Double(1234.5678), "e3", "1.235e+003"),
        (Number::Double(0.00012), "E1", "1.2E-004"),
        (decimal("12345.6789"), "C2", "$12,345.68"),
        (decimal("-5.5"), "F1", "-5.5"),
        (Number::Integer { value: 1234567, bits: 32 }, "#,#", "1,234,567"),
        (Number::Integer { value: 1234567, bits: 32 }, "#,##0.00", "1,234,567.00"),
        (Number::Double(0.5), "#.##", ".5"),
        (Number::Double(12.0), "0.##", "12"),
        (Number::Double(12.3), "00.00", "12.30"),
        (Number::Double(12.5), "0", "13"),
        (Number::Double(13.5), "0", "14"),
        (Number::Integer { value: 0, bits: 32 }, "#", ""),
        (Number::Integer { value: 7, bits: 32 }, "000", "007"),
        (Number::Integer { value: 1234, bits: 32 }, "0,0", "1,234"),
        (Number::Integer { value: 1234567, bits: 32 }, "0,,.0M", "1.2M"),
        (Number::Double(0.123), "0%", "12%"),
        (Number::Integer { value: -5, bits: 32 }, "0;(0);zero", "(5)"),
        (Number::Integer { value: 5, bits: 32 }, "'n='0", "n=5"),
        (Number::Integer { value: 42, bits: 32 }, "abc", "abc"),
        (Number::Integer { value: 5, bits: 32 }, "", "5"),
        (Number::Double(1.5), "F0", "2"),
        (decimal("3.5"), "F0", "4"),
        (Number::Double(1234.5), "n2", "1,234.50"),
        (Number::Double(1234.5), "00000.000", "01234.500"),
        (Number::Double(1e6), "N0", "1,000,000"),
        (Number::Integer { value: 0, bits: 32 }, "0 units", "0 units"),
        (Number::Integer { value: 0, bits: 32 }, "C0", "$0"),
        (Number::Integer { value: 0, bits: 32 }, "0.0e0", "0.0e0"),
        (Number::Integer { value: 5, bits: 32 }, "#0%", "500%"),
        (Number::Integer { value: 5, bits: 32 }, "0.0##", "5.0"),
        (Number::Integer { value: 5, bits: 32 }, "#", "5"),
        (Number::Integer { value: 5, bits: 32 }, "000.00", "005.00"),
        (Number::Integer { value: 5, bits: 32 }, "00", "05"),
        (Number::Integer { value: 5, bits: 32 }, "F1", "5.0"),
        (Number::Integer { value: -5, bits: 32 }, "00", "-05"),
        (Number::Integer { value: -5, bits: 32 }, "G4", "-5"),
        (Number::Integer { value: -5, bits: 32 }, "G", "-5"),
        (Number::Integer { value: 42, bits: 32 }, "N2", "42.00"),
        (Number::Integer { value: 42, bits: 32 }, "#.##", "42"),
        (Number::Integer { value: 42, bits: 32 }, "C0", "$42"),
        (Number::Integer { value: 42, bits: 32 }, "0.###", "42"),
        (Number::Integer { value: 42, bits: 32 }, "G", "42"),
        (Number::Integer { value: 1234, bits: 32 }, "#.#", "1234"),
        (Number::Integer { value: 1234, bits: 32 }, "e2", "1.23e+003"),
        (Number::Integer { value: 1234, bits: 32 }, "'$'0.00", "$1234.00"),
        (Number::Integer { value: 1234, bits: 32 }, "#,##0", "1,234"),
        (Number::Integer { value: -1234567, bits: 32 }, "G", "-1234567"),
        (Number::Integer { value: -1234567, bits: 32 }, "0;-0", "-1234567"),
        (Number::Integer { value: -1234567, bits: 32 }, "G4", "-1.235E+06"),
        (Number::Integer { value: -1234567, bits: 32 }, "N2", "-1,234,567.00"),
        (Number::Double(0.5), "0,0.0", "00.5"),
        (Number::Double(0.5), "C", "$0.50"),
        (Number::Double(0.5), "N2", "0.50"),
        (Number::Double(1.25), "F3", "1.250"),
        (Number::Double(1.25), "#", "1"),
        (Number::Double(1.25), "0;-0", "1"),
        (Number::Double(1.25), "0.0e0", "1.3e0"),
        (Number::Double(1.25), "G", "1.25"),
        (Number::Double(1.25), "000.00", "001.25"),
        (Number::Double(-1.75), "#.##", "-1.75"),
        (Number::Double(-1.75), "0.0", "-1.8"),
        (Number::Double(-1.75), "G4", "-1.75"),
        (Number::Double(-1.75), "'$'0.00", "-$1.75"),
        (Number::Double(1234.5), "'$'0.00", "$1234.50"),
        (Number::Double(1234.5), "00", "1235"),
        (Number::Double(1234567.875), "e2", "1.23e+006"),
        (Number::Double(1234567.875), "F3", "1234567.875"),
        (Number::Double(1234567.875), "0.0e0", "1.2e6"),
        (Number::Double(1234567.875), "#-##", "12345-68"),
        (Number::Double(0.0625), "#.##", ".06"),
        (Number::Double(0.0625), "0;-0", "0"),
        (Number::Double(0.0625), "0.0", "0.1"),
        (Number::Double(99.99), "0;-0", "100"),
        (Number::Double(99.99), "0,0.0", "100.0"),
        (Number::Double(99.99), "N2", "99.99"),
        (Number::Double(99.99), "C", "$99.99"),
        (Number::Double(99.99), "e2", "1.00e+002"),
        (Number::Double(99.99), "#,##0", "100"),
        (Number::Double(-0.125), "#", ""),
        (Number::Double(-0.125), "0.0", "-0.1"),
        (Number::Double(-0.125), "G", "-0.125"),
        (Number::Double(-0.125), "#0%", "-13%"),
        (decimal("12"), "0.0##", "12.0"),
        (decimal("12"), "#", "12"),
        (decimal("12"), "G", "12"),
        (decimal("12"), "0.00", "12.00"),
        (decimal("1234.50"), "#,##0", "1,235"),
        (decimal("1234.50"), "N2", "1,234.50"),
        (decimal("1234.50"), "0 units", "1235 units"),
        (decimal("-0.005"), "#.##", "-.01"),
        (decimal("-0.005"), "0;-0", "0"),
        (decimal("-0.005"), "E3", "-5.000E-003"),
        (decimal("1000000"), "F1", "1000000.0"),
        (decimal("1000000"), "000.00", "1000000.00"),
        (decimal("1000000"), "C0", "$1,000,000"),
        (decimal("1000000"), "#-##", "10000-00"),
        (decimal("1000000"), "N0", "1,000,000"),
        (decimal("1000000"), "0.00;neg 0.00", "1000000.00"),
        (Number::Integer { value: 3000000000, bits: 64 }, "0.###", "3000000000"),
        (Number::Integer { value: 3000000000, bits: 64 }, "G4", "3E+09"),
        (Number::Integer { value: 3000000000, bits: 64 }, "#.#", "3000000000"),
        (Number::Integer { value: 3000000000, bits: 64 }, "000.00", "3000000000.00"),
        (Number::Integer { value: 3000000000, bits: 64 }, "0;-0", "3000000000"),
        (Number::Integer { value: 255, bits: 32 }, "#,##0", "255"),
        (Number::Integer { value: 255, bits: 32 }, "e2", "2.55e+002"),
        (Number::Integer { value: 255, bits: 32 }, "N0", "255"),
        (Number::Integer { value: 0, bits: 32 }, "D8", "00000000"),
        (Number::Integer { value: 0, bits: 32 }, "D", "0"),
        (Number::Integer { value: 0, bits: 32 }, "X2", "00"),
        (Number::Integer { value: 0, bits: 32 }, "x8", "00000000"),
        (Number::Integer { value: 7, bits: 32 }, "G2", "7"),
        (Number::Integer { value: 7, bits: 32 }, "N1", "7.0"),
        (Number::Integer { value: 7, bits: 32 }, "x", "7"),
        (Number::Integer { value: 7, bits: 32 }, "X2", "07"),
        (Number::Integer { value: -7, bits: 32 }, "N1", "-7.0"),
        (Number::Integer { value: 42, bits: 32 }, "D3", "042"),
        (Number::Integer { value: 1234, bits: 32 }, "D3", "1234"),
        (Number::Integer { value: 1234, bits: 32 }, "X", "4D2"),
        (Number::Integer { value: 1234, bits: 32 }, "D8", "00001234"),
        (Number::Integer { value: 1234, bits: 32 }, "G2", "1.2E+03"),
        (Number::Integer { value: 255, bits: 32 }, "x8", "000000ff"),
        (Number::Integer { value: 4096, bits: 32 }, "x8", "00001000"),
        (Number::Integer { value: 4096, bits: 32 }, "D", "4096"),
        (Number::Integer { value: 4096, bits: 32 }, "X2", "1000"),
        (Number::Integer { value: -1, bits: 32 }, "N1", "-1.0"),
        (Number::Integer { value: -1, bits: 32 }, "G2", "-1"),
        (Number::Integer { value: -1, bits: 32 }, "x8", "ffffffff"),
        (Number::Integer { value: 2147483647, bits: 32 }, "X2", "7FFFFFFF"),
        (Number::Integer { value: 2147483647, bits: 32 }, "x8", "7fffffff"),
        (Number::Integer { value: 2147483647, bits: 32 }, "X", "7FFFFFFF"),
        (Number::Integer { value: 3000000000, bits: 64 }, "x", "b2d05e00"),
        (Number::Integer { value: 3000000000, bits: 64 }, "D3", "3000000000"),
        (Number::Integer { value: 3000000000, bits: 64 }, "N1", "3,000,000,000.0"),
        (Number::Integer { value: 3000000000, bits: 64 }, "D8", "3000000000"),
        (Number::Integer { value: -9223372036854775808, bits: 64 }, "X", "8000000000000000"),
        (Number::Integer { value: -9223372036854775808, bits: 64 }, "N1", "-9,223,372,036,854,775,808.0"),
        (Number::Double(1f64), "E", "1.000000E+000"),
        (Number::Double(1f64), "F2", "1.00"),
        (Number::Double(1f64), "G5", "1"),
        (Number::Double(1f64), "#.###E+00", "1E+00"),
        (Number::Double(1f64), "0.####", "1"),
        (Number::Double(-1f64), "G5", "-1"),
        (Number::Double(-1f64), "G", "-1"),
        (Number::Double(1234.5678), "E5", "1.23457E+003"),
        (Number::Double(0.1), "G17", "0.10000000000000001"),
        (Number::Double(0.1), "G", "0.1"),
        (Number::Double(0.1), "R", "0.1"),
        (Number::Double(0.1), "E5", "1.00000E-001"),
        (Number::Double(0.1), "E", "1.000000E-001"),
        (Number::Double(1e20), "R", "1E+20"),
        (Number::Double(1e20), "N3", "100,000,000,000,000,000,000.000"),
        (Number::Double(1e20), "E5", "1.00000E+020"),
        (Number::Double(1e-5), "0.####", "0"),
        (Number::Double(1e-5), "R", "1E-05"),
        (Number::Double(1e-5), "N3", "0.000"),
        (Number::Double(123456.789), "F2", "123456.79"),
        (Number::Double(123456.789), "N3", "123,456.789"),
        (Number::Double(5e-324), "N3", "0.000"),
        (Number::Double(1.7976931348623157E308), "E", "1.797693E+308"),
        (Number::Double(1.7976931348623157E308), "G5", "1.7977E+308"),
        (Number::Double(1.7976931348623157E308), "R", "1.7976931348623157E+308"),
        (Number::Double(0.30000000000000004), "R", "0.30000000000000004"),
        (Number::Double(4.35), "R", "4.35"),
        (Number::Double(4.35), "N3", "4.350"),
        (Number::Double(4.35), "0.####", "4.35"),
        (Number::Double(100f64), "N3", "100.000"),
        (Number::Double(1e21), "E5", "1.00000E+021"),
        (Number::Double(1e21), "G17", "1E+21"),
        (Number::Double(1e21), "N3", "1,000,000,000,000,000,000,000.000"),
        (Number::Double(1e21), "E", "1.000000E+021"),
        (Number::Double(33333.333333333336), "N3", "33,333.333"),
        (Number::Double(33333.333333333336), "E", "3.333333E+004"),
        (Number::Double(33333.333333333336), "G5", "33333"),
        (Number::Double(33333.333333333336), "F2", "33333.33"),
    ];
    for (number, picture, expected) in cases {
        assert_eq!(format(number, picture).as_deref(), Ok(expected), "{number:?} in {picture}");
    }
}

#[test]
fn default_text_is_the_shortest_that_reads_back() {
    let cases = [
        (0.1 + 0.2, "0.30000000000000004"),
        (100.0, "100"),
        (1.0 / 3.0, "0.3333333333333333"),
        (1e16, "10000000000000000"),
        (1e17, "1E+17"),
        (123456789012345678.0, "1.2345678901234568E+17"),
        (1e-4, "0.0001"),
        (1e-5, "1E-05"),
        (-0.0, "-0"),
        (f64::NAN, "NaN"),
        (5e-324, "5E-324"),
    ];
    for (value, expected) in cases {
        assert_eq!(to_text(Number::Double(value)), expected);
    }
    assert_eq!(to_text(Number::Single(1e9)), "1E+09");
    assert_eq!(to_text(Number::Single(123456790.0)), "123456790");
    assert_eq!(to_text(Number::Single(0.1)), "0.1");
    assert_eq!(to_text(decimal("0.0000001")), "0.0000001");
    assert_eq!(to_text(decimal("-0.0")), "0.0");
}

#[test]
fn exact_binary_values_round_to_even_and_pictures_away_from_zero() {
    let cases = [
        (1.005, "F2", "1.00"),
        (2.5, "F0", "2"),
        (1.005, "0.00", "1.01"),
        (2.5, "0", "3"),
        (-0.001, "0.0", "-0.0"),
        (0.1234, "P1", "12.3%"),
        (1234.5678, "G3", "1.23E+03"),
        (-1234.5, "C2", "-$1,234.50"),
        (0.0, "#.##;neg;nothing", "nothing"),
        (1234.0, "0.00E+00", "1.23E+03"),
        (0.00012, "0.0e-0", "1.2e-4"),
        (5.0, "0 'it''s' \\0", "5 its 0"),
        (1e15, "N0", "1,000,000,000,000,000"),
    ];
    for (value, picture, expected) in cases {
        assert_eq!(format(Number::Double(value), picture).as_deref(), Ok(expected), "{value} in {picture}");
    }
    assert!(format(Number::Double(1.0), "D2").is_err());
    assert!(format(int(1), "R").is_err());
}

#[test]
fn parses_by_the_styles_of_each_type() {
    assert_eq!(parse::integer(" -5 ", IntegerType::INT32), Ok(-5));
    assert_eq!(
        parse::integer("3000000000", IntegerType::INT32).unwrap_err().message,
        "Value was either too large or too small for an Int32."
    );
    for bad in ["", " ", "1,000", "1.0", "1e3", "0x10", "(5)", "5-", "--5", "٥", "+", "- 5"] {
        assert_eq!(parse::integer(bad, IntegerType::INT64).unwrap_err().class, "System.FormatException", "{bad}");
    }
    assert_eq!(parse::double("1,0,0.5E1"), Ok(1005.0));
    assert_eq!(parse::double(".5"), Ok(0.5));
    assert!(parse::double("5e").is_err());
    assert_eq!(parse::double("1e400"), Ok(f64::INFINITY));
    assert_eq!(parse::decimal("5-").map(|d| d.to_string()).as_deref(), Ok("-5"));
    assert_eq!(parse::decimal("1,234.50").map(|d| d.to_string()).as_deref(), Ok("1234.50"));
    assert!(parse::decimal("5e2").is_err());
    assert_eq!(parse::boolean(" TRUE "), Ok(true));
    assert!(parse::boolean("yes").is_err());
}

#[test]
fn converts_between_types() {
    assert_eq!(convert::wrap(300, IntegerType::BYTE), 44);
    assert_eq!(convert::wrap(i128::from(u32::MAX), IntegerType::INT32), -1);
    assert_eq!(convert::double_to_integer(1e20, IntegerType::INT32), i128::from(i32::MIN));
    assert_eq!(convert::round_double_to_integer(2.5, IntegerType::INT32), Ok(2));
    assert_eq!(convert::parse_radix("FFFFFFFF", 16, IntegerType::INT32), Ok(-1));
    assert_eq!(convert::to_radix(-1, 2, IntegerType::INT16).as_deref(), Ok("1111111111111111"));
    assert_eq!(convert::double_to_decimal(0.1).map(|d| d.to_string()).as_deref(), Ok("0.1"));
    assert_eq!(
        convert::double_to_decimal(123456789.12345679).map(|d| d.to_string()).as_deref(),
        Ok("123456789.123457")
    );
    assert!(convert::double_to_decimal(1e29).is_err());
    assert_eq!(rounding::round_double(2.345, 2, rounding::Midpoint::ToEven), Ok(2.35));
}

proptest! {
    #[test]
    fn never_panics(text in ".{0,20}", value in any::<f64>(), integer in any::<i64>()) {
        let _ = format(Number::Double(value), &text);
        let _ = format(Number::Integer { value: integer.into(), bits: 64 }, &text);
        let _ = parse::decimal(&text);
        let _ = parse::integer(&text, IntegerType::BYTE);
        let _ = convert::parse_radix(&text, 16, IntegerType::BYTE);
        let _ = convert::double_to_decimal(value);
        let _ = convert::double_to_integer(value, IntegerType::INT16);
    }

    #[test]
    fn default_text_reads_back(value in any::<f64>().prop_filter("finite", |v| v.is_finite())) {
        prop_assert_eq!(parse::double(&to_text(Number::Double(value))), Ok(value));
    }

    #[test]
    fn pictures_of_digits_never_panic(picture in "[0#.,%;E+e\\\\'x-]{0,12}", value in any::<f64>()) {
        let _ = format(Number::Double(value), &picture);
    }
}
