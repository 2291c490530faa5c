//! Statements as code: each says how control goes on.

use super::emit::Emitter;
use super::function::{Code, Place};
use super::run::{Cell, Run};
use crate::expr::bind::tree::{Catch, LocalId, Scope, Stmt, StmtKind, Switch};
use crate::expr::deep::deeper;
use crate::expr::fault::{Cause, Fault};
use crate::expr::library::exception;
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

type Step = Code<Flow>;

/// What a loop does with the way its body ended.
enum Turn {
    Again,
    Leave(Flow),
}

fn turn(flow: Flow) -> Turn {
    match flow {
        Flow::Next | Flow::Continue => Turn::Again,
        Flow::Break => Turn::Leave(Flow::Next),
        other => Turn::Leave(other),
    }
}

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
    fn fresh(&self, locals: &[LocalId]) -> Box<[usize]> {
        locals
            .iter()
            .filter(|l| self.locals[l.0 as usize].captured)
            .filter_map(|l| match self.place(*l) {
                Place::Cell(i) => Some(i),
                Place::Slot(_) => None,
            })
            .collect()
    }

    fn step(&self, statement: &Stmt) -> Step {
        deeper(|| self.step_here(statement))
    }

    fn step_here(&self, statement: &Stmt) -> Step {
        let span = statement.span;
        match &statement.kind {
            StmtKind::Empty => Box::new(|_| Ok(Flow::Next)),
            StmtKind::Expression(node) => {
                let code = self.value(node);
                Box::new(move |run| {
                    code(run)?;
                    Ok(Flow::Next)
                })
            }
            StmtKind::Declare(local, value) => {
                let place = self.place(*local);
                match value {
                    Some(node) => {
                        let code = self.value(node);
                        Box::new(move |run| {
                            let value = code(run)?;
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
            StmtKind::While { condition, body, scope } => {
                let (condition, body, cells) = (self.boolean(condition), self.step(body), self.fresh(scope));
                Box::new(move |run| {
                    loop {
                        run.step()?;
                        renew(run, &cells);
                        if !condition(run)? {
                            return Ok(Flow::Next);
                        }
                        if let Turn::Leave(flow) = turn(body(run)?) {
                            return Ok(flow);
                        }
                    }
                })
            }
            StmtKind::Do { condition, body } => {
                let (condition, body) = (self.boolean(condition), self.step(body));
                Box::new(move |run| {
                    loop {
                        run.step()?;
                        if let Turn::Leave(flow) = turn(body(run)?) {
                            return Ok(flow);
                        }
                        if !condition(run)? {
                            return Ok(Flow::Next);
                        }
                    }
                })
            }
            StmtKind::For { init, condition, step, body, scope } => {
                let cells = self.fresh(scope);
                let init: Vec<Step> = init.iter().map(|s| self.step(s)).collect();
                let condition = condition.as_ref().map(|c| self.boolean(c));
                let (step, body) = (self.values(step), self.step(body));
                Box::new(move |run| {
                    renew(run, &cells);
                    for first in &init {
                        first(run)?;
                    }
                    loop {
                        run.step()?;
                        if let Some(condition) = &condition
                            && !condition(run)?
                        {
                            return Ok(Flow::Next);
                        }
                        if let Turn::Leave(flow) = turn(body(run)?) {
                            return Ok(flow);
                        }
                        for next in &step {
                            next(run)?;
                        }
                    }
                })
            }
            StmtKind::ForEach { local, item, temp, source, body, scope } => {
                let (local, temp, cells) = (self.place(*local), self.place(*temp), self.fresh(scope));
                let item = item.as_ref().map(|node| self.value(node));
                let (source, body) = (self.value(source), self.step(body));
                Box::new(move |run| {
                    let source = source(run)?;
                    let mut items = run.iterate(&source).map_err(|f| f.at(span))?;
                    while let Some(value) = items.next(run).map_err(|f| f.at(span))? {
                        run.step()?;
                        renew(run, &cells);
                        match &item {
                            Some(convert) => {
                                temp.store(run, value);
                                let value = convert(run)?;
                                local.store(run, value);
                            }
                            None => local.store(run, value),
                        }
                        if let Turn::Leave(flow) = turn(body(run)?) {
                            return Ok(flow);
                        }
                    }
                    Ok(Flow::Next)
                })
            }
            StmtKind::Switch(switch) => self.switch(switch),
            StmtKind::Break => Box::new(|_| Ok(Flow::Break)),
            StmtKind::Continue => Box::new(|_| Ok(Flow::Continue)),
            StmtKind::Return(None) => Box::new(|_| Ok(Flow::Return(Value::Null))),
            StmtKind::Return(Some(node)) => {
                let code = self.value(node);
                Box::new(move |run| Ok(Flow::Return(code(run)?)))
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
                    let result = body(run);
                    if let Value::Object(object) = &value {
                        object.0.dispose();
                    }
                    result
                })
            }
            StmtKind::Goto(label) => {
                let label = *label;
                Box::new(move |run| {
                    run.step()?;
                    Ok(Flow::Goto(label))
                })
            }
            StmtKind::GotoSection(section) => {
                let section = *section;
                Box::new(move |run| {
                    run.step()?;
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

    fn switch(&self, switch: &Switch) -> Step {
        let (value, temp, cells) = (self.value(&switch.value), self.place(switch.temp), self.fresh(&switch.scope));
        let sections: Vec<(Vec<Code<bool>>, Step)> = switch
            .sections
            .iter()
            .map(|section| {
                let tests = section.tests.iter().map(|t| self.boolean(t)).collect();
                let steps: Box<[Step]> = section.body.iter().map(|s| self.step(s)).collect();
                let body: Step = Box::new(move |run: &mut Run<'_>| {
                    for step in &steps {
                        match step(run)? {
                            Flow::Next => {}
                            other => return Ok(other),
                        }
                    }
                    Ok(Flow::Next)
                });
                (tests, body)
            })
            .collect();
        let default = switch.default;
        Box::new(move |run| {
            renew(run, &cells);
            let value = value(run)?;
            temp.store(run, value);
            let mut chosen = default;
            'search: for (index, (tests, _)) in sections.iter().enumerate() {
                for test in tests {
                    if test(run)? {
                        chosen = Some(index);
                        break 'search;
                    }
                }
            }
            while let Some((_, body)) = chosen.and_then(|index| sections.get(index)) {
                match body(run)? {
                    Flow::Section(next) => chosen = Some(next),
                    Flow::Break | Flow::Next => break,
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

    fn try_catch(&self, body: &Stmt, catches: &[Catch], finally: Option<&Stmt>) -> Step {
        let body = self.step(body);
        let handlers: Vec<Handler> = catches
            .iter()
            .map(|catch| Handler {
                ty: catch.ty.clone(),
                local: catch.local.map(|l| self.place(l)),
                when: catch.when.as_ref().map(|w| self.boolean(w)),
                cells: self.fresh(&catch.scope),
                body: self.step(&catch.body),
            })
            .collect();
        let finally = finally.map(|f| self.step(f));
        Box::new(move |run| {
            let mut result = body(run);
            if let Err(fault) = result {
                result = handle(run, fault, &handlers);
            }
            if let Some(finally) = &finally {
                let is_budget = matches!(&result, Err(fault) if matches!(fault.cause(), Cause::Budget(_)));
                if !is_budget {
                    match finally(run)? {
                        Flow::Next => {}
                        other => return Ok(other),
                    }
                }
            }
            result
        })
    }
}

struct Handler {
    ty: crate::expr::types::Ty,
    local: Option<Place>,
    when: Option<Code<bool>>,
    cells: Box<[usize]>,
    body: Step,
}

fn handle(run: &mut Run<'_>, fault: Fault, handlers: &[Handler]) -> Result<Flow, Fault> {
    if matches!(fault.cause(), Cause::Budget(_)) {
        return Err(fault);
    }
    let span = fault.span().unwrap_or_default();
    let thrown = match fault.into_cause() {
        Cause::Thrown(value) => value,
        Cause::Exception { ty, message } => exception::make(ty, message),
        Cause::Budget(what) => return Err(Fault::budget(what)),
    };
    for handler in handlers {
        if !super::test::is_instance(&thrown, &handler.ty) {
            continue;
        }
        renew(run, &handler.cells);
        if let Some(place) = handler.local {
            place.store(run, thrown.clone());
        }
        if let Some(when) = &handler.when {
            match when(run) {
                Ok(true) => {}
                Err(fault) if matches!(fault.cause(), Cause::Budget(_)) => return Err(fault),
                _ => continue,
            }
        }
        run.handling.push(thrown);
        let result = (handler.body)(run);
        run.handling.pop();
        return result;
    }
    Err(Fault::thrown(thrown).at(span))
}

/// Gives the captured variables of a scope new cells.
#[inline]
fn renew(run: &mut Run<'_>, cells: &[usize]) {
    for cell in cells {
        run.set_cell(*cell, Cell::new(Value::Null));
    }
}
