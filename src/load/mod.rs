//! Reads an ARM template, an APIOps folder or a plain folder into a store.
