//! Secrets: values that never print, and where they come from.
//!
//! A [`Secret`] is read only through [`Secret::expose`]. Named values, plain or secret, live in [`NamedValues`];
//! secrets are fetched by name from a [`SecretProvider`]; a [`Redactor`] keeps them out of texts that leave the crate.
//!
//! ```
//! use gatewright::secret::{NamedValues, Redactor};
//!
//! let values = NamedValues::new().plain("region", "westeurope").secret("backend-key", "s3cr3t-key");
//! assert_eq!(values.substitute("https://{{region}}.contoso.com")?, "https://westeurope.contoso.com");
//!
//! let redactor = Redactor::from(&values);
//! assert_eq!(redactor.redact("key=s3cr3t-key"), "key=***");
//! # Ok::<_, gatewright::secret::MissingNamedValue>(())
//! ```

mod env;
mod error;
mod file;
mod memory;
mod named;
mod provider;
mod redactor;
mod reference;
mod value;

pub use env::EnvProvider;
pub use error::Error;
pub use file::FileProvider;
pub use memory::MemoryProvider;
pub use named::{MissingNamedValue, NamedValue, NamedValues};
pub use provider::{SecretProvider, SecretValue};
pub use redactor::Redactor;
pub use reference::{Reference, References, references};
pub use value::Secret;
