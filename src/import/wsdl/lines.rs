//! Lines and columns of a text, found without reading it again for each.

/// So many bytes are read at most to find a place.
const STEP: usize = 1_024;

/// Where the pieces of a text begin.
pub(super) struct Lines<'t> {
    text: &'t str,
    /// Offset, line and column of the first character at or behind each step.
    steps: Vec<(usize, u64, u64)>,
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let mut steps = Vec::with_capacity(text.len() / STEP + 1);
        let (mut line, mut column) = (1, 1);
        for (at, character) in text.char_indices() {
            if at >= steps.len() * STEP {
                steps.push((at, line, column));
            }
            (line, column) = next(line, column, character);
        }
        Self { text, steps }
    }

    /// Line and column of a byte, both from 1.
    pub(super) fn place(&self, offset: usize) -> (u64, u64) {
        let (start, line, column) = self.steps.get(offset / STEP).or(self.steps.last()).copied().unwrap_or((0, 1, 1));
        let between = self.text.get(start..offset).unwrap_or_default();
        between.chars().fold((line, column), |(line, column), character| next(line, column, character))
    }
}

fn next(line: u64, column: u64, character: char) -> (u64, u64) {
    if character == '\n' { (line + 1, 1) } else { (line, column + 1) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn counts_lines_and_characters(parts in prop::collection::vec("[a\u{e4}\u{1f600}\n]{0,9}", 0..4), times in 1_usize..400) {
            let text = parts.concat().repeat(times);
            let lines = Lines::new(&text);
            for (number, (at, _)) in text.char_indices().enumerate().step_by(97) {
                let before = &text[..at];
                let line = before.matches('\n').count() as u64 + 1;
                let column = before.rsplit('\n').next().unwrap_or_default().chars().count() as u64 + 1;
                prop_assert_eq!(lines.place(at), (line, column), "character {}", number);
            }
        }
    }
}
