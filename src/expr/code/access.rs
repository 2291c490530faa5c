//! Reads of properties, indexers, and items of arrays.

use std::sync::Arc;

use super::call::evaluate;
use super::emit::Emitter;
use super::function::Code;
use super::run::{CALL, Run};
use super::text_source::TextSource;
use super::variable::Variable;
use crate::expr::bind::tree::{Access, Node};
use crate::expr::fault::Fault;
use crate::expr::library::anonymous;
use crate::expr::library::array::Array;
use crate::expr::syntax::Span;
use crate::expr::types::{Property, Ty, TypeId};
use crate::expr::value::Value;

impl Emitter<'_> {
    /// A read of a property or indexer; texts and variables of the host go the short way.
    pub(super) fn read(&self, node: &Node, access: &Access) -> Code<Value> {
        let span = node.span;
        if let Some(source) = TextSource::of(node) {
            return Box::new(move |run| source.value(run));
        }
        if let Some(variable) = Variable::of_access(access, span) {
            return Box::new(move |run| variable.value(run));
        }
        self.get(access, span)
    }

    pub(super) fn anonymous_member(&self, target: &Node, index: usize, span: Span) -> Code<Value> {
        let target = self.value(target);
        Box::new(move |run| {
            let object = target(run)?;
            anonymous::member(&object, index).map_err(|f| f.at(span))
        })
    }

    pub(super) fn get(&self, access: &Access, span: Span) -> Code<Value> {
        let property = access.property;
        let args = self.values(&access.args);
        let type_args = Arc::clone(&access.type_args);
        if access.args.len() == 1 && !property.is_static {
            let mut args = args.into_vec();
            if let Some(target) = args.pop() {
                return Box::new(move |run| {
                    let mut values = [target(run)?];
                    get_property(run, property, &type_args, &mut values).map_err(|f| f.at(span))
                });
            }
            return Box::new(|_| Ok(Value::Null));
        }
        let args = match <[Code<Value>; 2]>::try_from(args.into_vec()) {
            Ok([target, key]) => {
                return Box::new(move |run| {
                    let mut values = [target(run)?, key(run)?];
                    get_property(run, property, &type_args, &mut values).map_err(|f| f.at(span))
                });
            }
            Err(args) => args,
        };
        Box::new(move |run| {
            let mut values = evaluate(run, &args, None)?;
            get_property(run, property, &type_args, &mut values).map_err(|f| f.at(span))
        })
    }

    pub(super) fn element(&self, target: &Node, indices: &[Node], span: Span) -> Code<Value> {
        let (target, indices) = (self.value(target), self.values(indices));
        Box::new(move |run| {
            run.step().map_err(|f| f.at(span))?;
            let target = target(run)?;
            let indices = evaluate(run, &indices, None)?;
            let array = as_array(&target).map_err(|f| f.at(span))?;
            let found = array.offset(&indices).and_then(|i| array.get(i));
            found.ok_or_else(|| Fault::index_out_of_range().at(span))
        })
    }
}

fn get_property(
    run: &mut Run<'_>,
    property: &Property,
    type_args: &Arc<[Ty]>,
    values: &mut [Value],
) -> Result<Value, Fault> {
    if !property.is_static && property.owner != TypeId::NullableOf && values.first().is_some_and(Value::is_null) {
        return Err(Fault::null_reference());
    }
    run.steps(CALL)?;
    if let [Value::Str(text), Value::Int(index)] = values
        && !text.is_ascii()
    {
        // Units of text that is not ASCII are counted from its start.
        run.steps(usize::try_from(*index).unwrap_or_default() / 4)?;
    }
    if !type_args.is_empty() {
        run.set_type_args(type_args);
    }
    (property.get)(run, values)
}

pub(super) fn as_array(value: &Value) -> Result<&Array, Fault> {
    value.downcast::<Array>().ok_or_else(Fault::null_reference)
}
