//! Where in a JSON text a value stands.

/// Line and position of the value that a pointer leads to, both from 1; those of the end where it leads nowhere. The names
/// of the pointer are in lower case when case is ignored.
pub(crate) fn of(text: &str, pointer: &str, ignores_case: bool) -> (usize, usize) {
    let mut scan = Scan { text: text.as_bytes(), at: 0 };
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        if scan.enter(&step, ignores_case).is_none() {
            break;
        }
    }
    scan.space();
    let before = &text.as_bytes()[..scan.at.min(text.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    (line, scan.at.min(text.len()) - start + 1)
}

/// A place in a text that is known to be JSON.
struct Scan<'t> {
    text: &'t [u8],
    at: usize,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// Goes to a member or an item of the value that stands here.
    fn enter(&mut self, step: &str, ignores_case: bool) -> Option<()> {
        self.space();
        let is_object = match self.peek()? {
            b'{' => true,
            b'[' => false,
            _ => return None,
        };
        self.at += 1;
        let wanted = step.parse::<usize>().ok();
        let mut index = 0;
        loop {
            self.space();
            if matches!(self.peek()?, b'}' | b']') {
                return None;
            }
            let is_wanted = if is_object {
                let start = self.at;
                self.string();
                let name: String = serde_json::from_slice(self.text.get(start..self.at)?).ok()?;
                self.space();
                self.at += 1;
                if ignores_case { name.to_lowercase() == step } else { name == step }
            } else {
                Some(index) == wanted
            };
            if is_wanted {
                return Some(());
            }
            self.value()?;
            self.space();
            if self.peek()? == b',' {
                self.at += 1;
            }
            index += 1;
        }
    }

    /// Goes behind a string.
    fn string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'"' => return,
                b'\\' => self.at += 1,
                _ => {}
            }
        }
    }

    /// Goes behind a value.
    fn value(&mut self) -> Option<()> {
        self.space();
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => self.string(),
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b',' if depth == 0 => return Some(()),
                _ if depth == 0 => {
                    while self
                        .peek()
                        .is_some_and(|byte| !matches!(byte, b',' | b'}' | b']') && !byte.is_ascii_whitespace())
                    {
                        self.at += 1;
                    }
                }
                _ => self.at += 1,
            }
            if depth == 0 {
                return Some(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_found() {
        let text = "{\n  \"a\": [1, {\"b\\\"c\": \"x,]\"}],\n  \"d/e\": null, \"f\": [[],[2]]\n}";
        for (pointer, expected) in [
            ("", (1, 1)),
            ("/a", (2, 8)),
            ("/a/0", (2, 9)),
            ("/a/1", (2, 12)),
            ("/a/1/b\"c", (2, 21)),
            ("/d~1e", (3, 10)),
            ("/f/1/0", (3, 26)),
        ] {
            assert_eq!(of(text, pointer, false), expected, "{pointer}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>(), json in "[\\[\\]{}\",:a1 \n]{0,40}", pointer in "(/[a-b0-2]{1,2}){0,4}") {
            let _ = (of(&text, &pointer, true), of(&json, &pointer, false));
        }
    }
}
