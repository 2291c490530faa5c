//! Compiles the documents of a configuration and links them: equal texts once, equal chains once.

use std::collections::HashMap;
use std::sync::Arc;

use super::problem::Problem;
use crate::model;
use crate::policy::{Diagnostic, Document, Environment, Pipeline, Scope, Severity, link};

/// A compiled document, by its place in [`Documents`].
pub(super) type DocumentId = u32;

/// The documents of the scopes of a request, from the broadest to the narrowest; [`NO_DOCUMENT`] where there is none.
pub(super) type Chain = [DocumentId; 5];

pub(super) const NO_DOCUMENT: DocumentId = u32::MAX;

/// All documents of a configuration.
#[derive(Default)]
pub(super) struct Documents<'a> {
    compiled: Vec<Document>,
    by_text: HashMap<(usize, &'static str, &'a str), DocumentId>,
    linked: HashMap<Chain, Arc<Pipeline>>,
}

impl<'a> Documents<'a> {
    /// Compiles the document of a scope, if it has one. `place` numbers the environment, `name` stands for a file.
    pub fn compile(
        &mut self,
        policy: Option<&'a model::Policy>,
        scope: Scope,
        (place, environment): (usize, &Environment),
        name: impl FnOnce() -> String,
        problems: &mut Vec<Problem>,
        warnings: &mut Vec<Problem>,
    ) -> DocumentId {
        let Some(policy) = policy else { return NO_DOCUMENT };
        if let Some(id) = self.by_text.get(&(place, scope.name(), &policy.value)) {
            return *id;
        }
        let file = policy.origin.as_ref().map_or_else(name, ToString::to_string);
        if let Some(model::PolicyFormat::XmlLink | model::PolicyFormat::RawXmlLink) = policy.format {
            let message = "the format is a link, which is not fetched: expected the text of the document".to_owned();
            problems.push(Problem::Entity { entity: file, message });
            return NO_DOCUMENT;
        }
        match Document::compile(&file, &policy.value, scope, environment) {
            Ok(document) => {
                warnings.extend(document.diagnostics().iter().cloned().map(Problem::Policy));
                let id = self.compiled.len() as DocumentId;
                self.compiled.push(document);
                self.by_text.insert((place, scope.name(), &policy.value), id);
                id
            }
            Err(error) => {
                for diagnostic in error.into_diagnostics() {
                    let is_error = diagnostic.severity == Severity::Error;
                    if is_error { &mut *problems } else { &mut *warnings }.push(Problem::Policy(diagnostic));
                }
                NO_DOCUMENT
            }
        }
    }

    /// What literals of a document say of parameters that an operation's URL template does not have.
    pub fn unknown_parameters(&self, id: DocumentId, has: impl Fn(&str) -> bool) -> Vec<Diagnostic> {
        let document = self.compiled.get(id as usize);
        document.into_iter().flat_map(|document| document.unknown_parameters(&has)).cloned().collect()
    }

    /// The pipeline of a chain.
    pub fn link(&mut self, chain: Chain) -> Arc<Pipeline> {
        let compiled = &self.compiled;
        let linked = self.linked.entry(chain).or_insert_with(|| {
            let documents = chain.iter().filter_map(|id| compiled.get(*id as usize).cloned());
            Arc::new(link(&documents.collect::<Vec<_>>()))
        });
        linked.clone()
    }
}
