//! `write-request`, and the terms on which an item is changed.

use super::super::super::compile::Compiler;
use super::super::super::error::Failure;
use super::super::super::exchange::Exchange;
use super::super::super::setting::Setting;
use super::super::super::statements::cosmosdb_data_source::{
    CONSISTENCY, ID, INDEXING, POST_TRIGGER, PRE_TRIGGER, RETURNS_ITEM, TAG, TAG_TYPE, TEMPLATE, WRITE_TYPE,
};
use super::super::super::statements::include_fragment;
use super::super::super::statements::set_body::SetBody;
use super::super::data_source::child;
use super::super::wording::Wording;
use super::key::KeySetting;
use super::words::{TagKind, get};
use crate::cosmos::{Consistency, EntityTag, Indexing, Write, WriteKind, WriteOptions};
use crate::xml::Element;

/// An item to be written, to be worked out.
pub(super) struct WriteAction {
    kind: Option<Setting<WriteKind>>,
    id: Option<Wording>,
    key: Option<KeySetting>,
    body: Option<SetBody>,
    indexing: Option<Setting<Indexing>>,
    returns_item: Option<Setting<bool>>,
    terms: Terms,
}

/// On what terms an item is changed.
pub(super) struct Terms {
    consistency: Option<Setting<Consistency>>,
    pre_trigger: Option<Setting<String>>,
    post_trigger: Option<Setting<String>>,
    tag: Option<(Option<Setting<TagKind>>, Wording)>,
}

impl WriteAction {
    pub(super) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        let kind = compiler.setting(element, &WRITE_TYPE);
        let id = Wording::of_child(compiler, element, &ID, &TEMPLATE);
        if matches!(kind, Some(Setting::Constant(WriteKind::Replace))) && id.is_none() {
            compiler.error(element.span.start, "`write-request` with the type `replace` needs an `id`".to_owned());
        }
        let key = KeySetting::compile(compiler, element);
        let (mut bodies, mut is_whole) = (Vec::new(), true);
        self::bodies(compiler, element, &mut bodies, &mut is_whole);
        if bodies.len() > 1 {
            compiler.error(element.span.start, "a second `set-body`: `write-request` may have one".to_owned());
        }
        let indexing = compiler.setting(element, &INDEXING);
        let returns_item = compiler.setting(element, &RETURNS_ITEM);
        let terms = Terms::compile(compiler, element);
        let body = bodies.pop();
        Some(Self { kind, id, key: key.ok()?, body, indexing, returns_item, terms: terms? }).filter(|_| is_whole)
    }

    pub(super) fn work_out(&self, exchange: &mut Exchange) -> Result<Write, Box<Failure>> {
        Ok(Write {
            kind: get(&self.kind, exchange)?.unwrap_or_default(),
            id: self.id.as_ref().map(|id| id.text(exchange)).transpose()?,
            partition_key: self.key.as_ref().map(|key| key.work_out(exchange)).transpose()?,
            body: match &self.body {
                Some(body) => body.bytes(exchange)?,
                None => exchange.graphql.field.as_ref().map(|field| field.arguments()).unwrap_or_default(),
            },
            indexing: get(&self.indexing, exchange)?,
            returns_item: get(&self.returns_item, exchange)?,
            options: self.terms.work_out(exchange)?,
        })
    }
}

/// The `set-body` of an element, and those of fragments in it.
fn bodies(compiler: &mut Compiler<'_>, element: &Element, found: &mut Vec<SetBody>, is_whole: &mut bool) {
    for child in element.elements() {
        if *child.name == *include_fragment::SPEC.element {
            let read = include_fragment::inside(compiler, child, |inner| {
                inner.is_fragment = true;
                let document = inner.document;
                bodies(inner, &document.root, found, is_whole);
            });
            *is_whole &= read.is_some();
        } else if &*child.name == "set-body" {
            let body = SetBody::compile(compiler, child);
            *is_whole &= body.is_some();
            found.extend(body);
        } else if compiler.is_fragment {
            compiler.error(child.span.start, format!("`{}` cannot stand in `write-request`", child.name));
        }
    }
}

impl Terms {
    pub(super) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        let tag = match child(compiler, element, &TAG) {
            None => None,
            Some(tag) => Some((compiler.setting(tag, &TAG_TYPE), Wording::compile(compiler, tag, &TEMPLATE)?)),
        };
        Some(Self {
            consistency: compiler.setting(element, &CONSISTENCY),
            pre_trigger: compiler.setting(element, &PRE_TRIGGER),
            post_trigger: compiler.setting(element, &POST_TRIGGER),
            tag,
        })
    }

    pub(super) fn work_out(&self, exchange: &mut Exchange) -> Result<WriteOptions, Box<Failure>> {
        let entity_tag = match &self.tag {
            None => None,
            Some((kind, tag)) => {
                let kind = get(kind, exchange)?.unwrap_or(TagKind::Match);
                match (kind, tag.text(exchange)?) {
                    // Without one there is no condition.
                    (_, tag) if tag.is_empty() => None,
                    (TagKind::Match, tag) => Some(EntityTag::Match(tag)),
                    (TagKind::NoMatch, tag) => Some(EntityTag::NoMatch(tag)),
                }
            }
        };
        let some = |text: String| Some(text).filter(|text| !text.trim().is_empty());
        Ok(WriteOptions {
            consistency: get(&self.consistency, exchange)?,
            pre_trigger: get(&self.pre_trigger, exchange)?.and_then(some),
            post_trigger: get(&self.post_trigger, exchange)?.and_then(some),
            entity_tag,
        })
    }
}
