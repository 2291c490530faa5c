//! The statements of a `wait` under way.

use std::sync::Arc;
use std::task::Poll;

use super::super::super::error::Failure;
use super::super::super::exchange::Exchange;
use super::super::super::list::{Flow, Resume, Statement as _, Work};
use super::super::super::variables::Variables;
use super::{Child, WaitFor};

/// All of them, in the order of the document.
pub(super) struct Tasks {
    wait_for: WaitFor,
    tasks: Vec<Task>,
}

/// One of them. It sees the variables as they were at the start, and what it has set itself.
struct Task {
    variables: Variables,
    /// What is still to run: lists of statements, the innermost last, and how far each is.
    todo: Vec<(Arc<[Child]>, usize)>,
    state: State,
}

enum State {
    Ready,
    Waiting { work: Work, place: u32, element: &'static str },
    Done,
    Failed(Box<Failure>),
}

impl Tasks {
    /// Starts each of `children`.
    pub(super) fn start(wait_for: WaitFor, children: &[Arc<[Child]>], exchange: &mut Exchange) -> Self {
        let tasks = children.iter().map(|child| {
            let variables = exchange.variables.fork();
            let mut task = Task { variables, todo: vec![(child.clone(), 0)], state: State::Ready };
            task.run(exchange);
            task
        });
        Self { wait_for, tasks: tasks.collect() }
    }

    /// Ends the `wait` if it can, or waits for whichever comes next.
    pub(super) fn advance(mut self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let is_over = |task: &Task| matches!(task.state, State::Done | State::Failed(_));
        let first_done = self.tasks.iter().position(|task| matches!(task.state, State::Done));
        if let (WaitFor::Any, Some(first)) = (self.wait_for, first_done) {
            exchange.variables.adopt(self.tasks.swap_remove(first).variables);
            return Ok(Flow::Continue);
        }
        if !self.tasks.iter().all(is_over) {
            return Ok(self.wait());
        }
        let mut failure = None;
        for task in self.tasks {
            match task.state {
                State::Failed(found) => failure = failure.or(Some(found)),
                _ => exchange.variables.adopt(task.variables),
            }
        }
        failure.map_or(Ok(Flow::Continue), Err)
    }

    fn wait(mut self) -> Flow {
        Flow::Wait(Box::pin(async move {
            let (at, resume) = self.next().await;
            let resume: Resume = Box::new(move |exchange| {
                if let Some(task) = self.tasks.get_mut(at) {
                    task.resume(exchange, resume);
                }
                self.advance(exchange)
            });
            resume
        }))
    }

    /// The first task whose work is done.
    async fn next(&mut self) -> (usize, Resume) {
        std::future::poll_fn(|cx| {
            for (at, task) in self.tasks.iter_mut().enumerate() {
                if let State::Waiting { work, .. } = &mut task.state
                    && let Poll::Ready(resume) = work.as_mut().poll(cx)
                {
                    return Poll::Ready((at, resume));
                }
            }
            Poll::Pending
        })
        .await
    }
}

impl Task {
    /// Takes the result of its work, and goes on.
    fn resume(&mut self, exchange: &mut Exchange, resume: Resume) {
        let State::Waiting { place, element, .. } = std::mem::replace(&mut self.state, State::Ready) else { return };
        let outcome = self.with_variables(exchange, resume);
        self.went(exchange, outcome, place, element);
        self.run(exchange);
    }

    /// Runs until it waits, fails or is done.
    fn run(&mut self, exchange: &mut Exchange) {
        while let State::Ready = self.state {
            let Some((children, next)) = self.todo.last_mut() else {
                self.state = State::Done;
                return;
            };
            let (children, at) = (children.clone(), *next);
            *next += 1;
            match children.get(at) {
                None => {
                    self.todo.pop();
                }
                Some(Child::Run(step, place, element)) => {
                    let outcome = self.with_variables(exchange, |exchange| step.run(exchange));
                    self.went(exchange, outcome, *place, element);
                }
                Some(Child::Forward(forward, place)) => {
                    let outcome = self.with_variables(exchange, |exchange| forward.begin(exchange));
                    self.went(exchange, outcome, *place, "forward-request");
                }
                Some(Child::Choose(branches)) => {
                    for (condition, place, children) in branches {
                        let holds: Result<bool, Box<Failure>> = match condition {
                            None => Ok(true),
                            Some(condition) => self.with_variables(exchange, |exchange| Ok(*condition.get(exchange)?)),
                        };
                        match holds {
                            Ok(false) => continue,
                            Ok(true) => self.todo.push((children.clone(), 0)),
                            Err(failure) => self.state = State::Failed(failure.at(*place)),
                        }
                        break;
                    }
                }
            }
        }
    }

    fn went(
        &mut self,
        exchange: &mut Exchange,
        outcome: Result<Flow, Box<Failure>>,
        place: u32,
        element: &'static str,
    ) {
        self.state = match outcome {
            // None of the policies that may stand here answers the caller.
            Ok(Flow::Continue | Flow::End(_) | Flow::Cached(..)) => {
                exchange.trace_note(|| format!("{element} was applied"));
                State::Ready
            }
            Ok(Flow::Wait(work)) => State::Waiting { work, place, element },
            Err(failure) => {
                exchange.trace_note(|| format!("{element} failed. {}", failure.message));
                State::Failed(failure.at(place))
            }
        };
    }

    fn with_variables<T>(&mut self, exchange: &mut Exchange, run: impl FnOnce(&mut Exchange) -> T) -> T {
        std::mem::swap(&mut exchange.variables, &mut self.variables);
        let result = run(exchange);
        std::mem::swap(&mut exchange.variables, &mut self.variables);
        result
    }
}
