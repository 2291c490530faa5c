//! The compiled form and its evaluator: trees of closures over typed operands.

mod access;
pub(crate) mod arithmetic;
mod assign;
mod branch;
mod call;
mod cell;
mod closure;
mod concat;
mod convert;
mod create;
mod delegate;
mod emit;
mod filter;
mod function;
mod loops;
mod operators;
mod program;
mod reference;
mod run;
mod statement;
mod switch;
mod test;
mod text_buffer;
mod text_source;
mod text_work;
mod try_catch;
mod variable;
mod view;

pub(crate) use emit::emit;
pub(crate) use program::{Program, error_of};
pub(crate) use run::Run;
pub(crate) use test::cast;
pub use view::View;
