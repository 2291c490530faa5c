//! Operators: arithmetic in its own type where that is common, conditions as bare bools.

use super::arithmetic;
use super::emit::Emitter;
use super::function::{Code, Place};
use super::run::Run;
use super::text_source::TextSource;
use super::variable::Variable;
use crate::expr::bind::tree::{Conversion, Node, NodeKind};
use crate::expr::deep::deeper;
use crate::expr::fault::Fault;
use crate::expr::syntax::ast::BinaryOp;
use crate::expr::types::{Ty, TypeId};
use crate::expr::value::Value;

impl Emitter<'_> {
    /// Code of an int, without a box around it.
    pub(super) fn int(&self, node: &Node) -> Code<i32> {
        match &node.kind {
            NodeKind::Const(Value::Int(v)) => {
                let v = *v;
                Box::new(move |_| Ok(v))
            }
            NodeKind::Local(local) => match self.place(*local) {
                Place::Slot(i) => Box::new(move |run| Ok(as_int(run.slot(i)))),
                place => Box::new(move |run| Ok(as_int(&place.load(run)))),
            },
            NodeKind::Arithmetic { op, on: TypeId::Int32, checked: false, left, right } => {
                let (a, b) = (self.int(left), self.int(right));
                match op {
                    BinaryOp::Add => stepped(move |run| Ok(a(run)?.wrapping_add(b(run)?))),
                    BinaryOp::Subtract => stepped(move |run| Ok(a(run)?.wrapping_sub(b(run)?))),
                    BinaryOp::Multiply => stepped(move |run| Ok(a(run)?.wrapping_mul(b(run)?))),
                    BinaryOp::And => stepped(move |run| Ok(a(run)? & b(run)?)),
                    BinaryOp::Or => stepped(move |run| Ok(a(run)? | b(run)?)),
                    BinaryOp::Xor => stepped(move |run| Ok(a(run)? ^ b(run)?)),
                    _ => {
                        let (op, span) = (*op, node.span);
                        stepped(move |run| {
                            let (a, b) = (Value::Int(a(run)?), Value::Int(b(run)?));
                            arithmetic::binary(op, TypeId::Int32, &a, &b, false)
                                .map(|v| as_int(&v))
                                .map_err(|f| f.at(span))
                        })
                    }
                }
            }
            NodeKind::Convert(Conversion::Same, inner) if inner.ty == Ty::Int => self.int(inner),
            NodeKind::Convert(Conversion::Unbox(ty), inner) if *ty == Ty::Int => match Variable::of(inner) {
                Some(variable) => variable.read(node.span, |value| match value {
                    Value::Int(v) => Some(*v),
                    _ => None,
                }),
                None => self.boxed_int(node),
            },
            _ => self.boxed_int(node),
        }
    }

    fn boxed_int(&self, node: &Node) -> Code<i32> {
        let code = self.boxed(node);
        Box::new(move |run| Ok(as_int(&code(run)?)))
    }

    /// Code of a value that is not arithmetic on ints, so that the two do not call each other.
    fn boxed(&self, node: &Node) -> Code<Value> {
        match &node.kind {
            NodeKind::Arithmetic { op, on, checked, left, right } => {
                let (op, on, checked, span) = (*op, *on, *checked, node.span);
                let (a, b) = (self.value(left), self.value(right));
                let weight = if on == TypeId::Decimal { DECIMAL } else { 8 };
                Box::new(move |run| {
                    run.steps(weight)?;
                    let (a, b) = (a(run)?, b(run)?);
                    arithmetic::binary(op, on, &a, &b, checked).map_err(|f| f.at(span))
                })
            }
            _ => self.value(node),
        }
    }

    pub(super) fn arithmetic(&self, node: &Node) -> Code<Value> {
        let span = node.span;
        match &node.kind {
            NodeKind::Arithmetic { on: TypeId::Int32, checked: false, .. } => {
                let code = self.int(node);
                Box::new(move |run| Ok(Value::Int(code(run)?)))
            }
            NodeKind::Shift { left_shift, on, value, count } => {
                let (left_shift, on) = (*left_shift, *on);
                let (a, b) = (self.value(value), self.value(count));
                stepped(move |run| {
                    let (a, b) = (a(run)?, b(run)?);
                    Ok(arithmetic::shift(left_shift, on, &a, &b))
                })
            }
            NodeKind::Negate { on, checked, operand } => {
                let (on, checked, code) = (*on, *checked, self.value(operand));
                stepped(move |run| arithmetic::negate(on, &code(run)?, checked).map_err(|f| f.at(span)))
            }
            NodeKind::Complement { on, operand } => {
                let (on, code) = (*on, self.value(operand));
                stepped(move |run| Ok(arithmetic::complement(on, &code(run)?)))
            }
            _ => self.boxed(node),
        }
    }

    /// Code of a condition.
    pub(super) fn boolean(&self, node: &Node) -> Code<bool> {
        deeper(|| self.boolean_here(node))
    }

    fn boolean_here(&self, node: &Node) -> Code<bool> {
        let span = node.span;
        match &node.kind {
            NodeKind::Const(value) => {
                let value = matches!(value, Value::Bool(true));
                Box::new(move |_| Ok(value))
            }
            NodeKind::Not(operand) => {
                let code = self.boolean(operand);
                stepped(move |run| Ok(!code(run)?))
            }
            NodeKind::AndAlso(left, right) => {
                let (a, b) = (self.boolean(left), self.boolean(right));
                stepped(move |run| Ok(a(run)? && b(run)?))
            }
            NodeKind::OrElse(left, right) => {
                let (a, b) = (self.boolean(left), self.boolean(right));
                stepped(move |run| Ok(a(run)? || b(run)?))
            }
            NodeKind::Logic(op, left, right) => {
                let (op, a, b) = (*op, self.boolean(left), self.boolean(right));
                stepped(move |run| {
                    let (a, b) = (a(run)?, b(run)?);
                    Ok(match op {
                        BinaryOp::And => a & b,
                        BinaryOp::Or => a | b,
                        _ => a ^ b,
                    })
                })
            }
            NodeKind::Compare { op, on: TypeId::Int32, left, right } => {
                let (a, b) = (self.int(left), self.int(right));
                match op {
                    BinaryOp::Less => stepped(move |run| Ok(a(run)? < b(run)?)),
                    BinaryOp::LessOrEqual => stepped(move |run| Ok(a(run)? <= b(run)?)),
                    BinaryOp::Greater => stepped(move |run| Ok(a(run)? > b(run)?)),
                    BinaryOp::GreaterOrEqual => stepped(move |run| Ok(a(run)? >= b(run)?)),
                    BinaryOp::NotEqual => stepped(move |run| Ok(a(run)? != b(run)?)),
                    _ => stepped(move |run| Ok(a(run)? == b(run)?)),
                }
            }
            NodeKind::Compare { op, on, left, right } => {
                let (op, on, a, b) = (*op, *on, self.value(left), self.value(right));
                stepped(move |run| {
                    let (a, b) = (a(run)?, b(run)?);
                    Ok(arithmetic::compare(op, on, &a, &b))
                })
            }
            NodeKind::StringEqual { negated, left, right } => self.string_equal(*negated, left, right),
            NodeKind::ReferenceEqual { negated, left, right } => {
                let (negated, a, b) = (*negated, self.value(left), self.value(right));
                stepped(move |run| {
                    let (a, b) = (a(run)?, b(run)?);
                    Ok(same(&a, &b) != negated)
                })
            }
            NodeKind::LiftEqual { negated, left, right, body } => {
                let negated = *negated;
                let (x, a) = (self.place(left.0), self.value(&left.1));
                let (y, b) = (self.place(right.0), self.value(&right.1));
                let body = self.boolean(body);
                stepped(move |run| {
                    let (a, b) = (a(run)?, b(run)?);
                    match (a.is_null(), b.is_null()) {
                        (true, true) => Ok(!negated),
                        (false, false) => {
                            x.store(run, a);
                            y.store(run, b);
                            body(run)
                        }
                        _ => Ok(negated),
                    }
                })
            }
            NodeKind::Is(operand, ty) => {
                let (code, ty) = (self.value(operand), ty.clone());
                stepped(move |run| Ok(super::test::is_instance(&code(run)?, &ty)))
            }
            NodeKind::IsDeclare(operand, ty, local) => {
                let (code, ty, place) = (self.value(operand), ty.clone(), local.map(|l| self.place(l)));
                stepped(move |run| {
                    let value = code(run)?;
                    let found = ty.as_ref().is_none_or(|ty| super::test::is_instance(&value, ty));
                    if let (true, Some(place)) = (found, place) {
                        place.store(run, value);
                    }
                    Ok(found)
                })
            }
            NodeKind::IsConstant(operand, constant) => {
                let (code, constant) = (self.value(operand), self.value(constant));
                stepped(move |run| {
                    let (value, constant) = (code(run)?, constant(run)?);
                    run.equals(&value, &constant).map_err(|f| f.at(span))
                })
            }
            NodeKind::Convert(Conversion::Unbox(ty), inner) if *ty == Ty::Bool => match Variable::of(inner) {
                Some(variable) => variable.read(span, |value| match value {
                    Value::Bool(v) => Some(*v),
                    _ => None,
                }),
                None => self.unboxed(node),
            },
            NodeKind::Call(call) if call.method.name == "IsNullOrEmpty" && call.method.owner == TypeId::String => {
                match call.args.first().and_then(TextSource::of) {
                    Some(source) => Box::new(move |run| source.with(run, |seen| seen.is_empty_or_null())),
                    None => self.unboxed(node),
                }
            }
            _ => self.unboxed(node),
        }
    }

    fn unboxed(&self, node: &Node) -> Code<bool> {
        let code = self.value(node);
        Box::new(move |run| Ok(matches!(code(run)?, Value::Bool(true))))
    }

    fn string_equal(&self, negated: bool, left: &Node, right: &Node) -> Code<bool> {
        for (source, other) in [(left, right), (right, left)] {
            let constant = match other.as_const() {
                Some(Value::Str(text)) => text.as_str().map(|t| Some(Box::<str>::from(t))),
                Some(Value::Null) => Some(None),
                _ => None,
            };
            if let (Some(constant), Some(source)) = (constant, TextSource::of(source)) {
                return Box::new(move |run| source.with(run, |seen| seen.is(constant.as_deref()) != negated));
            }
        }
        let (a, b) = (self.value(left), self.value(right));
        Box::new(move |run| {
            let (a, b) = (a(run)?, b(run)?);
            run.step()?;
            let equal = match (&a, &b) {
                (Value::Str(a), Value::Str(b)) => {
                    run.steps(a.byte_len().min(b.byte_len()) / 32)?;
                    a == b
                }
                (Value::Null, Value::Null) => true,
                _ => false,
            };
            Ok(equal != negated)
        })
    }

    /// `&` and `|` on `bool?`.
    pub(super) fn logic3(&self, op: BinaryOp, left: &Node, right: &Node) -> Code<Value> {
        let (a, b) = (self.value(left), self.value(right));
        let decides = op == BinaryOp::Or;
        Box::new(move |run| {
            let (a, b) = (a(run)?, b(run)?);
            let is = |v: &Value, wanted: bool| matches!(v, Value::Bool(b) if *b == wanted);
            Ok(if is(&a, decides) || is(&b, decides) {
                Value::Bool(decides)
            } else if a.is_null() || b.is_null() {
                Value::Null
            } else {
                Value::Bool(!decides)
            })
        })
    }
}

/// The steps of an operation on decimals.
const DECIMAL: usize = 30;

/// Code that counts as a step of its own.
fn stepped<T>(code: impl Fn(&mut Run<'_>) -> Result<T, Fault> + Send + Sync + 'static) -> Code<T> {
    Box::new(move |run| {
        run.step()?;
        code(run)
    })
}

fn as_int(value: &Value) -> i32 {
    match value {
        Value::Int(v) => *v,
        _ => 0,
    }
}

/// `object.ReferenceEquals`; boxed values are never the same, strings only when they are one object.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Str(a), Value::Str(b)) => a.same(b),
        (Value::View(a), Value::View(b)) => a == b,
        (Value::Object(a), Value::Object(b)) => a.same(b),
        _ => false,
    }
}

impl Run<'_> {
    /// `object.ReferenceEquals`
    pub(crate) fn same(&self, a: &Value, b: &Value) -> bool {
        same(a, b)
    }
}
