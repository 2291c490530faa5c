//! Importers: API descriptions in, entities out.
