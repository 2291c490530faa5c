//! New arrays and anonymous objects.

use std::sync::Arc;

use super::call::evaluate;
use super::emit::Emitter;
use super::function::Code;
use crate::expr::bind::tree::Node;
use crate::expr::fault::Fault;
use crate::expr::library::{anonymous, array};
use crate::expr::syntax::Span;
use crate::expr::types::Ty;
use crate::expr::value::Value;

impl Emitter<'_> {
    pub(super) fn new_array(&self, element: &Ty, sizes: &[Node], span: Span) -> Code<Value> {
        let (element, sizes) = (element.clone(), self.values(sizes));
        Box::new(move |run| {
            let sizes = evaluate(run, &sizes, None)?;
            let mut lengths = Vec::with_capacity(sizes.len());
            let mut total = 1usize;
            for size in &sizes {
                let Ok(length) = usize::try_from(size.integral().unwrap_or_default()) else {
                    return Err(Fault::overflow().at(span));
                };
                lengths.push(length);
                total = total.saturating_mul(length);
            }
            run.charge(total.saturating_mul(size_of::<Value>()))?;
            let items = vec![Value::default_of(&element); total];
            Ok(array::rectangular(element.clone(), lengths, items))
        })
    }

    pub(super) fn array_of(&self, element: &Ty, lengths: &[usize], items: &[Node]) -> Code<Value> {
        let (element, lengths, items) = (element.clone(), lengths.to_vec(), self.values(items));
        Box::new(move |run| {
            run.charge(items.len() * size_of::<Value>())?;
            let values = evaluate(run, &items, None)?;
            Ok(array::rectangular(element.clone(), lengths.clone(), values))
        })
    }

    pub(super) fn anonymous(&self, ty: &Ty, members: &[Node]) -> Code<Value> {
        let Ty::Anonymous(ty) = ty else { return Box::new(|_| Ok(Value::Null)) };
        let (ty, members) = (Arc::clone(ty), self.values(members));
        Box::new(move |run| {
            let values = evaluate(run, &members, None)?;
            run.charge(64 + values.len() * size_of::<Value>())?;
            Ok(anonymous::make(Arc::clone(&ty), values))
        })
    }
}
