//! Turns what a resolver or a parent object gives into what the schema says.

use std::cell::OnceCell;
use std::sync::Arc;

use apollo_compiler::ast::Type;
use apollo_compiler::schema::ExtendedType;

use super::execute::{Call, State, Waiting};
use super::plan::{Group, Groups};
use super::slots::{Content, SlotId};
use super::{GraphError, JsonMap, JsonValue};

/// The object that fields are members of; resolvers get one copy of it.
pub(super) struct Parent<'m> {
    members: &'m JsonMap,
    shared: OnceCell<Arc<JsonMap>>,
}

impl<'m> Parent<'m> {
    pub(super) fn new(members: &'m JsonMap) -> Self {
        Self { members, shared: OnceCell::new() }
    }

    fn shared(&self) -> Arc<JsonMap> {
        Arc::clone(self.shared.get_or_init(|| Arc::new(self.members.clone())))
    }
}

impl State {
    /// Fills a slot with a value of a type.
    pub(super) fn complete(&mut self, slot: SlotId, ty: &Type, group: &Arc<Group>, value: &JsonValue) {
        if value.is_null() {
            if ty.is_non_null() {
                self.fail(slot, group, format!("`{}.{}` is null, which it cannot be.", group.object, group.name));
            }
            return;
        }
        match ty {
            Type::List(item) | Type::NonNullList(item) => match value.as_array() {
                Some(items) => self.list(slot, item, group, items),
                None => self.fail(slot, group, format!("`{}.{}` is not a list.", group.object, group.name)),
            },
            Type::Named(name) | Type::NonNullNamed(name) => self.named(slot, name.as_str(), group, value),
        }
    }

    fn list(&mut self, slot: SlotId, item: &Type, group: &Arc<Group>, values: &[JsonValue]) {
        let mut items = Vec::with_capacity(values.len().min(1_000));
        for value in values {
            let Some(id) = self.slot(item.is_non_null()) else { return };
            items.push(id);
            self.complete(id, item, group, value);
        }
        self.slots.fill(slot, Content::List(items));
    }

    fn named(&mut self, slot: SlotId, name: &str, group: &Arc<Group>, value: &JsonValue) {
        let schema = Arc::clone(&self.schema);
        let object = match schema.named(name) {
            Some(ExtendedType::Object(_)) => name,
            Some(ExtendedType::Interface(_) | ExtendedType::Union(_)) => {
                let found = value.get("__typename").and_then(JsonValue::as_str);
                match found.filter(|found| schema.schema.is_subtype(name, found)) {
                    Some(found) if schema.schema.get_object(found).is_some() => found,
                    _ => {
                        let message = format!(
                            "`{}.{}` needs a `__typename` that is a type of `{name}`.",
                            group.object, group.name
                        );
                        return self.fail(slot, group, message);
                    }
                }
            }
            Some(ExtendedType::Enum(values)) => {
                return match value.as_str().filter(|found| values.values.contains_key(*found)) {
                    Some(_) => self.slots.fill(slot, Content::Leaf(value.clone())),
                    None => self.unfit(slot, name, group, value),
                };
            }
            _ => {
                return match scalar(name, value) {
                    Some(value) => self.slots.fill(slot, Content::Leaf(value)),
                    None => self.unfit(slot, name, group, value),
                };
            }
        };
        match value.as_object() {
            Some(members) => {
                let groups = self.plan.inside(group, object);
                self.object(slot, &groups, members);
            }
            None => self.fail(slot, group, format!("`{}.{}` is not an object.", group.object, group.name)),
        }
    }

    /// Fills a slot with what is asked of an object.
    pub(super) fn object(&mut self, slot: SlotId, groups: &Groups, parent: &JsonMap) {
        let parent = Parent::new(parent);
        let mut members = Vec::with_capacity(groups.len());
        for group in groups.iter() {
            let Some(id) = self.slot(group.ty.is_non_null()) else { return };
            members.push((Arc::clone(group), id));
            self.member(id, group, &parent);
        }
        self.slots.fill(slot, Content::Object(members));
    }

    /// Fills the slot of one member, at once or when its resolver has answered.
    pub(super) fn member(&mut self, slot: SlotId, group: &Arc<Group>, parent: &Parent<'_>) {
        match group.name.as_str() {
            "__typename" => return self.slots.fill(slot, Content::Leaf(group.object.as_str().into())),
            "__schema" | "__type" => {
                let value = self.introspected.remove(group.key.as_str()).unwrap_or(JsonValue::Null);
                return self.slots.fill(slot, Content::Leaf(value));
            }
            _ => {}
        }
        if !group.has_resolver {
            let value = parent.members.get(group.name.as_str()).unwrap_or(&JsonValue::Null);
            return self.complete(slot, &group.ty, group, value);
        }
        match &group.arguments {
            Err(problem) => self.fail(slot, group, problem.clone()),
            Ok(arguments) => {
                let (object, field) = (group.object.clone(), group.name.as_str().to_owned());
                let call = Call { object, field, arguments: arguments.clone(), parent: parent.shared() };
                self.waiting.push_back(Waiting { slot, group: Arc::clone(group), call });
            }
        }
    }

    fn unfit(&mut self, slot: SlotId, name: &str, group: &Arc<Group>, value: &JsonValue) {
        let kind = match value {
            JsonValue::Bool(_) => "a boolean",
            JsonValue::Number(_) => "a number",
            JsonValue::String(_) => "a text",
            JsonValue::Array(_) => "a list",
            JsonValue::Object(_) => "an object",
            JsonValue::Null => "null",
        };
        self.fail(slot, group, format!("`{}.{}` is {kind} that is no `{name}`.", group.object, group.name));
    }

    pub(super) fn fail(&mut self, slot: SlotId, group: &Group, message: String) {
        let error = GraphError::new(message);
        self.slots.fail(slot, group.place.map_or(error.clone(), |(line, column)| error.at(line, column)));
    }

    /// A new slot; none when the answer is too large.
    fn slot(&mut self, is_non_null: bool) -> Option<SlotId> {
        let slot = self.slots.add(is_non_null);
        self.is_too_large |= slot.is_none();
        slot
    }
}

/// The value of a scalar; none when it cannot be one. Types of one's own take any value.
fn scalar(name: &str, value: &JsonValue) -> Option<JsonValue> {
    match (name, value) {
        ("Int", JsonValue::Number(number)) => {
            let whole = number.as_i64().or_else(|| number.as_f64().filter(|n| n.fract() == 0.0).map(|n| n as i64));
            whole.filter(|whole| i32::try_from(*whole).is_ok()).map(JsonValue::from)
        }
        ("Float", JsonValue::Number(_)) | ("Boolean", JsonValue::Bool(_)) => Some(value.clone()),
        ("String" | "ID", JsonValue::String(_)) => Some(value.clone()),
        ("String" | "ID", JsonValue::Number(number)) => Some(number.to_string().into()),
        ("String", JsonValue::Bool(is)) => Some(is.to_string().into()),
        ("Int" | "Float" | "Boolean" | "String" | "ID", _) => None,
        _ => Some(value.clone()),
    }
}
