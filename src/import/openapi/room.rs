//! How large an import may become: references let a small document stand for a large one.

use crate::model::{Json, Parameter};

/// Bytes that any import may have.
const LEAST: usize = 32 << 20;
/// So many times the size of its document an import may be.
const GROWTH: usize = 8;

/// How many bytes the entities of an import may still take.
pub(super) struct Room(usize);

impl Room {
    /// The room of a document of that many bytes.
    pub(super) fn new(document: usize) -> Self {
        Self(document.saturating_mul(GROWTH).saturating_add(LEAST))
    }

    /// Takes the bytes of an entity and those of its texts.
    pub(super) fn take<'t>(&mut self, entity: usize, texts: impl IntoIterator<Item = &'t str>) {
        let texts: usize = texts.into_iter().map(str::len).sum();
        self.0 = self.0.saturating_sub(entity.saturating_add(texts));
    }

    /// Takes those of a parameter, other than of its allowed values.
    pub(super) fn take_parameter(&mut self, parameter: &Parameter) {
        let default = parameter.default_value.as_ref().and_then(|value| value.as_str());
        let texts = [parameter.description.as_deref(), parameter.type_name.as_deref()].into_iter().flatten();
        let examples = parameter.examples.as_ref().map_or(0, Json::size);
        self.take(size_of::<Parameter>() + examples, texts.chain(default).chain([parameter.name.as_str()]));
    }

    /// Whether nothing more may be made.
    pub(super) fn is_full(&self) -> bool {
        self.0 == 0
    }
}
