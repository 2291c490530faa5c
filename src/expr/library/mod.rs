//! The .NET library: one file a type (or a few that belong together), each adding its members to the table of types.
//!
//! # How to bind a type
//!
//! 1. The type itself is one line of `types/list.rs` (most are there). Its Rust form is a variant of [`Value`] or a struct
//!    that implements [`Object`](super::value::Object), held by `Value::object(…)`.
//! 2. Write `library/<type>.rs` with `pub(super) fn register(table: &mut Table)` and add it to the list in
//!    [`register`] below.
//! 3. Declare each member with its C# signature and a Rust function. The slice holds the instance first (unless the
//!    member is static or a constructor), then one value for each declared parameter: conversions are done, defaults and
//!    `params` arrays are filled in, a null instance has already thrown. `out` and `ref` arguments are written back into
//!    the slice. An extension method is `static` with `this` before its first parameter.
//!
//! ```ignore
//! pub(super) fn register(table: &mut Table) {
//!     table
//!         .on(TypeId::Guid)
//!         .def("static Guid NewGuid()", |run, _| Ok(Guid::from_random(run.host.new_guid()).into()))
//!         .pure("static Guid Parse(string input)", |_, a| Ok(Guid::parse(text(&a[0], "input")?)?.into()))
//!         .def("static bool TryParse(string input, out Guid result)", |_, a| {
//!             let parsed = a[0].as_text().and_then(|s| Guid::parse(&s.text()).ok());
//!             a[1] = parsed.unwrap_or(Guid::EMPTY).into();
//!             Ok(parsed.is_some().into())
//!         })
//!         .pure("string ToString(string format)", |_, a| Ok(guid(&a[0]).format(&a[1].text_or(""))?.into()))
//!         .pure("static bool operator ==(Guid a, Guid b)", |_, a| Ok((guid(&a[0]) == guid(&a[1])).into()))
//!         .constant("Guid Empty", Guid::EMPTY);
//! }
//! ```
//!
//! Other forms: `"new(string g)"`, `"int Length"` (property), `"JToken this[string key]"` (indexer; with
//! [`Builder::def_set`](super::types::Builder::def_set) a second function sets), `"implicit operator JToken(string v)"`,
//! `"T As<T>(bool preserve = false)"` (type arguments by [`Run::type_arg`]: first the type's, then the method's; read
//! them before calling back), `"lenient static …"` (only in a lenient library), `"static R Select<T, R>(this
//! IEnumerable<T> source, Func<T, R> selector)"`.
//!
//! `pure` instead of `def` lets the compiler fold a call with constant arguments.
//!
//! What natives use: [`Run::text_of`] (`ToString()`), [`Run::call`] (delegates), [`Run::iterate`] and [`Run::collect`]
//! (sequences), [`Run::charge`] for big allocations, the accessors in [`args`], the makers in [`array`],
//! `list::make`, `sequence::lazy`, and the constructors of [`Fault`](super::fault::Fault); exceptions of
//! `dotnet` convert with `?`.
//!
//! `ToString`, `Equals`, `GetHashCode` and `GetType` need no declaration: they are object's, and answer through the
//! `Object` trait. Comparison with `==` is by reference unless the type declares the operator.

mod annotations;
pub(crate) mod anonymous;
pub(crate) mod args;
pub(crate) mod array;
pub(crate) mod array_methods;
pub(crate) mod array_search;
pub(crate) mod basic_credentials;
pub(crate) mod bit_converter;
pub(crate) mod boolean;
pub(crate) mod certificate;
pub(crate) mod char;
mod closures;
pub(crate) mod collection_interfaces;
#[cfg(test)]
mod collection_tests;
pub(crate) mod comparers;
pub(crate) mod context;
pub(crate) mod convert;
pub(crate) mod date_time;
pub(crate) mod date_time_offset;
pub(crate) mod dictionary;
pub(crate) mod dictionary_interfaces;
pub(crate) mod dictionary_view;
pub(crate) mod dictionary_views;
#[cfg(test)]
mod dotnet_tests;
pub(crate) mod encoding;
pub(crate) mod enumerable;
pub(crate) mod enumeration;
pub(crate) mod enumerator;
pub(crate) mod equality;
pub(crate) mod exception;
pub(crate) mod form;
pub(crate) mod get_value_or_default;
pub(crate) mod guid;
pub(crate) mod hash;
mod hash_name;
pub(crate) mod hash_set;
pub(crate) mod hash_table;
pub(crate) mod ip_address;
pub(crate) mod items;
pub(crate) mod json;
pub(crate) mod jwt;
pub(crate) mod key_value_pair;
mod keys;
pub(crate) mod list;
pub(crate) mod list_search;
pub(crate) mod math;
pub(crate) mod members;
pub(crate) mod message_body;
pub(crate) mod nullable;
pub(crate) mod number;
pub(crate) mod object;
mod oid;
pub(crate) mod operators;
pub(crate) mod ordering;
pub(crate) mod queue_stack;
pub(crate) mod random;
mod random_generator;
pub(crate) mod range;
pub(crate) mod read_only_collection;
pub(crate) mod regex;
pub(crate) mod regex_cache;
pub(crate) mod regex_match;
pub(crate) mod rsa;
mod rsa_padding;
pub(crate) mod sequence;
mod settings;
pub(crate) mod string;
pub(crate) mod string_builder;
pub(crate) mod string_builder_edit;
pub(crate) mod string_reader;
pub(crate) mod string_writer;
pub(crate) mod symmetric;
pub(crate) mod time_span;
pub(crate) mod time_zone;
pub(crate) mod tuple;
pub(crate) mod type_code;
pub(crate) mod uri;
mod value_set;
pub(crate) mod virtual_call;
pub(crate) mod web_utility;
pub(crate) mod xml;

pub(crate) use closures::{holds_closures, may_hold_closures};
pub(crate) use dictionary_view::pairs as view_items;
pub(crate) use settings::Settings;
pub use settings::{Library, LineEnd, NumberText};

use super::types::{Table, Ty, TypeId};
use super::value::Value;

/// Adds the members of every type.
pub(crate) fn register(table: &mut Table) {
    annotations::register(table);
    array::register(table);
    array_methods::register(table);
    basic_credentials::register(table);
    bit_converter::register(table);
    boolean::register(table);
    certificate::register(table);
    char::register(table);
    collection_interfaces::register(table);
    comparers::register(table);
    context::register(table);
    convert::register(table);
    date_time::register(table);
    date_time_offset::register(table);
    dictionary::register(table);
    dictionary_interfaces::register(table);
    dictionary_views::register(table);
    encoding::register(table);
    enumerable::register(table);
    enumeration::register(table);
    enumerator::register(table);
    exception::register(table);
    form::register(table);
    get_value_or_default::register(table);
    guid::register(table);
    hash::register(table);
    hash_name::register(table);
    hash_set::register(table);
    ip_address::register(table);
    json::register(table);
    jwt::register(table);
    key_value_pair::register(table);
    list::register(table);
    list_search::register(table);
    math::register(table);
    message_body::register(table);
    nullable::register(table);
    number::register(table);
    object::register(table);
    oid::register(table);
    queue_stack::register(table);
    random::register(table);
    random_generator::register(table);
    read_only_collection::register(table);
    regex::register(table);
    regex_match::register(table);
    rsa::register(table);
    rsa_padding::register(table);
    string::register(table);
    string_builder::register(table);
    string_builder_edit::register(table);
    string_reader::register(table);
    string_writer::register(table);
    symmetric::register(table);
    time_span::register(table);
    time_zone::register(table);
    tuple::register(table);
    type_code::register(table);
    uri::register(table);
    web_utility::register(table);
    xml::register(table);
}

/// `default(T)` of a generic struct.
pub(crate) fn default_struct(id: TypeId, args: &[Ty]) -> Value {
    match (id, args) {
        (TypeId::KeyValuePair, [key, value]) => {
            key_value_pair::make(key.clone(), value.clone(), Value::default_of(key), Value::default_of(value))
        }
        (id, types) if id.is_value_tuple() => {
            let items = types.iter().filter(|ty| !matches!(ty, Ty::Names(_))).map(Value::default_of);
            tuple::make(id, types.into(), items.collect()).unwrap_or(Value::Null)
        }
        _ => Value::Null,
    }
}

/// A `System.Type` object.
pub(crate) fn type_object(ty: Ty) -> Value {
    Value::object(object::TypeObject(ty))
}
