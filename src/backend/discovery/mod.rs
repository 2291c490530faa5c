//! Members of pools that the names of their hosts stand for: beyond Azure.

mod changing;
mod names;
mod resolver;
mod rounds;
mod seats;

pub(super) use changing::{Changing, Recipe, Slot};
pub(super) use names::Names;
pub use resolver::{NameResolver, SystemResolver};
