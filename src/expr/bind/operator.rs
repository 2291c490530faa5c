//! Unary and binary operators.

use super::Binder;
use super::constant::{self, Failure, boolean};
use super::convert::implicit;
use super::name::Operand;
use super::overload::{Candidate, Miss};
use super::tree::{Node, NodeKind};
use crate::expr::code::arithmetic;
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::{self, BinaryOp, ExprKind, UnaryOp};
use crate::expr::types::{Operator, Ty, TypeId, table};
use crate::expr::value::{Str, Value};

/// The type that arithmetic on two numeric types is done in.
fn promote(a: TypeId, b: TypeId, left: Option<&Value>, right: Option<&Value>) -> Result<TypeId, &'static str> {
    use TypeId::*;
    let either = |id| a == id || b == id;
    let real = |id| matches!(id, Single | Double);
    if either(Decimal) {
        return if real(a) || real(b) { Err("CS0019") } else { Ok(Decimal) };
    }
    if either(Double) {
        return Ok(Double);
    }
    if either(Single) {
        return Ok(Single);
    }
    if either(UInt64) {
        let (other, constant) = if a == UInt64 { (b, right) } else { (a, left) };
        let signed = matches!(other, SByte | Int16 | Int32 | Int64);
        let fits = constant.and_then(Value::integral).is_some_and(|v| v >= 0);
        return if signed && !fits { Err("CS0034") } else { Ok(UInt64) };
    }
    if either(Int64) {
        return Ok(Int64);
    }
    if either(UInt32) {
        let (other, constant) = if a == UInt32 { (b, right) } else { (a, left) };
        let signed = matches!(other, SByte | Int16 | Int32);
        let fits = constant.and_then(Value::integral).is_some_and(|v| v >= 0);
        return Ok(if signed && !(fits && other == Int32) { Int64 } else { UInt32 });
    }
    Ok(Int32)
}

impl<'t> Binder<'t> {
    /// A chain of binary operators, bound from its left end without recursion.
    pub(super) fn binary_chain(&mut self, expr: &'t ast::Expr<'t>) -> Node {
        let mut spine = Vec::new();
        let mut at = expr;
        while let ExprKind::Binary(op, left, right) = &at.kind {
            spine.push((*op, &**right, at.span));
            at = left;
        }
        let mut left = match self.operand(at) {
            Operand::Value(node) => node,
            other => self.value(other, at.span),
        };
        while let Some((op, right, span)) = spine.pop() {
            left = match op {
                BinaryOp::Coalesce => self.coalesce(left, right, span),
                _ => {
                    let right = self.expr(right);
                    self.binary(op, left, right, span)
                }
            };
        }
        left
    }

    fn bad_operands(&mut self, code: &'static str, op: BinaryOp, left: &Ty, right: &Ty, span: Span) -> Node {
        let (a, b, symbol) = (left.short(), right.short(), op.symbol());
        let message = if code == "CS0034" {
            format!("Operator '{symbol}' is ambiguous on operands of type '{a}' and '{b}'")
        } else {
            format!("Operator '{symbol}' cannot be applied to operands of type '{a}' and '{b}'")
        };
        self.error_node(span, code, message)
    }

    /// A binary operator on bound operands.
    pub(super) fn binary(&mut self, op: BinaryOp, left: Node, right: Node, span: Span) -> Node {
        if left.ty.is_error() || right.ty.is_error() {
            return Node::error(span);
        }
        if left.ty == Ty::Void || right.ty == Ty::Void {
            return self.bad_operands("CS0019", op, &left.ty, &right.ty, span);
        }
        let (left, right) = match self.lifted_user_operator(op, left, right, span) {
            Ok(node) => return node,
            Err(operands) => operands,
        };
        if let Some(node) = self.user_operator(op, &left, &right, span) {
            return match node {
                Ok(chosen) => {
                    let args = vec![Self::given(left), Self::given(right)];
                    self.call(&chosen, None, args, span)
                }
                Err(node) => node,
            };
        }
        match op {
            BinaryOp::AndAlso | BinaryOp::OrElse => return self.short_circuit(op, left, right, span),
            BinaryOp::Add if left.ty == Ty::String || right.ty == Ty::String => return self.concat(left, right, span),
            BinaryOp::Add | BinaryOp::Subtract if left.ty.is_delegate() => {
                return self.not_supported(span, "combining delegates");
            }
            BinaryOp::ShiftLeft | BinaryOp::ShiftRight => return self.shift(op, left, right, span),
            BinaryOp::Equal | BinaryOp::NotEqual => {
                if let Some(node) = self.reference_equality(op, &left, &right) {
                    return match node {
                        true => self.equality(op, left, right, span),
                        false => self.bad_operands("CS0019", op, &left.ty, &right.ty, span),
                    };
                }
            }
            _ => {}
        }
        let (a, b) = (left.ty.underlying().clone(), right.ty.underlying().clone());
        let lifted = matches!(left.ty, Ty::Nullable(_))
            || matches!(right.ty, Ty::Nullable(_))
            || left.ty == Ty::Null
            || right.ty == Ty::Null;
        if a.is_enum() || b.is_enum() {
            return self.enum_operator(op, left, right, lifted, span);
        }
        let is_bool = |t: &Ty| *t == Ty::Bool || *t == Ty::Null;
        if is_bool(&a) && is_bool(&b) && !(a == Ty::Null && b == Ty::Null) {
            return self.bool_operator(op, left, right, lifted, span);
        }
        let numeric = |t: &Ty| t.is_numeric() || *t == Ty::Null;
        if !numeric(&a) || !numeric(&b) || (a == Ty::Null && b == Ty::Null) {
            return self.bad_operands("CS0019", op, &left.ty, &right.ty, span);
        }
        let id = |t: &Ty, other: &Ty| if *t == Ty::Null { other.id() } else { t.id() };
        let (Some(x), Some(y)) = (id(&a, &b), id(&b, &a)) else {
            return self.bad_operands("CS0019", op, &left.ty, &right.ty, span);
        };
        let constant = |n: &Node| n.as_const().filter(|_| !lifted).cloned();
        let on = match promote(x, y, constant(&left).as_ref(), constant(&right).as_ref()) {
            Ok(on) => on,
            Err(code) => return self.bad_operands(code, op, &left.ty, &right.ty, span),
        };
        if matches!(op, BinaryOp::And | BinaryOp::Or | BinaryOp::Xor)
            && matches!(on, TypeId::Single | TypeId::Double | TypeId::Decimal)
        {
            return self.bad_operands("CS0019", op, &left.ty, &right.ty, span);
        }
        let operand_ty = Ty::Named(on);
        if lifted {
            return self.lift_binary(op, left, right, span, |binder, l, r| {
                let l = binder.convert(l, &operand_ty);
                let r = binder.convert(r, &operand_ty);
                binder.numeric(op, on, l, r, operand_ty.clone(), span)
            });
        }
        let left = self.convert(left, &operand_ty);
        let right = self.convert(right, &operand_ty);
        self.numeric(op, on, left, right, operand_ty, span)
    }

    /// An operator on operands of one numeric type (or an enumeration's number).
    fn numeric(&mut self, op: BinaryOp, on: TypeId, left: Node, right: Node, result: Ty, span: Span) -> Node {
        if let (Some(a), Some(b)) = (left.as_const(), right.as_const()) {
            if op.is_comparison() {
                let value = arithmetic::compare(op, on, a, b);
                return Node::constant(Ty::Bool, span, Value::Bool(value));
            }
            return match constant::arithmetic(op, on, a, b, !self.explicitly_unchecked) {
                Ok(value) => Node::constant(result, span, value),
                Err(Failure::DivideByZero) => self.error_node(span, "CS0020", "Division by constant zero"),
                Err(Failure::Overflow) => {
                    let code = if on == TypeId::Decimal { "CS0463" } else { "CS0220" };
                    self.error_node(span, code, "The operation overflows at compile time in checked mode")
                }
            };
        }
        let is_zero = right.as_const().and_then(Value::integral) == Some(0)
            || matches!(right.as_const(), Some(Value::Decimal(d)) if d.is_zero());
        if matches!(op, BinaryOp::Divide | BinaryOp::Remainder) && is_zero {
            return self.error_node(span, "CS0020", "Division by constant zero");
        }
        let checked = self.checked;
        let (left, right) = (left.boxed(), right.boxed());
        if op.is_comparison() {
            return Node::new(Ty::Bool, span, NodeKind::Compare { op, on, left, right });
        }
        Node::new(result, span, NodeKind::Arithmetic { op, on, checked, left, right })
    }

    /// Binds an operator on the values of nullables.
    fn lift_binary(
        &mut self,
        op: BinaryOp,
        left: Node,
        right: Node,
        span: Span,
        body: impl FnOnce(&mut Self, Node, Node) -> Node,
    ) -> Node {
        let inner =
            |ty: &Ty, other: &Ty| if *ty == Ty::Null { other.underlying().clone() } else { ty.underlying().clone() };
        let (a, b) = (inner(&left.ty, &right.ty), inner(&right.ty, &left.ty));
        let (x, y) = (self.temp(a.clone()), self.temp(b.clone()));
        let constant = |node: &Node, ty: &Ty, temp| match node.as_const() {
            Some(value) if !value.is_null() => Node::constant(ty.clone(), span, value.clone()),
            _ => Node::new(ty.clone(), span, NodeKind::Local(temp)),
        };
        let (l, r) = (constant(&left, &a, x), constant(&right, &b, y));
        let body = body(self, l, r);
        let result = body.ty.clone();
        if result.is_error() {
            return Node::error(span);
        }
        if matches!(op, BinaryOp::Equal | BinaryOp::NotEqual) {
            let kind = NodeKind::LiftEqual {
                negated: op == BinaryOp::NotEqual,
                left: (x, left.boxed()),
                right: (y, right.boxed()),
                body: body.boxed(),
            };
            return Node::new(Ty::Bool, span, kind);
        }
        let (ty, null_result) =
            if op.is_comparison() { (Ty::Bool, Value::Bool(false)) } else { (Ty::nullable(result), Value::Null) };
        let kind = NodeKind::Lift { operands: vec![(x, left), (y, right)], body: body.boxed(), null_result };
        Node::new(ty, span, kind)
    }

    /// Whether `==` compares references (or strings, or null): `Some(false)` when the types rule it out.
    fn reference_equality(&self, _: BinaryOp, left: &Node, right: &Node) -> Option<bool> {
        let (a, b) = (&left.ty, &right.ty);
        if *a == Ty::Null && *b == Ty::Null {
            return Some(true);
        }
        if *a == Ty::Null || *b == Ty::Null {
            return Some(true);
        }
        if a.is_reference() && b.is_reference() {
            return Some(self.can_be(a, b) || self.can_be(b, a));
        }
        if a.is_reference() || b.is_reference() {
            return Some(false);
        }
        let plain = |t: &Ty| t.underlying().is_numeric() || t.underlying().is_enum() || *t.underlying() == Ty::Bool;
        (!plain(a) || !plain(b)).then_some(false)
    }

    fn equality(&mut self, op: BinaryOp, left: Node, right: Node, span: Span) -> Node {
        let negated = op == BinaryOp::NotEqual;
        if let (Some(a), Some(b)) = (left.as_const(), right.as_const()) {
            let same = match (a, b) {
                (Value::Null, Value::Null) => Some(true),
                (Value::Str(a), Value::Str(b)) => Some(a == b),
                _ => None,
            };
            if let Some(same) = same {
                return Node::constant(Ty::Bool, span, Value::Bool(same != negated));
            }
        }
        let value_against_null = |t: &Ty| t.is_value_type() && !matches!(t, Ty::Nullable(_));
        if value_against_null(&left.ty) || value_against_null(&right.ty) {
            let shown = if left.ty == Ty::Null { &right.ty } else { &left.ty };
            let allowed =
                shown.is_numeric() || shown.is_enum() || *shown == Ty::Bool || has_operator(shown, Operator::Equal);
            if !allowed {
                return self.bad_operands("CS0019", op, &left.ty, &right.ty, span);
            }
        }
        let strings = |t: &Ty| *t == Ty::String || *t == Ty::Null;
        let kind = if strings(&left.ty) && strings(&right.ty) {
            NodeKind::StringEqual { negated, left: left.boxed(), right: right.boxed() }
        } else {
            NodeKind::ReferenceEqual { negated, left: left.boxed(), right: right.boxed() }
        };
        Node::new(Ty::Bool, span, kind)
    }

    fn short_circuit(&mut self, op: BinaryOp, left: Node, right: Node, span: Span) -> Node {
        if left.ty != Ty::Bool || right.ty != Ty::Bool {
            let fits = |n: &Node| implicit(&n.ty, None, &Ty::Bool).is_some();
            if !fits(&left) || !fits(&right) {
                return self.bad_operands("CS0019", op, &left.ty, &right.ty, span);
            }
        }
        let (left, right) = (self.convert(left, &Ty::Bool), self.convert(right, &Ty::Bool));
        if let (Some(a), Some(b)) = (boolean(&left), boolean(&right)) {
            let value = if op == BinaryOp::AndAlso { a && b } else { a || b };
            return Node::constant(Ty::Bool, span, Value::Bool(value));
        }
        let kind = if op == BinaryOp::AndAlso {
            NodeKind::AndAlso(left.boxed(), right.boxed())
        } else {
            NodeKind::OrElse(left.boxed(), right.boxed())
        };
        Node::new(Ty::Bool, span, kind)
    }

    fn concat(&mut self, left: Node, right: Node, span: Span) -> Node {
        let text = |node: &Node| match node.as_const() {
            Some(Value::Str(text)) => Some(text.clone()),
            Some(Value::Null) => Some(Str::from("")),
            _ => None,
        };
        if let (Some(a), Some(b)) = (text(&left), text(&right)) {
            let mut units = a.units();
            units.extend(b.units());
            return Node::constant(Ty::String, span, Value::Str(Str::from_utf16(&units)));
        }
        let mut parts = match left.kind {
            NodeKind::Concat(parts) => parts,
            kind => vec![Node { kind, ..left }],
        };
        parts.push(right);
        Node::new(Ty::String, span, NodeKind::Concat(parts))
    }

    fn shift(&mut self, op: BinaryOp, left: Node, right: Node, span: Span) -> Node {
        use TypeId::*;
        let base = left.ty.underlying().id();
        let on = match base {
            Some(SByte | Byte | Int16 | UInt16 | Char | Int32) => Int32,
            Some(id @ (UInt32 | Int64 | UInt64)) => id,
            _ => return self.bad_operands("CS0019", op, &left.ty, &right.ty, span),
        };
        if implicit(right.ty.underlying(), right.as_const(), &Ty::Int).is_none() {
            return self.bad_operands("CS0019", op, &left.ty, &right.ty, span);
        }
        let left_shift = op == BinaryOp::ShiftLeft;
        let ty = Ty::Named(on);
        let make = move |binder: &mut Self, l: Node, r: Node| {
            let value = binder.convert(l, &Ty::Named(on));
            let count = binder.convert(r, &Ty::Int);
            if let (Some(a), Some(b)) = (value.as_const(), count.as_const()) {
                let shifted = arithmetic::shift(left_shift, on, a, b);
                return Node::constant(Ty::Named(on), span, shifted);
            }
            let kind = NodeKind::Shift { left_shift, on, value: value.boxed(), count: count.boxed() };
            Node::new(Ty::Named(on), span, kind)
        };
        if matches!(left.ty, Ty::Nullable(_)) || matches!(right.ty, Ty::Nullable(_)) {
            return self.lift_binary(op, left, right, span, make);
        }
        let _ = ty;
        make(self, left, right)
    }

    fn bool_operator(&mut self, op: BinaryOp, left: Node, right: Node, lifted: bool, span: Span) -> Node {
        match op {
            BinaryOp::And | BinaryOp::Or | BinaryOp::Xor if !lifted => {
                if let (Some(a), Some(b)) = (boolean(&left), boolean(&right)) {
                    let value = match op {
                        BinaryOp::And => a & b,
                        BinaryOp::Or => a | b,
                        _ => a ^ b,
                    };
                    return Node::constant(Ty::Bool, span, Value::Bool(value));
                }
                Node::new(Ty::Bool, span, NodeKind::Logic(op, left.boxed(), right.boxed()))
            }
            BinaryOp::And | BinaryOp::Or => {
                Node::new(Ty::nullable(Ty::Bool), span, NodeKind::Logic3(op, left.boxed(), right.boxed()))
            }
            BinaryOp::Xor | BinaryOp::Equal | BinaryOp::NotEqual => {
                let make = |binder: &mut Self, l: Node, r: Node| {
                    if op == BinaryOp::Xor {
                        return Node::new(Ty::Bool, span, NodeKind::Logic(op, l.boxed(), r.boxed()));
                    }
                    binder.numeric(op, TypeId::Boolean, l, r, Ty::Bool, span)
                };
                if lifted { self.lift_binary(op, left, right, span, make) } else { make(self, left, right) }
            }
            _ => self.bad_operands("CS0019", op, &left.ty, &right.ty, span),
        }
    }

    fn enum_operator(&mut self, op: BinaryOp, left: Node, right: Node, lifted: bool, span: Span) -> Node {
        let (a, b) = (left.ty.underlying().clone(), right.ty.underlying().clone());
        let zero = |n: &Node| matches!(n.as_const(), Some(Value::Int(0)));
        let both =
            a == b || (a.is_enum() && zero(&right)) || (b.is_enum() && zero(&left)) || a == Ty::Null || b == Ty::Null;
        let enumeration = if a.is_enum() { a.clone() } else { b.clone() };
        let Some(on) = enumeration.id() else { return Node::error(span) };
        let result = match op {
            _ if op.is_comparison() && both => Ty::Bool,
            BinaryOp::And | BinaryOp::Or | BinaryOp::Xor if both => enumeration.clone(),
            BinaryOp::Subtract if a == b => Ty::Int,
            BinaryOp::Add | BinaryOp::Subtract if a.is_enum() && implicit(&b, right.as_const(), &Ty::Int).is_some() => {
                enumeration.clone()
            }
            BinaryOp::Add if b.is_enum() && implicit(&a, left.as_const(), &Ty::Int).is_some() => enumeration.clone(),
            _ => return self.bad_operands("CS0019", op, &left.ty, &right.ty, span),
        };
        let make = |binder: &mut Self, l: Node, r: Node| {
            let number = |binder: &mut Self, n: Node| {
                let from = n.ty.id().unwrap_or(TypeId::Int32);
                if from == TypeId::Int32 { n } else { binder.number(n, from, TypeId::Int32, Ty::Int, false) }
            };
            let (l, r) = (number(binder, l), number(binder, r));
            let node = binder.numeric(op, TypeId::Int32, l, r, Ty::Int, span);
            if result.is_enum() { binder.number(node, TypeId::Int32, on, result.clone(), false) } else { node }
        };
        if lifted { self.lift_binary(op, left, right, span, make) } else { make(self, left, right) }
    }

    /// An operator that a type of the operands declares.
    fn user_operator(
        &mut self,
        op: BinaryOp,
        left: &Node,
        right: &Node,
        span: Span,
    ) -> Option<Result<super::overload::Chosen, Node>> {
        let operator = Operator::of(op.symbol())?;
        let mut candidates = Vec::new();
        for node in [left, right] {
            let mut next = node.ty.underlying().id();
            while let Some(id) = next {
                let info = table().info(id);
                if let Some(methods) = info.operators.get(&operator)
                    && !candidates.iter().any(|c: &Candidate| std::ptr::eq(c.method, &methods[0]))
                {
                    let args = node.ty.underlying().args().to_vec();
                    candidates.extend(methods.iter().map(|method| Candidate { method, owner_args: args.clone() }));
                }
                next = info.base.as_ref().and_then(Ty::id);
            }
        }
        if candidates.is_empty() {
            return None;
        }
        let probe = |node: &Node| {
            Self::given(Node::new(
                node.ty.clone(),
                node.span,
                match node.as_const() {
                    Some(value) => NodeKind::Const(value.clone()),
                    None => NodeKind::Nothing,
                },
            ))
        };
        let args = [probe(left), probe(right)];
        match self.resolve(&candidates, &args, None, span) {
            Ok(chosen) => Some(Ok(chosen)),
            Err(Miss::Ambiguous) => Some(Err(self.bad_operands("CS0034", op, &left.ty, &right.ty, span))),
            Err(_) => None,
        }
    }

    /// An operator of a type's own on nullables of it.
    #[expect(clippy::result_large_err, reason = "what cannot be lifted is given back")]
    fn lifted_user_operator(
        &mut self,
        op: BinaryOp,
        left: Node,
        right: Node,
        span: Span,
    ) -> Result<Node, (Node, Node)> {
        let nullable = |t: &Ty| matches!(t, Ty::Nullable(_)) || *t == Ty::Null;
        let inner =
            |ty: &Ty, other: &Ty| if *ty == Ty::Null { other.underlying().clone() } else { ty.underlying().clone() };
        let (a, b) = (inner(&left.ty, &right.ty), inner(&right.ty, &left.ty));
        if !(nullable(&left.ty) || nullable(&right.ty)) || !a.is_value_type() || !b.is_value_type() {
            return Err((left, right));
        }
        let probe = |ty: &Ty| Node::new(ty.clone(), span, NodeKind::Nothing);
        if !matches!(self.user_operator(op, &probe(&a), &probe(&b), span), Some(Ok(_))) {
            return Err((left, right));
        }
        Ok(self.lift_binary(op, left, right, span, |binder, l, r| binder.binary(op, l, r, span)))
    }

    /// A unary operator.
    pub(super) fn unary(&mut self, op: UnaryOp, operand: &'t ast::Expr<'t>, span: Span) -> Node {
        let operand = self.rvalue(operand);
        if operand.ty.is_error() {
            return Node::error(span);
        }
        if let Ty::Nullable(inner) = &operand.ty {
            let inner = (**inner).clone();
            let temp = self.temp(inner.clone());
            let body = self.unary_value(op, Node::new(inner, span, NodeKind::Local(temp)), span);
            if body.ty.is_error() {
                return body;
            }
            let ty = Ty::nullable(body.ty.clone());
            let kind = NodeKind::Lift { operands: vec![(temp, operand)], body: body.boxed(), null_result: Value::Null };
            return Node::new(ty, span, kind);
        }
        self.unary_value(op, operand, span)
    }

    fn unary_value(&mut self, op: UnaryOp, operand: Node, span: Span) -> Node {
        use TypeId::*;
        let symbol = match op {
            UnaryOp::Plus => "+",
            UnaryOp::Minus => "-",
            UnaryOp::Not => "!",
            UnaryOp::Complement => "~",
        };
        let id = operand.ty.id();
        if op == UnaryOp::Not && operand.ty == Ty::Bool {
            return match boolean(&operand) {
                Some(value) => Node::constant(Ty::Bool, span, Value::Bool(!value)),
                None => Node::new(Ty::Bool, span, NodeKind::Not(operand.boxed())),
            };
        }
        if op == UnaryOp::Complement && operand.ty.is_enum() {
            let ty = operand.ty.clone();
            let on = id.unwrap_or(Int32);
            let number = self.number(operand, on, Int32, Ty::Int, false);
            let node = self.unary_value(op, number, span);
            return self.number(node, Int32, on, ty, false);
        }
        let on = match (op, id) {
            (UnaryOp::Not, _) => None,
            (_, Some(SByte | Byte | Int16 | UInt16 | Char | Int32)) => Some(Int32),
            (UnaryOp::Minus, Some(UInt32)) => Some(Int64),
            (UnaryOp::Minus, Some(UInt64)) => None,
            (_, Some(id @ (UInt32 | Int64 | UInt64))) => Some(id),
            (UnaryOp::Complement, _) => None,
            (_, Some(id @ (Single | Double | Decimal))) => Some(id),
            (UnaryOp::Minus | UnaryOp::Plus, Some(TimeSpan)) => Some(TimeSpan),
            _ => None,
        };
        let Some(on) = on else {
            let message = format!("Operator '{symbol}' cannot be applied to operand of type '{}'", operand.ty.short());
            return self.error_node(span, "CS0023", message);
        };
        let ty = Ty::Named(on);
        let operand = self.convert(operand, &ty);
        if let Some(value) = operand.as_const() {
            let folded = match op {
                UnaryOp::Plus => Ok(value.clone()),
                UnaryOp::Complement => Ok(arithmetic::complement(on, value)),
                _ => arithmetic::negate(on, value, !self.explicitly_unchecked),
            };
            return match folded {
                Ok(value) => Node::constant(ty, span, value),
                Err(_) => self.error_node(span, "CS0220", "The operation overflows at compile time in checked mode"),
            };
        }
        let checked = self.checked;
        match op {
            UnaryOp::Plus => Node { span, ..operand },
            UnaryOp::Complement => Node::new(ty, span, NodeKind::Complement { on, operand: operand.boxed() }),
            _ => Node::new(ty, span, NodeKind::Negate { on, checked, operand: operand.boxed() }),
        }
    }
}

fn has_operator(ty: &Ty, operator: Operator) -> bool {
    ty.id().is_some_and(|id| table().info(id).operators.contains_key(&operator))
}
