//! Trees to programs for the matcher.

use super::node::{Assertion, Node};
use super::set::Set;

/// One step of a program. `back` steps read the unit before the position and move left.
#[derive(Debug, Clone)]
pub(super) enum Op {
    Unit {
        unit: u16,
        back: bool,
    },
    Set {
        set: usize,
        back: bool,
    },
    /// A run of units of one set.
    Run {
        set: usize,
        min: u32,
        max: u32,
        lazy: bool,
        back: bool,
    },
    /// Goes on, and comes back to the target if that fails.
    Branch(usize),
    Jump(usize),
    Assert(Assertion),
    CaptureStart,
    CaptureEnd {
        group: Option<usize>,
        popped: Option<usize>,
    },
    BackReference {
        group: usize,
        ignore_case: bool,
        ecma: bool,
        back: bool,
    },
    /// Begins to count the turns of a loop.
    LoopStart,
    /// Decides on the next turn, which starts at the next step.
    LoopTest {
        min: u32,
        max: u32,
        lazy: bool,
        exit: usize,
    },
    LoopEnd,
    LookStart,
    LookEnd,
    /// Goes on at the target when what follows, up to `NotEnd`, does not match.
    NotStart(usize),
    NotEnd,
    /// As `LookStart`, and goes on at the target when what follows does not match.
    IfStart(usize),
    IfGroup {
        group: usize,
        otherwise: usize,
    },
    AtomicStart,
    AtomicEnd,
    Match,
}

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Program {
    pub ops: Vec<Op>,
    pub sets: Vec<Set>,
}

impl Program {
    pub fn new(node: &Node, right_to_left: bool) -> Self {
        let mut program = Self { ops: Vec::new(), sets: Vec::new() };
        program.emit(node, right_to_left);
        program.ops.push(Op::Match);
        program
    }

    fn push(&mut self, op: Op) -> usize {
        self.ops.push(op);
        self.ops.len() - 1
    }

    /// Where a set is kept; looks only at the last ones, so that big patterns compile in linear time.
    fn set(&mut self, set: &Set) -> usize {
        self.sets
            .iter()
            .rev()
            .take(64)
            .position(|known| known == set)
            .map(|back| self.sets.len() - 1 - back)
            .unwrap_or_else(|| {
                self.sets.push(set.clone());
                self.sets.len() - 1
            })
    }

    fn emit(&mut self, node: &Node, back: bool) {
        match node {
            Node::Set(set) => {
                let op = match set.single() {
                    Some(unit) => Op::Unit { unit, back },
                    None => Op::Set { set: self.set(set), back },
                };
                self.push(op);
            }
            Node::Assertion(assertion) => {
                self.push(Op::Assert(*assertion));
            }
            Node::Concat(nodes) if back => nodes.iter().rev().for_each(|node| self.emit(node, back)),
            Node::Concat(nodes) => nodes.iter().for_each(|node| self.emit(node, back)),
            Node::Alternate(branches) => self.alternate(branches, back),
            Node::Repeat { body, min, max, lazy } => self.repeat(body, (*min, *max, *lazy), back),
            Node::Capture { group, popped, body } => {
                self.push(Op::CaptureStart);
                self.emit(body, back);
                self.push(Op::CaptureEnd { group: *group, popped: *popped });
            }
            Node::BackReference { group, ignore_case, ecma } => {
                self.push(Op::BackReference { group: *group, ignore_case: *ignore_case, ecma: *ecma, back });
            }
            Node::Look { ahead, negated: false, body } => {
                self.push(Op::LookStart);
                self.emit(body, !ahead);
                self.push(Op::LookEnd);
            }
            Node::Look { ahead, negated: true, body } => {
                let start = self.push(Op::NotStart(0));
                self.emit(body, !ahead);
                self.push(Op::NotEnd);
                self.ops[start] = Op::NotStart(self.ops.len());
            }
            Node::Atomic(body) => {
                self.push(Op::AtomicStart);
                self.emit(body, back);
                self.push(Op::AtomicEnd);
            }
            Node::IfGroup { group, yes, no } => {
                let start = self.push(Op::IfGroup { group: *group, otherwise: 0 });
                let otherwise = self.either(yes, no, back);
                self.ops[start] = Op::IfGroup { group: *group, otherwise };
            }
            Node::IfMatches { test, yes, no } => {
                let start = self.push(Op::IfStart(0));
                self.emit(test, back);
                self.push(Op::LookEnd);
                let otherwise = self.either(yes, no, back);
                self.ops[start] = Op::IfStart(otherwise);
            }
        }
    }

    /// Both arms of a conditional; gives where the second starts.
    fn either(&mut self, yes: &Node, no: &Node, back: bool) -> usize {
        self.emit(yes, back);
        let jump = self.push(Op::Jump(0));
        let otherwise = self.ops.len();
        self.emit(no, back);
        self.ops[jump] = Op::Jump(self.ops.len());
        otherwise
    }

    fn alternate(&mut self, branches: &[Node], back: bool) {
        let mut jumps = Vec::new();
        for (index, branch) in branches.iter().enumerate() {
            if index + 1 == branches.len() {
                self.emit(branch, back);
                break;
            }
            let start = self.push(Op::Branch(0));
            self.emit(branch, back);
            jumps.push(self.push(Op::Jump(0)));
            self.ops[start] = Op::Branch(self.ops.len());
        }
        for jump in jumps {
            self.ops[jump] = Op::Jump(self.ops.len());
        }
    }

    fn repeat(&mut self, body: &Node, (min, max, lazy): (u32, u32, bool), back: bool) {
        if let Node::Set(set) = body {
            let set = self.set(set);
            self.push(Op::Run { set, min, max, lazy, back });
            return;
        }
        self.push(Op::LoopStart);
        let test = self.push(Op::LoopTest { min, max, lazy, exit: 0 });
        self.emit(body, back);
        self.push(Op::Jump(test));
        let exit = self.push(Op::LoopEnd);
        self.ops[test] = Op::LoopTest { min, max, lazy, exit };
    }
}
