//! Changing a tree: adding, removing and replacing tokens by Json.NET's rules of ownership.

use super::token::{JToken, JTokenType, TokenClass, invalid_operation};
use super::tree::{Data, JsonTree};
use super::value::TokenValue;
use crate::expr::dotnet::exception::{Exception, Result};

const INDEX_OUT_OF_RANGE: &str =
    "Index was out of range. Must be non-negative and less than the size of the collection. (Parameter 'index')";

fn json_exception(message: impl Into<String>) -> Exception {
    Exception::new("Newtonsoft.Json.JsonException", message)
}

fn no_parent() -> Exception {
    invalid_operation("The parent is missing.")
}

impl JToken {
    /// `Name = name` of a constructor.
    pub(crate) fn rename(&self, text: &str) {
        self.handle.with(|place| {
            let stored = place.tree.store(text);
            if let Data::Constructor(name, _) = &mut place.tree.node_mut(place.index).data {
                *name = stored;
            }
        });
    }

    /// What goes into this container for `item`: itself, or a copy when it already has a place or would contain itself.
    pub(super) fn own(&self, item: Self) -> Self {
        if item.parent().is_some() || item.ptr_eq(self) || (item.count() > 0 && self.root().ptr_eq(&item)) {
            item.deep_clone()
        } else {
            item
        }
    }

    /// `DeepClone()`.
    pub(crate) fn deep_clone(&self) -> Self {
        Self::of_tree(self.handle.with(|place| place.tree.copy(place.index)), 0)
    }

    /// `token[name]`; C# null when an object has no such property.
    pub(crate) fn by_name(&self, name: Option<&str>) -> Result<Option<Self>> {
        match self.class() {
            TokenClass::Object => Ok(self.get(name.ok_or_else(|| Exception::argument_null("key"))?)),
            _ => Err(self.bad_key(&name.map_or_else(|| "{null}".to_owned(), |name| format!("\"{name}\"")), "Accessed")),
        }
    }

    /// `token[index]`.
    pub(crate) fn by_index(&self, index: i64) -> Result<Self> {
        match self.class() {
            TokenClass::Array | TokenClass::Constructor => usize::try_from(index)
                .ok()
                .and_then(|index| self.child(index))
                .ok_or_else(|| Exception::out_of_range(INDEX_OUT_OF_RANGE)),
            _ => Err(self.bad_key(&index.to_string(), "Accessed")),
        }
    }

    fn bad_key(&self, key: &str, action: &str) -> Exception {
        let (kind, expected) = match (self.class(), action) {
            (TokenClass::Object, _) => ("JObject", "Object property name expected."),
            (TokenClass::Array, "Accessed") => ("JArray", "Int32 array index expected."),
            (TokenClass::Array, _) => ("JArray", "Array position index expected."),
            (TokenClass::Constructor, _) => ("JConstructor", "Argument position index expected."),
            (TokenClass::Property | TokenClass::Value | TokenClass::Raw, "Accessed") => return self.no_child_access(),
            (TokenClass::Property | TokenClass::Value | TokenClass::Raw, _) => {
                return invalid_operation(format!("Cannot set child value on {}.", self.class().full_name()));
            }
        };
        Exception::argument(format!("{action} {kind} values with invalid key value: {key}. {expected}"))
    }

    /// `token[name] = value`: adds or replaces a property.
    pub(crate) fn set_by_name(&self, name: Option<&str>, value: Option<&Self>) -> Result<()> {
        if self.class() != TokenClass::Object {
            let key = name.map_or_else(|| "{null}".to_owned(), |name| format!("\"{name}\""));
            return Err(self.bad_key(&key, "Set"));
        }
        let name = name.ok_or_else(|| Exception::argument_null("key"))?;
        match self.property_named(name) {
            Some(property) => property.set_property_value(value),
            None => self.add(&Self::property(name, value)?),
        }
    }

    /// `token[index] = value`.
    pub(crate) fn set_by_index(&self, index: i64, value: Option<&Self>) -> Result<()> {
        match self.class() {
            TokenClass::Array | TokenClass::Constructor => self.by_index(index)?.replace(value),
            _ => Err(self.bad_key(&index.to_string(), "Set")),
        }
    }

    /// `JProperty.Value = value`.
    pub(crate) fn set_property_value(&self, value: Option<&Self>) -> Result<()> {
        match self.property_value() {
            Some(old) => old.replace(value),
            None => Err(self.no_child_access()),
        }
    }

    /// `JValue.Value = value`.
    pub(crate) fn set_value(&self, value: &TokenValue) {
        self.handle.with(|place| {
            let stored = place.tree.store_value(value);
            match &mut place.tree.node_mut(place.index).data {
                Data::Value(token_type, slot) => {
                    let keeps = matches!(token_type, JTokenType::Comment | JTokenType::Raw);
                    if !(keeps && matches!(value, TokenValue::String(_))) {
                        *token_type = value.token_type();
                    }
                    *slot = stored;
                }
                Data::Raw(slot) => *slot = stored,
                _ => {}
            }
        });
    }

    /// `container.Add(item)` of one token.
    pub(crate) fn add(&self, item: &Self) -> Result<()> {
        self.insert(self.count(), item)
    }

    /// `JObject.Add(name, value)`.
    pub(crate) fn add_property(&self, name: &str, value: Option<&Self>) -> Result<()> {
        self.add(&Self::property(name, value)?)
    }

    /// Puts one token before the child at `index`.
    pub(crate) fn insert(&self, index: usize, item: &Self) -> Result<()> {
        if self.class() == TokenClass::Property {
            return Err(json_exception("Newtonsoft.Json.Linq.JProperty cannot have multiple values."));
        }
        if index > self.count() {
            return Err(Exception::out_of_range("Index must be within the bounds of the List. (Parameter 'index')"));
        }
        self.check_child(item, None)?;
        self.attach(self.own(item.clone()), |tree, container, child| tree.insert_child(container, index, child))
    }

    /// Joins the trees and runs `work`; copies the item when it found a place meanwhile, on another thread.
    fn attach(&self, mut item: Self, work: impl Fn(&mut JsonTree, u32, u32)) -> Result<()> {
        loop {
            let attached = self.handle.join(&item.handle, |place, child| {
                let free = place.tree.can_attach(place.index, child);
                if free {
                    work(place.tree, place.index, child);
                }
                free
            })?;
            if attached {
                return Ok(());
            }
            item = item.deep_clone();
        }
    }

    fn check_child(&self, item: &Self, existing: Option<&Self>) -> Result<()> {
        let is_property = item.class() == TokenClass::Property;
        let own_class = self.class().full_name();
        if is_property != (self.class() == TokenClass::Object) {
            return Err(Exception::argument(format!("Can not add {} to {own_class}.", item.class().full_name())));
        }
        if !is_property {
            return Ok(());
        }
        let name = item.name().unwrap_or_default();
        if existing.is_some_and(|existing| existing.name().as_deref() == Some(name.as_str())) {
            return Ok(());
        }
        if self.property_named(&name).is_some() {
            return Err(Exception::argument(format!(
                "Can not add property {name} to {own_class}. Property with the same name already exists on object."
            )));
        }
        Ok(())
    }

    /// `Replace(value)`; no value stands for JSON null.
    pub(crate) fn replace(&self, value: Option<&Self>) -> Result<()> {
        let parent = self.parent().ok_or_else(no_parent)?;
        let unchanged = match value {
            None => self.token_type() == JTokenType::Null,
            Some(value) => !self.is_container() && self.value_equals(value),
        };
        if unchanged {
            return Ok(());
        }
        let value = parent.own(value.map_or_else(Self::null, Self::clone));
        parent.check_child(&value, Some(self))?;
        self.attach(value, |tree, old, new| tree.replace_child(old, new))
    }

    /// `Remove()`.
    pub(crate) fn remove(&self) -> Result<()> {
        let parent = self.parent().ok_or_else(no_parent)?;
        parent.check_removable()?;
        self.handle.with(|place| place.tree.remove_child(place.index));
        Ok(())
    }

    fn check_removable(&self) -> Result<()> {
        match self.class() {
            TokenClass::Property => {
                Err(json_exception("Cannot add or remove items from Newtonsoft.Json.Linq.JProperty."))
            }
            _ => Ok(()),
        }
    }

    /// `JObject.Remove(name)`: whether there was such a property.
    pub(crate) fn remove_property(&self, name: &str) -> bool {
        self.property_named(name).is_some_and(|property| property.remove().is_ok())
    }

    /// `JArray.RemoveAt(index)`.
    pub(crate) fn remove_at(&self, index: i64) -> Result<()> {
        self.check_removable()?;
        if index < 0 {
            return Err(Exception::out_of_range("Index is less than 0. (Parameter 'index')"));
        }
        match self.child(index as usize) {
            Some(child) => child.remove(),
            None => Err(Exception::out_of_range("Index is equal to or greater than Count. (Parameter 'index')")),
        }
    }

    /// `RemoveAll()`, `Clear()`.
    pub(crate) fn remove_all(&self) -> Result<()> {
        self.check_removable()?;
        self.handle.with(|place| place.tree.clear(place.index));
        Ok(())
    }

    /// The parent and the place in it where `AddBeforeSelf` (0) or `AddAfterSelf` (1) puts its first token.
    pub(crate) fn place_beside(&self, after: usize) -> Result<(Self, usize)> {
        let parent = self.parent().ok_or_else(no_parent)?;
        let index = parent.index_of(self).unwrap_or_default();
        Ok((parent, index + after))
    }

    /// `Merge(content)`: objects recursively, arrays concatenated, JSON null ignored.
    pub(crate) fn merge(&self, content: &Self) -> Result<()> {
        let mut work = vec![(self.clone(), content.clone())];
        while let Some((target, content)) = work.pop() {
            match (target.class(), content.class()) {
                (TokenClass::Object, TokenClass::Object) => {
                    for property in content.children() {
                        target.merge_property(&property, &mut work)?;
                    }
                }
                (TokenClass::Array | TokenClass::Constructor, TokenClass::Array | TokenClass::Constructor)
                    if target.class() == TokenClass::Array || target.class() == content.class() =>
                {
                    for item in content.children() {
                        target.add(&item)?;
                    }
                }
                (TokenClass::Property, TokenClass::Property) => match content.property_value() {
                    Some(value) if value.token_type() != JTokenType::Null => target.set_property_value(Some(&value))?,
                    _ => {}
                },
                _ => {}
            }
        }
        Ok(())
    }

    fn merge_property(&self, property: &Self, work: &mut Vec<(Self, Self)>) -> Result<()> {
        let (Some(name), Some(value)) = (property.name(), property.property_value()) else { return Ok(()) };
        let Some(existing) = self.get(&name) else { return self.add_property(&name, Some(&value)) };
        if existing.is_container() && existing.class() == value.class() {
            work.push((existing, value));
        } else if value.token_type() != JTokenType::Null {
            existing.replace(Some(&value))?;
        }
        Ok(())
    }
}
