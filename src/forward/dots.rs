//! Dot segments in what follows a base URL.

use percent_encoding::percent_decode_str;

/// Whether a path leads above its own start, as a backend may read it: a backend must not be asked for what lies beside
/// the base URL.
///
/// Escapes are decoded once, a backslash is a slash, and what follows a `;` does not belong to the name of a segment: some
/// servers read them so.
#[cfg(feature = "client")]
pub(crate) fn climb(path: &str) -> bool {
    let mut depth = 0_usize;
    read(path).iter().any(|segment| match segment {
        Segment::Same => false,
        Segment::Down => {
            depth += 1;
            false
        }
        Segment::Up if depth == 0 => true,
        Segment::Up => {
            depth -= 1;
            false
        }
    })
}

/// Whether a path leads up anywhere, read in the same way.
#[cfg(feature = "policy")]
pub(crate) fn lead_up(path: &str) -> bool {
    read(path).contains(&Segment::Up)
}

#[derive(PartialEq, Eq)]
enum Segment {
    Same,
    Down,
    Up,
}

/// The segments of a path; none when there are no dots in it.
fn read(path: &str) -> Vec<Segment> {
    if !path.bytes().any(|byte| matches!(byte, b'.' | b'%')) {
        return Vec::new();
    }
    let decoded: Vec<u8> = percent_decode_str(path).collect();
    let segments = decoded.split(|byte| matches!(byte, b'/' | b'\\'));
    let names = segments.map(|segment| segment.split(|&byte| byte == b';').next().unwrap_or_default());
    let read = names.map(|name| match name {
        b"" | b"." => Segment::Same,
        b".." => Segment::Up,
        _ => Segment::Down,
    });
    read.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "client")]
    #[test]
    fn tells_what_leaves_the_api() {
        for path in [
            "",
            "/",
            "/a",
            "/a/..",
            "/a/../b",
            "/./a",
            "/a.b/..c/...",
            "/%2e",
            "/a/%2E%2e/b",
            "/%252e%252e/",
            "/a/..;/b",
            "/..a;..",
        ] {
            assert!(!climb(path), "{path}");
        }
        let above =
            ["/..", "/../a", "/a/../..", "//..", "/./..", "/%2e%2e", "/.%2e/a", "/..%2fa", "/..\\a", "/a/..%5c.."];
        for path in above {
            assert!(climb(path), "{path}");
        }
        for path in ["/..;/manager", "/..;x=1/a", "/a/..;/..", "/.;/..", "/;/..", "/%2e%2e%3b/a", "/..;%2fa"] {
            assert!(climb(path), "{path}");
        }
    }

    #[cfg(feature = "policy")]
    #[test]
    fn tells_what_leads_up() {
        for (path, expected) in [("/a/../b", true), ("/a/%2E%2e;x", true), ("/a/./b..c/...", false), ("/a", false)] {
            assert_eq!(lead_up(path), expected, "{path}");
        }
    }
}
