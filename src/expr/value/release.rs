//! Drops values without recursion: objects nested deep in each other would overflow the stack.

use std::cell::{Cell, RefCell};

use super::Value;
use crate::expr::library::sequence::Start;

/// What waits to be dropped.
enum Waiting {
    Value(#[expect(dead_code, reason = "held to be dropped")] Value),
    Start(#[expect(dead_code, reason = "held to be dropped")] Start),
}

thread_local! {
    static WAITING: RefCell<Vec<Waiting>> = const { RefCell::new(Vec::new()) };
    static DRAINING: Cell<bool> = const { Cell::new(false) };
}

/// Drops what a container held; called by the container's `Drop`.
pub(crate) fn release(items: impl IntoIterator<Item = Value>) {
    drop_later(items.into_iter().filter(|item| matches!(item, Value::Object(_))).map(Waiting::Value));
}

/// Drops what a lazy sequence held: often another sequence.
pub(crate) fn release_start(start: Option<Start>) {
    drop_later(start.map(Waiting::Start));
}

fn drop_later(objects: impl IntoIterator<Item = Waiting>) {
    let queued = WAITING.try_with(|waiting| waiting.borrow_mut().extend(objects));
    if queued.is_err() || DRAINING.replace(true) {
        return;
    }
    while let Ok(Some(item)) = WAITING.try_with(|waiting| waiting.borrow_mut().pop()) {
        drop(item);
    }
    DRAINING.set(false);
}

#[cfg(test)]
mod tests {
    use crate::expr::library::list;
    use crate::expr::types::Ty;
    use crate::expr::value::Value;

    #[test]
    fn drops_a_million_nested_lists() {
        let mut value = Value::Null;
        for _ in 0..1_000_000 {
            value = list::make(Ty::Object, vec![value]);
        }
        drop(value);
    }
}
