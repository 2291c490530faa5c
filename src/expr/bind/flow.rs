//! Flow analysis: every path returns, and no variable is read before it is assigned.

use std::collections::HashSet;

use super::Binder;
use super::constant::boolean;
use super::tree::{Body, FuncId, LocalId, Node, NodeKind, Piece, Stmt, StmtKind, Target};
use crate::expr::syntax::Span;
use crate::expr::types::Ty;

/// What is assigned at a point; None when the point cannot be reached.
type State = Option<HashSet<LocalId>>;

fn join(a: State, b: State) -> State {
    match (a, b) {
        (None, other) | (other, None) => other,
        (Some(a), Some(b)) => Some(a.intersection(&b).copied().collect()),
    }
}

/// Checks all functions that are part of the expression.
pub(super) fn check(binder: &mut Binder<'_>) {
    let mut flow = Flow { binder, problems: Vec::new(), visited: HashSet::new(), exits: Vec::new() };
    flow.function(FuncId(0), HashSet::new());
    let local_functions: Vec<FuncId> = flow
        .binder
        .local_functions
        .iter()
        .flat_map(|f| {
            if f.instances.is_empty() { vec![f.function] } else { f.instances.iter().map(|(_, id)| *id).collect() }
        })
        .collect();
    for id in local_functions {
        let captured = flow.binder.functions[id.0 as usize].captures.iter().copied().collect();
        flow.function(id, captured);
    }
    let problems = flow.problems;
    binder.diagnostics.extend(problems);
}

struct Flow<'b, 't> {
    binder: &'b Binder<'t>,
    problems: Vec<crate::expr::diagnostic::Diagnostic>,
    visited: HashSet<FuncId>,
    /// Where `break` and `continue` lead: the states that reach them.
    exits: Vec<Exit>,
}

#[derive(Default)]
struct Exit {
    breaks: Vec<HashSet<LocalId>>,
    continues: Vec<HashSet<LocalId>>,
    is_switch: bool,
    sections: Vec<usize>,
}

impl Flow<'_, '_> {
    fn function(&mut self, id: FuncId, assigned: HashSet<LocalId>) {
        if !self.visited.insert(id) {
            return;
        }
        let binder = self.binder;
        let function = &binder.functions[id.0 as usize];
        let exits = std::mem::take(&mut self.exits);
        match &function.body {
            Body::Expression(node) => {
                let mut state = Some(assigned);
                self.expr(node, &mut state);
            }
            Body::Block(statement) => {
                let end = self.statement(statement, Some(assigned));
                if end.is_some() && function.result != Ty::Void {
                    let name = if id == FuncId(0) { "expression" } else { "function" };
                    let at = statement.span.end;
                    let span = Span { start: at.saturating_sub(1), end: at };
                    self.problems.push(span.error("CS0161", format!("{name}: not all code paths return a value")));
                }
            }
            Body::Missing => {}
        }
        self.exits = exits;
    }

    fn statements(&mut self, body: &[Stmt], mut state: State) -> State {
        let labels = body.iter().any(|s| matches!(s.kind, StmtKind::Label(..)));
        for statement in body {
            if labels && state.is_none() && matches!(statement.kind, StmtKind::Label(..)) {
                state = Some(self.all_locals());
            }
            state = self.statement(statement, state);
        }
        state
    }

    fn all_locals(&self) -> HashSet<LocalId> {
        (0..self.binder.locals.len() as u32).map(LocalId).collect()
    }

    fn statement(&mut self, statement: &Stmt, mut state: State) -> State {
        match &statement.kind {
            StmtKind::Empty => state,
            StmtKind::Expression(node) => {
                self.expr(node, &mut state);
                state
            }
            StmtKind::Declare(local, value) => {
                if let Some(node) = value {
                    self.expr(node, &mut state);
                    assign(&mut state, *local);
                } else if let Some(state) = &mut state {
                    state.remove(local);
                }
                state
            }
            StmtKind::Block(scope) => self.statements(&scope.body, state),
            StmtKind::If(condition, then, other) => {
                let (yes, no) = self.condition(condition, state);
                let then = self.statement(then, yes);
                let other = match other {
                    Some(other) => self.statement(other, no),
                    None => no,
                };
                join(then, other)
            }
            StmtKind::While { condition, body, .. } => {
                let (yes, no) = self.condition(condition, state);
                self.exits.push(Exit::default());
                self.statement(body, yes);
                self.leave_loop(no)
            }
            StmtKind::Do { condition, body } => {
                self.exits.push(Exit::default());
                let end = self.statement(body, state);
                let continues = self.exits.last_mut().map(|e| std::mem::take(&mut e.continues)).unwrap_or_default();
                let end = continues.into_iter().fold(end, |end, c| join(end, Some(c)));
                let (_, no) = self.condition(condition, end);
                self.leave_loop(no)
            }
            StmtKind::For { init, condition, step, body, .. } => {
                for first in init {
                    state = self.statement(first, state);
                }
                let (yes, no) = match condition {
                    Some(condition) => self.condition(condition, state),
                    None => (state, None),
                };
                self.exits.push(Exit::default());
                let mut end = self.statement(body, yes);
                let continues = self.exits.last_mut().map(|e| std::mem::take(&mut e.continues)).unwrap_or_default();
                end = continues.into_iter().fold(end, |end, c| join(end, Some(c)));
                for next in step {
                    self.expr(next, &mut end);
                }
                self.leave_loop(no)
            }
            StmtKind::ForEach { local, item, temp, source, body, .. } => {
                self.expr(source, &mut state);
                let after = state.clone();
                assign(&mut state, *temp);
                if let Some(item) = item {
                    self.expr(item, &mut state);
                }
                assign(&mut state, *local);
                self.exits.push(Exit::default());
                self.statement(body, state);
                self.leave_loop(after)
            }
            StmtKind::Switch(switch) => {
                self.expr(&switch.value, &mut state);
                assign(&mut state, switch.temp);
                self.exits.push(Exit { is_switch: true, ..Exit::default() });
                let mut entry = state.clone();
                let constant = switch.value.as_const().is_some();
                let mut starts = Vec::new();
                for section in &switch.sections {
                    let mut start: State = None;
                    for test in &section.tests {
                        let (yes, no) = self.condition(test, entry.clone());
                        start = join(start, yes);
                        entry = no;
                    }
                    starts.push(start);
                }
                let mut ends: State = None;
                for (index, (section, start)) in switch.sections.iter().zip(starts).enumerate() {
                    let start = if switch.default == Some(index) { join(start, entry.clone()) } else { start };
                    let jumped = self.exits.last().is_some_and(|e| e.sections.contains(&index));
                    let start = if jumped && start.is_none() { Some(self.all_locals()) } else { start };
                    let reachable = start.is_some();
                    let end = self.statements(&section.body, start);
                    if end.is_some() && reachable {
                        let message = "Control cannot fall through from one case label to another";
                        self.problems.push(section.span.error("CS0163", message));
                    }
                    ends = join(ends, None);
                }
                let _ = constant;
                let rest = if switch.default.is_some() { None } else { entry };
                let exit = self.exits.pop().unwrap_or_default();
                exit.breaks.into_iter().fold(join(ends, rest), |end, b| join(end, Some(b)))
            }
            StmtKind::Break => {
                if let (Some(state), Some(exit)) = (state, self.exits.last_mut()) {
                    exit.breaks.push(state);
                }
                None
            }
            StmtKind::Continue => {
                if let (Some(state), Some(exit)) = (state, self.exits.iter_mut().rev().find(|e| !e.is_switch)) {
                    exit.continues.push(state);
                }
                None
            }
            StmtKind::Return(node) | StmtKind::Throw(node) => {
                if let Some(node) = node {
                    self.expr(node, &mut state);
                }
                None
            }
            StmtKind::Goto(_) => None,
            StmtKind::GotoSection(section) => {
                if let Some(exit) = self.exits.iter_mut().rev().find(|e| e.is_switch) {
                    exit.sections.push(*section);
                }
                None
            }
            StmtKind::Label(_, inner) => self.statement(inner, state),
            StmtKind::Try { body, catches, finally } => {
                let start = state.clone();
                let mut end = self.statement(body, state);
                for catch in catches {
                    let mut entry = start.clone();
                    if let Some(local) = catch.local {
                        assign(&mut entry, local);
                    }
                    if let Some(when) = &catch.when {
                        self.expr(when, &mut entry);
                    }
                    let after = self.statement(&catch.body, entry);
                    end = join(end, after);
                }
                if let Some(finally) = finally {
                    let after = self.statement(finally, start.clone())?;
                    if let (Some(end), Some(start)) = (&mut end, &start) {
                        end.extend(after.difference(start));
                    }
                }
                end
            }
            StmtKind::Using { resource, local, body, .. } => {
                self.expr(resource, &mut state);
                assign(&mut state, *local);
                self.statement(body, state)
            }
        }
    }

    fn leave_loop(&mut self, end: State) -> State {
        let exit = self.exits.pop().unwrap_or_default();
        exit.breaks.into_iter().fold(end, |end, b| join(end, Some(b)))
    }

    /// The states after a condition that holds and one that does not.
    fn condition(&mut self, node: &Node, mut state: State) -> (State, State) {
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
                    assign(&mut state, *local);
                }
                (state, no)
            }
            NodeKind::Convert(_, inner) if inner.ty == Ty::Bool && node.ty == Ty::Bool => self.condition(inner, state),
            _ => {
                self.expr(node, &mut state);
                (state.clone(), state)
            }
        }
    }

    fn read(&mut self, local: LocalId, span: Span, state: &State) {
        let Some(assigned) = state else { return };
        let info = &self.binder.locals[local.0 as usize];
        if info.needs_assignment && !assigned.contains(&local) {
            self.problems.push(span.error("CS0165", format!("Use of unassigned local variable '{}'", info.name)));
        }
    }

    fn all(&mut self, nodes: &[Node], state: &mut State) {
        for node in nodes {
            self.expr(node, state);
        }
    }

    fn target(&mut self, target: &Target, state: &mut State) {
        match target {
            Target::Local(_) | Target::Discard => {}
            Target::Element(array, indices) => {
                self.expr(array, state);
                self.all(indices, state);
            }
            Target::Property(access) => self.all(&access.args, state),
        }
    }

    fn store(target: &Target, state: &mut State) {
        if let Target::Local(local) = target {
            assign(state, *local);
        }
    }

    fn expr(&mut self, node: &Node, state: &mut State) {
        match &node.kind {
            NodeKind::Local(local) => self.read(*local, node.span, state),
            NodeKind::Error
            | NodeKind::Const(_)
            | NodeKind::Context
            | NodeKind::TypeOf(_)
            | NodeKind::Nothing
            | NodeKind::FunctionDelegate(_) => {}
            NodeKind::Call(call) => {
                self.all(&call.args, state);
                call.refs.iter().for_each(|(_, target)| Self::store(target, state));
            }
            NodeKind::CallFunction { args, refs, .. } => {
                self.all(args, state);
                refs.iter().for_each(|(_, target)| Self::store(target, state));
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
                    assign(state, *local);
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
                assign(state, *local);
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
                Self::store(target, state);
            }
            NodeKind::Update { target, old, value, .. } => {
                if let Target::Local(local) = target {
                    self.read(*local, node.span, state);
                }
                self.target(target, state);
                assign(state, *old);
                self.expr(value, state);
                Self::store(target, state);
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

fn assign(state: &mut State, local: LocalId) {
    if let Some(state) = state {
        state.insert(local);
    }
}
