//! Lazy sequences: run when they are enumerated, and again at each enumeration.

use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::types::{Ty, TypeId, is_subtype};
use crate::expr::value::{Iterate, Object, Value, release_start};

/// How a sequence starts an enumeration.
pub(crate) type Start = Box<dyn Fn(&mut Run<'_>) -> Result<Box<dyn Iterate>, Fault> + Send + Sync>;

/// A lazy sequence.
struct Sequence {
    element: Ty,
    /// There until it is dropped.
    start: Option<Start>,
}

impl Drop for Sequence {
    fn drop(&mut self) {
        release_start(self.start.take());
    }
}

/// An enumeration that may run others, which run others.
struct Nested(Box<dyn Iterate>);

impl Iterate for Nested {
    fn next(&mut self, run: &mut Run<'_>) -> Result<Option<Value>, Fault> {
        run.nested(|run| self.0.next(run))
    }
}

impl Object for Sequence {
    fn ty(&self) -> Ty {
        Ty::generic(TypeId::IEnumerable, [self.element.clone()])
    }

    fn iterate(&self, run: &mut Run<'_>) -> Result<Option<Box<dyn Iterate>>, Fault> {
        let Some(start) = &self.start else { return Ok(None) };
        let items = run.nested(|run| start(run))?;
        Ok(Some(Box::new(Nested(items))))
    }
}

/// A sequence of `element`s that starts anew at each enumeration.
pub(crate) fn lazy<F>(element: Ty, start: F) -> Value
where
    F: Fn(&mut Run<'_>) -> Result<Box<dyn Iterate>, Fault> + Send + Sync + 'static,
{
    Value::object(Sequence { element, start: Some(Box::new(start)) })
}

/// A sequence of items that are worked out at the first step of each enumeration.
pub(crate) fn deferred<F>(element: Ty, items: F) -> Value
where
    F: Fn(&mut Run<'_>) -> Result<Vec<Value>, Fault> + Send + Sync + Clone + 'static,
{
    lazy(element, move |_| {
        let (items, mut made) = (items.clone(), None::<std::vec::IntoIter<Value>>);
        Ok(Box::new(move |run: &mut Run<'_>| {
            run.step()?;
            let made = match &mut made {
                Some(made) => made,
                empty => empty.insert(items(run)?.into_iter()),
            };
            Ok(made.next())
        }))
    })
}

/// A sequence of items that are known.
pub(crate) fn of(element: Ty, items: Vec<Value>) -> Value {
    let items: std::sync::Arc<[Value]> = items.into();
    lazy(element, move |_| {
        let (items, mut next) = (std::sync::Arc::clone(&items), 0);
        Ok(Box::new(move |_: &mut Run<'_>| {
            next += 1;
            Ok(items.get(next - 1).cloned())
        }))
    })
}

/// Whether a value is a lazy sequence.
pub(crate) fn is_lazy(value: &Value) -> bool {
    value.downcast::<Sequence>().is_some()
}

/// A lazy sequence that has `owned` as long as it is there or enumerated.
pub(crate) fn with(sequence: Value, owned: impl Send + Sync + 'static) -> Value {
    let Some(Sequence { element, .. }) = sequence.downcast() else { return sequence };
    let (element, owned) = (element.clone(), std::sync::Arc::new(owned));
    lazy(element, move |run| {
        let (mut items, owned) = (run.iterate(&sequence)?, std::sync::Arc::clone(&owned));
        Ok(Box::new(move |run: &mut Run<'_>| {
            let _owned = &owned;
            items.next(run)
        }))
    })
}

/// The item as a `T`: what `(T)item` gives for an item of unknown type.
pub(crate) fn cast_item(item: Value, to: &Ty) -> Result<Value, Fault> {
    match &item {
        Value::Null if to.is_value_type() && to.underlying() == to => Err(Fault::null_reference()),
        Value::Null => Ok(item),
        _ if is_subtype(&item.ty(), to.underlying()) => Ok(item),
        _ => Err(Fault::invalid_cast(&item.ty(), to)),
    }
}

/// Whether the item is a `T`: `item is T`.
pub(crate) fn is_item(item: &Value, ty: &Ty) -> bool {
    !item.is_null() && is_subtype(&item.ty(), ty.underlying())
}
