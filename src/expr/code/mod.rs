//! The compiled form and its evaluator: trees of closures over typed operands.

pub(crate) mod arithmetic;
mod closure;
mod emit;
mod function;
mod operators;
mod program;
mod reference;
mod run;
mod statement;
mod test;
mod text;
mod view;

pub(crate) use emit::emit;
pub(crate) use program::{Program, error_of};
pub(crate) use run::Run;
pub(crate) use test::cast;
pub use view::View;
