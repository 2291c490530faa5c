//! `System.Xml`: the document object model over the trees of LINQ to XML, one file a type; for lenient libraries.

mod attribute;
mod document;
mod element;
mod list;
mod namespaces;
mod node;
pub(super) mod reader;
mod select;
mod walk;

pub(in crate::expr::library) use node::object_of;

use crate::expr::types::Table;

/// Adds the members of all types of the object model.
pub(super) fn register(table: &mut Table) {
    node::register(table);
    document::register(table);
    element::register(table);
    attribute::register(table);
    list::register(table);
    namespaces::register(table);
    select::register(table);
    reader::register(table);
}
