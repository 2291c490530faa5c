//! Turns the elements of a document into nodes, and reports everything that is wrong with them.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::custom;
use super::diagnostic::{Diagnostic, Severity};
use super::document::{Node, NodeBody, TemplateParameter};
use super::environment::{Environment, Strictness};
use super::list::{self, Step};
use super::setting::{Literal, Setting};
use super::spec::{Attribute, Child, Content, Scope, Section, Spec};
use crate::expr::Expression;
use crate::secret::{NamedValue, Redactor, Secret};
use crate::xml::{self, Element, Space, Text};

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
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Policies that may stand only once in a section, where they were seen.
    pub(crate) seen_once: Vec<(Section, &'static str)>,
    /// What literals expect of the operation's URL template.
    pub(crate) parameters: Vec<TemplateParameter>,
    file: Arc<str>,
    /// The policy element that is being compiled, for diagnostics.
    element: &'static str,
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
                let message = if is_custom || list::is_known(&element.name) {
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
            diagnostics: Vec::new(),
            seen_once: Vec::new(),
            parameters: Vec::new(),
            file,
            element: "policies",
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

    fn statement(&mut self, element: &Element) -> Option<Node> {
        let environment = self.environment;
        if let Some(policy) = environment.custom.find(&element.name) {
            let spec = policy.spec();
            return self.compiled(&spec, element, |compiler| custom::compile(compiler, &**policy, &spec, element));
        }
        let Some(entry) = list::find(&element.name) else {
            let message = if list::is_known(&element.name) {
                format!(
                    "the policy `{}` is not supported yet: a custom policy of that name can stand in for it",
                    element.name
                )
            } else {
                let names = list::names().chain(environment.custom.names());
                let hint = near(&element.name, names).map_or(String::new(), |n| format!(": did you mean `{n}`?"));
                format!("unknown policy `{}`{hint}", element.name)
            };
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
        let outer = std::mem::replace(&mut self.element, spec.element);
        self.check(spec, element);
        let node = compile(self).map(|node| Node { id: self.id(element).or(node.id), ..node });
        self.element = outer;
        node
    }

    /// Checks an element against what its policy declares.
    fn check(&mut self, spec: &Spec, element: &Element) {
        if self.knows_section && !spec.sections.contains(self.section) {
            let places = one_of(spec.sections.iter().map(Section::name));
            let message = format!("`{}` is not allowed in `{}`: it belongs in {places}", spec.element, self.section);
            self.strict(element.span.start, message);
        }
        if !spec.scopes.contains(self.scope) {
            let places = one_of(spec.scopes.iter().map(Scope::name));
            let message = format!(
                "`{}` is not allowed in a document of scope `{}`: its scopes are {places}",
                spec.element, self.scope
            );
            self.strict(element.span.start, message);
        }
        if spec.once {
            if self.seen_once.contains(&(self.section, spec.element)) {
                let message = format!("a second `{}`: `{}` may have one", spec.element, self.section);
                self.strict(element.span.start, message);
            }
            self.seen_once.push((self.section, spec.element));
        }
        self.attributes(element, spec.attributes, true);
        self.content(element, spec.content);
    }

    /// Checks a child element against what its policy declares.
    pub(crate) fn check_child(&mut self, child: &Child, element: &Element) {
        self.attributes(element, child.attributes, child.is_policy);
        if child.is_policy {
            self.id(element);
        }
        self.content(element, child.content);
    }

    fn content(&mut self, element: &Element, content: Content) {
        match content {
            Content::Nothing => {
                self.child_elements(element);
                if let Some(child) = element.elements().next() {
                    let message =
                        format!("`{}` has no child elements: `{}` cannot stand in it", element.name, child.name);
                    self.error(child.span.start, message);
                }
            }
            Content::Text { .. } => {
                if let Some(child) = element.elements().next() {
                    let message = format!("`{}` holds text: `{}` cannot stand in it", element.name, child.name);
                    self.error(child.span.start, message);
                }
            }
            Content::TextOrElements(_) if element.elements().next().is_none() => {}
            Content::Elements(children) | Content::TextOrElements(children) => {
                self.child_elements(element);
                for child in element.elements() {
                    if children.iter().all(|known| *known.element != *child.name) {
                        let places = one_of(children.iter().map(|known| known.element));
                        let message = format!("`{}` cannot stand in `{}`: expected {places}", child.name, element.name);
                        self.error(child.span.start, message);
                    }
                }
            }
            Content::Policies | Content::Verbatim => {}
        }
    }

    fn attributes(&mut self, element: &Element, known: &[Attribute], has_id: bool) {
        for attribute in &element.attributes {
            if known.iter().any(|known| *known.name == *attribute.name) || (has_id && &*attribute.name == "id") {
                continue;
            }
            let hint = near(&attribute.name, known.iter().map(|known| known.name))
                .map_or(String::new(), |name| format!(": did you mean `{name}`?"));
            let message = format!("`{}` has no attribute `{}`{hint}", element.name, attribute.name);
            self.strict(attribute.span.start, message);
        }
        for known in known.iter().filter(|known| known.required && element.attribute(known.name).is_none()) {
            let message = format!("`{}` needs the attribute `{}`: {}", element.name, known.name, known.kind);
            self.error(element.span.start, message);
        }
    }

    pub(crate) fn no_attributes(&mut self, element: &Element) {
        self.attributes(element, &[], false);
    }

    /// Reports text where only elements belong.
    fn child_elements(&mut self, element: &Element) {
        if let Some(text) = element.stray_text(self.document) {
            let raw = text.raw(self.document);
            let start = text.span().start + (raw.len() - raw.trim_start().len());
            let shown: String = raw.trim().chars().take(40).collect();
            self.error(start, format!("text `{shown}` stands between the elements of `{}`", element.name));
        }
    }

    fn id(&mut self, element: &Element) -> Option<Arc<str>> {
        match self.read(&element.attribute("id")?.value, Space::Keep, "id")? {
            Read::Literal(id) => Some(id.into()),
            Read::Given => None,
            Read::Expression(_) => {
                self.error(element.span.start, "`id` does not take an expression".to_owned());
                None
            }
        }
    }

    /// The value of an attribute that may be an expression.
    pub(crate) fn setting<T: Literal>(&mut self, element: &Element, attribute: &Attribute) -> Option<Setting<T>> {
        let found = element.attribute(attribute.name)?;
        let what = format!("`{}` of `{}`", attribute.name, element.name);
        self.typed(&found.value, Space::Keep, &what, attribute.expressions, attribute.kind)
    }

    /// The value of an attribute that is a literal.
    pub(crate) fn constant<T: Literal>(&mut self, element: &Element, attribute: &Attribute) -> Option<T> {
        match self.setting(element, attribute)? {
            Setting::Constant(value) => Some(value),
            Setting::Expression(_) => None,
        }
    }

    /// The value of an attribute that is a whole number of that range.
    pub(crate) fn within(
        &mut self,
        element: &Element,
        attribute: &Attribute,
        range: RangeInclusive<i64>,
    ) -> Option<u64> {
        match self.setting_within(element, attribute, range)? {
            Setting::Constant(number) => u64::try_from(number).ok(),
            Setting::Expression(_) => None,
        }
    }

    /// The value of an attribute that is a whole number of that range, or an expression.
    pub(crate) fn setting_within(
        &mut self,
        element: &Element,
        attribute: &Attribute,
        range: RangeInclusive<i64>,
    ) -> Option<Setting<i64>> {
        let setting = self.setting(element, attribute)?;
        match &setting {
            Setting::Constant(number) if !range.contains(number) => {
                let (name, of, kind) = (attribute.name, &element.name, attribute.kind);
                self.error(element.span.start, format!("`{name}` of `{of}` is `{number}`: expected {kind}"));
                None
            }
            _ => Some(setting),
        }
    }

    /// The text of a scalar element such as `<value>`.
    pub(crate) fn text<T: Literal>(&mut self, element: &Element, expressions: bool, kind: &str) -> Option<Setting<T>> {
        let what = format!("the text of `{}`", element.name);
        self.typed(&element.text(), Space::Trim, &what, expressions, kind)
    }

    fn typed<T: Literal>(
        &mut self,
        text: &Text,
        space: Space,
        what: &str,
        expressions: bool,
        kind: &str,
    ) -> Option<Setting<T>> {
        let start = text.span().start;
        match self.read(text, space, what)? {
            Read::Given => None,
            Read::Expression(_) if !expressions => {
                self.error(start, format!("{what} does not take an expression: expected {kind}"));
                None
            }
            Read::Expression(expression) => match Setting::expression(expression) {
                Ok(setting) => Some(setting),
                Err(problem) => {
                    self.error(start, format!("{what}: {problem}: expected {kind}"));
                    None
                }
            },
            Read::Literal(literal) => match T::literal(&literal) {
                Some(value) => Some(Setting::Constant(value)),
                None => {
                    // Before it is cut: a part of a secret is no longer known as one.
                    let shown: String = self.environment.redactor.redact(&literal).chars().take(60).collect();
                    self.error(start, format!("{what} is `{shown}`: expected {kind}"));
                    None
                }
            },
        }
    }

    /// Reads a text: named values spliced in, then one expression or a literal.
    pub(crate) fn read(&mut self, text: &Text, space: Space, what: &str) -> Option<Read> {
        let mut unknown: Vec<(String, usize)> = Vec::new();
        let mut secrets: Vec<(String, usize, &Secret)> = Vec::new();
        let values = &self.environment.named_values;
        let read = text.value(self.document, space, |reference| {
            let found = values.get(reference.name);
            match found {
                Some(NamedValue::Secret(secret)) => secrets.push((reference.name.to_owned(), reference.offset, secret)),
                Some(NamedValue::Plain(_)) => {}
                None => unknown.push((reference.name.to_owned(), reference.offset)),
            }
            found.map(NamedValue::expose)
        });
        match read {
            Err(error) => {
                self.error(error.offset, format!("{what}: {}", error.message));
                None
            }
            Ok(xml::Value::Literal(literal)) => {
                if literal.mentions_expression() {
                    let message = format!("{what} mixes text and an expression: it is taken as text, `@(…)` and all");
                    self.warning(text.span().start, message);
                }
                if self.unknown(&unknown) { Some(Read::Given) } else { Some(Read::Literal(literal.text)) }
            }
            Ok(xml::Value::Expression(code)) => {
                // Braces are doubled in interpolated strings too: there `{{x}}` may be C#.
                let interpolates = code.text.contains("$\"") || code.text.contains("$@\"");
                let given = if interpolates { false } else { self.unknown(&unknown) };
                match Expression::compile(&code.text, &self.environment.library) {
                    Ok(expression) => {
                        for (name, offset) in unknown.iter().filter(|_| interpolates) {
                            let message = format!("`{{{{{name}}}}}` names no named value: it is taken as C# text");
                            self.warning(*offset, message);
                        }
                        Some(if given { Read::Given } else { Read::Expression(expression) })
                    }
                    Err(_) if given => Some(Read::Given),
                    Err(errors) => {
                        if interpolates {
                            self.unknown(&unknown);
                        }
                        let words = words_of(secrets.iter().map(|(.., secret)| *secret));
                        let mut misplaced = BTreeSet::new();
                        for error in errors.iter() {
                            let offset = code.source_offset(error.span.start);
                            match secrets.iter().find(|(_, at, _)| *at == offset) {
                                None => self.error(offset, format!("expression: {}", words.redact(&error.message))),
                                Some((name, ..)) if misplaced.insert(offset) => {
                                    let message = format!(
                                        "expression: the secret that `{{{{{name}}}}}` puts in here is not C#: a text needs \
                                         quotes around it"
                                    );
                                    self.error(offset, message);
                                }
                                Some(_) => {}
                            }
                        }
                        None
                    }
                }
            }
        }
    }

    /// Whether a secret named value is put into a text.
    pub(crate) fn holds_secret(&self, text: &Text) -> bool {
        let values = &self.environment.named_values;
        let mut holds = false;
        let _ = text.literal(self.document, |reference| {
            let found = values.get(reference.name)?;
            holds |= found.is_secret();
            Some(found.expose())
        });
        holds
    }

    /// Reports named values that are not defined; true when they are taken as given.
    pub(crate) fn unknown(&mut self, names: &[(String, usize)]) -> bool {
        for (name, offset) in names {
            if self.environment.takes_as_given() {
                self.note(*offset, format!("named value `{name}` is taken as given"));
            } else {
                self.error(*offset, format!("named value `{name}` is not defined"));
            }
        }
        !names.is_empty() && self.environment.takes_as_given()
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
        let element = Some(self.element.into());
        let message = self.environment.redactor.redact(&message).into_owned();
        self.diagnostics.push(diagnostic(severity, &self.file, self.document.position(offset), element, message));
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
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let (line, column) = (number(position.line), number(position.column));
    Diagnostic { severity, file: file.clone(), line, column, element, message }
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
