//! Statements as code: each says how control goes on.

use super::emit::Emitter;
use super::filter;
use super::function::{Code, Place};
use super::run::Run;
use crate::expr::bind::tree::{LocalId, Scope, Stmt, StmtKind};
use crate::expr::deep::deeper;
use crate::expr::fault::Fault;
use crate::expr::value::Value;

/// How control leaves a statement.
pub(super) enum Flow {
    Next,
    Break,
    Continue,
    Return(Value),
    Goto(u32),
    Section(usize),
}

pub(super) type Step = Code<Flow>;

impl Emitter<'_> {
    /// The body of a function.
    pub(super) fn function_body(&self, statement: &Stmt) -> Code<Value> {
        let step = self.step(statement);
        Box::new(move |run| {
            Ok(match step(run)? {
                Flow::Return(value) => value,
                _ => Value::Null,
            })
        })
    }

    /// The cells of a scope, which are new each time it is entered.
    pub(super) fn fresh(&self, locals: &[LocalId]) -> Box<[usize]> {
        locals
            .iter()
            .filter(|l| self.locals[l.0 as usize].captured)
            .filter_map(|l| match self.place(*l) {
                Place::Cell(i) => Some(i),
                Place::Slot(_) => None,
            })
            .collect()
    }

    pub(super) fn step(&self, statement: &Stmt) -> Step {
        deeper(|| self.step_here(statement))
    }

    fn step_here(&self, statement: &Stmt) -> Step {
        let span = statement.span;
        match &statement.kind {
            StmtKind::Empty => Box::new(|_| Ok(Flow::Next)),
            StmtKind::Expression(node) => {
                let code = self.value(node);
                Box::new(move |run| {
                    code(run).map_err(|f| f.at(span))?;
                    Ok(Flow::Next)
                })
            }
            StmtKind::Declare(local, value) => {
                let place = self.place(*local);
                match value {
                    Some(node) => {
                        let code = self.value(node);
                        Box::new(move |run| {
                            let value = code(run).map_err(|f| f.at(span))?;
                            place.store(run, value);
                            Ok(Flow::Next)
                        })
                    }
                    None => {
                        let default = Value::default_of(&self.locals[local.0 as usize].ty);
                        Box::new(move |run| {
                            place.store(run, default.clone());
                            Ok(Flow::Next)
                        })
                    }
                }
            }
            StmtKind::Block(scope) => self.block(scope),
            StmtKind::If(..) => self.branches(statement),
            StmtKind::While { .. } | StmtKind::Do { .. } | StmtKind::For { .. } | StmtKind::ForEach { .. } => {
                self.repeat(statement)
            }
            StmtKind::Switch(switch) => self.switch(switch),
            StmtKind::Break => Box::new(|_| Ok(Flow::Break)),
            StmtKind::Continue => Box::new(|_| Ok(Flow::Continue)),
            StmtKind::Return(None) => Box::new(|_| Ok(Flow::Return(Value::Null))),
            StmtKind::Return(Some(node)) => {
                let code = self.value(node);
                Box::new(move |run| Ok(Flow::Return(code(run).map_err(|f| f.at(span))?)))
            }
            StmtKind::Throw(Some(node)) => {
                let code = self.value(node);
                Box::new(move |run| match code(run)? {
                    Value::Null => Err(Fault::null_reference().at(span)),
                    exception => Err(Fault::thrown(exception).at(span)),
                })
            }
            StmtKind::Throw(None) => Box::new(move |run| {
                let exception = run.handling.last().cloned().unwrap_or(Value::Null);
                Err(Fault::thrown(exception).at(span))
            }),
            StmtKind::Try { body, catches, finally } => self.try_catch(body, catches, finally.as_deref()),
            StmtKind::Using { resource, local, body, scope } => {
                let (resource, place, cells) = (self.value(resource), self.place(*local), self.fresh(scope));
                let body = self.step(body);
                Box::new(move |run| {
                    renew(run, &cells);
                    let value = resource(run)?;
                    place.store(run, value.clone());
                    let result = body(run).map_err(|fault| filter::decide(run, fault));
                    if let Value::Object(object) = &value {
                        object.0.dispose();
                    }
                    result
                })
            }
            StmtKind::Goto(label) => {
                let label = *label;
                Box::new(move |run| {
                    run.step().map_err(|f| f.at(span))?;
                    Ok(Flow::Goto(label))
                })
            }
            StmtKind::GotoSection(section) => {
                let section = *section;
                Box::new(move |run| {
                    run.step().map_err(|f| f.at(span))?;
                    Ok(Flow::Section(section))
                })
            }
            StmtKind::Label(_, inner) => self.step(inner),
        }
    }

    fn block(&self, scope: &Scope) -> Step {
        let cells = self.fresh(&scope.locals);
        let labels: Vec<(u32, usize)> = scope
            .body
            .iter()
            .enumerate()
            .flat_map(|(i, s)| {
                let mut found = Vec::new();
                let mut at = s;
                while let StmtKind::Label(id, inner) = &at.kind {
                    found.push((*id, i));
                    at = inner;
                }
                found
            })
            .collect();
        let steps: Box<[Step]> = scope.body.iter().map(|s| self.step(s)).collect();
        Box::new(move |run| {
            renew(run, &cells);
            let mut at = 0;
            while let Some(step) = steps.get(at) {
                at += 1;
                match step(run)? {
                    Flow::Next => {}
                    Flow::Goto(label) => match labels.iter().find(|(id, _)| *id == label) {
                        Some((_, index)) => at = *index,
                        None => return Ok(Flow::Goto(label)),
                    },
                    other => return Ok(other),
                }
            }
            Ok(Flow::Next)
        })
    }

    /// `if` with all its `else if`, one after the other.
    fn branches(&self, statement: &Stmt) -> Step {
        let mut arms = Vec::new();
        let mut at = Some(statement);
        let mut last = None;
        while let Some(statement) = at.take() {
            match &statement.kind {
                StmtKind::If(condition, then, other) => {
                    arms.push((self.boolean(condition), self.step(then)));
                    at = other.as_deref();
                }
                _ => last = Some(self.step(statement)),
            }
        }
        if arms.len() == 1
            && let Some((condition, then)) = arms.pop()
        {
            return match last {
                Some(other) => Box::new(move |run| if condition(run)? { then(run) } else { other(run) }),
                None => Box::new(move |run| if condition(run)? { then(run) } else { Ok(Flow::Next) }),
            };
        }
        let arms = arms.into_boxed_slice();
        Box::new(move |run| {
            for (condition, then) in &arms {
                if condition(run)? {
                    return then(run);
                }
            }
            match &last {
                Some(other) => other(run),
                None => Ok(Flow::Next),
            }
        })
    }
}

/// Gives the captured variables of a scope new cells.
#[inline]
pub(super) fn renew(run: &mut Run<'_>, cells: &[usize]) {
    for cell in cells {
        let new = run.loops.cell();
        run.set_cell(*cell, new);
    }
}
