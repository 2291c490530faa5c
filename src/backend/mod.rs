//! Backends: what a request is sent to, and how.
