//! Names of resources, made from what a document calls its parts.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::Write as _;

/// The longest name before a number is appended.
const LONGEST: usize = 76;

/// Lower case, every run of other characters than ASCII letters and digits one `-`, at most 76 characters.
///
/// `GET-/foo/{bar}` becomes `get-foo-bar`.
pub(super) fn normalise(text: &str) -> String {
    identifier(text, LONGEST)
}

/// The same with another length.
pub(super) fn identifier(text: &str, longest: usize) -> String {
    let mut name = String::with_capacity(text.len().min(longest));
    for character in text.chars() {
        if name.len() >= longest {
            break;
        }
        if character.is_ascii_alphanumeric() {
            name.push(character.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    name.truncate(name.trim_end_matches('-').len());
    name
}

/// Names that are taken, without regard to case.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// Each with the number to try next for it.
    names: HashMap<String, u32>,
}

impl Taken {
    /// The name itself, or with `-1`, `-2`, … when it is taken.
    pub(super) fn unique(&mut self, name: String) -> String {
        let lower = name.to_lowercase();
        let Some(first) = self.names.get(&lower).copied() else {
            self.names.insert(lower, 1);
            return name;
        };
        let mut number = first;
        while !self.insert_lower(numbered(&lower, number)) {
            number += 1;
        }
        if let Some(next) = self.names.get_mut(&lower) {
            *next = number + 1;
        }
        numbered(&name, number)
    }

    /// Takes a name; false when it was taken.
    pub(super) fn insert(&mut self, name: &str) -> bool {
        self.insert_lower(name.to_lowercase())
    }

    fn insert_lower(&mut self, name: String) -> bool {
        match self.names.entry(name) {
            Entry::Occupied(_) => false,
            Entry::Vacant(place) => {
                place.insert(1);
                true
            }
        }
    }
}

fn numbered(name: &str, number: u32) -> String {
    let mut numbered = String::with_capacity(name.len() + 4);
    numbered.push_str(name);
    // INVARIANT: writing to a string cannot fail.
    let _ = write!(numbered, "-{number}");
    numbered
}

/// The first part of the names of types that belong to an operation: `ApiTodos-id-Get` for `GET /api/todos/{id}`.
pub(super) fn type_prefix(path: &str, method: &str) -> String {
    let mut name = String::with_capacity(path.len() + 16);
    for (index, piece) in path.split('{').enumerate() {
        let (parameter, literal) = if index == 0 { ("", piece) } else { piece.split_once('}').unwrap_or((piece, "")) };
        if !parameter.is_empty() {
            name.extend(["-", parameter, "-"]);
        }
        push_pascal(literal, &mut name);
    }
    push_pascal(&method.to_lowercase(), &mut name);
    name
}

/// `application/json` becomes `ApplicationJson`.
pub(super) fn pascal(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    push_pascal(text, &mut name);
    name
}

fn push_pascal(text: &str, name: &mut String) {
    let mut is_first = true;
    for character in text.chars() {
        let is_inner = character.is_ascii_alphanumeric();
        if is_inner {
            name.push(if is_first { character.to_ascii_uppercase() } else { character });
        }
        is_first = !is_inner;
    }
}

/// At most `length` characters, and whether any were cut.
pub(super) fn cut(text: &str, length: usize) -> (&str, bool) {
    match text.char_indices().nth(length) {
        Some((end, _)) => (&text[..end], true),
        None => (text, false),
    }
}

/// Sixteen hexadecimal digits that follow from the bytes alone: names that must differ between documents.
pub(super) fn digest(bytes: &[u8]) -> String {
    let step = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    let (words, rest) = bytes.as_chunks::<8>();
    let hash = words.iter().fold(bytes.len() as u64, |hash, word| step(hash, u64::from_le_bytes(*word)));
    let hash = rest.iter().fold(hash, |hash, byte| step(hash, u64::from(*byte)));
    format!("{:016x}", step(hash ^ (hash >> 32), 0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalises_names() {
        for (text, name) in [
            ("GET-/foo/{bar}?buzz={quix}", "get-foo-bar-buzz-quix"),
            ("create_thing.v2", "create-thing-v2"),
            ("-GET/thing-", "get-thing"),
            ("Größe_ändern", "gr-e-ndern"),
            ("öäü", ""),
            (&format!("{}-b", "a".repeat(75)), &"a".repeat(75)),
        ] {
            assert_eq!(normalise(text), name, "{text}");
        }
    }

    #[test]
    fn numbers_names_that_are_taken() {
        let mut taken = Taken::default();
        taken.insert("a-1");
        let names = ["a", "A", "a", "b"].map(|name| taken.unique(name.to_owned()));
        assert_eq!(names, ["a", "A-2", "a-3", "b"]);
    }

    #[test]
    fn names_types() {
        assert_eq!(type_prefix("/api/todos/{id}", "GET"), "ApiTodos-id-Get");
        assert_eq!(type_prefix("/colors", "post"), "ColorsPost");
        assert_eq!(pascal("application/vnd.x+json"), "ApplicationVndXJson");
    }
}
