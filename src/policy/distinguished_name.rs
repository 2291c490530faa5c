//! Distinguished names: as people write them, `CN=api, O="Contoso, Inc."`, and as certificates have them.

/// The attributes of a name: types in upper case, values in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DistinguishedName(Vec<(String, String)>);

impl DistinguishedName {
    /// Reads a name; none when it is not one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let parts = split(text)?;
        let parts: Option<Vec<_>> = parts.iter().map(|part| attribute(part)).collect();
        parts.filter(|parts| !parts.is_empty()).map(Self)
    }

    /// The name of these attributes; none without any.
    pub(crate) fn of(attributes: Vec<(String, String)>) -> Option<Self> {
        let parts: Vec<_> = attributes.iter().map(|(kind, value)| (self::kind(kind), folded(value))).collect();
        (!parts.is_empty()).then_some(Self(parts))
    }

    /// Whether the names have the same attributes, in the same or in the opposite order.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.0 == other.0 || self.0.len() == other.0.len() && self.0.iter().eq(other.0.iter().rev())
    }

    /// The values of a type such as `CN`, in lower case.
    pub(crate) fn values<'n>(&'n self, kind: &'n str) -> impl Iterator<Item = &'n str> {
        self.0.iter().filter(move |(known, _)| known == kind).map(|(_, value)| value.as_str())
    }
}

/// The parts between commas, semicolons and plus signs that are not in quotes or behind a backslash.
fn split(text: &str) -> Option<Vec<String>> {
    let (mut parts, mut part, mut is_quoted) = (Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            // A quote in quotes is written twice.
            '"' if is_quoted && chars.peek() == Some(&'"') => {
                chars.next();
                part.push('"');
            }
            '"' => is_quoted = !is_quoted,
            // Before anything else a backslash is one: `CN=domain\user`.
            '\\' if !is_quoted => match chars.next_if(|next| is_special(*next)) {
                Some(next) => part.push(next),
                None => {
                    chars.peek()?;
                    part.push('\\');
                }
            },
            ',' | ';' | '+' if !is_quoted => parts.push(std::mem::take(&mut part)),
            c => part.push(c),
        }
    }
    if !part.trim().is_empty() {
        parts.push(part);
    }
    (!is_quoted).then_some(parts)
}

fn attribute(text: &str) -> Option<(String, String)> {
    let (kind, value) = text.split_once('=')?;
    let kind = self::kind(kind);
    (!kind.is_empty()).then(|| (kind, folded(value)))
}

/// A type in its usual form.
fn kind(text: &str) -> String {
    let kind = text.trim().to_ascii_uppercase();
    let known = match kind.strip_prefix("OID.").unwrap_or(&kind) {
        "ST" | "2.5.4.8" => "S",
        "EMAIL" | "EMAILADDRESS" | "1.2.840.113549.1.9.1" => "E",
        "2.5.4.3" => "CN",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        other => other,
    };
    known.to_owned()
}

/// A value as it is compared.
fn folded(value: &str) -> String {
    value.trim().to_lowercase()
}

/// What a backslash may stand before (RFC 4514).
fn is_special(c: char) -> bool {
    matches!(c, ' ' | '"' | '#' | '+' | ',' | ';' | '<' | '=' | '>' | '\\')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn same(a: &str, b: &str) -> bool {
        DistinguishedName::parse(a).unwrap().is_same(&DistinguishedName::parse(b).unwrap())
    }

    #[test]
    fn names_are_compared_by_their_attributes() {
        for (a, b, expected) in [
            ("CN=a, O=b", "cn=A,o=B", true),
            ("CN=a, O=b", "O=b, CN=a", true),
            ("CN=a, OU=x, O=b", "O=b, CN=a, OU=x", false),
            ("CN=a", "CN=a, O=b", false),
            (r#"CN=a, O="Contoso, Inc.""#, r"O=Contoso\, Inc., CN=a", true),
            (r#"O="a ""b""""#, r#"O=a \"b\""#, true),
            ("ST=w, emailAddress=x", "E=x, S=w", true),
            ("OID.2.5.4.3=a", "CN=a", true),
            (r"CN=domain\user", r"CN=domain\\user", true),
            (r"CN=ad\min", "CN=admin", false),
        ] {
            assert_eq!(same(a, b), expected, "{a} {b}");
        }
        for wrong in ["", " ", "a", "CN", "=a", r#"CN="a"#, r"CN=a\"] {
            assert_eq!(DistinguishedName::parse(wrong), None, "{wrong}");
        }
        let of = |value: &str| DistinguishedName::of(vec![("CN".to_owned(), value.to_owned())]).unwrap();
        assert!(of(r"ad\min").is_same(&DistinguishedName::parse(r"CN=ad\min").unwrap()));
        assert!(!of("a, O=b").is_same(&DistinguishedName::parse("CN=a, O=b").unwrap()));
        assert_eq!(DistinguishedName::parse("CN=A, CN=b").unwrap().values("CN").collect::<Vec<_>>(), ["a", "b"]);
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>(), name in r#"[A-Z=,;+"\\ ]{0,30}"#) {
            for text in [text, name] {
                if let Some(name) = DistinguishedName::parse(&text) {
                    prop_assert!(name.is_same(&name));
                }
            }
        }
    }
}
