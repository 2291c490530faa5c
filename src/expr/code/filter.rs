//! Which `catch` takes an exception: decided before any `finally` inside runs, as exception filters can tell.

use std::sync::Arc;

use super::run::{Frame, Run};
use super::statement::renew;
use super::test;
use super::try_catch::Handler;
use crate::expr::fault::{Cause, Fault};
use crate::expr::library::exception;
use crate::expr::value::Value;

/// A `try` whose body is running.
pub(super) struct Guard {
    handlers: Arc<[Handler]>,
    frame: Frame,
    verdict: Option<Verdict>,
}

/// What became of an exception at a `try`.
pub(super) struct Verdict {
    thrown: Value,
    /// The `catch` that takes it; none lets it pass.
    handler: Option<usize>,
}

impl Guard {
    pub(super) fn new(handlers: &Arc<[Handler]>, run: &Run<'_>) -> Self {
        Self { handlers: Arc::clone(handlers), frame: run.frame(), verdict: None }
    }

    pub(super) fn verdict(self) -> Option<Verdict> {
        self.verdict
    }
}

impl Verdict {
    /// Which handler was chosen for an exception; the outer None when it was not asked.
    fn of(verdict: Option<&Self>, thrown: &Value) -> Option<Option<usize>> {
        let is_same = |known: &Value| match (known, thrown) {
            (Value::Object(a), Value::Object(b)) => a.same(b),
            _ => false,
        };
        verdict.filter(|verdict| is_same(&verdict.thrown)).map(|verdict| verdict.handler)
    }
}

/// The exception object of a fault that is no matter of the budget.
pub(super) fn thrown(fault: Fault) -> Result<Value, Fault> {
    match fault.into_cause() {
        Cause::Thrown(value) => Ok(value),
        Cause::Exception { ty, message } => Ok(exception::make(ty, message)),
        Cause::Budget(what) => Err(Fault::budget(what)),
    }
}

/// The first handler that takes an exception, by its type and its filter; its variable is set.
pub(super) fn choose(
    run: &mut Run<'_>,
    handlers: &[Handler],
    thrown: &Value,
    verdict: Option<&Verdict>,
) -> Result<Option<usize>, Fault> {
    if let Some(chosen) = Verdict::of(verdict, thrown) {
        return Ok(chosen);
    }
    for (index, handler) in handlers.iter().enumerate() {
        if !test::is_instance(thrown, &handler.ty) {
            continue;
        }
        renew(run, &handler.cells);
        if let Some(place) = handler.local {
            place.store(run, thrown.clone());
        }
        match handler.when.as_ref().map(|when| when(run)) {
            None | Some(Ok(true)) => return Ok(Some(index)),
            Some(Err(fault)) if matches!(fault.cause(), Cause::Budget(_)) => return Err(fault),
            Some(_) => {}
        }
    }
    Ok(None)
}

/// Lets the enclosing `try` statements decide about an exception that is about to run a `finally`.
pub(super) fn decide(run: &mut Run<'_>, fault: Fault) -> Fault {
    if run.guards.is_empty() || matches!(fault.cause(), Cause::Budget(_)) {
        return fault;
    }
    let span = fault.span().unwrap_or_default();
    let thrown = match thrown(fault) {
        Ok(thrown) => thrown,
        Err(fault) => return fault,
    };
    for index in (0..run.guards.len()).rev() {
        let Some(guard) = run.guards.get(index) else { break };
        let (handlers, frame) = (Arc::clone(&guard.handlers), guard.frame.clone());
        let handler = match Verdict::of(guard.verdict.as_ref(), &thrown) {
            Some(known) => known,
            None => match run.in_frame(&frame, |run| choose(run, &handlers, &thrown, None)) {
                Ok(handler) => handler,
                Err(fault) => return fault,
            },
        };
        if let Some(guard) = run.guards.get_mut(index) {
            guard.verdict = Some(Verdict { thrown: thrown.clone(), handler });
        }
        if handler.is_some() {
            break;
        }
    }
    Fault::thrown(thrown).at(span)
}
