//! Names of XML without a colon (`NCName`): no other may be written into a policy.

/// The longest name that is written, in bytes.
const LONGEST: usize = 1_000;

/// Whether a text is a name that can be written.
pub(super) fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    text.len() <= LONGEST && characters.next().is_some_and(begins) && characters.all(goes_on)
}

fn begins(character: char) -> bool {
    matches!(character, 'A'..='Z' | 'a'..='z' | '_' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}' | '\u{200d}' | '\u{2070}'..='\u{218f}'
        | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}'
        | '\u{10000}'..='\u{effff}')
}

fn goes_on(character: char) -> bool {
    begins(character)
        || matches!(character, '0'..='9' | '-' | '.' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}' | '\u{2040}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_names() {
        for name in ["a", "_1", "Größe.x-y", "名前"] {
            assert!(is_name(name), "{name}");
        }
        for text in ["", "1a", "a:b", "a b", "a/><b", "{{key}}", "-a", "a\"", "@(1)", &"a".repeat(1_001)] {
            assert!(!is_name(text), "{text}");
        }
    }
}
