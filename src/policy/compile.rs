//! Turns the elements of a document into nodes, and reports everything that is wrong with them.

mod checks;
mod values;

use std::sync::Arc;

use super::custom;
use super::diagnostic::{Diagnostic, Severity, Vendor};
use super::document::{Node, NodeBody, TemplateParameter};
use super::environment::{Environment, Strictness};
use super::list::{self, Step};
use super::spec::{Scope, Section, Spec};
use crate::expr::Expression;
use crate::secret::{Redactor, Secret};
use crate::xml::{self, Element};

/// Compiles one document; fragments are compiled where they are included.
pub(crate) struct Compiler<'a> {
    pub(crate) environment: &'a Environment,
    pub(crate) document: &'a xml::Document,
    pub(crate) scope: Scope,
    pub(crate) section: Section,
    /// Whether the section is known: a fragment that is looked at by itself may stand in any.
    pub(crate) knows_section: bool,
    /// Whether this is a fragment: no `<base />`, no further fragments.
    pub(crate) is_fragment: bool,
    /// Whether this is the document of a GraphQL resolver.
    pub(crate) is_resolver: bool,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Policies that may stand only once in a section, where they were seen.
    pub(crate) seen_once: Vec<(Section, &'static str)>,
    /// What literals expect of the operation's URL template.
    pub(crate) parameters: Vec<TemplateParameter>,
    file: Arc<str>,
    /// The policy element that is being compiled, for diagnostics.
    element: &'static str,
    /// Where its start tag is; none outside of statements.
    start: Option<usize>,
}

/// What an attribute or a scalar element says, compiled.
pub(crate) enum Read {
    /// One whole expression, with the offset where it starts.
    Expression(Expression),
    /// A literal.
    Literal(String),
    /// Something that depends on a named value which is taken as given.
    Given,
}

impl<'a> Compiler<'a> {
    /// Compiles a whole document.
    pub(crate) fn document(
        file: &str,
        text: &str,
        scope: Scope,
        environment: &'a Environment,
    ) -> ([Vec<Node>; 4], Vec<Diagnostic>, Vec<TemplateParameter>) {
        let (mut sections, file) = (<[Vec<Node>; 4]>::default(), Arc::<str>::from(file));
        let document = match read(&file, text, environment.longest_document()) {
            Ok(document) => document,
            Err(diagnostics) => return (sections, diagnostics, Vec::new()),
        };
        let mut compiler = Compiler::new(environment, &document, file, scope, Section::Inbound);
        let root = &document.root;
        if &*root.name != "policies" {
            let message = format!("the root element is `{}`: expected `policies`", root.name);
            compiler.error(root.span.start, message);
            return (sections, compiler.diagnostics, Vec::new());
        }
        compiler.no_attributes(root);
        compiler.child_elements(root);
        let mut seen = [false; 4];
        for element in root.elements() {
            let Some(section) = Section::parse(&element.name) else {
                let is_custom = environment.custom.find(&element.name).is_some();
                let message = if is_custom || list::find(&element.name).is_some() {
                    format!("`{}` stands outside of a section: put it into `inbound`, `backend`, …", element.name)
                } else {
                    format!("unknown section `{}`: expected {}", element.name, one_of(Section::ALL.map(Section::name)))
                };
                compiler.error(element.span.start, message);
                continue;
            };
            if std::mem::replace(&mut seen[section as usize], true) {
                compiler.error(element.span.start, format!("a second section `{section}`: there may be one"));
                continue;
            }
            compiler.section = section;
            compiler.no_attributes(element);
            sections[section as usize] = compiler.nodes(element);
        }
        if !seen[Section::Backend as usize] && scope != Scope::Global {
            let message = "section `backend` is missing: the request will not be forwarded";
            compiler.warning(root.span.start, message.to_owned());
        }
        // First what is in the document itself, then each fragment that it includes.
        let mut files = vec![compiler.file.clone()];
        for diagnostic in &compiler.diagnostics {
            if !files.contains(&diagnostic.file) {
                files.push(diagnostic.file.clone());
            }
        }
        let file = |d: &Diagnostic| files.iter().position(|file| *file == d.file);
        compiler.diagnostics.sort_by_key(|d| (file(d), d.line, d.column));
        (sections, compiler.diagnostics, compiler.parameters)
    }

    pub(crate) fn new(
        environment: &'a Environment,
        document: &'a xml::Document,
        file: Arc<str>,
        scope: Scope,
        section: Section,
    ) -> Self {
        Self {
            environment,
            document,
            scope,
            section,
            knows_section: true,
            is_fragment: false,
            is_resolver: false,
            diagnostics: Vec::new(),
            seen_once: Vec::new(),
            parameters: Vec::new(),
            file,
            element: "policies",
            start: None,
        }
    }

    /// Compiles the statements in `parent`.
    pub(crate) fn nodes(&mut self, parent: &Element) -> Vec<Node> {
        self.child_elements(parent);
        let mut nodes: Vec<Node> = Vec::new();
        for element in parent.elements() {
            let Some(node) = self.statement(element) else { continue };
            let is_base = |node: &Node| matches!(node.body, NodeBody::Base);
            if is_base(&node) && Section::parse(&parent.name).is_none() {
                self.error(element.span.start, "Policy 'base' is not allowed here".to_owned());
            } else if is_base(&node) && nodes.iter().any(is_base) {
                self.error(element.span.start, "a second `base`: a section may have one".to_owned());
            } else {
                nodes.push(node);
            }
        }
        nodes
    }

    pub(crate) fn statement(&mut self, element: &Element) -> Option<Node> {
        let environment = self.environment;
        if let Some(policy) = environment.custom.find(&element.name) {
            let spec = policy.spec();
            return self.compiled(&spec, element, |compiler| custom::compile(compiler, &**policy, &spec, element));
        }
        let Some(entry) = list::find(&element.name) else {
            let names = list::specs().map(|spec| spec.element).chain(environment.custom.names());
            let hint = near(&element.name, names).map_or(String::new(), |n| format!(": did you mean `{n}`?"));
            let message = format!("unknown policy `{}`{hint}", element.name);
            self.error(element.span.start, message);
            return None;
        };
        self.compiled(entry.spec, element, |compiler| (entry.compile)(compiler, element))
    }

    fn compiled(
        &mut self,
        spec: &Spec,
        element: &Element,
        compile: impl FnOnce(&mut Self) -> Option<Node>,
    ) -> Option<Node> {
        let outer = (self.element, self.start);
        (self.element, self.start) = (spec.element, Some(element.span.start));
        self.check(spec, element);
        let node = compile(self).map(|node| Node { id: self.id(element).or(node.id), ..node });
        (self.element, self.start) = outer;
        node
    }

    /// Notes that a literal at `offset` uses a parameter of the operation's URL template.
    pub(crate) fn template_parameter(&mut self, offset: usize, name: &str) {
        let message = format!("`{{{name}}}` is no parameter of the operation's URL template");
        let message = self.environment.redactor.redact(&message).into_owned();
        let position = self.document.position(offset);
        let unknown = diagnostic(Severity::Error, &self.file, position, Some(self.element.into()), message);
        self.parameters.push(TemplateParameter { name: name.into(), unknown });
    }

    pub(crate) fn error(&mut self, offset: usize, message: String) {
        self.report(Severity::Error, offset, message);
    }

    pub(crate) fn warning(&mut self, offset: usize, message: String) {
        self.report(Severity::Warning, offset, message);
    }

    pub(crate) fn note(&mut self, offset: usize, message: String) {
        self.report(Severity::Note, offset, message);
    }

    /// An error in strict mode, a warning in lenient mode.
    pub(crate) fn strict(&mut self, offset: usize, message: String) {
        let lenient = self.environment.strictness == Strictness::Lenient;
        self.report(if lenient { Severity::Warning } else { Severity::Error }, offset, message);
    }

    fn report(&mut self, severity: Severity, offset: usize, message: String) {
        let element: Arc<str> = self.element.into();
        let message = self.environment.redactor.redact(&message).into_owned();
        let vendor = self.start.map(|start| self.vendor(start, element.clone(), None));
        let position = self.document.position(offset);
        let found = diagnostic(severity, &self.file, position, Some(element), message);
        self.diagnostics.push(Diagnostic { vendor, ..found });
    }

    /// Adds what API Management says of the problem that was reported last: of `element`, or else of the statement.
    pub(crate) fn vendor_text(&mut self, element: Option<&Element>, text: &str) {
        let text = self.environment.redactor.redact(text).into_owned();
        let place = element.map(|element| (element.span.start, Arc::from(&*element.name)));
        let Some((start, name)) = place.or_else(|| Some((self.start?, self.element.into()))) else { return };
        let vendor = self.vendor(start, name, Some(text));
        if let Some(last) = self.diagnostics.last_mut() {
            last.vendor = Some(vendor);
        }
    }

    fn vendor(&self, start: usize, element: Arc<str>, text: Option<String>) -> Box<Vendor> {
        let (line, column) = line_and_column(self.document.position(start));
        Box::new(Vendor { element, line, column, text })
    }
}

/// Reads the text of a document or fragment.
pub(crate) fn read(file: &Arc<str>, text: &str, limit: usize) -> Result<xml::Document, Vec<Diagnostic>> {
    let error = |position, message| vec![diagnostic(Severity::Error, file, position, None, message)];
    if text.len() > limit {
        let message = format!("the document has {} bytes: at most {limit} are allowed", text.len());
        return Err(error(xml::Position { line: 1, column: 1 }, message));
    }
    xml::parse(text).map_err(|errors| errors.into_iter().flat_map(|e| error(e.position, e.message)).collect())
}

/// Knows the words of secrets: a message about code tells it word by word.
fn words_of<'s>(secrets: impl Iterator<Item = &'s Secret>) -> Redactor {
    let words = secrets.flat_map(|secret| secret.expose().split(|c: char| !c.is_alphanumeric() && c != '_'));
    let words: Vec<_> = words.filter(|word| word.len() > 2).map(Secret::new).collect();
    Redactor::new(&words)
}

fn diagnostic(
    severity: Severity,
    file: &Arc<str>,
    position: xml::Position,
    element: Option<Arc<str>>,
    message: String,
) -> Diagnostic {
    let (line, column) = line_and_column(position);
    Diagnostic { severity, file: file.clone(), line, column, element, message, vendor: None }
}

fn line_and_column(position: xml::Position) -> (u32, u32) {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    (number(position.line), number(position.column))
}

/// A statement that runs without waiting.
pub(crate) fn step(element: &'static str, step: impl Into<Step>) -> Node {
    Node { element, id: None, body: NodeBody::Run(Arc::new(step.into())) }
}

/// `a`, `b` or `c`.
pub(crate) fn one_of(names: impl IntoIterator<Item = &'static str>) -> String {
    let names: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// The known name that is at most two edits away.
fn near<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let limit = if name.len() < 4 { 1 } else { 2 };
    known.map(|candidate| (edits(name, candidate), candidate)).filter(|(n, _)| *n <= limit).min().map(|(_, c)| c)
}

/// How many letters differ, are missing or are too many.
fn edits(a: &str, b: &str) -> usize {
    if a.len().abs_diff(b.len()) > 2 {
        return usize::MAX;
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let best = (corner + usize::from(x != *y)).min(row[j] + 1).min(row[j + 1] + 1);
            corner = std::mem::replace(&mut row[j + 1], best);
        }
    }
    row[b.len()]
}
