//! Room on the stack for trees that are deep: real expressions nest further than small threads allow for.

/// Free bytes below which a new piece of stack is taken.
const RED_ZONE: usize = 256 << 10;
/// The size of a new piece.
const PIECE: usize = 2 << 20;

/// Runs a step of a recursion with enough stack for it.
#[inline]
pub(super) fn deeper<R>(step: impl FnOnce() -> R) -> R {
    stacker::maybe_grow(RED_ZONE, PIECE, step)
}
