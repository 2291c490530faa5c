//! `System.Xml.Linq`: one file a type.

mod attribute;
mod container;
mod content;
mod conversions;
mod document;
pub(in crate::expr::library) mod dom;
mod element;
mod extensions;
mod name;
mod node;
mod object;
mod stream;
mod text;

pub(crate) use object::{parse, value};

use crate::expr::types::Table;

/// Adds the members of all types of LINQ to XML.
pub(super) fn register(table: &mut Table) {
    name::register(table);
    object::register(table);
    node::register(table);
    container::register(table);
    element::register(table);
    document::register(table);
    dom::register(table);
    attribute::register(table);
    text::register(table);
    conversions::register(table);
    extensions::register(table);
    stream::register(table);
}
