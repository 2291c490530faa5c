//! Expressions: what each form of the syntax means.

use super::Binder;
use super::constant::boolean;
use super::infer::best_common;
use super::name::Operand;
use super::tree::{Node, NodeKind, Piece};
use crate::expr::deep::deeper;
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::{self, ExprKind};
use crate::expr::types::{Ty, TypeId};
use crate::expr::value::{Str, Value};

impl<'t> Binder<'t> {
    /// Binds any expression.
    pub(super) fn operand(&mut self, expr: &'t ast::Expr<'t>) -> Operand<'t> {
        if !self.burn(expr.span) {
            return Operand::Value(Node::error(expr.span));
        }
        deeper(|| self.operand_here(expr))
    }

    fn operand_here(&mut self, expr: &'t ast::Expr<'t>) -> Operand<'t> {
        let span = expr.span;
        let node = match &expr.kind {
            ExprKind::Name(name) => return self.simple_name(name, span),
            ExprKind::Predefined(word) => {
                return Operand::Type(crate::expr::types::of_keyword(word).unwrap_or(Ty::Error));
            }
            ExprKind::Member(target, name) => return self.member(target, name, span),
            ExprKind::Lambda(lambda) => return Operand::Lambda(lambda, span),
            ExprKind::Paren(inner) => return self.operand(inner),
            ExprKind::Literal(value) => Node::constant(value.ty(), span, value.clone()),
            ExprKind::Receiver => match self.receiver.clone() {
                Some((local, ty)) => {
                    self.note_use(local);
                    Node::new(ty, span, NodeKind::Local(local))
                }
                None => Node::error(span),
            },
            ExprKind::ConditionalAccess(target, rest) => self.conditional_access(target, rest, span),
            ExprKind::Call(callee, args) => self.invocation(callee, args, span),
            ExprKind::Index(target, args) => self.index(target, args, span),
            ExprKind::Unary(op, operand) => self.unary(*op, operand, span),
            ExprKind::Step(delta, postfix, operand) => self.step(*delta, *postfix, operand, span),
            ExprKind::Binary(..) => self.binary_chain(expr),
            ExprKind::Assign(op, left, right) => self.assign(*op, left, right, span),
            ExprKind::Conditional(condition, yes, no) => self.conditional(condition, yes, no, span),
            ExprKind::Cast(ty, inner) => {
                let to = self.type_of(ty);
                match self.operand(inner) {
                    operand @ (Operand::Lambda(..) | Operand::Group(_)) => self.convert_operand(operand, &to, span),
                    operand => {
                        let node = self.value(operand, inner.span);
                        self.cast(node, &to, span)
                    }
                }
            }
            ExprKind::Is(operand, pattern) => {
                let value = self.rvalue(operand);
                self.is_pattern(value, pattern, span)
            }
            ExprKind::As(operand, ty) => self.as_type(operand, ty, span),
            ExprKind::TypeOf(ty) => {
                let ty = self.type_of(ty);
                Node::new(Ty::Named(TypeId::Type), span, NodeKind::TypeOf(ty))
            }
            ExprKind::Default(ty) => {
                let ty = self.type_of(ty);
                Node::constant(ty.clone(), span, Value::default_of(&ty))
            }
            ExprKind::NameOf(inner) => self.name_of(inner, span),
            ExprKind::Checked(checked, inner) => {
                let saved = std::mem::replace(&mut self.checked, *checked);
                let was_unchecked = std::mem::replace(&mut self.explicitly_unchecked, !*checked);
                let node = self.expr(inner);
                self.checked = saved;
                self.explicitly_unchecked = was_unchecked;
                node
            }
            ExprKind::New(ty, args, initializer) => self.creation(ty, args, initializer.as_ref(), span),
            ExprKind::NewArray(ty, sizes, rank, items) => self.array_creation(ty, sizes, *rank, items.as_deref(), span),
            ExprKind::NewImplicitArray(rank, items) => self.implicit_array(*rank, items, span),
            ExprKind::ArrayItems(_) => {
                self.error_node(span, "CS0623", "Array initializers can only be used in a variable initializer")
            }
            ExprKind::Anonymous(members) => self.anonymous(members, span),
            ExprKind::Interpolated(pieces) => self.interpolated(pieces, span),
            ExprKind::Throw(_) => self.error_node(span, "CS8115", "A throw expression is not allowed in this context."),
            ExprKind::Tuple(items) => self.tuple(items, span),
            ExprKind::Declare(..) => self.error_node(span, "CS8185", "A declaration is not allowed in this context."),
            ExprKind::Ref(_) => self.error_node(span, "CS1525", "Invalid expression term 'ref'"),
        };
        Operand::Value(node)
    }

    /// A condition: must be bool.
    pub(super) fn condition(&mut self, expr: &'t ast::Expr<'t>) -> Node {
        let operand = self.operand(expr);
        self.convert_operand(operand, &Ty::Bool, expr.span)
    }

    /// An arm that may be a throw expression.
    pub(super) fn arm(&mut self, expr: &'t ast::Expr<'t>) -> Option<Node> {
        let ExprKind::Throw(inner) = &Self::bare(expr).kind else { return None };
        let value = self.thrown(inner);
        Some(Node::new(Ty::Null, expr.span, NodeKind::Throw(value.boxed())))
    }

    /// The operand of `throw`.
    pub(super) fn thrown(&mut self, expr: &'t ast::Expr<'t>) -> Node {
        let value = self.rvalue(expr);
        if !value.ty.is_error() && value.ty != Ty::Null && !Self::is_exception(&value.ty) {
            return self.error_node(
                expr.span,
                "CS0155",
                "The type caught or thrown must be derived from System.Exception",
            );
        }
        value
    }

    fn conditional(
        &mut self,
        condition: &'t ast::Expr<'t>,
        yes: &'t ast::Expr<'t>,
        no: &'t ast::Expr<'t>,
        span: Span,
    ) -> Node {
        let condition = self.condition(condition);
        let arm = |binder: &mut Self, expr| match binder.arm(expr) {
            Some(throw) => (throw, true),
            None => (binder.rvalue(expr), false),
        };
        let (yes, yes_throws) = arm(self, yes);
        let (no, no_throws) = arm(self, no);
        if yes.ty.is_error() || no.ty.is_error() {
            return Node::error(span);
        }
        let (yes, no, ty) = if yes_throws {
            let ty = no.ty.clone();
            (Node { ty: ty.clone(), ..yes }, no, ty)
        } else if no_throws {
            let ty = yes.ty.clone();
            (yes, Node { ty: ty.clone(), ..no }, ty)
        } else if yes.ty == no.ty && yes.ty != Ty::Null {
            let ty = yes.ty.clone();
            (yes, no, ty)
        } else {
            let (to_no, to_yes) = (self.converts(&yes, &no.ty), self.converts(&no, &yes.ty));
            let target = match (to_yes, to_no) {
                (true, false) => yes.ty.clone(),
                (false, true) => no.ty.clone(),
                (true, true) => match super::better::better_type(&yes.ty, &no.ty) {
                    1 => no.ty.clone(),
                    _ => yes.ty.clone(),
                },
                (false, false) => {
                    let message = format!(
                        "Type of conditional expression cannot be determined because there is no implicit conversion between '{}' and '{}'",
                        yes.ty.short(),
                        no.ty.short()
                    );
                    return self.error_node(span, "CS0173", message);
                }
            };
            if target == Ty::Null {
                return self.error_node(span, "CS0173", "Type of conditional expression cannot be determined");
            }
            (self.convert(yes, &target), self.convert(no, &target), target)
        };
        if let (Some(value), Some(_), Some(_)) = (boolean(&condition), yes.as_const(), no.as_const()) {
            let chosen = if value { yes } else { no };
            return Node { ty, span, kind: chosen.kind };
        }
        Node::new(ty, span, NodeKind::Conditional(condition.boxed(), yes.boxed(), no.boxed()))
    }

    /// `a ?? b`
    pub(super) fn coalesce(&mut self, left: Node, right: &'t ast::Expr<'t>, span: Span) -> Node {
        if left.ty.is_error() {
            let _ = self.operand(right);
            return Node::error(span);
        }
        let underlying = left.ty.underlying().clone();
        let nullable = matches!(left.ty, Ty::Nullable(_));
        if left.ty.is_value_type() && !nullable {
            let right = self.rvalue(right);
            let message = format!(
                "Operator '??' cannot be applied to operands of type '{}' and '{}'",
                left.ty.short(),
                right.ty.short()
            );
            return self.error_node(span, "CS0019", message);
        }
        if let Some(throw) = self.arm(right) {
            let throw = Node { ty: underlying.clone(), ..throw };
            return Node::new(underlying, span, NodeKind::Coalesce(left.boxed(), throw.boxed()));
        }
        let right = match self.operand(right) {
            operand @ (Operand::Lambda(..) | Operand::Group(_)) => self.convert_operand(operand, &left.ty, right.span),
            operand => self.value(operand, right.span),
        };
        if right.ty.is_error() {
            return Node::error(span);
        }
        let ty = if left.ty == Ty::Null {
            if right.ty == Ty::Null {
                return self.error_node(
                    span,
                    "CS0019",
                    "Operator '??' cannot be applied to operands of type '<null>' and '<null>'",
                );
            }
            right.ty.clone()
        } else if nullable && self.converts(&right, &underlying) {
            underlying
        } else if self.converts(&right, &left.ty) {
            left.ty.clone()
        } else if self.converts(&left, &right.ty)
            || (nullable && super::implicit::implicit(&underlying, None, &right.ty).is_some())
        {
            right.ty.clone()
        } else {
            let message = format!(
                "Operator '??' cannot be applied to operands of type '{}' and '{}'",
                left.ty.short(),
                right.ty.short()
            );
            return self.error_node(span, "CS0019", message);
        };
        let right = self.convert(right, &ty);
        if nullable && *left.ty.underlying() != ty && left.ty != ty {
            let inner = left.ty.underlying().clone();
            let temp = self.temp(inner.clone());
            let read = Node::new(inner.clone(), span, NodeKind::Local(temp));
            let body = self.convert(read, &ty);
            let lifted = NodeKind::Lift { operands: vec![(temp, left)], body: body.boxed(), null_result: Value::Null };
            let lifted = Node::new(ty.clone(), span, lifted);
            return Node::new(ty, span, NodeKind::Coalesce(lifted.boxed(), right.boxed()));
        }
        let left = if nullable || left.ty == ty { left } else { self.convert(left, &ty) };
        Node::new(ty, span, NodeKind::Coalesce(left.boxed(), right.boxed()))
    }

    fn name_of(&mut self, expr: &'t ast::Expr<'t>, span: Span) -> Node {
        let text = match &expr.kind {
            ExprKind::Name(name) | ExprKind::Member(_, name) => name.text,
            _ => return self.error_node(span, "CS8081", "Expression does not have a name."),
        };
        match &expr.kind {
            ExprKind::Member(target, name) => match self.operand(target) {
                Operand::Type(ty) => self.check_has_member(&ty, name.text, name.span),
                operand => {
                    let receiver = self.value(operand, target.span);
                    let _ = self.instance_member(receiver, name, None, expr.span);
                }
            },
            _ => {
                let _ = self.operand(expr);
            }
        }
        Node::constant(Ty::String, span, Value::from(text))
    }

    fn as_type(&mut self, operand: &'t ast::Expr<'t>, ty: &ast::TypeRef<'t>, span: Span) -> Node {
        let value = self.rvalue(operand);
        let ty = self.type_of(ty);
        if value.ty.is_error() || ty.is_error() {
            return Node::error(span);
        }
        if ty.is_value_type() && !matches!(ty, Ty::Nullable(_)) {
            let message = format!(
                "The as operator must be used with a reference type or nullable type ('{}' is a non-nullable value type)",
                ty.short()
            );
            return self.error_node(span, "CS0077", message);
        }
        if value.ty != Ty::Null && !self.can_be(&value.ty, &ty) {
            let message = format!(
                "Cannot convert type '{}' to '{}' via a reference conversion, boxing conversion, unboxing conversion, wrapping conversion, or null type conversion",
                value.ty.short(),
                ty.short()
            );
            return self.error_node(span, "CS0039", message);
        }
        Node::new(ty.clone(), span, NodeKind::As(value.boxed(), ty))
    }

    fn interpolated(&mut self, pieces: &'t [ast::Piece<'t>], span: Span) -> Node {
        let mut out = Vec::new();
        let mut failed = false;
        for piece in pieces {
            match piece {
                ast::Piece::Text(Value::Str(text)) => out.push(Piece::Text(text.clone())),
                ast::Piece::Text(_) => {}
                ast::Piece::Hole { value, alignment, format } => {
                    let value = self.rvalue(value);
                    failed |= value.ty.is_error();
                    let alignment = match alignment {
                        Some(expr) => {
                            let node = self.rvalue(expr);
                            match node.as_const() {
                                Some(Value::Int(width)) => *width,
                                _ => {
                                    self.error(expr.span, "CS0150", "A constant value is expected");
                                    0
                                }
                            }
                        }
                        None => 0,
                    };
                    out.push(Piece::Hole { value, alignment, format: format.as_deref().map(Str::from) });
                }
            }
        }
        if failed {
            return Node::new(Ty::String, span, NodeKind::Error);
        }
        Node::new(Ty::String, span, NodeKind::Interpolate(out))
    }

    fn tuple(&mut self, items: &'t [(Option<&'t str>, ast::Expr<'t>)], span: Span) -> Node {
        let nodes: Vec<Node> = items.iter().map(|(_, e)| self.rvalue(e)).collect();
        if nodes.iter().any(|n| n.ty.is_error()) {
            return Node::error(span);
        }
        if nodes.iter().any(|n| n.ty == Ty::Null) {
            return self.error_node(span, "CS0815", "Cannot infer the type of a tuple item from <null>");
        }
        let names: Vec<Option<&str>> = items.iter().map(|(name, _)| *name).collect();
        let ty = self.tuple_type(nodes.iter().map(|n| n.ty.clone()).collect(), &names, span);
        if ty.is_error() {
            return Node::error(span);
        }
        let args = nodes.into_iter().map(Self::given).collect();
        self.construct(ty, args, span)
    }

    /// The items of `{ … }` with the type that fits all.
    pub(super) fn common_type(&mut self, nodes: &[Node], span: Span) -> Option<Ty> {
        let types: Vec<_> = nodes.iter().map(|n| (n.ty.clone(), n.as_const().cloned())).collect();
        let found = best_common(&types);
        if found.is_none() {
            self.error(span, "CS0826", "No best type found for implicitly-typed array");
        }
        found
    }
}
