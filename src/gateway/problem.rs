//! What is wrong with a configuration that cannot be served.

use std::fmt;

use crate::backend::BuildError;
use crate::load;
use crate::policy::Diagnostic;

/// One thing that is wrong with a configuration, or that its author should know.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Problem {
    /// A file could not be read, or does not fit.
    Load(load::Problem),
    /// A statement of a policy document.
    Policy(Diagnostic),
    /// A Backend entity.
    Backend(BuildError),
    /// Any other entity.
    Entity {
        /// Which one it is: ``API `orders` ``.
        entity: String,
        /// What is wrong, and what would be right.
        message: String,
    },
}

/// Everything that is wrong with a configuration; it prints one problem a line.
#[derive(Clone, Debug)]
pub struct ConfigurationError(pub(super) Vec<Problem>);

impl ConfigurationError {
    /// All problems; there is at least one.
    pub fn problems(&self) -> &[Problem] {
        &self.0
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Load(problem) => problem.fmt(f),
            Self::Policy(diagnostic) => diagnostic.fmt(f),
            Self::Backend(error) => error.fmt(f),
            Self::Entity { entity, message } => write!(f, "{entity}: {message}"),
        }
    }
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigurationError {}

impl From<load::Problems> for ConfigurationError {
    fn from(problems: load::Problems) -> Self {
        Self(problems.iter().cloned().map(Problem::Load).collect())
    }
}
