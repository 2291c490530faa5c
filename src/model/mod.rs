//! Entities as ARM JSON writes them.
