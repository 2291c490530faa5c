//! Near names, for messages.

/// `: did you mean …?`, when a name is near enough.
pub(super) fn nearest(wanted: &str, names: &[&str]) -> String {
    let mut best: Option<(usize, &str)> = None;
    for name in names.iter().copied() {
        if name.len().abs_diff(wanted.len()) > 3 || name.is_empty() {
            continue;
        }
        let distance = distance(wanted, name);
        if best.is_none_or(|(d, _)| distance < d) {
            best = Some((distance, name));
        }
    }
    match best {
        Some((distance, name)) if distance <= 1 + wanted.len() / 4 => format!(": did you mean '{name}'?"),
        _ => String::new(),
    }
}

/// Edits (a swap of neighbours is one) between two names, without regard to case.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(64).flat_map(char::to_lowercase).collect();
    let b: Vec<char> = b.chars().take(64).flat_map(char::to_lowercase).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut cost = change.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                cost = cost.min(before[j - 2] + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    #[test]
    fn finds_near_names() {
        let names = ["Headers", "Method", "Body"];
        assert_eq!(super::nearest("Hedaers", &names), ": did you mean 'Headers'?");
        assert_eq!(super::nearest("Zebra", &names), "");
    }
}
