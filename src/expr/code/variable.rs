//! Variables of the host that are read in place: `context.Variables["name"]`.

use super::View;
use super::function::Code;
use super::run::Run;
use super::test;
use super::text_source::{key_of, view_of};
use crate::expr::bind::tree::{Access, Node, NodeKind};
use crate::expr::fault::Fault;
use crate::expr::library::dictionary;
use crate::expr::syntax::Span;
use crate::expr::types::{Ty, TypeId};
use crate::expr::value::Value;

/// A variable whose name is known.
pub(super) struct Variable {
    name: Box<str>,
    span: Span,
}

/// A type that a variable can be unboxed to in place.
pub(super) trait InPlace: Copy + 'static {
    const TYPE: Ty;
}

impl InPlace for i32 {
    const TYPE: Ty = Ty::Named(TypeId::Int32);
}

impl InPlace for bool {
    const TYPE: Ty = Ty::Named(TypeId::Boolean);
}

impl Variable {
    /// The variable that an expression reads, if it is one.
    pub(super) fn of(node: &Node) -> Option<Self> {
        let NodeKind::Get(access) = &node.kind else { return None };
        Self::of_access(access, node.span)
    }

    pub(super) fn of_access(access: &Access, span: Span) -> Option<Self> {
        match access.args.as_slice() {
            [target, key] if view_of(target) == Some(View::Variables) => Some(Self { name: key_of(key)?, span }),
            _ => None,
        }
    }

    /// The name, and the place of the read.
    pub(super) fn into_parts(self) -> (Box<str>, Span) {
        (self.name, self.span)
    }

    /// The value.
    pub(super) fn value(&self, run: &mut Run<'_>) -> Result<Value, Fault> {
        run.step().map_err(|fault| fault.at(self.span))?;
        match run.host.variable(&self.name) {
            Some(value) => Ok(value.into_owned()),
            None => Err(self.missing(run)),
        }
    }

    /// Code of `(T)variable`; `look` gives none for a value of another type, which throws at `cast`.
    pub(super) fn read<T: InPlace>(self, cast: Span, look: fn(&Value) -> Option<T>) -> Code<T> {
        Box::new(move |run| {
            run.step().map_err(|fault| fault.at(self.span))?;
            let other = match run.host.variable(&self.name) {
                Some(value) => match look(&value) {
                    Some(found) => return Ok(found),
                    None => value.into_owned(),
                },
                None => return Err(self.missing(run)),
            };
            let converted = test::unbox(other, &T::TYPE).map_err(|fault| fault.at(cast))?;
            look(&converted).ok_or_else(|| Fault::invalid_cast(&converted.ty(), &T::TYPE).at(cast))
        })
    }

    #[cold]
    fn missing(&self, run: &mut Run<'_>) -> Fault {
        dictionary::missing(run, &Value::from(&*self.name)).at(self.span)
    }
}
