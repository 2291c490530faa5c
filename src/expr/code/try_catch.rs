//! `try`, `catch` and `finally`.

use std::sync::Arc;

use super::emit::Emitter;
use super::filter::{self, Guard, Verdict};
use super::function::{Code, Place};
use super::run::{CALL, Run};
use super::statement::{Flow, Step};
use crate::expr::bind::tree::{Catch, Stmt};
use crate::expr::fault::{Cause, Fault};
use crate::expr::types::Ty;

impl Emitter<'_> {
    pub(super) fn try_catch(&self, body: &Stmt, catches: &[Catch], finally: Option<&Stmt>) -> Step {
        let body = self.step(body);
        let handlers: Arc<[Handler]> = catches
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
            let mut result = if handlers.is_empty() { body(run) } else { guarded(run, &body, &handlers) };
            if let Some(finally) = &finally {
                result = result.map_err(|fault| filter::decide(run, fault));
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

/// The steps of making and catching an exception.
const THROW: usize = 4 * CALL;

/// A `catch` block.
pub(super) struct Handler {
    pub(super) ty: Ty,
    pub(super) local: Option<Place>,
    pub(super) when: Option<Code<bool>>,
    pub(super) cells: Box<[usize]>,
    body: Step,
}

fn guarded(run: &mut Run<'_>, body: &Step, handlers: &Arc<[Handler]>) -> Result<Flow, Fault> {
    let guard = Guard::new(handlers, run);
    run.guards.push(guard);
    let result = body(run);
    let guard = run.guards.pop();
    result.or_else(|fault| handle(run, fault, handlers, guard.and_then(Guard::verdict).as_ref()))
}

fn handle(run: &mut Run<'_>, fault: Fault, handlers: &[Handler], verdict: Option<&Verdict>) -> Result<Flow, Fault> {
    if matches!(fault.cause(), Cause::Budget(_)) {
        return Err(fault);
    }
    let span = fault.span().unwrap_or_default();
    run.steps(THROW).map_err(|f| f.at(span))?;
    let thrown = filter::thrown(fault)?;
    let chosen = filter::choose(run, handlers, &thrown, verdict)?;
    match chosen.and_then(|index| handlers.get(index)) {
        Some(handler) => {
            run.handling.push(thrown);
            let result = (handler.body)(run);
            run.handling.pop();
            result
        }
        None => Err(Fault::thrown(thrown).at(span)),
    }
}
