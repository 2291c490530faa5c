//! `Newtonsoft.Json` and `Newtonsoft.Json.Linq`: one file a type.

mod array;
mod constructor;
mod container;
mod content;
mod conversions;
mod deserialize;
mod extensions;
mod json_convert;
mod object;
mod property;
mod serialize;
mod stream;
mod token;
mod value;

pub(in crate::expr::library) use conversions::{plain, today};
pub(crate) use token::{json_text, parse, value};

use crate::expr::types::Table;

/// Adds the members of all types of Json.NET.
pub(super) fn register(table: &mut Table) {
    token::register(table);
    conversions::register(table);
    container::register(table);
    object::register(table);
    array::register(table);
    constructor::register(table);
    property::register(table);
    value::register(table);
    extensions::register(table);
    json_convert::register(table);
    stream::register(table);
}
