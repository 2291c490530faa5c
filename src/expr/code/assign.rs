//! Assignments: to variables, items, properties, and through references.

use std::sync::Arc;

use super::access::as_array;
use super::call::evaluate;
use super::emit::Emitter;
use super::function::Code;
use super::run::Run;
use super::{reference, test};
use crate::expr::bind::tree::{LocalId, Node, Target};
use crate::expr::fault::Fault;
use crate::expr::syntax::Span;
use crate::expr::types::{Property, Ty, TypeId};
use crate::expr::value::Value;

impl Emitter<'_> {
    pub(super) fn assign(&self, target: &Target, value: &Node) -> Code<Value> {
        let code = self.value(value);
        match target {
            Target::Local(local) => {
                let place = self.place(*local);
                Box::new(move |run| {
                    let value = code(run)?;
                    place.store(run, value.clone());
                    Ok(value)
                })
            }
            Target::Discard => code,
            Target::Deref(reference) => {
                let span = value.span;
                let reference = self.value(reference);
                Box::new(move |run| {
                    let reference = reference(run)?;
                    let value = code(run)?;
                    reference::write(&reference, value.clone()).map_err(|f| f.at(span))?;
                    Ok(value)
                })
            }
            Target::Element(target, indices) => {
                let span = target.span;
                let (target, indices) = (self.value(target), self.values(indices));
                Box::new(move |run| {
                    let target = target(run)?;
                    let indices = evaluate(run, &indices, None)?;
                    let value = code(run)?;
                    set_element(&target, &indices, value.clone()).map_err(|f| f.at(span))?;
                    Ok(value)
                })
            }
            Target::Property(access) => {
                let span = value.span;
                let property = access.property;
                let args = self.values(&access.args);
                let type_args = Arc::clone(&access.type_args);
                Box::new(move |run| {
                    let mut values = evaluate(run, &args, None)?;
                    let value = code(run)?;
                    values.push(value.clone());
                    set_property(run, property, &type_args, &mut values).map_err(|f| f.at(span))?;
                    Ok(value)
                })
            }
        }
    }

    /// `target op= value`, `target++`: the old value is in a temporary.
    pub(super) fn update(
        &self,
        target: &Target,
        old: LocalId,
        value: &Node,
        gives_old: bool,
        span: Span,
    ) -> Code<Value> {
        let (read, store) = (self.load(target, span), self.store(target));
        let (old, value) = (self.place(old), self.value(value));
        Box::new(move |run| {
            run.step()?;
            let before = read(run)?;
            old.store(run, before.clone());
            let after = value(run)?;
            store(run, after.clone())?;
            Ok(if gives_old { before } else { after })
        })
    }

    /// Code that stores a value that is already there; the parts of the target are temporaries.
    #[allow(clippy::type_complexity)]
    pub(super) fn store(&self, target: &Target) -> Box<dyn Fn(&mut Run<'_>, Value) -> Result<(), Fault> + Send + Sync> {
        match target {
            Target::Local(local) => {
                let place = self.place(*local);
                Box::new(move |run, value| {
                    place.store(run, value);
                    Ok(())
                })
            }
            Target::Discard => Box::new(|_, _| Ok(())),
            Target::Deref(reference) => {
                let reference = self.value(reference);
                Box::new(move |run, value| reference::write(&reference(run)?, value))
            }
            Target::Element(target, indices) => {
                let (target, indices) = (self.value(target), self.values(indices));
                Box::new(move |run, value| {
                    let target = target(run)?;
                    let indices = evaluate(run, &indices, None)?;
                    set_element(&target, &indices, value)
                })
            }
            Target::Property(access) => {
                let property = access.property;
                let args = self.values(&access.args);
                let type_args = Arc::clone(&access.type_args);
                Box::new(move |run, value| {
                    let mut values = evaluate(run, &args, None)?;
                    values.push(value);
                    set_property(run, property, &type_args, &mut values)
                })
            }
        }
    }

    fn load(&self, target: &Target, span: Span) -> Code<Value> {
        match target {
            Target::Local(local) => {
                let place = self.place(*local);
                Box::new(move |run| Ok(place.load(run)))
            }
            Target::Discard => Box::new(|_| Ok(Value::Null)),
            Target::Deref(reference) => self.deref(reference, span),
            Target::Element(target, indices) => self.element(target, indices, span),
            Target::Property(access) => self.get(access, span),
        }
    }
}

fn set_property(
    run: &mut Run<'_>,
    property: &Property,
    type_args: &Arc<[Ty]>,
    values: &mut [Value],
) -> Result<(), Fault> {
    if values.first().is_some_and(Value::is_null) {
        return Err(Fault::null_reference());
    }
    run.step()?;
    run.set_type_args(type_args);
    match property.set {
        Some(set) => set(run, values).map(|_| ()),
        None => Ok(()),
    }
}

fn set_element(target: &Value, indices: &[Value], value: Value) -> Result<(), Fault> {
    let array = as_array(target)?;
    let index = array.offset(indices).ok_or_else(Fault::index_out_of_range)?;
    let fits = value.is_null() || !array.element().is_reference() || test::is_instance(&value, array.element());
    if !fits {
        let message = "Attempted to access an element as a type incompatible with the array.";
        return Err(Fault::new(TypeId::ArrayTypeMismatchException, message));
    }
    if array.set(index, value) { Ok(()) } else { Err(Fault::index_out_of_range()) }
}
