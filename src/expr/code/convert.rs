//! Conversions that are checked at run time.

use super::arithmetic;
use super::emit::Emitter;
use super::function::Code;
use super::test;
use super::text_source::TextSource;
use crate::expr::bind::tree::{Conversion, Node};
use crate::expr::fault::Fault;
use crate::expr::types::Ty;
use crate::expr::value::Value;

impl Emitter<'_> {
    pub(super) fn convert(&self, node: &Node, conversion: &Conversion, operand: &Node) -> Code<Value> {
        if let Some(source) = TextSource::of(node) {
            return Box::new(move |run| source.value(run));
        }
        let span = node.span;
        let code = self.value(operand);
        match conversion {
            Conversion::Same => code,
            Conversion::Number { to, checked, .. } => {
                let (to, checked) = (*to, *checked);
                Box::new(move |run| match code(run)? {
                    Value::Null => Ok(Value::Null),
                    value => {
                        run.step()?;
                        arithmetic::convert(&value, to, checked).map_err(|f| f.at(span))
                    }
                })
            }
            Conversion::Unbox(ty) => {
                let ty = ty.clone();
                Box::new(move |run| {
                    let value = code(run)?;
                    test::unbox(value, &ty).map_err(|f| f.at(span))
                })
            }
            Conversion::Reference(ty) => {
                let ty = ty.clone();
                Box::new(move |run| {
                    let value = code(run)?;
                    if value.is_null() || test::is_instance(&value, &ty) {
                        return Ok(value);
                    }
                    Err(Fault::invalid_cast(&value.ty(), &ty).at(span))
                })
            }
            Conversion::Unwrap => Box::new(move |run| match code(run)? {
                Value::Null => Err(Fault::invalid_operation("Nullable object must have a value.").at(span)),
                value => Ok(value),
            }),
        }
    }

    /// `operand as T`
    pub(super) fn convert_or_null(&self, operand: &Node, ty: &Ty) -> Code<Value> {
        let (operand, ty) = (self.value(operand), ty.clone());
        Box::new(move |run| {
            let value = operand(run)?;
            Ok(if test::is_instance(&value, &ty) { value } else { Value::Null })
        })
    }
}
