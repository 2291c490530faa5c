//! .NET value types and algorithms as plain Rust, with no knowledge of the engine's values.

pub mod base64;
pub mod certificate;
pub mod chars;
pub mod collation;
pub mod composite;
pub mod crypto;
pub mod date_time;
pub mod date_time_offset;
pub mod decimal;
pub mod encoding;
pub mod exception;
pub mod guid;
mod html_entities;
pub mod ip_address;
pub mod number;
pub mod random;
pub mod regex;
pub mod time_span;
pub mod time_zone;
pub mod uri;
pub mod web_utility;

pub use date_time::{DateTime, DateTimeKind};
pub use date_time_offset::DateTimeOffset;
pub use decimal::Decimal;
pub use exception::Exception;
pub use guid::Guid;
pub use time_span::TimeSpan;
