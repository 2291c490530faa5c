//! Dot segments in what follows the path of an API.

use percent_encoding::percent_decode_str;

/// Whether a path leads above its own start, as a backend may read it: a backend must not be asked for what lies beside
/// the base URL of the API.
///
/// Escapes are decoded once, and a backslash is a slash: some servers read them so.
pub(super) fn climb(path: &str) -> bool {
    if !path.bytes().any(|byte| matches!(byte, b'.' | b'%')) {
        return false;
    }
    let decoded: Vec<u8> = percent_decode_str(path).collect();
    let mut depth = 0_usize;
    for segment in decoded.split(|byte| matches!(byte, b'/' | b'\\')) {
        match segment {
            b"" | b"." => {}
            b".." => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return true,
            },
            _ => depth += 1,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_leaves_the_api() {
        for path in ["", "/", "/a", "/a/..", "/a/../b", "/./a", "/a.b/..c/...", "/%2e", "/a/%2E%2e/b", "/%252e%252e/"] {
            assert!(!climb(path), "{path}");
        }
        for path in
            ["/..", "/../a", "/a/../..", "//..", "/./..", "/%2e%2e", "/.%2e/a", "/..%2fa", "/..\\a", "/a/..%5c.."]
        {
            assert!(climb(path), "{path}");
        }
    }
}
