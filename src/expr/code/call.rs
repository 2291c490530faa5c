//! Calls of natives and of local functions.

use std::sync::Arc;

use super::cell::Cell;
use super::emit::Emitter;
use super::function::Code;
use super::run::Run;
use super::text_source::TextSource;
use super::text_work;
use crate::expr::bind::tree::{Call, FuncId, Node};
use crate::expr::budget::Budget;
use crate::expr::fault::Fault;
use crate::expr::host::Host;
use crate::expr::syntax::Span;
use crate::expr::types::TypeId;
use crate::expr::value::Value;

/// A host of which constants ask nothing.
struct Nobody;

impl Host for Nobody {}

impl Emitter<'_> {
    pub(super) fn call(&self, node: &Node, call: &Call) -> Code<Value> {
        let span = node.span;
        if let Some(source) = TextSource::of(node) {
            return Box::new(move |run| source.value(run));
        }
        if let Some(value) = self.folded(call) {
            return Box::new(move |_| Ok(value.clone()));
        }
        let native = call.method.native;
        let price = text_work::price(call.method);
        let is_instance = !call.method.is_static && call.method.owner != TypeId::NullableOf;
        let args = self.values(&call.args);
        let generic = !call.type_args.is_empty();
        let type_args = Arc::clone(&call.type_args);
        if !call.refs.is_empty() || call.order.is_some() {
            let refs: Vec<_> = call.refs.iter().map(|(i, t)| (*i, self.store(t))).collect();
            let order = call.order.clone();
            return Box::new(move |run| {
                let mut values = evaluate(run, &args, order.as_deref())?;
                if is_instance && values.first().is_some_and(Value::is_null) {
                    return Err(Fault::null_reference().at(span));
                }
                text_work::pay(run, price, &values).map_err(|f| f.at(span))?;
                run.set_type_args(&type_args);
                let result = native(run, &mut values).map_err(|f| f.at(span))?;
                for (i, store) in &refs {
                    store(run, values.get(*i).cloned().unwrap_or(Value::Null))?;
                }
                Ok(result)
            });
        }
        let check = move |run: &mut Run<'_>, values: &[Value]| {
            if is_instance && values.first().is_some_and(Value::is_null) {
                return Err(Fault::null_reference().at(span));
            }
            text_work::pay(run, price, values).map_err(|f| f.at(span))?;
            if generic {
                run.set_type_args(&type_args);
            }
            Ok(())
        };
        let mut args = args.into_vec();
        match (args.pop(), args.pop(), args.pop()) {
            (Some(a), None, None) => Box::new(move |run| {
                let mut values = [a(run)?];
                check(run, &values)?;
                native(run, &mut values).map_err(|f| f.at(span))
            }),
            (Some(b), Some(a), None) => Box::new(move |run| {
                let mut values = [a(run)?, b(run)?];
                check(run, &values)?;
                native(run, &mut values).map_err(|f| f.at(span))
            }),
            (Some(c), Some(b), Some(a)) if args.is_empty() => Box::new(move |run| {
                let mut values = [a(run)?, b(run)?, c(run)?];
                check(run, &values)?;
                native(run, &mut values).map_err(|f| f.at(span))
            }),
            (last, before, first) => {
                args.extend(first.into_iter().chain(before).chain(last));
                Box::new(move |run| {
                    let mut values = evaluate(run, &args, None)?;
                    check(run, &values)?;
                    native(run, &mut values).map_err(|f| f.at(span))
                })
            }
        }
    }

    /// A call of a local function.
    pub(super) fn call_function(
        &self,
        function: FuncId,
        args: &[Node],
        order: Option<&[usize]>,
        span: Span,
    ) -> Code<Value> {
        let index = function.0 as usize;
        let cells = self.cells_of(function);
        let args = self.values(args);
        let order = order.map(Box::<[usize]>::from);
        Box::new(move |run| {
            let mut values = evaluate(run, &args, order.as_deref())?;
            let cells: Vec<Arc<Cell>> = cells.iter().filter_map(|i| run.cell(*i).cloned()).collect();
            run.enter(index, &cells, &mut values).map_err(|f| f.at(span))
        })
    }

    /// The value of a pure call of constants; objects are never shared, and what throws is left for the run.
    fn folded(&self, call: &Call) -> Option<Value> {
        if !call.method.pure || !call.refs.is_empty() {
            return None;
        }
        let mut args: Vec<Value> = call.args.iter().map(|a| a.as_const().cloned()).collect::<Option<_>>()?;
        if !call.method.is_static && args.first().is_some_and(Value::is_null) {
            return None;
        }
        let budget = Budget::default().steps(10_000).bytes(10_000);
        let mut nobody = Nobody;
        let nothing = Arc::new(Vec::new());
        let mut run = Run::new(&mut nobody, self.settings, &budget, &nothing);
        run.set_type_args(&call.type_args);
        let value = (call.method.native)(&mut run, &mut args).ok()?;
        (!matches!(value, Value::Object(_))).then_some(value)
    }
}

/// Evaluates arguments, in another order when there is one.
pub(super) fn evaluate(run: &mut Run<'_>, args: &[Code<Value>], order: Option<&[usize]>) -> Result<Vec<Value>, Fault> {
    let Some(order) = order else {
        let mut values = Vec::with_capacity(args.len() + 1);
        for arg in args {
            values.push(arg(run)?);
        }
        return Ok(values);
    };
    let mut values = vec![Value::Null; args.len()];
    for i in order {
        if let (Some(arg), Some(value)) = (args.get(*i), values.get_mut(*i)) {
            *value = arg(run)?;
        }
    }
    Ok(values)
}
