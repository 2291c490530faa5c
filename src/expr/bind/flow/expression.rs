//! Expressions.

use super::{Flow, State, join};
use crate::expr::bind::constant::boolean;
use crate::expr::bind::tree::{FuncId, LocalId, Node, NodeKind, Piece, Target};
use crate::expr::deep::deeper;
use crate::expr::syntax::Span;
use crate::expr::types::Ty;

impl Flow<'_, '_> {
    /// The states after a condition that holds and one that does not.
    pub(super) fn condition(&mut self, node: &Node, mut state: State) -> (State, State) {
        if let Some(value) = boolean(node) {
            return if value { (state, None) } else { (None, state) };
        }
        match &node.kind {
            NodeKind::Not(inner) => {
                let (yes, no) = self.condition(inner, state);
                (no, yes)
            }
            NodeKind::AndAlso(left, right) => {
                let (yes, no) = self.condition(left, state);
                let (both, not) = self.condition(right, yes);
                (both, join(no, not))
            }
            NodeKind::OrElse(left, right) => {
                let (yes, no) = self.condition(left, state);
                let (also, neither) = self.condition(right, no);
                (join(yes, also), neither)
            }
            NodeKind::IsDeclare(operand, ty, local) => {
                self.expr(operand, &mut state);
                let no = if ty.is_none() { None } else { state.clone() };
                if let Some(local) = local {
                    self.assign(&mut state, *local);
                }
                (state, no)
            }
            NodeKind::Conditional(test, yes, no) => {
                let (then, other) = self.condition(test, state);
                let (a, b) = self.condition(yes, then);
                let (c, d) = self.condition(no, other);
                (join(a, c), join(b, d))
            }
            NodeKind::Convert(_, inner) if inner.ty == Ty::Bool && node.ty == Ty::Bool => self.condition(inner, state),
            _ => {
                self.expr(node, &mut state);
                (state.clone(), state)
            }
        }
    }

    /// A read of a variable.
    fn read(&mut self, local: LocalId, span: Span, state: &State) {
        let Some(assigned) = state else { return };
        let info = &self.binder.locals[local.0 as usize];
        if !info.needs_assignment || assigned.contains(&local) {
            return;
        }
        if let Some(open) = self.open.last_mut()
            && !self.binder.owns(open.function, info.function)
        {
            open.requires.push(local);
            return;
        }
        let (code, what) = if info.by_ref { ("CS0269", "out parameter") } else { ("CS0165", "local variable") };
        self.problems.push(span.error(code, format!("Use of unassigned {what} '{}'", info.name)));
    }

    /// A call of a local function: what it reads must be assigned, and what it assigns is.
    fn called(&mut self, function: FuncId, span: Span, state: &mut State) {
        let summary = self.summary(function);
        for local in summary.requires {
            self.read(local, span, state);
        }
        if let Some(state) = state {
            state.extend(summary.gives);
        }
    }

    fn all(&mut self, nodes: &[Node], state: &mut State) {
        for node in nodes {
            self.expr(node, state);
        }
    }

    /// The reference that is stored through; naming a parameter or variable by reference reads nothing.
    fn reference(&mut self, reference: &Node, state: &mut State) {
        if !matches!(reference.kind, NodeKind::Local(_)) {
            self.expr(reference, state);
        }
    }

    fn target(&mut self, target: &Target, state: &mut State) {
        match target {
            Target::Local(_) | Target::Discard => {}
            Target::Deref(reference) => self.reference(reference, state),
            Target::Element(array, indices) => {
                self.expr(array, state);
                self.all(indices, state);
            }
            Target::Property(access) => self.all(&access.args, state),
        }
    }

    fn store(&self, target: &Target, state: &mut State) {
        match target {
            Target::Local(local) => self.assign(state, *local),
            Target::Deref(reference) => {
                if let NodeKind::Local(local) = &reference.kind {
                    self.assign(state, *local);
                }
            }
            _ => {}
        }
    }

    pub(super) fn expr(&mut self, node: &Node, state: &mut State) {
        deeper(|| self.expr_here(node, state));
    }

    fn expr_here(&mut self, node: &Node, state: &mut State) {
        match &node.kind {
            NodeKind::Local(local) => self.read(*local, node.span, state),
            NodeKind::Error | NodeKind::Const(_) | NodeKind::Context | NodeKind::TypeOf(_) | NodeKind::Nothing => {}
            NodeKind::FunctionDelegate(function) => {
                let mut before = state.clone();
                self.called(*function, node.span, &mut before);
            }
            NodeKind::Deref(reference) => match &reference.kind {
                NodeKind::Local(local) => self.read(*local, node.span, state),
                _ => self.expr(reference, state),
            },
            NodeKind::Reference { target, out } => {
                self.target(target, state);
                match target {
                    Target::Local(local) if !out => self.read(*local, node.span, state),
                    Target::Deref(reference) if !out => {
                        if let NodeKind::Local(local) = &reference.kind {
                            self.read(*local, node.span, state);
                        }
                    }
                    _ if *out => self.store(target, state),
                    _ => {}
                }
            }
            NodeKind::Combine { left, right, .. } => {
                self.expr(left, state);
                self.expr(right, state);
            }
            NodeKind::Call(call) => {
                self.all(&call.args, state);
                call.refs.iter().for_each(|(_, target)| self.store(target, state));
            }
            NodeKind::CallFunction { function, args, .. } => {
                self.all(args, state);
                self.called(*function, node.span, state);
            }
            NodeKind::Invoke { delegate, args } => {
                self.expr(delegate, state);
                self.all(args, state);
            }
            NodeKind::Get(access) => self.all(&access.args, state),
            NodeKind::Element(target, indices) => {
                self.expr(target, state);
                self.all(indices, state);
            }
            NodeKind::AnonymousMember(inner, _)
            | NodeKind::Negate { operand: inner, .. }
            | NodeKind::Complement { operand: inner, .. }
            | NodeKind::Convert(_, inner)
            | NodeKind::Is(inner, _)
            | NodeKind::As(inner, _) => self.expr(inner, state),
            NodeKind::Arithmetic { left, right, .. }
            | NodeKind::Compare { left, right, .. }
            | NodeKind::Shift { value: left, count: right, .. }
            | NodeKind::Logic(_, left, right)
            | NodeKind::Logic3(_, left, right)
            | NodeKind::StringEqual { left, right, .. }
            | NodeKind::ReferenceEqual { left, right, .. }
            | NodeKind::IsConstant(left, right) => {
                self.expr(left, state);
                self.expr(right, state);
            }
            NodeKind::Not(_) | NodeKind::AndAlso(..) | NodeKind::OrElse(..) | NodeKind::IsDeclare(..) => {
                let (yes, no) = self.condition(node, state.take());
                *state = join(yes, no);
            }
            NodeKind::Concat(parts) | NodeKind::Anonymous(parts) => self.all(parts, state),
            NodeKind::Lift { operands, body, .. } => {
                for (local, operand) in operands {
                    self.expr(operand, state);
                    self.assign(state, *local);
                }
                self.expr(body, state);
            }
            NodeKind::LiftEqual { left, right, body, .. } => {
                self.expr(&left.1, state);
                self.expr(&right.1, state);
                self.expr(body, state);
            }
            NodeKind::Conditional(condition, yes, no) => {
                let (mut then, mut other) = self.condition(condition, state.take());
                self.expr(yes, &mut then);
                self.expr(no, &mut other);
                *state = join(then, other);
            }
            NodeKind::Coalesce(left, right) => {
                self.expr(left, state);
                let mut other = state.clone();
                self.expr(right, &mut other);
            }
            NodeKind::ConditionalAccess { receiver, rest, .. } => {
                self.expr(receiver, state);
                let mut inner = state.clone();
                self.expr(rest, &mut inner);
            }
            NodeKind::NewArray { sizes, .. } => self.all(sizes, state),
            NodeKind::ArrayItems { items, .. } => self.all(items, state),
            NodeKind::Let { local, value, then, result } => {
                self.expr(value, state);
                self.assign(state, *local);
                self.all(then, state);
                self.expr(result, state);
            }
            NodeKind::Lambda(id) => {
                let assigned = state.clone().unwrap_or_default();
                self.function(*id, assigned);
            }
            NodeKind::NativeDelegate { receiver, .. } => {
                if let Some(receiver) = receiver {
                    self.expr(receiver, state);
                }
            }
            NodeKind::Assign { target, value } => {
                self.target(target, state);
                self.expr(value, state);
                self.store(target, state);
            }
            NodeKind::Update { target, old, value, .. } => {
                match target {
                    Target::Local(local) => self.read(*local, node.span, state),
                    Target::Deref(reference) => {
                        if let NodeKind::Local(local) = &reference.kind {
                            self.read(*local, node.span, state);
                        }
                    }
                    _ => {}
                }
                self.target(target, state);
                self.assign(state, *old);
                self.expr(value, state);
                self.store(target, state);
            }
            NodeKind::Throw(inner) => {
                self.expr(inner, state);
                *state = None;
            }
            NodeKind::Interpolate(pieces) => {
                for piece in pieces {
                    if let Piece::Hole { value, .. } = piece {
                        self.expr(value, state);
                    }
                }
            }
        }
    }
}
