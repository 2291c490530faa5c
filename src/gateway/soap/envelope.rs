//! The first element in the body of a SOAP envelope, found in the beginning of its text.

/// What the beginning of an envelope tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The local name of the element.
    Element(String),
    /// More of the text is needed.
    More,
    /// It is no envelope, or its body is empty.
    Nothing,
}

/// Looks for the first child of `Body`. Nothing else of the text is checked.
pub(super) fn root_element(text: &[u8]) -> Found {
    let mut depth = 0_usize;
    let mut is_in_body = false;
    let mut at = 0;
    loop {
        let Some(open) = position(text, at, b"<") else { return Found::More };
        let rest = text.get(open..).unwrap_or_default();
        let end = if rest.starts_with(b"<!--") {
            position(text, open + 4, b"-->").map(|end| end + 3)
        } else if rest.starts_with(b"<?") {
            position(text, open + 2, b"?>").map(|end| end + 2)
        } else {
            tag_end(text, open + 1)
        };
        let Some(end) = end else { return Found::More };
        at = end;
        match rest.get(1) {
            Some(b'?' | b'!') => {}
            Some(b'/') if is_in_body => return Found::Nothing,
            Some(b'/') => depth = depth.saturating_sub(1),
            _ => {
                let tag = text.get(open + 1..end - 1).unwrap_or_default();
                let name = local_name(tag);
                let is_closed = tag.ends_with(b"/");
                match depth {
                    _ if is_in_body => return Found::Element(String::from_utf8_lossy(name).into_owned()),
                    0 if name != b"Envelope" || is_closed => return Found::Nothing,
                    1 if name == b"Body" && is_closed => return Found::Nothing,
                    1 if name == b"Body" => is_in_body = true,
                    _ => {}
                }
                depth += usize::from(!is_closed);
            }
        }
    }
}

fn position(text: &[u8], from: usize, wanted: &[u8]) -> Option<usize> {
    let rest = text.get(from..)?;
    rest.windows(wanted.len()).position(|window| window == wanted).map(|at| from + at)
}

/// The offset behind the `>` of a tag; one inside quotes does not end it.
fn tag_end(text: &[u8], from: usize) -> Option<usize> {
    let mut quote = None;
    let end = text.get(from..)?.iter().position(|byte| match (quote, byte) {
        (None, b'>') => true,
        (None, b'"' | b'\'') => {
            quote = Some(*byte);
            false
        }
        (Some(open), byte) if open == *byte => {
            quote = None;
            false
        }
        _ => false,
    })?;
    Some(from + end + 1)
}

fn local_name(tag: &[u8]) -> &[u8] {
    let name = tag.split(|byte| byte.is_ascii_whitespace() || *byte == b'/').next().unwrap_or_default();
    name.rsplit(|byte| *byte == b':').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn finds_the_element() {
        let element = |name: &str| Found::Element(name.to_owned());
        for (text, expected) in [
            ("<e:Envelope xmlns:e='u'><e:Body><c:Add xmlns:c='v'><a/></c:Add></e:Body></e:Envelope>", element("Add")),
            (
                "<?xml version='1.0'?>\n<!-- <Body> -->\n<Envelope><Header><Body><x/></Body></Header> <Body a='/>'>\n<Get/>",
                element("Get"),
            ),
            ("<Envelope><Body><![CDATA[x]]>", Found::More),
            ("<Envelope><Body/></Envelope>", Found::Nothing),
            ("<Envelope><Body></Body></Envelope>", Found::Nothing),
            ("<Envelope/>", Found::Nothing),
            ("<Add/>", Found::Nothing),
            ("<Envelope><Bo", Found::More),
            ("<Envelope><Body><Add", Found::More),
            ("{}", Found::More),
            ("", Found::More),
        ] {
            assert_eq!(root_element(text.as_bytes()), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "(<|>|/|Envelope|Body|a| |'|\"|<!--|-->|<[?]|[?]>){0,20}") {
            root_element(text.as_bytes());
        }
    }
}
