//! What importers have in common: limits of the service, and the methods of operations that take all of them.

/// The largest policy document that the service takes, in bytes.
pub(super) const LARGEST_POLICY: usize = 256 * 1024;

/// The longest URL template that the service stores, in bytes.
pub(super) const LONGEST_PATH: usize = 1_000;

/// The methods of what takes every method.
pub(super) const EVERY_METHOD: [&str; 8] = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE"];

/// The largest description of an app or a workflow that is read, in bytes.
pub(super) const LARGEST_DESCRIPTION: usize = 16 << 20;

/// The most values in one.
pub(super) const MOST_VALUES: usize = 400_000;
