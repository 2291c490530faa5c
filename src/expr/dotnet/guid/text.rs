//! The five forms of a Guid: N, D, B, P and X.

use super::super::exception::{Exception, Result};
use super::Guid;

impl Guid {
    /// `ToString(format)`; an empty format is `D`.
    pub fn format(self, format: &str) -> Result<String> {
        let hex: String = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        let dashed = || format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
        Ok(match format {
            "" | "D" | "d" => dashed(),
            "N" | "n" => hex,
            "B" | "b" => format!("{{{}}}", dashed()),
            "P" | "p" => format!("({})", dashed()),
            "X" | "x" => {
                let tail: Vec<_> = self.0[8..].iter().map(|byte| format!("0x{byte:02x}")).collect();
                format!("{{0x{},0x{},0x{},{{{}}}}}", &hex[..8], &hex[8..12], &hex[12..16], tail.join(","))
            }
            _ => return Err(bad_specifier()),
        })
    }

    /// `Guid.Parse(text)`, `new Guid(text)`: any of the five forms.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let first = text.chars().next().ok_or_else(|| Exception::format("Unrecognized Guid format."))?;
        let form = match first {
            '(' => 'P',
            '{' if text.contains('-') => 'B',
            '{' => 'X',
            _ if text.contains('-') || text.chars().count() != 32 => 'D',
            _ => 'N',
        };
        Self::parse_form(text, form)
    }

    /// `Guid.ParseExact(text, format)`.
    pub fn parse_exact(text: &str, format: &str) -> Result<Self> {
        let form = match format.to_ascii_uppercase().as_str() {
            "N" => 'N',
            "D" => 'D',
            "B" => 'B',
            "P" => 'P',
            "X" => 'X',
            _ => return Err(bad_specifier()),
        };
        Self::parse_form(text.trim(), form)
    }

    fn parse_form(text: &str, form: char) -> Result<Self> {
        let (parsed, message) = match form {
            'N' => (from_hex(text), "Guid should contain only hexadecimal characters."),
            'X' => (
                from_fields(text),
                "Could not find a brace, or the length between the previous token and the brace was zero (i.e., '0x,'etc.).",
            ),
            _ => {
                let inner = match form {
                    'B' => text.strip_prefix('{').and_then(|t| t.strip_suffix('}')),
                    'P' => text.strip_prefix('(').and_then(|t| t.strip_suffix(')')),
                    _ => Some(text),
                };
                (
                    inner.and_then(from_dashed),
                    "Guid should contain 32 digits with 4 dashes (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx).",
                )
            }
        };
        parsed.map(Self).ok_or_else(|| Exception::format(message))
    }
}

fn bad_specifier() -> Exception {
    Exception::format(r#"Format string can be only "D", "d", "N", "n", "P", "p", "B", "b", "X" or "x"."#)
}

fn from_dashed(text: &str) -> Option<[u8; 16]> {
    let groups: Vec<_> = text.split('-').collect();
    let lengths: Vec<_> = groups.iter().map(|group| group.len()).collect();
    if lengths != [8, 4, 4, 4, 12] { None } else { from_hex(&groups.concat()) }
}

fn from_hex(text: &str) -> Option<[u8; 16]> {
    if text.len() != 32 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    u128::from_str_radix(text, 16).ok().map(u128::to_be_bytes)
}

fn from_fields(text: &str) -> Option<[u8; 16]> {
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let body = compact.strip_prefix('{')?.strip_suffix("}}")?;
    let (head, tail) = body.split_once(",{")?;
    let mut hex = String::new();
    let fields = head.split(',').zip([8, 4, 4]).chain(tail.split(',').zip([2; 8]));
    let mut count = 0;
    for (field, width) in fields {
        let digits = field.strip_prefix("0x").or_else(|| field.strip_prefix("0X"))?;
        if digits.is_empty() || digits.len() > width {
            return None;
        }
        hex.push_str(&format!("{digits:0>width$}"));
        count += 1;
    }
    let expected = head.split(',').count() == 3 && tail.split(',').count() == 8 && count == 11;
    if expected { from_hex(&hex) } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

    #[test]
    fn reads_and_prints_every_form() {
        let guid = Guid::parse(TEXT).expect("a guid");
        assert_eq!(
            guid.format("X").as_deref(),
            Ok("{0x0f8fad5b,0xd9cb,0x469f,{0xa1,0x65,0x70,0x86,0x77,0x28,0x95,0x0e}}")
        );
        for format in ["", "N", "D", "B", "P", "X"] {
            let text = guid.format(format).expect("a form");
            assert_eq!(Guid::parse(&text), Ok(guid), "{text}");
        }
        assert_eq!(Guid::from_bytes(guid.to_bytes()), guid);
        assert_eq!(guid.to_bytes()[..4], [0x5B, 0xAD, 0x8F, 0x0F]);
        assert!(guid.format("Q").is_err());
        assert!(Guid::parse_exact(TEXT, "N").is_err());
        for bad in ["", "nope", "0f8fad5b-d9cb-469f-a165-70867728950", "{0f8fad5b}", "+f8fad5bd9cb469fa16570867728950e"]
        {
            assert_eq!(Guid::parse(bad).map_err(|e| e.class), Err("System.FormatException"), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "[{}(),x0-9a-f -]{0,70}", any in ".{0,40}") {
            let _ = Guid::parse(&text);
            let _ = Guid::parse(&any);
        }
    }
}
