//! Numbers and names of groups.

/// The groups of a pattern: unnamed ones are numbered first, named ones after them.
#[derive(Debug, Clone, Default)]
pub(super) struct Groups {
    /// Numbers in use, sorted, 0 included.
    numbers: Vec<usize>,
    names: Vec<(String, usize)>,
}

impl Groups {
    /// From the numbers and the names that a pattern declares, in order.
    pub fn new(mut numbers: Vec<usize>, declared: Vec<String>, unnamed: usize) -> Self {
        numbers.push(0);
        let mut names: Vec<(String, usize)> = Vec::new();
        let mut next = unnamed + 1;
        for name in declared {
            if names.iter().any(|(known, _)| *known == name) {
                continue;
            }
            while numbers.contains(&next) {
                next += 1;
            }
            numbers.push(next);
            names.push((name, next));
        }
        numbers.sort_unstable();
        numbers.dedup();
        Self { numbers, names }
    }

    /// The slot of a group's number.
    pub fn slot(&self, number: usize) -> Option<usize> {
        self.numbers.binary_search(&number).ok()
    }

    /// The slot of a group's name, or of its number as text.
    pub fn named_slot(&self, name: &str) -> Option<usize> {
        match self.names.iter().find(|(known, _)| known == name) {
            Some(&(_, number)) => self.slot(number),
            None if name.bytes().all(|b| b.is_ascii_digit()) => self.slot(name.parse().ok()?),
            None => None,
        }
    }

    /// The name of a slot: its name, or its number as text.
    pub fn name(&self, slot: usize) -> String {
        let number = self.numbers.get(slot).copied().unwrap_or(slot);
        let named = self.names.iter().find(|&&(_, known)| known == number);
        named.map_or_else(|| number.to_string(), |(name, _)| name.clone())
    }

    pub fn count(&self) -> usize {
        self.numbers.len()
    }
}
