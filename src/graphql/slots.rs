//! The answer while it is made: each value has a slot that is filled when it is known.

use std::sync::Arc;

use super::error::Step;
use super::plan::Group;
use super::{GraphError, JsonMap, JsonValue};

/// Which slot.
pub(super) type SlotId = usize;

/// How many values an answer may have: each takes about a hundred bytes.
const MOST_VALUES: usize = 500_000;

/// What a slot holds.
pub(super) enum Content {
    /// Null, or nothing yet.
    Null,
    Leaf(JsonValue),
    Object(Vec<(Arc<Group>, SlotId)>),
    List(Vec<SlotId>),
}

struct Slot {
    content: Content,
    is_non_null: bool,
    error: Option<Box<GraphError>>,
}

/// All values of an answer.
#[derive(Default)]
pub(super) struct Slots {
    all: Vec<Slot>,
    /// How many values there are inside of leaves.
    inside: usize,
}

/// The value is an error where none may be null: the one around it is null.
struct Nulled;

impl Slots {
    /// A new slot; none when the answer is too large.
    pub(super) fn add(&mut self, is_non_null: bool) -> Option<SlotId> {
        if self.all.len() + self.inside >= MOST_VALUES {
            return None;
        }
        self.all.push(Slot { content: Content::Null, is_non_null, error: None });
        Some(self.all.len() - 1)
    }

    pub(super) fn fill(&mut self, id: SlotId, content: Content) {
        if let Content::Leaf(value) = &content {
            self.inside = self.inside.saturating_add(inside(value));
        }
        if let Some(slot) = self.all.get_mut(id) {
            slot.content = content;
        }
    }

    pub(super) fn fail(&mut self, id: SlotId, error: GraphError) {
        if let Some(slot) = self.all.get_mut(id) {
            slot.error = Some(Box::new(error));
        }
    }

    /// The value of a slot with everything in it, and the errors in the order of the answer.
    pub(super) fn finish(mut self, root: SlotId) -> (JsonValue, Vec<GraphError>) {
        let (mut path, mut errors) = (Vec::new(), Vec::new());
        let data = self.value(root, &mut path, &mut errors).unwrap_or(JsonValue::Null);
        (data, errors)
    }

    fn value(&mut self, id: SlotId, path: &mut Vec<Step>, errors: &mut Vec<GraphError>) -> Result<JsonValue, Nulled> {
        let Some(slot) = self.all.get_mut(id) else { return Ok(JsonValue::Null) };
        let is_non_null = slot.is_non_null;
        if let Some(error) = slot.error.take() {
            errors.push(error.of(path.clone()));
            return if is_non_null { Err(Nulled) } else { Ok(JsonValue::Null) };
        }
        let value = match std::mem::replace(&mut slot.content, Content::Null) {
            Content::Null => Ok(JsonValue::Null),
            Content::Leaf(value) => Ok(value),
            Content::Object(members) => self.object(members, path, errors),
            Content::List(items) => self.list(items, path, errors),
        };
        match value {
            Err(Nulled) if !is_non_null => Ok(JsonValue::Null),
            value => value,
        }
    }

    fn object(
        &mut self,
        members: Vec<(Arc<Group>, SlotId)>,
        path: &mut Vec<Step>,
        errors: &mut Vec<GraphError>,
    ) -> Result<JsonValue, Nulled> {
        let mut object = Ok(JsonMap::with_capacity(members.len()));
        for (group, id) in members {
            path.push(Step::Key(group.key.as_str().to_owned()));
            // The errors of all members are told.
            match (self.value(id, path, errors), &mut object) {
                (Ok(value), Ok(object)) => {
                    object.insert(group.key.as_str(), value);
                }
                (Err(Nulled), object) => *object = Err(Nulled),
                (Ok(_), Err(Nulled)) => {}
            }
            path.pop();
        }
        object.map(JsonValue::Object)
    }

    fn list(
        &mut self,
        items: Vec<SlotId>,
        path: &mut Vec<Step>,
        errors: &mut Vec<GraphError>,
    ) -> Result<JsonValue, Nulled> {
        let mut list = Ok(Vec::with_capacity(items.len()));
        for (index, id) in items.into_iter().enumerate() {
            path.push(Step::Index(index));
            match (self.value(id, path, errors), &mut list) {
                (Ok(value), Ok(list)) => list.push(value),
                (Err(Nulled), list) => *list = Err(Nulled),
                (Ok(_), Err(Nulled)) => {}
            }
            path.pop();
        }
        list.map(JsonValue::Array)
    }
}

/// How many values there are in one; a hundred bytes of text count as one.
fn inside(value: &JsonValue) -> usize {
    match value {
        JsonValue::Array(items) => items.iter().map(|item| inside(item).saturating_add(1)).sum(),
        JsonValue::Object(members) => members.iter().map(|(_, member)| inside(member).saturating_add(1)).sum(),
        JsonValue::String(text) => text.as_str().len() / 100,
        _ => 0,
    }
}
