//! `while`, `do`, `for` and `foreach`.

use super::emit::Emitter;
use super::statement::{Flow, Step, renew};
use crate::expr::bind::tree::{Stmt, StmtKind};

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
    pub(super) fn repeat(&self, statement: &Stmt) -> Step {
        let span = statement.span;
        match &statement.kind {
            StmtKind::While { condition, body, scope } => {
                let (condition, body, cells) = (self.boolean(condition), self.step(body), self.fresh(scope));
                Box::new(move |run| {
                    loop {
                        run.step().map_err(|f| f.at(span))?;
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
                        run.step().map_err(|f| f.at(span))?;
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
                        run.step().map_err(|f| f.at(span))?;
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
                        run.step().map_err(|f| f.at(span))?;
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
            _ => Box::new(|_| Ok(Flow::Next)),
        }
    }
}
