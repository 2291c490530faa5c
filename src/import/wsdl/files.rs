//! A document with the files that it imports: which of those that were handed in are meant, and what they hold.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use roxmltree::{Document, Node, ParsingOptions};

use super::definitions::is;
use super::lines::Lines;
use super::types::is_xsd;
use super::{WsdlOptions, guard, text};
use crate::import::finding::Findings;
use crate::import::{Severity, SourceFile};

/// The parsed document and the parsed files.
pub(super) struct Documents<'t> {
    /// The document first; its path is empty unless it is one of the files.
    parsed: Vec<(&'t str, Document<'t>)>,
    by_path: HashMap<String, usize>,
    /// The lines of each, once a place in it was asked for.
    lines: Vec<OnceCell<Lines<'t>>>,
}

/// The texts of files in which imports may be found.
pub(super) struct Texts<'f>(Vec<(&'f str, String)>);

/// What a document and the files it imports hold.
pub(super) struct Collected<'d> {
    pub(super) roots: Vec<Node<'d, 'd>>,
    pub(super) schemas: Vec<Schema<'d>>,
    /// Imports that lead to none of the files.
    pub(super) unresolved: Vec<Node<'d, 'd>>,
    /// Imports that lead to one of them.
    pub(super) followed: Vec<Node<'d, 'd>>,
}

/// A schema and the namespace that its components are in: an included one without any takes that of the includer.
#[derive(Clone, Copy)]
pub(super) struct Schema<'d> {
    pub(super) node: Node<'d, 'd>,
    pub(super) namespace: &'d str,
}

pub(super) fn options<'i>(most_nodes: u32) -> ParsingOptions<'i> {
    ParsingOptions { allow_dtd: false, nodes_limit: most_nodes, ..ParsingOptions::default() }
}

impl<'f> Texts<'f> {
    /// Decodes the files; those that are not text are as if they were not there.
    pub(super) fn new(files: &[SourceFile<'f>], options: &WsdlOptions) -> Self {
        let files = files.iter().filter(|file| file.bytes.len() <= options.max_bytes);
        let texts = files.filter_map(|file| Some((file.path, text::decode(file.bytes)?)));
        Self(texts.filter(|(_, text)| guard::problem(text, options.max_depth).is_none()).collect())
    }
}

impl<'t> Documents<'t> {
    /// Files that are not XML are as if they were not there.
    pub(super) fn new(main: Document<'t>, files: &'t Texts<'_>, most_nodes: u32) -> Self {
        let mut documents = Self { parsed: vec![("", main)], by_path: HashMap::new(), lines: Vec::new() };
        for (path, text) in &files.0 {
            if let Some((own, main)) = documents.parsed.first_mut()
                && main.input_text() == text
            {
                // The document is among the files: what it imports is looked for from its place there.
                *own = path;
                documents.by_path.insert(normal(path), 0);
                continue;
            }
            if let Ok(document) = Document::parse_with_options(text, options(most_nodes)) {
                documents.by_path.entry(normal(path)).or_insert(documents.parsed.len());
                documents.parsed.push((path, document));
            }
        }
        documents.lines.resize_with(documents.parsed.len(), OnceCell::new);
        documents
    }

    /// The root element of the document.
    pub(super) fn root(&self) -> Node<'_, '_> {
        // INVARIANT: the document is the first of the parsed ones.
        self.parsed[0].1.root_element()
    }

    /// Whether a node stands in the document itself and not in one of the files.
    pub(super) fn is_own(&self, node: Node<'_, '_>) -> bool {
        self.number(node) == Some(0)
    }

    fn number(&self, node: Node<'_, '_>) -> Option<usize> {
        self.parsed.iter().position(|(_, document)| std::ptr::eq(document, node.document()))
    }

    /// Warns of what is at a node.
    pub(super) fn warn(
        &self,
        findings: &mut Findings,
        code: &'static str,
        node: Node<'_, '_>,
        message: impl Into<String>,
    ) {
        self.find_at(findings, code, Severity::Warning, node, message.into());
    }

    /// Refuses the document because of what is at a node.
    pub(super) fn refuse(
        &self,
        findings: &mut Findings,
        code: &'static str,
        node: Node<'_, '_>,
        message: impl Into<String>,
    ) {
        self.find_at(findings, code, Severity::Error, node, message.into());
    }

    fn find_at(
        &self,
        findings: &mut Findings,
        code: &'static str,
        severity: Severity,
        node: Node<'_, '_>,
        message: String,
    ) {
        findings.add(code, severity, String::new(), message);
        let Some(number) = self.number(node) else { return };
        if let (Some((path, document)), Some(lines)) = (self.parsed.get(number), self.lines.get(number)) {
            let lines = lines.get_or_init(|| Lines::new(document.input_text()));
            findings.place_last(Some(lines.place(node.range().start)));
            findings.in_file(Some(path).filter(|_| number > 0).copied());
        }
    }

    /// The file that `location` means in the file at `base`: by its path from there, as it is written, or, when only
    /// one is called so, by its name.
    fn find(&self, base: usize, location: &str) -> Option<usize> {
        let base = self.parsed.get(base).map_or("", |(path, _)| *path);
        let folder = base.rfind('/').map_or("", |end| &base[..=end]);
        let exact = [format!("{folder}{location}"), location.to_owned()];
        if let Some(found) = exact.iter().find_map(|path| self.by_path.get(&normal(path))) {
            return Some(*found);
        }
        let name = |path: &str| path.rsplit(['/', '\\']).next().unwrap_or_default().to_lowercase();
        let mut called = self.parsed.iter().enumerate().skip(1).filter(|(_, (path, _))| name(path) == name(location));
        let first = called.next()?.0;
        called.next().is_none().then_some(first)
    }
}

/// A path with `.` and `..` taken out.
fn normal(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Follows the imports of a document.
pub(super) fn collect<'d>(documents: &'d Documents<'_>) -> Collected<'d> {
    let mut collector = Collector {
        documents,
        seen: HashSet::new(),
        found: Collected { roots: Vec::new(), schemas: Vec::new(), unresolved: Vec::new(), followed: Vec::new() },
    };
    collector.definitions(0);
    collector.found
}

struct Collector<'d, 't> {
    documents: &'d Documents<'t>,
    /// Files that were read, schemas once for each namespace.
    seen: HashSet<(usize, &'d str)>,
    found: Collected<'d>,
}

impl<'d> Collector<'d, '_> {
    fn root(&self, file: usize) -> Option<Node<'d, 'd>> {
        self.documents.parsed.get(file).map(|(_, document)| document.root_element())
    }

    fn definitions(&mut self, first: usize) {
        let mut waiting = vec![first];
        while let Some(file) = waiting.pop() {
            let Some(root) = self.root(file).filter(|_| self.seen.insert((file, ""))) else { continue };
            if is_xsd(root, "schema") {
                self.schema(file, root, namespace(root));
                continue;
            }
            self.found.roots.push(root);
            for import in root.children().filter(|child| is(*child, "import")) {
                match import.attribute("location").and_then(|location| self.documents.find(file, location)) {
                    Some(found) => {
                        self.found.followed.push(import);
                        waiting.push(found);
                    }
                    None => self.found.unresolved.push(import),
                }
            }
            let types = root.children().filter(|child| is(*child, "types"));
            for schema in types.flat_map(|types| types.children()).filter(|child| is_xsd(*child, "schema")) {
                self.schema(file, schema, namespace(schema));
            }
        }
    }

    /// A schema with all that it includes and imports.
    fn schema(&mut self, file: usize, node: Node<'d, 'd>, namespace_of_node: &'d str) {
        let mut waiting = vec![(file, Schema { node, namespace: namespace_of_node })];
        while let Some((file, schema)) = waiting.pop() {
            self.found.schemas.push(schema);
            for child in schema.node.children() {
                let is_import = is_xsd(child, "import");
                if !is_import && !is_xsd(child, "include") && !is_xsd(child, "redefine") {
                    continue;
                }
                let Some(location) = child.attribute("schemaLocation") else {
                    if !is_import {
                        self.found.unresolved.push(child);
                    }
                    continue;
                };
                let found = self.documents.find(file, location).and_then(|found| Some((found, self.root(found)?)));
                let Some((found, root)) = found.filter(|(_, root)| is_xsd(*root, "schema")) else {
                    self.found.unresolved.push(child);
                    continue;
                };
                self.found.followed.push(child);
                let own = namespace(root);
                let namespace = if own.is_empty() && !is_import { schema.namespace } else { own };
                // A file of schemas alone may be imported by a document, which gives no namespace.
                if self.seen.insert((found, if namespace.is_empty() { " " } else { namespace })) {
                    waiting.push((found, Schema { node: root, namespace }));
                }
            }
        }
    }
}

fn namespace<'d>(schema: Node<'d, 'd>) -> &'d str {
    schema.attribute("targetNamespace").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_dots_out_of_paths() {
        for (path, expected) in
            [("a/../b.xsd", "b.xsd"), ("./x/./y", "x/y"), ("../../a", "a"), ("http://h/a.xsd", "http:/h/a.xsd")]
        {
            assert_eq!(normal(path), expected);
        }
    }
}
