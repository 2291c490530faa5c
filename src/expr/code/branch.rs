//! Expressions that choose what runs next, and temporaries.

use super::emit::Emitter;
use super::function::Code;
use crate::expr::bind::tree::{LocalId, Node};
use crate::expr::fault::Fault;
use crate::expr::syntax::Span;
use crate::expr::value::Value;

impl Emitter<'_> {
    pub(super) fn conditional(&self, condition: &Node, yes: &Node, no: &Node) -> Code<Value> {
        let (condition, yes, no) = (self.boolean(condition), self.value(yes), self.value(no));
        Box::new(move |run| if condition(run)? { yes(run) } else { no(run) })
    }

    pub(super) fn coalesce(&self, left: &Node, right: &Node) -> Code<Value> {
        let (left, right) = (self.value(left), self.value(right));
        Box::new(move |run| match left(run)? {
            Value::Null => right(run),
            value => Ok(value),
        })
    }

    /// `receiver?.rest`
    pub(super) fn conditional_access(&self, receiver: &Node, temp: LocalId, rest: &Node) -> Code<Value> {
        let (receiver, temp, rest) = (self.value(receiver), self.place(temp), self.value(rest));
        Box::new(move |run| match receiver(run)? {
            Value::Null => Ok(Value::Null),
            value => {
                temp.store(run, value);
                rest(run)
            }
        })
    }

    /// An operator on nullables: null when an operand is.
    pub(super) fn lift(&self, operands: &[(LocalId, Node)], body: &Node, null_result: &Value) -> Code<Value> {
        let operands: Vec<_> = operands.iter().map(|(l, n)| (self.place(*l), self.value(n))).collect();
        let (body, null_result) = (self.value(body), null_result.clone());
        Box::new(move |run| {
            run.step()?;
            let mut missing = false;
            for (place, code) in &operands {
                let value = code(run)?;
                missing |= value.is_null();
                place.store(run, value);
            }
            if missing { Ok(null_result.clone()) } else { body(run) }
        })
    }

    /// A value in a temporary, what is done with it, and the result.
    pub(super) fn bind_temporary(&self, local: LocalId, value: &Node, then: &[Node], result: &Node) -> Code<Value> {
        let (place, value) = (self.place(local), self.value(value));
        let (then, result) = (self.values(then), self.value(result));
        Box::new(move |run| {
            run.step()?;
            let value = value(run)?;
            place.store(run, value);
            for step in &then {
                step(run)?;
            }
            result(run)
        })
    }

    pub(super) fn throw(&self, operand: &Node, span: Span) -> Code<Value> {
        let operand = self.value(operand);
        Box::new(move |run| match operand(run)? {
            Value::Null => Err(Fault::null_reference().at(span)),
            exception => Err(Fault::thrown(exception).at(span)),
        })
    }
}
