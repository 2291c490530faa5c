//! Makes the effective pipeline of a chain of scopes: `<base />` replaced, nesting flattened.

use std::sync::Arc;

use super::document::{Document, Node, NodeBody, Otherwise};
use super::list::{Statement, Step};
use super::pipeline::{Code, Needs, Op, Pipeline, Place, Program};
use super::redaction::Redaction;
use super::spec::{Scope, Section};
use super::statements::forward_request::ForwardRequest;
use super::statements::wait::{Child, Wait};

/// Links the documents of one request's scopes, from the broadest to the narrowest, into a [`Pipeline`].
///
/// A scope without a document is left out. Without a global document the default one holds: its backend section is
/// `<forward-request />`.
pub fn link(documents: &[Document]) -> Pipeline {
    let mut programs = Section::ALL.map(|section| {
        let mut linker = Linker { section, documents, ops: Vec::new(), places: Vec::new() };
        if section == Section::Outbound {
            linker.answered();
        }
        linker.effective(documents.len(), &mut Siblings::default());
        linker.finish()
    });
    keep_requests(&mut programs);
    allow_resending(&mut programs);
    Pipeline::new(programs, Redaction::of(documents.iter().map(Document::redactor)))
}

/// The policies that count the tokens of language models.
const COUNTING: [&str; 4] =
    ["llm-token-limit", "azure-openai-token-limit", "llm-emit-token-metric", "azure-openai-emit-token-metric"];
/// The policy that may check what a language model answers.
const CHECKING: &str = "llm-content-safety";

struct Linker<'a> {
    section: Section,
    documents: &'a [Document],
    ops: Vec<Op>,
    places: Vec<Place>,
}

/// The places that were made under one parent, to number siblings of the same name.
#[derive(Default)]
struct Siblings {
    parent: Option<u32>,
    places: Vec<u32>,
}

impl Linker<'_> {
    /// The section of the narrowest of the first `count` documents, with `<base />` standing for the rest.
    fn effective(&mut self, count: usize, siblings: &mut Siblings) {
        match count.checked_sub(1).and_then(|last| self.documents.get(last)) {
            Some(document) => self.nodes(document.section(self.section), document.scope(), count - 1, siblings),
            None if self.section == Section::Backend && !self.has_global() => {
                let place = self.place("forward-request", None, Scope::Global, siblings);
                let code = Code::Forward { settings: Arc::new(ForwardRequest::default()), keep_request: false };
                self.op(code, place, Needs::NONE);
            }
            None => {}
        }
    }

    /// What statements of `inbound` do when the answer is there, before `outbound` begins.
    fn answered(&mut self) {
        let inbound = |element: &str| {
            let has = |document: &&Document| document.section(Section::Inbound).iter().any(|node| node.has(element));
            self.documents.iter().find(has).map(Document::scope)
        };
        let (counts, checks) = (COUNTING.into_iter().any(|element| inbound(element).is_some()), inbound(CHECKING));
        if counts {
            // No place: it is a step of the gateway, not of a document.
            self.op(Code::Tally, u32::MAX, Needs::NONE);
        }
        if let Some(scope) = checks {
            // A place apart, so that the statements of the section are numbered without it.
            let place = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
            self.places.push(Place { element: CHECKING, index: 0, parent: Some(u32::MAX), scope, id: None });
            self.op(Code::Screen, place, Needs::NONE);
        }
    }

    fn has_global(&self) -> bool {
        self.documents.iter().any(|document| document.scope() == Scope::Global)
    }

    fn nodes(&mut self, nodes: &[Node], scope: Scope, broader: usize, siblings: &mut Siblings) {
        for node in nodes {
            if let NodeBody::Base = node.body {
                self.effective(broader, siblings);
                continue;
            }
            let place = self.place(node.element, node.id.clone(), scope, siblings);
            match &node.body {
                NodeBody::Base => {}
                NodeBody::Run(step) => self.op(Code::Run(step.clone()), place, step.needs()),
                NodeBody::Forward(settings) => {
                    let needs = settings.needs();
                    self.op(Code::Forward { settings: settings.clone(), keep_request: false }, place, needs);
                }
                NodeBody::Group(children) => self.inside(place, children, scope),
                NodeBody::Retry(retry, children) => {
                    let start = self.ops.len();
                    self.op(Code::Retry(retry.clone(), 0), place, retry.needs());
                    self.inside(place, children, scope);
                    self.land(start);
                    self.op(Code::Again(retry.clone()), place, retry.condition_needs());
                }
                NodeBody::Limit(limit, children) => {
                    self.op(Code::Acquire(limit.clone()), place, limit.needs());
                    self.inside(place, children, scope);
                    self.op(Code::Release, place, Needs::NONE);
                }
                NodeBody::Recall(value, children) => {
                    let needs = value.needs();
                    self.op(Code::Run(Arc::new(Step::from(value.clone()))), place, needs);
                    let start = self.ops.len();
                    self.op(Code::Recall(0), place, Needs::NONE);
                    let mut inner = Siblings { parent: Some(place), places: Vec::new() };
                    let of_value = self.place("value", None, scope, &mut inner);
                    self.inside(of_value, children, scope);
                    self.op(Code::Keep(value.clone()), place, value.needs_behind());
                    self.land(start);
                }
                NodeBody::Wait(wait_for, children) => {
                    let wait = Wait::new(wait_for.clone(), self.waited(place, children, scope));
                    let needs = wait.needs();
                    self.op(Code::Run(Arc::new(Step::Wait(wait))), place, needs);
                }
                NodeBody::Choose { branches, otherwise } => {
                    let mut inner = Siblings { parent: Some(place), places: Vec::new() };
                    let mut ends = Vec::new();
                    for branch in branches {
                        let when = self.place("when", branch.id.clone(), scope, &mut inner);
                        let test = self.ops.len();
                        let needs = branch.condition.needs();
                        self.op(Code::Unless(branch.condition.clone(), 0), when, needs);
                        self.inside(when, &branch.nodes, scope);
                        ends.push(self.ops.len());
                        self.op(Code::Jump(0), when, Needs::NONE);
                        self.land(test);
                    }
                    if let Some(Otherwise { id, nodes }) = otherwise {
                        let place = self.place("otherwise", id.clone(), scope, &mut inner);
                        self.inside(place, nodes, scope);
                    }
                    self.number(&inner);
                    ends.into_iter().for_each(|end| self.land(end));
                }
            }
        }
    }

    fn inside(&mut self, parent: u32, nodes: &[Node], scope: Scope) {
        let mut siblings = Siblings { parent: Some(parent), places: Vec::new() };
        self.nodes(nodes, scope, 0, &mut siblings);
        self.number(&siblings);
    }

    /// The statements of a `wait`: they have places, and no instructions of their own.
    fn waited(&mut self, parent: u32, nodes: &[Node], scope: Scope) -> Vec<Child> {
        let mut siblings = Siblings { parent: Some(parent), places: Vec::new() };
        let mut children = Vec::with_capacity(nodes.len());
        for node in nodes {
            let place = self.place(node.element, node.id.clone(), scope, &mut siblings);
            match &node.body {
                NodeBody::Run(step) => children.push(Child::Run(step.clone(), place, node.element)),
                NodeBody::Forward(settings) => children.push(Child::Forward(settings.clone(), place)),
                NodeBody::Choose { branches, otherwise } => {
                    let mut inner = Siblings { parent: Some(place), places: Vec::new() };
                    let mut chosen = Vec::with_capacity(branches.len() + 1);
                    for branch in branches {
                        let when = self.place("when", branch.id.clone(), scope, &mut inner);
                        let inside = self.waited(when, &branch.nodes, scope);
                        chosen.push((Some(branch.condition.clone()), when, inside.into()));
                    }
                    if let Some(Otherwise { id, nodes }) = otherwise {
                        let place = self.place("otherwise", id.clone(), scope, &mut inner);
                        chosen.push((None, place, self.waited(place, nodes, scope).into()));
                    }
                    self.number(&inner);
                    children.push(Child::Choose(chosen));
                }
                // The compiler lets nothing else stand there.
                _ => {}
            }
        }
        self.number(&siblings);
        children
    }

    fn place(&mut self, element: &'static str, id: Option<Arc<str>>, scope: Scope, siblings: &mut Siblings) -> u32 {
        let place = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        self.places.push(Place { element, index: 0, parent: siblings.parent, scope, id });
        siblings.places.push(place);
        place
    }

    fn op(&mut self, code: Code, place: u32, needs: Needs) {
        self.ops.push(Op { code, place, needs });
    }

    /// Lets the jump at `from` go to the next instruction.
    fn land(&mut self, from: usize) {
        let here = u32::try_from(self.ops.len()).unwrap_or(u32::MAX);
        if let Some(Op {
            code: Code::Jump(target) | Code::Unless(_, target) | Code::Retry(_, target) | Code::Recall(target),
            ..
        }) = self.ops.get_mut(from)
        {
            *target = here;
        }
    }

    /// Numbers siblings of the same name from 1; an only one keeps 0.
    fn number(&mut self, siblings: &Siblings) {
        let mut counts: Vec<(&'static str, u16, u32)> = Vec::new();
        for &place in &siblings.places {
            let Some(element) = self.places.get(place as usize).map(|place| place.element) else { continue };
            let seen = match counts.iter_mut().find(|(name, ..)| *name == element) {
                Some((_, count, first)) => {
                    *count = count.saturating_add(1);
                    if let Some(first) = self.places.get_mut(*first as usize) {
                        first.index = 1;
                    }
                    *count
                }
                None => {
                    counts.push((element, 1, place));
                    0
                }
            };
            if let Some(place) = self.places.get_mut(place as usize) {
                place.index = seen;
            }
        }
    }

    fn finish(mut self) -> Program {
        let top = self.places.iter().enumerate().filter(|(_, place)| place.parent.is_none());
        let places = top.filter_map(|(at, _)| u32::try_from(at).ok()).collect();
        self.number(&Siblings { parent: None, places });
        Program { ops: self.ops.into(), places: self.places.into() }
    }
}

/// Lets every forward keep request and body where a statement may ask to send them again.
fn allow_resending(programs: &mut [Program; 4]) {
    if !programs.iter().flat_map(|program| &program.ops).any(|op| op.needs.has(Needs::RESEND)) {
        return;
    }
    for op in programs.iter_mut().flat_map(|program| &mut program.ops) {
        if let Code::Forward { keep_request, .. } = &mut op.code {
            *keep_request = true;
            op.needs |= Needs::REQUEST_BODY;
        }
    }
}

/// Lets a forward keep a copy of the request when something after it reads it.
fn keep_requests(programs: &mut [Program; 4]) {
    let reads = |program: &Program, from: usize| {
        let rest = program.ops.get(from..).unwrap_or_default();
        rest.iter().any(|op| op.needs.has(Needs::REQUEST) || matches!(op.code, Code::Forward { .. }))
    };
    let is_kept = programs.iter().flat_map(|program| &program.ops).any(|op| op.needs.has(Needs::KEPT));
    let later =
        is_kept || reads(&programs[Section::Outbound as usize], 0) || reads(&programs[Section::OnError as usize], 0);
    for section in [Section::Inbound, Section::Backend] {
        let program = &mut programs[section as usize];
        for at in 0..program.ops.len() {
            let keep = later || reads(program, at + 1) || program.is_retried(at);
            if let Some(Op { code: Code::Forward { keep_request, .. }, .. }) = program.ops.get_mut(at) {
                *keep_request = keep;
            }
        }
    }
}
