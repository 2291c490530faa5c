//! `RegexOptions`.

/// A combination of `RegexOptions`, by .NET's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Options(pub u32);

impl Options {
    /// `IgnoreCase`
    pub const IGNORE_CASE: u32 = 1;
    /// `Multiline`
    pub const MULTILINE: u32 = 2;
    /// `ExplicitCapture`
    pub const EXPLICIT_CAPTURE: u32 = 4;
    /// `Singleline`
    pub const SINGLE_LINE: u32 = 16;
    /// `IgnorePatternWhitespace`
    pub const IGNORE_WHITE_SPACE: u32 = 32;
    /// `RightToLeft`
    pub const RIGHT_TO_LEFT: u32 = 64;
    /// `ECMAScript`
    pub const ECMA_SCRIPT: u32 = 256;

    /// Whether an option is on.
    pub fn has(self, option: u32) -> bool {
        self.0 & option != 0
    }

    /// The option that a letter of `(?imnsx)` stands for.
    pub fn letter(letter: char) -> Option<u32> {
        Some(match letter.to_ascii_lowercase() {
            'i' => Self::IGNORE_CASE,
            'm' => Self::MULTILINE,
            'n' => Self::EXPLICIT_CAPTURE,
            's' => Self::SINGLE_LINE,
            'x' => Self::IGNORE_WHITE_SPACE,
            _ => return None,
        })
    }
}
