//! A compiled, immutable sequence of statements for one set of scopes.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use super::list::{Keeper, Step};
use super::redaction::Redaction;
use super::setting::Setting;
use super::spec::{Scope, Section};
use super::statements::cache_value::CacheValue;
use super::statements::cors::Cors;
#[cfg(feature = "client")]
use super::statements::cross_domain::CrossDomain;
use super::statements::forward_request::ForwardRequest;
use super::statements::limit_concurrency::LimitConcurrency;
use super::statements::retry::Retry;

/// The statements of all four sections, as flat programs: a position in a program is a position in the documents.
///
/// Made by [`link`](super::link); shared by all requests of an operation.
pub struct Pipeline {
    programs: [Program; 4],
    pub(crate) needs: Needs,
    /// The `cors` statements that stand directly in `inbound`: preflight requests see only those.
    cors: Box<[Arc<Step>]>,
    pub(crate) redaction: Redaction,
    /// Where `outbound` goes on with the response of a cache: behind `cache-store`, and behind the semantic one.
    behind: [u32; 2],
}

/// The flat program of one section.
#[derive(Debug, Default)]
pub(crate) struct Program {
    pub(crate) ops: Box<[Op]>,
    pub(crate) places: Box<[Place]>,
}

/// One instruction. The place of `ops[i]` is `places[ops[i].place]`.
#[derive(Debug)]
pub(crate) struct Op {
    pub(crate) code: Code,
    pub(crate) place: u32,
    pub(crate) needs: Needs,
}

/// What an instruction does.
#[derive(Debug)]
pub(crate) enum Code {
    /// Run a statement.
    Run(Arc<Step>),
    /// Go on when the condition holds, else at the given instruction.
    Unless(Arc<Setting<bool>>, u32),
    /// Go on at the given instruction.
    Jump(u32),
    /// Call the service behind the pipeline; the request is kept when something after it reads it.
    Forward { settings: Arc<ForwardRequest>, keep_request: bool },
    /// Begin the statements of a `retry`, which end at the given [`Code::Again`].
    Retry(Arc<Retry>, u32),
    /// Run the statements of the innermost `retry` once more, or leave it.
    Again(Arc<Retry>),
    /// Take a slot of `limit-concurrency`.
    Acquire(Arc<LimitConcurrency>),
    /// Give the innermost slot back.
    Release,
    /// Count what a language model used.
    Tally,
    /// Check what a language model has answered.
    Screen,
    /// Begin the statements of a `cache-value`, or go on at the given instruction when it has found the value.
    Recall(u32),
    /// Keep the value that the statements of the innermost `cache-value` have made.
    Keep(CacheValue),
}

/// Where an instruction comes from.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) element: &'static str,
    /// The position among the siblings of the same name, from 1; 0 for an only child.
    pub(crate) index: u16,
    /// The enclosing place.
    pub(crate) parent: Option<u32>,
    pub(crate) scope: Scope,
    pub(crate) id: Option<Arc<str>>,
}

impl Program {
    /// The statements of that kind that stand directly in the section, not in another policy or a fragment.
    fn direct(&self, is_wanted: impl Fn(&Step) -> bool) -> impl Iterator<Item = &Arc<Step>> {
        self.ops.iter().filter_map(move |op| match &op.code {
            Code::Run(step) if is_wanted(step) => {
                let place = self.places.get(op.place as usize)?;
                place.parent.is_none().then_some(step)
            }
            _ => None,
        })
    }

    /// The policy that a place belongs to: `when` is a part of `choose`.
    pub(crate) fn source(&self, place: u32) -> &'static str {
        let mut next = self.places.get(place as usize);
        while let Some(place) = next {
            if !matches!(place.element, "when" | "otherwise") {
                return place.element;
            }
            next = place.parent.and_then(|parent| self.places.get(parent as usize));
        }
        "pipeline"
    }

    /// The instruction behind the first keeper of that kind, or behind the outermost statement that holds it; fragments
    /// hold nothing. When there is none, the first that is of the documents: what a model has answered was counted before.
    fn behind(&self, keeper: Keeper) -> u32 {
        let is_kept_by = |step: &Step| match keeper {
            Keeper::CacheStore => matches!(step, Step::CacheStore(_)),
            Keeper::Semantic => matches!(step, Step::LlmSemanticCacheStore(_)),
        };
        let is_store = |op: &Op| matches!(&op.code, Code::Run(step) if is_kept_by(step));
        let Some(store) = self.ops.iter().position(is_store) else {
            let own = self.ops.iter().take_while(|op| matches!(op.code, Code::Tally | Code::Screen));
            return u32::try_from(own.count()).unwrap_or(0);
        };
        let holders = |op: &Op| std::iter::successors(Some(op.place), |at| self.places.get(*at as usize)?.parent);
        let is_fragment = |at: u32| self.places.get(at as usize).is_some_and(|p| p.element == "include-fragment");
        let outermost = self.ops.get(store).and_then(|op| holders(op).filter(|at| !is_fragment(*at)).last());
        let last = self.ops.iter().rposition(|op| outermost.is_some_and(|outer| holders(op).any(|at| at == outer)));
        last.and_then(|last| u32::try_from(last + 1).ok()).unwrap_or(0)
    }

    /// Whether the instruction at `at` stands in a `retry`.
    pub(crate) fn is_retried(&self, at: usize) -> bool {
        let before = self.ops.iter().take(at);
        before
            .filter_map(|op| if let Code::Retry(_, end) = op.code { Some(end as usize) } else { None })
            .any(|end| at < end)
    }

    /// The path of a place: `choose[3]/when[2]/set-header`.
    pub(crate) fn path(&self, place: u32) -> String {
        let mut chain = Vec::new();
        let mut next = Some(place);
        while let Some(place) = next.and_then(|at| self.places.get(at as usize)) {
            chain.push(place);
            next = place.parent;
        }
        let mut path = String::new();
        for place in chain.into_iter().rev() {
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(place.element);
            if place.index > 0 {
                // INVARIANT: writing to a String does not fail.
                let _ = write!(path, "[{}]", place.index);
            }
        }
        path
    }
}

impl Pipeline {
    pub(crate) fn new(programs: [Program; 4], redaction: Redaction) -> Self {
        let needs = programs.iter().flat_map(|p| p.ops.iter()).fold(Needs::NONE, |needs, op| needs | op.needs);
        let cors = programs[Section::Inbound as usize].direct(|step| matches!(step, Step::Cors(_))).cloned().collect();
        let behind =
            [Keeper::CacheStore, Keeper::Semantic].map(|keeper| programs[Section::Outbound as usize].behind(keeper));
        Self { programs, needs, cors, redaction, behind }
    }

    /// Where `outbound` goes on with a response that was kept.
    pub(crate) fn behind(&self, keeper: Keeper) -> u32 {
        self.behind[keeper as usize]
    }

    /// The `cors` statements that preflight requests are answered by, in effective order.
    pub(crate) fn cors(&self) -> impl Iterator<Item = &Cors> {
        self.cors.iter().filter_map(|step| if let Step::Cors(cors) = &**step { Some(cors) } else { None })
    }

    /// The `cross-domain` statement of `inbound`.
    #[cfg(feature = "client")]
    pub(crate) fn cross_domain(&self) -> Option<&CrossDomain> {
        let mut steps = self.program(Section::Inbound).direct(|step| matches!(step, Step::CrossDomain(_)));
        steps.find_map(|step| if let Step::CrossDomain(file) = &**step { Some(file) } else { None })
    }

    /// Whether a statement answers with samples of the operation.
    #[cfg(feature = "client")]
    pub(crate) fn needs_samples(&self) -> bool {
        self.needs.has(Needs::SAMPLES)
    }

    /// Whether a statement validates messages.
    #[cfg(feature = "client")]
    pub(crate) fn needs_contract(&self) -> bool {
        self.needs.has(Needs::CONTRACT)
    }

    pub(crate) fn program(&self, section: Section) -> &Program {
        &self.programs[section as usize]
    }

    /// Whether one request can call the service behind more than once.
    pub(crate) fn forwards_repeatedly(&self) -> bool {
        let count = |program: &Program| {
            let forwards = program.ops.iter().enumerate().filter(|(_, op)| matches!(op.code, Code::Forward { .. }));
            forwards.map(|(at, _)| if program.is_retried(at) { 2 } else { 1 }).sum::<usize>()
        };
        self.programs.iter().map(count).sum::<usize>() > 1
    }

    /// Whether a statement reads the parameters of the URL template.
    #[cfg(feature = "client")]
    pub(crate) fn needs_parameters(&self) -> bool {
        self.needs.has(Needs::PARAMETERS)
    }

    /// How many instructions a section has.
    pub fn len(&self, section: Section) -> usize {
        self.program(section).ops.len()
    }
}

/// Says how long the sections are: what statements hold may be secret.
impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lengths = Section::ALL.map(|section| (section.name(), self.len(section)));
        f.debug_struct("Pipeline").field("instructions", &lengths).finish_non_exhaustive()
    }
}

/// What must be at hand before an instruction runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs(u16);

impl Needs {
    pub(crate) const NONE: Self = Self(0);
    /// The request's body, in memory.
    pub(crate) const REQUEST_BODY: Self = Self(1);
    /// The response's body, in memory.
    pub(crate) const RESPONSE_BODY: Self = Self(2);
    /// The request's method, URL or headers.
    pub(crate) const REQUEST: Self = Self(4);
    /// The time when the request came.
    pub(crate) const TIMESTAMP: Self = Self(8);
    /// The parameters of the URL template.
    pub(crate) const PARAMETERS: Self = Self(16);
    /// The request once more after it was sent: `sf-resolve-condition`.
    pub(crate) const RESEND: Self = Self(32);
    /// Samples of the operation's responses.
    pub(crate) const SAMPLES: Self = Self(64);
    /// Something that sends requests of policies.
    pub(crate) const OUTBOUND: Self = Self(128);

    /// What the operation declares.
    pub(crate) const CONTRACT: Self = Self(512);

    /// The request's method, URL, headers or body, still at the end.
    pub(crate) const KEPT: Self = Self(256);

    /// What must be kept for an expression that is worked out at the end of the request, when it needs this.
    pub(crate) fn at_the_end(self) -> Self {
        let is_kept = self.has(Self::REQUEST) || self.has(Self::REQUEST_BODY);
        let kept = if is_kept { Self::KEPT } else { Self::NONE };
        Self(self.0 & !Self::RESPONSE_BODY.0) | kept
    }

    pub(crate) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl std::ops::BitOr for Needs {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl std::ops::BitOrAssign for Needs {
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}
