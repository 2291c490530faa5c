//! A policy document of one scope: text in, sections of statements out.

use std::fmt;
use std::sync::Arc;

use super::compile::Compiler;
use super::diagnostic::{CompileError, Diagnostic, Severity};
use super::environment::Environment;
use super::list::Step;
use super::setting::Setting;
use super::spec::{Scope, Section};
use super::statements::cache_value::CacheValue;
use super::statements::forward_request::ForwardRequest;
use super::statements::limit_concurrency::LimitConcurrency;
use super::statements::retry::Retry;
use super::statements::wait::WaitFor;
use crate::secret::Redactor;

/// A policy document, compiled for one scope. Cheap to clone.
///
/// ```
/// use gatewright::policy::{Document, Environment, Scope};
///
/// let text = r#"<policies>
///     <inbound><base /><set-header name="X-Id"><value>@(context.RequestId.ToString())</value></set-header></inbound>
///     <backend><base /></backend><outbound><base /></outbound><on-error><base /></on-error>
/// </policies>"#;
/// let document = Document::compile("policy.xml", text, Scope::Api, &Environment::default())?;
/// assert_eq!(document.scope(), Scope::Api);
/// # Ok::<_, gatewright::policy::CompileError>(())
/// ```
#[derive(Clone)]
pub struct Document(Arc<Compiled>);

struct Compiled {
    scope: Scope,
    sections: [Vec<Node>; 4],
    diagnostics: Vec<Diagnostic>,
    redactor: Arc<Redactor>,
    parameters: Vec<TemplateParameter>,
}

/// A parameter of the operation's URL template that a literal uses.
pub(crate) struct TemplateParameter {
    pub(crate) name: Box<str>,
    /// What to say when the operation has no such parameter.
    pub(crate) unknown: Diagnostic,
}

/// A statement of a document with what it contains.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) element: &'static str,
    pub(crate) id: Option<Arc<str>>,
    pub(crate) body: NodeBody,
}

#[derive(Debug)]
pub(crate) enum NodeBody {
    /// The same section of the next broader scope.
    Base,
    /// A statement.
    Run(Arc<Step>),
    /// `forward-request`.
    Forward(Arc<ForwardRequest>),
    /// Statements in order: a fragment, a block.
    Group(Vec<Node>),
    /// Statements that are run again while a condition holds.
    Retry(Arc<Retry>, Vec<Node>),
    /// Statements that only so many requests run at a time.
    Limit(Arc<LimitConcurrency>, Vec<Node>),
    /// Statements that run at the same time.
    Wait(Setting<WaitFor>, Vec<Node>),
    /// Statements that make a value, when the cache has none.
    Recall(CacheValue, Vec<Node>),
    /// The first branch whose condition holds.
    Choose { branches: Vec<Branch>, otherwise: Option<Otherwise> },
}

#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) condition: Arc<Setting<bool>>,
    pub(crate) id: Option<Arc<str>>,
    pub(crate) nodes: Vec<Node>,
}

#[derive(Debug)]
pub(crate) struct Otherwise {
    pub(crate) id: Option<Arc<str>>,
    pub(crate) nodes: Vec<Node>,
}

impl Node {
    /// Whether the statement, or one inside of it, is an `element`.
    pub(crate) fn has(&self, element: &str) -> bool {
        let any = |nodes: &[Self]| nodes.iter().any(|node| node.has(element));
        self.element == element
            || match &self.body {
                NodeBody::Base | NodeBody::Run(_) | NodeBody::Forward(_) => false,
                NodeBody::Group(nodes) | NodeBody::Retry(_, nodes) => any(nodes),
                NodeBody::Limit(_, nodes) | NodeBody::Wait(_, nodes) | NodeBody::Recall(_, nodes) => any(nodes),
                NodeBody::Choose { branches, otherwise } => {
                    branches.iter().any(|branch| any(&branch.nodes))
                        || otherwise.as_ref().is_some_and(|otherwise| any(&otherwise.nodes))
                }
            }
    }
}

impl Document {
    /// Compiles the text of a document. `file` names it in diagnostics.
    ///
    /// # Errors
    ///
    /// [`CompileError`] with every problem of the document, in order, each with line and column.
    pub fn compile(file: &str, text: &str, scope: Scope, environment: &Environment) -> Result<Self, CompileError> {
        let (sections, diagnostics, parameters) = Compiler::document(file, text, scope, environment);
        if diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
            return Err(CompileError(diagnostics));
        }
        let redactor = environment.redactor.clone();
        Ok(Self(Arc::new(Compiled { scope, sections, diagnostics, redactor, parameters })))
    }

    /// What the document is attached to.
    pub fn scope(&self) -> Scope {
        self.0.scope
    }

    /// Warnings and notes of the document.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.0.diagnostics
    }

    pub(crate) fn section(&self, section: Section) -> &[Node] {
        &self.0.sections[section as usize]
    }

    /// What is wrong with the document on an operation whose URL template has only the parameters that `has` knows: a
    /// literal such as the template of `rewrite-uri` may name others. The gateway asks for each operation.
    pub fn unknown_parameters(&self, has: impl Fn(&str) -> bool) -> impl Iterator<Item = &Diagnostic> {
        self.0.parameters.iter().filter(move |used| !has(&used.name)).map(|used| &used.unknown)
    }

    /// Knows the secrets that the document may hold.
    pub(crate) fn redactor(&self) -> &Arc<Redactor> {
        &self.0.redactor
    }

    /// Whether both are the same compiled document.
    pub fn ptr_eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("scope", &self.0.scope).finish_non_exhaustive()
    }
}
