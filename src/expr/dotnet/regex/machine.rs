//! The matcher: runs a program with an explicit stack of what to undo and where to try again.

use super::super::chars;
use super::node::{Assertion, UNBOUNDED};
use super::program::{Op, Program};
use super::set::is_boundary_word;
use super::{Limit, Span};

/// An entry of the stack: a choice to come back to, or a change to undo on the way there.
enum Back {
    Branch {
        pc: usize,
        pos: usize,
    },
    /// A greedy run that can give back `left` units.
    Shrink {
        pc: usize,
        pos: usize,
        left: u32,
        back: bool,
    },
    /// A lazy run, at `pc`, that can take `left` units more.
    Grow {
        pc: usize,
        pos: usize,
        left: u32,
    },
    DropMark,
    PushMark(usize),
    SetMark {
        at: usize,
        was: usize,
    },
    DropCapture(usize),
    PushCapture(usize, Span),
}

impl Back {
    fn is_choice(&self) -> bool {
        matches!(self, Self::Branch { .. } | Self::Shrink { .. } | Self::Grow { .. })
    }
}

/// Entries that the stack may hold.
const MAX_STACK: usize = 500_000;
/// No earlier turn of a loop.
const NOWHERE: usize = usize::MAX;

/// What one search works on.
pub(super) struct Machine<'a> {
    program: &'a Program,
    text: &'a [u16],
    /// Where the search began, for `\G`.
    search_start: usize,
    stack: Vec<Back>,
    marks: Vec<usize>,
    pub captures: Vec<Vec<Span>>,
    steps: &'a mut u64,
}

impl<'a> Machine<'a> {
    pub fn new(program: &'a Program, text: &'a [u16], search_start: usize, groups: usize, steps: &'a mut u64) -> Self {
        let captures = vec![Vec::new(); groups];
        Self { program, text, search_start, stack: Vec::new(), marks: Vec::new(), captures, steps }
    }

    /// Counts units that were passed over.
    pub fn skip(&mut self, units: usize) {
        *self.steps = self.steps.saturating_sub(units as u64 / 4);
    }

    /// Tries to match at `start`; gives where the match ends.
    pub fn run(&mut self, start: usize) -> Result<Option<usize>, Limit> {
        self.stack.clear();
        self.marks.clear();
        self.captures.iter_mut().for_each(Vec::clear);
        let (mut pc, mut pos) = (0, start);
        loop {
            if *self.steps == 0 || self.stack.len() > MAX_STACK {
                return Err(Limit);
            }
            *self.steps -= 1;
            if matches!(self.program.ops[pc], Op::Match) {
                return Ok(Some(pos));
            }
            match self.step(pc, pos).or_else(|| self.backtrack()) {
                Some(next) => (pc, pos) = next,
                None => return Ok(None),
            }
        }
    }

    /// The unit next to `pos` in the direction, and the position behind it.
    fn read(&self, pos: usize, back: bool) -> Option<(u16, usize)> {
        let at = if back { pos.checked_sub(1)? } else { pos };
        let unit = *self.text.get(at)?;
        Some((unit, if back { at } else { pos + 1 }))
    }

    fn push_mark(&mut self, value: usize) {
        self.marks.push(value);
        self.stack.push(Back::DropMark);
    }

    fn pop_mark(&mut self) -> usize {
        // INVARIANT: programs pop only what they pushed.
        let value = self.marks.pop().unwrap_or(0);
        self.stack.push(Back::PushMark(value));
        value
    }

    fn set_mark(&mut self, at: usize, value: usize) {
        let was = std::mem::replace(&mut self.marks[at], value);
        self.stack.push(Back::SetMark { at, was });
    }

    fn push_capture(&mut self, group: usize, span: Span) {
        self.captures[group].push(span);
        self.stack.push(Back::DropCapture(group));
    }

    /// Performs one step; `None` is failure.
    fn step(&mut self, pc: usize, pos: usize) -> Option<(usize, usize)> {
        let program = self.program;
        match &program.ops[pc] {
            Op::Unit { unit, back } => {
                let (found, after) = self.read(pos, *back)?;
                (found == *unit).then_some((pc + 1, after))
            }
            Op::Set { set, back } => {
                let (found, after) = self.read(pos, *back)?;
                program.sets[*set].contains(found).then_some((pc + 1, after))
            }
            Op::Run { min, max, lazy, back, .. } => self.run_units(pc, pos, (*min, *max, *lazy, *back)),
            Op::Branch(other) => {
                self.stack.push(Back::Branch { pc: *other, pos });
                Some((pc + 1, pos))
            }
            Op::Jump(target) => Some((*target, pos)),
            Op::Assert(assertion) => self.holds(*assertion, pos).then_some((pc + 1, pos)),
            Op::CaptureStart => {
                self.push_mark(pos);
                Some((pc + 1, pos))
            }
            Op::CaptureEnd { group, popped } => self.capture(*group, *popped, pos).then_some((pc + 1, pos)),
            Op::BackReference { group, ignore_case, ecma, back } => {
                let after = match self.captures[*group].last() {
                    Some(&span) => self.same_text(span, pos, *ignore_case, *back)?,
                    None if *ecma => pos,
                    None => return None,
                };
                Some((pc + 1, after))
            }
            Op::LoopStart => {
                self.push_mark(0);
                self.push_mark(NOWHERE);
                Some((pc + 1, pos))
            }
            Op::LoopTest { min, max, lazy, exit } => Some((self.next_turn(pc, pos, (*min, *max, *lazy, *exit)), pos)),
            Op::LoopEnd => {
                self.pop_mark();
                self.pop_mark();
                Some((pc + 1, pos))
            }
            Op::LookStart => {
                self.push_mark(pos);
                self.push_mark(self.stack.len());
                Some((pc + 1, pos))
            }
            Op::IfStart(otherwise) => {
                let height = self.stack.len();
                self.stack.push(Back::Branch { pc: *otherwise, pos });
                self.push_mark(pos);
                self.push_mark(height);
                Some((pc + 1, pos))
            }
            Op::LookEnd => {
                let height = self.pop_mark();
                self.drop_choices(height);
                Some((pc + 1, self.pop_mark()))
            }
            Op::NotStart(after) => {
                let height = self.stack.len();
                self.stack.push(Back::Branch { pc: *after, pos });
                self.push_mark(height);
                Some((pc + 1, pos))
            }
            Op::NotEnd => {
                let height = self.marks.last().copied().unwrap_or(0);
                while self.stack.len() > height {
                    self.undo();
                }
                None
            }
            Op::AtomicStart => {
                self.push_mark(self.stack.len());
                Some((pc + 1, pos))
            }
            Op::AtomicEnd => {
                let height = self.pop_mark();
                self.drop_choices(height);
                Some((pc + 1, pos))
            }
            Op::IfGroup { group, otherwise } => {
                Some((if self.captures[*group].is_empty() { *otherwise } else { pc + 1 }, pos))
            }
            Op::Match => Some((pc, pos)),
        }
    }

    fn run_units(
        &mut self,
        pc: usize,
        pos: usize,
        (min, max, lazy, back): (u32, u32, bool, bool),
    ) -> Option<(usize, usize)> {
        let Op::Run { set, .. } = &self.program.ops[pc] else { return None };
        let set = &self.program.sets[*set];
        let wanted = if lazy { min } else { max };
        let (mut at, mut count) = (pos, 0);
        while count < wanted {
            match self.read(at, back) {
                Some((unit, after)) if set.contains(unit) => at = after,
                _ => break,
            }
            count += 1;
        }
        *self.steps = self.steps.saturating_sub(u64::from(count));
        if count < min {
            return None;
        }
        if lazy && max > min {
            let left = if max == UNBOUNDED { UNBOUNDED } else { max - min };
            self.stack.push(Back::Grow { pc, pos: at, left });
        } else if !lazy && count > min {
            self.stack.push(Back::Shrink { pc: pc + 1, pos: at, left: count - min, back });
        }
        Some((pc + 1, at))
    }

    fn next_turn(&mut self, pc: usize, pos: usize, (min, max, lazy, exit): (u32, u32, bool, usize)) -> usize {
        let top = self.marks.len() - 1;
        let (turns, last) = (self.marks[top - 1], self.marks[top]);
        let may_leave = turns >= min as usize;
        if may_leave && (last == pos || (max != UNBOUNDED && turns >= max as usize)) {
            return exit;
        }
        if may_leave && !lazy {
            self.stack.push(Back::Branch { pc: exit, pos });
        }
        self.set_mark(top - 1, turns + 1);
        self.set_mark(top, pos);
        if may_leave && lazy {
            self.stack.push(Back::Branch { pc: pc + 1, pos });
            return exit;
        }
        pc + 1
    }

    fn capture(&mut self, group: Option<usize>, popped: Option<usize>, pos: usize) -> bool {
        let taken = match popped {
            Some(other) if self.captures[other].is_empty() => return false,
            Some(other) => self.captures[other].pop().map(|span| (other, span)),
            None => None,
        };
        if let Some((other, span)) = taken {
            self.stack.push(Back::PushCapture(other, span));
        }
        let mark = self.pop_mark();
        let mut span = Span { start: mark.min(pos), end: mark.max(pos) };
        if let Some((_, other)) = taken {
            span = between(span, other);
        }
        if let Some(group) = group {
            self.push_capture(group, span);
        }
        true
    }

    /// The position after the text of `span` repeated at `pos`.
    fn same_text(&self, span: Span, pos: usize, ignore_case: bool, back: bool) -> Option<usize> {
        let length = span.end - span.start;
        let start = if back { pos.checked_sub(length)? } else { pos };
        let there = self.text.get(start..start + length)?;
        let here = &self.text[span.start..span.end];
        let same = |(&a, &b): (&u16, &u16)| a == b || (ignore_case && chars::to_lower(a) == chars::to_lower(b));
        here.iter().zip(there).all(same).then_some(if back { start } else { start + length })
    }

    fn holds(&self, assertion: Assertion, pos: usize) -> bool {
        let line_feed = u16::from(b'\n');
        let before = pos.checked_sub(1).and_then(|at| self.text.get(at)).copied();
        let after = self.text.get(pos).copied();
        match assertion {
            Assertion::Start => before.is_none(),
            Assertion::LineStart => before.is_none_or(|unit| unit == line_feed),
            Assertion::End => after.is_none(),
            Assertion::EndOrLastLineFeed => after.is_none() || (after == Some(line_feed) && pos + 1 == self.text.len()),
            Assertion::LineEnd => after.is_none_or(|unit| unit == line_feed),
            Assertion::SearchStart => pos == self.search_start,
            Assertion::Boundary { negated, ecma } => {
                let is_word = |unit: Option<u16>| unit.is_some_and(|unit| is_boundary_word(unit, ecma));
                (is_word(before) != is_word(after)) != negated
            }
        }
    }

    /// Forgets the choices above `height`, but keeps what must be undone.
    fn drop_choices(&mut self, height: usize) {
        let mut kept = height;
        for at in height..self.stack.len() {
            if !self.stack[at].is_choice() {
                self.stack.swap(kept, at);
                kept += 1;
            }
        }
        self.stack.truncate(kept);
    }

    /// Pops one entry and undoes its change; gives it back when it is a choice.
    fn undo(&mut self) -> Option<Back> {
        match self.stack.pop()? {
            Back::DropMark => {
                self.marks.pop();
            }
            Back::PushMark(value) => self.marks.push(value),
            Back::SetMark { at, was } => self.marks[at] = was,
            Back::DropCapture(group) => {
                self.captures[group].pop();
            }
            Back::PushCapture(group, span) => self.captures[group].push(span),
            choice => return Some(choice),
        }
        None
    }

    /// Undoes changes back to the last choice and takes its next alternative.
    fn backtrack(&mut self) -> Option<(usize, usize)> {
        while !self.stack.is_empty() {
            match self.undo() {
                Some(Back::Branch { pc, pos }) => return Some((pc, pos)),
                Some(Back::Shrink { pc, pos, left, back }) => {
                    let pos = if back { pos + 1 } else { pos - 1 };
                    if left > 1 {
                        self.stack.push(Back::Shrink { pc, pos, left: left - 1, back });
                    }
                    return Some((pc, pos));
                }
                Some(Back::Grow { pc, pos, left }) => {
                    if let Some(after) = self.grow(pc, pos) {
                        if left > 1 {
                            let left = if left == UNBOUNDED { left } else { left - 1 };
                            self.stack.push(Back::Grow { pc, pos: after, left });
                        }
                        return Some((pc + 1, after));
                    }
                }
                _ => {}
            }
        }
        None
    }

    fn grow(&self, pc: usize, pos: usize) -> Option<usize> {
        let Op::Run { set, back, .. } = &self.program.ops[pc] else { return None };
        let (unit, after) = self.read(pos, *back)?;
        self.program.sets[*set].contains(unit).then_some(after)
    }
}

/// What a balancing group captures: the text between the capture it pops and itself.
fn between(own: Span, popped: Span) -> Span {
    if own.start >= popped.end {
        Span { start: popped.end, end: own.start }
    } else if own.end <= popped.start {
        Span { start: own.start.min(popped.start), end: popped.start }
    } else {
        Span { start: own.start.max(popped.start), end: own.end.min(popped.end) }
    }
}
