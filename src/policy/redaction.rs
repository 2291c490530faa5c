//! Keeps the secrets of documents out of what their pipeline says.

use std::borrow::Cow;
use std::sync::Arc;

use crate::secret::Redactor;

/// The secrets of the documents of a pipeline. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Redaction(Option<Arc<[Arc<Redactor>]>>);

impl Redaction {
    /// All secrets that these redactors know.
    pub(crate) fn of<'a>(redactors: impl IntoIterator<Item = &'a Arc<Redactor>>) -> Self {
        let mut all: Vec<Arc<Redactor>> = Vec::new();
        for redactor in redactors {
            if !redactor.is_empty() && !all.iter().any(|known| Arc::ptr_eq(known, redactor)) {
                all.push(redactor.clone());
            }
        }
        Self((!all.is_empty()).then(|| all.into()))
    }

    /// The text with each secret replaced by `***`.
    pub(crate) fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut shown = Cow::Borrowed(text);
        for redactor in self.0.iter().flat_map(|redactors| redactors.iter()) {
            if let Cow::Owned(text) = redactor.redact(&shown) {
                shown = Cow::Owned(text);
            }
        }
        shown
    }

    /// The same for a message; one that is part of the program holds no secret.
    pub(crate) fn message(&self, text: Cow<'static, str>) -> Cow<'static, str> {
        match text {
            Cow::Borrowed(text) => Cow::Borrowed(text),
            Cow::Owned(text) => Cow::Owned(self.redact(&text).into_owned()),
        }
    }
}
