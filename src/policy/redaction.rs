//! Keeps the secrets of documents out of what their pipeline says.

use std::borrow::Cow;
use std::sync::Arc;

use crate::secret::{Redactor, Secret};

/// The secrets of the documents of a pipeline, and the tokens that its policies got. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Redaction {
    documents: Option<Arc<[Arc<Redactor>]>>,
    tokens: Vec<Secret>,
}

impl Redaction {
    /// All secrets that these redactors know.
    pub(crate) fn of<'a>(redactors: impl IntoIterator<Item = &'a Arc<Redactor>>) -> Self {
        let mut all: Vec<Arc<Redactor>> = Vec::new();
        for redactor in redactors {
            if !redactor.is_empty() && !all.iter().any(|known| Arc::ptr_eq(known, redactor)) {
                all.push(redactor.clone());
            }
        }
        Self { documents: (!all.is_empty()).then(|| all.into()), tokens: Vec::new() }
    }

    /// Adds a token of this request, which may come more than once.
    pub(crate) fn add(&mut self, token: &str) {
        if !self.tokens.iter().any(|known| known.expose() == token) {
            self.tokens.push(Secret::new(token));
        }
    }

    /// The text with each secret replaced by `***`.
    pub(crate) fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut shown = Cow::Borrowed(text);
        let tokens = (!self.tokens.is_empty()).then(|| Redactor::new(&self.tokens));
        let documents = self.documents.iter().flat_map(|redactors| redactors.iter().map(|redactor| &**redactor));
        for redactor in documents.chain(&tokens) {
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
