//! Secrets: values that never print, and where they come from.
