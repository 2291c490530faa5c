//! Objects, arrays and constructors: where they begin and end, and what is put into them.

use std::collections::HashMap;

use super::{Expected, Kind, MAX_DEPTH, Open, Reader, Step};
use crate::expr::dotnet::exception::Result;
use crate::expr::json::token::JTokenType;
use crate::expr::json::tree::{Children, Data, NONE};
use crate::expr::json::value::Stored;

impl Reader<'_> {
    /// `JObject.Parse` and `JArray.Parse` refuse other kinds of tokens.
    pub(super) fn check_root(&self, token_type: JTokenType, stored: &Stored) -> Result<()> {
        let name = match (token_type, stored) {
            (JTokenType::Object, _) => "StartObject",
            (JTokenType::Array, _) => "StartArray",
            (JTokenType::Constructor, _) => "StartConstructor",
            (other, _) => other.name(),
        };
        match (self.expected, token_type) {
            (Expected::Object, JTokenType::Object) | (Expected::Array, JTokenType::Array) => Ok(()),
            (Expected::Object, _) => Err(self.error(format!(
                "Error reading JObject from JsonReader. Current JsonReader item is not an object: {name}."
            ))),
            (Expected::Array, _) => Err(self.error(format!(
                "Error reading JArray from JsonReader. Current JsonReader item is not an array: {name}."
            ))),
            (Expected::Token | Expected::Anything, _) => Ok(()),
        }
    }

    pub(super) fn attach(&mut self, node: u32, root: &mut Option<u32>) {
        match self.open.last() {
            None => *root = Some(node),
            Some(Open { kind: Kind::Object, .. }) => {
                let property = self.pending.last().copied().unwrap_or(NONE);
                if property != NONE {
                    if let Data::Property(_, value) = &mut self.tree.node_mut(property).data {
                        *value = node;
                    }
                    self.tree.node_mut(node).parent = property;
                }
            }
            Some(_) => self.pending.push(node),
        }
    }

    pub(super) fn begin(&mut self, kind: Kind, data: Data, root: &mut Option<u32>) -> Result<Step> {
        self.at += 1;
        if self.open.is_empty() {
            let token_type = match kind {
                Kind::Object => JTokenType::Object,
                Kind::Array => JTokenType::Array,
                Kind::Constructor => JTokenType::Constructor,
            };
            self.started = true;
            self.check_root(token_type, &Stored::Null)?;
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(self.error(format!("The reader's MaxDepth of {MAX_DEPTH} has been exceeded.")));
        }
        let node = self.tree.add(data);
        self.attach(node, root);
        self.open.push(Open { kind, node, first: self.pending.len() });
        Ok(if kind == Kind::Object { Step::Name } else { Step::Value })
    }

    pub(super) fn end(&mut self, byte: u8) -> Result<Step> {
        let expected = self.open.last().map(|open| open.kind.end());
        if expected != Some(byte) {
            let name = match byte {
                b'}' => "EndObject",
                b']' => "EndArray",
                _ => "EndConstructor",
            };
            return Err(self.misplaced_end(name, byte));
        }
        self.at += 1;
        if let Some(open) = self.open.pop() {
            let list = self.pending.split_off(open.first);
            if let Data::Object(children) | Data::Array(children) | Data::Constructor(_, children) =
                &mut self.tree.node_mut(open.node).data
            {
                *children = Children::of(list);
            }
            if open.kind == Kind::Object {
                self.tree.index_names(open.node);
                self.drop_repeated(open.node);
            }
            self.tree.adopt(open.node);
        }
        Ok(Step::After)
    }

    /// Of properties with one name, the value of the last stays, in the place of the first.
    pub(super) fn drop_repeated(&mut self, object: u32) {
        let repeated = match self.tree.children(object) {
            [] | [_] => return,
            list => {
                let last = list
                    .iter()
                    .rev()
                    .find(|p| self.tree.name(**p).and_then(|n| self.tree.property(object, n)) != Some(**p));
                last.is_some()
            }
        };
        if !repeated {
            return;
        }
        let mut seen = HashMap::new();
        let mut kept: Vec<u32> = Vec::new();
        for property in self.tree.children(object).to_vec() {
            let name = self.tree.name(property).unwrap_or_default().to_owned();
            match seen.get(&name) {
                None => {
                    seen.insert(name, kept.len());
                    kept.push(property);
                }
                Some(place) => kept[*place] = property,
            }
        }
        if let Data::Object(children) = &mut self.tree.node_mut(object).data {
            *children = Children::of(kept);
        }
        self.tree.index_names(object);
    }

    pub(super) fn constructor(&mut self, root: &mut Option<u32>) -> Result<Step> {
        if !self.starts_with("new") {
            return Err(self.unexpected());
        }
        self.at += 3;
        self.skip_space();
        let start = self.at;
        while self.peek_char().is_some_and(char::is_alphanumeric) {
            self.at += self.peek_char().map_or(1, char::len_utf8);
        }
        let json = self.json;
        let name = json.get(start..self.at).unwrap_or_default();
        self.skip_space();
        match self.peek() {
            Some(b'(') => {}
            None => return Err(self.error("Unexpected end while parsing constructor.")),
            Some(_) => {
                let c = self.peek_char().unwrap_or_default();
                return Err(self.error(format!("Unexpected character while parsing constructor: {c}.")));
            }
        }
        let name = self.tree.store(name);
        self.begin(Kind::Constructor, Data::Constructor(name, Children::default()), root)
    }
}
