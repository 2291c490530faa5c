//! `try`, `catch` and `finally`.

use super::emit::Emitter;
use super::function::{Code, Place};
use super::run::{CALL, Run};
use super::statement::{Flow, Step, renew};
use super::test;
use crate::expr::bind::tree::{Catch, Stmt};
use crate::expr::fault::{Cause, Fault};
use crate::expr::library::exception;
use crate::expr::types::Ty;

impl Emitter<'_> {
    pub(super) fn try_catch(&self, body: &Stmt, catches: &[Catch], finally: Option<&Stmt>) -> Step {
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

/// The steps of making and catching an exception.
const THROW: usize = 4 * CALL;

struct Handler {
    ty: Ty,
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
    run.steps(THROW).map_err(|f| f.at(span))?;
    let thrown = match fault.into_cause() {
        Cause::Thrown(value) => value,
        Cause::Exception { ty, message } => exception::make(ty, message),
        Cause::Budget(what) => return Err(Fault::budget(what)),
    };
    for handler in handlers {
        if !test::is_instance(&thrown, &handler.ty) {
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
