#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod body;
pub mod clock;
pub mod forward;

pub use body::Body;
