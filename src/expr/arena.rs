//! Trees that are shared by handles: all nodes of one tree live in one arena, and joining two trees moves the smaller one.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

/// Nodes addressed by index, each knowing its parent.
pub(crate) trait Tree: Sized {
    /// What this tree takes, in bytes, near enough for a limit.
    fn weight(&self) -> usize;

    /// The number of nodes.
    fn count(&self) -> u32;

    /// Appends the nodes of `other`; the index of each grows by the former `count` of this tree.
    fn absorb(&mut self, other: Self);
}

/// The most that one tree may weigh.
pub(crate) const MAX_WEIGHT: usize = 256 << 20;

/// A node: keeps its whole tree alive, compares by identity.
#[derive(Debug)]
pub(crate) struct Handle<T> {
    arena: Arc<Arena<T>>,
    index: u32,
}

/// A node while its tree is locked: handles of other nodes of the tree are made from it.
pub(crate) struct Place<'a, T> {
    /// The locked tree.
    pub(crate) tree: &'a mut T,
    /// The index of the node.
    pub(crate) index: u32,
    notes: &'a mut Notes,
    arena: &'a Arc<Arena<T>>,
}

/// What is attached to a node from outside.
pub(crate) type Note = Arc<dyn Any + Send + Sync>;

/// What is attached to nodes of one tree, in the order in which it came.
#[derive(Debug, Default)]
struct Notes(Vec<(u32, Note)>);

/// Two trees together would weigh more than [`MAX_WEIGHT`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLarge;

#[derive(Debug)]
struct Arena<T>(Mutex<State<T>>);

#[derive(Debug)]
enum State<T> {
    Here(T, Notes),
    /// The nodes went to another arena, where their indices are greater by the number.
    Moved(Arc<Arena<T>>, u32),
}

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        Self { arena: Arc::clone(&self.arena), index: self.index }
    }
}

impl<T> Place<'_, T> {
    /// A handle of another node of the same tree.
    pub(crate) fn handle(&self, index: u32) -> Handle<T> {
        Handle { arena: Arc::clone(self.arena), index }
    }
}

/// What notes can be attached to.
pub(crate) trait Annotated {
    /// Attaches something.
    fn add_note(&self, note: Note);

    /// What is attached, in the order in which it came.
    fn notes(&self) -> Vec<Note>;

    /// Takes off what `pick` picks.
    fn remove_notes(&self, pick: &dyn Fn(&Note) -> bool);
}

impl<T: Tree> Annotated for Handle<T> {
    fn add_note(&self, note: Note) {
        self.with(|place| place.notes.0.push((place.index, note)));
    }

    fn notes(&self) -> Vec<Note> {
        self.with(|place| {
            let of_node = place.notes.0.iter().filter(|(index, _)| *index == place.index);
            of_node.map(|(_, note)| Arc::clone(note)).collect()
        })
    }

    fn remove_notes(&self, pick: &dyn Fn(&Note) -> bool) {
        // Dropped once the tree is no longer locked: a note may hold a node of the same tree.
        let removed: Vec<_> = self.with(|place| {
            let index = place.index;
            place.notes.0.extract_if(.., |(at, note)| *at == index && pick(note)).collect()
        });
        drop(removed);
    }
}

impl<T: Tree> Handle<T> {
    /// Takes a tree over and points at one of its nodes.
    pub(crate) fn new(tree: T, index: u32) -> Self {
        Self { arena: Arc::new(Arena(Mutex::new(State::Here(tree, Notes::default())))), index }
    }

    /// Runs `work` with the tree locked; `work` must not use other handles.
    pub(crate) fn with<R>(&self, work: impl FnOnce(Place<'_, T>) -> R) -> R {
        let mut next = match &mut *self.arena.lock() {
            State::Here(tree, notes) => return work(Place { tree, index: self.index, notes, arena: &self.arena }),
            State::Moved(arena, shift) => Self { arena: Arc::clone(arena), index: self.index + *shift },
        };
        loop {
            let further = match &mut *next.arena.lock() {
                State::Here(tree, notes) => return work(Place { tree, index: next.index, notes, arena: &next.arena }),
                State::Moved(arena, shift) => Self { arena: Arc::clone(arena), index: next.index + *shift },
            };
            next = further;
        }
    }

    /// Brings both nodes into one tree and runs `work` with it locked; `work` gets the index of `other`.
    pub(crate) fn join<R>(&self, other: &Self, work: impl FnOnce(Place<'_, T>, u32) -> R) -> Result<R, TooLarge> {
        loop {
            let (left, right) = (self.resolve(), other.resolve());
            if Arc::ptr_eq(&left.arena, &right.arena) {
                if let State::Here(tree, notes) = &mut *left.arena.lock() {
                    return Ok(work(Place { tree, index: left.index, notes, arena: &left.arena }, right.index));
                }
                continue;
            }
            let left_first = Arc::as_ptr(&left.arena) < Arc::as_ptr(&right.arena);
            let (first, second) = if left_first { (&left.arena, &right.arena) } else { (&right.arena, &left.arena) };
            let (mut first_state, mut second_state) = (first.lock(), second.lock());
            let (State::Here(a, _), State::Here(b, _)) = (&*first_state, &*second_state) else { continue };
            let room = a.count().checked_add(b.count()).is_some_and(|sum| sum < u32::MAX);
            if !room || a.weight().saturating_add(b.weight()) > MAX_WEIGHT {
                return Err(TooLarge);
            }
            if a.count() >= b.count() {
                move_into(first, &mut first_state, &mut second_state);
            } else {
                move_into(second, &mut second_state, &mut first_state);
            }
        }
    }

    /// Whether both are the same node.
    pub(crate) fn ptr_eq(&self, other: &Self) -> bool {
        if Arc::ptr_eq(&self.arena, &other.arena) {
            return self.index == other.index;
        }
        let (left, right) = (self.resolve(), other.resolve());
        Arc::ptr_eq(&left.arena, &right.arena) && left.index == right.index
    }

    fn resolve(&self) -> Self {
        self.with(|place| place.handle(place.index))
    }
}

impl<T> Arena<T> {
    fn lock(&self) -> std::sync::MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn move_into<T: Tree>(target: &Arc<Arena<T>>, to: &mut State<T>, from: &mut State<T>) {
    let State::Here(tree, notes) = to else { return };
    let shift = tree.count();
    if let State::Here(other, others) = std::mem::replace(from, State::Moved(Arc::clone(target), shift)) {
        tree.absorb(other);
        notes.0.extend(others.0.into_iter().map(|(index, note)| (index + shift, note)));
    }
}

impl From<TooLarge> for crate::expr::dotnet::Exception {
    fn from(_: TooLarge) -> Self {
        Self::new("System.OutOfMemoryException", "Insufficient memory to continue the execution of the program.")
    }
}
