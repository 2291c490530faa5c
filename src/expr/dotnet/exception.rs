//! What a .NET member throws: the class of the exception and its English message.

/// An exception as .NET would throw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// Full name of the class, such as `System.FormatException`.
    pub class: &'static str,
    /// The text of `Exception.Message`.
    pub message: String,
}

/// A value or the exception that .NET throws in its place.
pub type Result<T> = std::result::Result<T, Exception>;

impl Exception {
    /// An exception of `class` with `message`.
    pub fn new(class: &'static str, message: impl Into<String>) -> Self {
        Self { class, message: message.into() }
    }

    /// `FormatException`.
    pub fn format(message: impl Into<String>) -> Self {
        Self::new("System.FormatException", message)
    }

    /// `FormatException` of text that is not a number, and of most formats that do not parse.
    pub fn bad_input() -> Self {
        Self::format("Input string was not in a correct format.")
    }

    /// `FormatException` of a numeric format that does not exist.
    pub fn bad_specifier() -> Self {
        Self::format("Format specifier was invalid.")
    }

    /// `OverflowException` of arithmetic.
    pub fn arithmetic_overflow() -> Self {
        Self::overflow("Arithmetic operation resulted in an overflow.")
    }

    /// `OverflowException`.
    pub fn overflow(message: impl Into<String>) -> Self {
        Self::new("System.OverflowException", message)
    }

    /// `DivideByZeroException`.
    pub fn divide_by_zero() -> Self {
        Self::new("System.DivideByZeroException", "Attempted to divide by zero.")
    }

    /// `ArgumentException`.
    pub fn argument(message: impl Into<String>) -> Self {
        Self::new("System.ArgumentException", message)
    }

    /// `ArgumentNullException` of `parameter`.
    pub fn argument_null(parameter: &str) -> Self {
        Self::new("System.ArgumentNullException", format!("Value cannot be null. (Parameter '{parameter}')"))
    }

    /// `ArgumentOutOfRangeException`.
    pub fn out_of_range(message: impl Into<String>) -> Self {
        Self::new("System.ArgumentOutOfRangeException", message)
    }

    /// `CryptographicException`.
    pub fn cryptographic(message: impl Into<String>) -> Self {
        Self::new("System.Security.Cryptography.CryptographicException", message)
    }
}

impl std::fmt::Display for Exception {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.class, self.message)
    }
}

impl std::error::Error for Exception {}
