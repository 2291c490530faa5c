//! Looks at XML before it is parsed: a parser's work and memory must not grow faster than the document.

/// The deepest nesting of elements.
pub(super) const DEEPEST: usize = 256;
/// How many comparisons of names a parser may make.
const MOST_WORK: u64 = 100_000_000;
/// So many elements, and so many attributes, any document may have; a large one has more.
const LEAST: usize = 100_000;
/// Bytes of a large document for each tag or attribute.
const BYTES_EACH: usize = 8;

/// Why a text is not parsed, and from which byte on, if it must not be. Parsing finds out about everything else.
pub(super) fn problem(text: &str, deepest: usize) -> Option<(String, Option<usize>)> {
    let bytes = text.as_bytes();
    let most = LEAST.max(bytes.len() / BYTES_EACH);
    let count = |wanted: u8| bytes.iter().filter(|&&byte| byte == wanted).count();
    if count(b'<') > most || count(b'=') > most {
        return Some(("it has too many elements or attributes for its size".to_owned(), None));
    }
    let mut scan = Scan { bytes, at: 0, scopes: Vec::new(), deepest: deepest.min(DEEPEST), work: 0, tag: 0 };
    scan.run().map(|problem| (problem, Some(scan.tag)))
}

struct Scan<'t> {
    bytes: &'t [u8],
    at: usize,
    /// How many namespaces are declared in and around each open element.
    scopes: Vec<u64>,
    deepest: usize,
    work: u64,
    /// Where the last start tag is.
    tag: usize,
}

impl Scan<'_> {
    fn run(&mut self) -> Option<String> {
        while self.skip_behind(b"<") {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            if rest.starts_with(b"!--") {
                self.skip_behind(b"-->");
            } else if rest.starts_with(b"![CDATA[") {
                self.skip_behind(b"]]>");
            } else if rest.starts_with(b"?") {
                self.skip_behind(b"?>");
            } else if rest.starts_with(b"!") {
                return None;
            } else if rest.starts_with(b"/") {
                self.scopes.pop();
            } else {
                self.tag = self.at.saturating_sub(1);
                self.start_tag();
                if self.scopes.len() > self.deepest {
                    return Some(format!("its elements nest deeper than {} levels", self.deepest));
                }
                if self.work > MOST_WORK {
                    return Some("its elements have too many attributes or namespaces".to_owned());
                }
            }
        }
        None
    }

    /// Goes on behind the next such text; to the end, and false, when there is none.
    fn skip_behind(&mut self, wanted: &[u8]) -> bool {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let first = wanted.first().copied().unwrap_or_default();
        let mut from = 0;
        while let Some(found) = rest.get(from..).and_then(|rest| rest.iter().position(|&byte| byte == first)) {
            if rest.get(from + found..).is_some_and(|rest| rest.starts_with(wanted)) {
                self.at += from + found + wanted.len();
                return true;
            }
            from += found + 1;
        }
        self.at = self.bytes.len();
        false
    }

    /// Attributes are compared with each other; a namespace with all that are in scope, which are copied.
    fn start_tag(&mut self) {
        let around = self.scopes.last().copied().unwrap_or_default();
        let (mut attributes, mut namespaces) = (0_u64, 0_u64);
        let mut before = b' ';
        let mut is_closed = false;
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'>' => {
                    is_closed = before == b'/';
                    break;
                }
                b'"' | b'\'' => {
                    self.skip_behind(&[byte]);
                }
                b'=' => attributes += 1,
                b'x' if before.is_ascii_whitespace() => {
                    let is_namespace = self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(b"mlns"));
                    namespaces += u64::from(is_namespace);
                }
                _ => {}
            }
            before = byte;
        }
        let all = around + namespaces;
        self.work = self.work.saturating_add(attributes * (attributes + all) + all);
        if namespaces > 0 {
            self.work = self.work.saturating_add(all * all);
        }
        if !is_closed {
            self.scopes.push(all);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_grows() {
        let attributes = |count: usize| (0..count).map(|n| format!(" a{n}=''")).collect::<String>();
        let namespaces = |count: usize| (0..count).map(|n| format!("\n\txmlns:a{n}='u'")).collect::<String>();
        for (text, is_refused) in [
            (String::new(), false),
            (format!("<a{}/>", attributes(5_000)), false),
            (format!("<a{}/>", attributes(20_000)), true),
            (format!("<a{}>{}</a>", namespaces(50), "<b xmlns:c='d' e='f'/>".repeat(10_000)), false),
            (format!("<a{}>{}</a>", namespaces(1_000), "<b xmlns:c='d'/>".repeat(1_000)), true),
            (format!("<a{}>{}</a>", namespaces(5_000), "<b/>".repeat(90_000)), true),
            (
                format!("<a b='{}'><!--{}--><![CDATA[{}]]></a>", ">".repeat(99), "<a>".repeat(999), "<a>".repeat(999)),
                false,
            ),
            (format!("<?a {}?>{}", "<a>".repeat(999), "<a b='/>'>".repeat(257)), true),
            ("<a/>".repeat(200_000), true),
            ("=".repeat(900_000), true),
        ] {
            let start = &text[..text.len().min(40)];
            assert_eq!(problem(&text, DEEPEST).is_some(), is_refused, "{start}");
        }
    }
}
