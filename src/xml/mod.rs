//! Reads policy XML the way the gateway does.
