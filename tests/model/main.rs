//! Entities as JSON and as Rust.

mod builders;
mod round_trip;
