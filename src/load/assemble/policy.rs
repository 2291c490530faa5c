//! Policy documents and fragments: from files of their own, or inside JSON.

use serde::Deserialize;

use super::Assembly;
use crate::load::item::Item;
use crate::load::json::{Node, Value};
use crate::model::{Origin, Policy, PolicyFormat, PolicyFragment};

impl Assembly {
    pub(super) fn policy(&mut self, item: &Item) -> Option<Policy> {
        if let Some(text) = &item.text {
            return Some(Policy::new(text.text.clone()).origin(Origin::file(text.file.clone())));
        }
        let mut policy: Policy = self.read(item)?;
        self.refuse_link(item, policy.format.as_ref());
        policy.origin = origin(item);
        Some(policy)
    }

    pub(super) fn fragment(&mut self, item: &Item) -> Option<PolicyFragment> {
        if let Some(text) = &item.text {
            let mut properties = item.properties.clone();
            properties.set("value", Node::new(0, Value::String(String::new())));
            let mut fragment = match PolicyFragment::deserialize(&properties) {
                Ok(fragment) => fragment,
                Err(misfit) => {
                    self.problems.push(item.problem(misfit));
                    return None;
                }
            };
            fragment.value.clone_from(&text.text);
            fragment.format = Some(PolicyFormat::RawXml);
            return Some(fragment.origin(Origin::file(text.file.clone())));
        }
        let mut fragment: PolicyFragment = self.read(item)?;
        self.refuse_link(item, fragment.format.as_ref());
        fragment.origin = origin(item);
        Some(fragment)
    }

    fn refuse_link(&mut self, item: &Item, format: Option<&PolicyFormat>) {
        if let Some(format @ (PolicyFormat::XmlLink | PolicyFormat::RawXmlLink)) = format {
            let message =
                format!("`format` is `{format}`, and links are not followed: put the text itself into `value`");
            self.problems.push(item.problem(message));
        }
    }
}

/// Where the text of an item that is written inside JSON begins.
fn origin(item: &Item) -> Option<Origin> {
    let node = item.properties.get("value")?;
    let (line, column) = item.source.position(node.offset);
    Some(Origin::inside(item.source.file.clone(), line, column))
}
