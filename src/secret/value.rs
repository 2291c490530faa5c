//! One secret text.

use std::fmt;
use std::hint::black_box;
use std::sync::Arc;

use zeroize::Zeroizing;

/// A text that never prints.
///
/// There is no `Display` and no serialisation; `Debug` gives a fixed text; the bytes are wiped when the last clone is
/// dropped; comparing two secrets takes the same time wherever they differ. A clone shares the same memory.
///
/// ```
/// use gatewright::secret::Secret;
///
/// let key = Secret::new("s3cr3t");
/// assert_eq!(format!("{key:?}"), "Secret(***)");
/// assert_eq!(key.expose(), "s3cr3t");
/// ```
#[derive(Clone)]
pub struct Secret(Arc<Zeroizing<String>>);

impl Secret {
    /// Takes a text into keeping.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Arc::new(Zeroizing::new(text.into())))
    }

    /// The secret itself. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        let (left, right) = (self.expose().as_bytes(), other.expose().as_bytes());
        let difference = left.iter().zip(right).fold(0, |sum, (a, b)| black_box(sum | (a ^ b)));
        left.len() == right.len() && difference == 0
    }
}

impl Eq for Secret {}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_by_content() {
        let cases = [
            ("", "", true),
            ("a", "a", true),
            ("a", "b", false),
            ("a", "ab", false),
            ("", "a", false),
            ("é", "é", true),
        ];
        for (left, right, equal) in cases {
            assert_eq!(Secret::new(left) == Secret::new(right), equal, "{left} and {right}");
        }
    }

    #[test]
    fn debug_does_not_show_the_content_of_a_holder() {
        let holder = Some(vec![Secret::new("hunter2")]);
        assert_eq!(format!("{holder:?}"), "Some([Secret(***)])");
    }

    #[test]
    fn a_clone_shares_the_memory() {
        let secret = Secret::new("hunter2");
        assert_eq!(secret.clone().expose().as_ptr(), secret.expose().as_ptr());
    }
}
