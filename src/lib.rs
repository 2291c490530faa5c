#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod body;
pub mod clock;
pub mod forward;
pub mod secret;
#[cfg(feature = "policy")]
pub mod sink;

pub use body::Body;
