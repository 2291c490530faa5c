//! Reads folders: both APIOps layouts, and the plain layout that people write by hand.

mod draft;
mod kind;

use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::item::{Collected, Item, Specification};
use super::json::{self, Node};
use super::problem::Problem;
use super::source::Source;
use draft::Drafts;
use kind::{Kind, Xml};

/// Reads all that is in a folder.
pub(super) fn collect(root: &Path, collected: &mut Collected) {
    let mut reader = Reader { collected, workspace: None };
    reader.tree(root, true);
    let Collected { items, specifications, problems, .. } = collected;
    if items.is_empty() && specifications.is_empty() && problems.is_empty() {
        let message = "holds no configuration: expected folders such as `apis` and `backends`, a file `policy.xml`, or a \
                       specification: `openapi.yaml`, `openapi.json` or `*.wsdl`";
        problems.push(Problem::new(root.display().to_string(), None, message));
    }
}

struct Reader<'a> {
    collected: &'a mut Collected,
    workspace: Option<String>,
}

/// A file or folder in a folder.
struct Entry {
    path: PathBuf,
    name: String,
    is_folder: bool,
}

impl Entry {
    /// Name without ending, and the ending in lower case.
    fn split(&self) -> (&str, String) {
        match self.name.rsplit_once('.') {
            Some((stem, ending)) => (stem, ending.to_ascii_lowercase()),
            None => (&self.name, String::new()),
        }
    }
}

type Names = Vec<(String, String)>;

impl Reader<'_> {
    /// The folder of a service or a workspace.
    fn tree(&mut self, folder: &Path, is_root: bool) {
        let entries = self.entries(folder);
        for entry in &entries {
            let lower = entry.name.to_ascii_lowercase();
            if entry.is_folder {
                if is_root && lower == "workspaces" {
                    self.workspaces(&entry.path);
                } else if let Some(kind) = kind::of_folder(kind::ALL, &entry.name) {
                    self.kind(&entry.path, kind, &Vec::new());
                } else {
                    self.warn(entry, "folder is not read: its name is not that of a kind of entity");
                }
            } else if lower == "policy.xml" {
                self.policy(&entry.path, Vec::new());
            } else if is_root && lower == "service.json"
                || !is_root && matches!(&*lower, "workspaceinformation.json" | "workspace.json")
            {
                if let Some((source, mut node)) = self.json(&entry.path) {
                    let properties = draft::properties(&mut node);
                    self.push(source, Vec::new(), properties, None);
                }
            } else if is_root && kind::is_lone_specification(&entry.name) {
                self.specification(entry, None, &entries);
            } else if !(is_note(entry) || is_root && is_schema(entry) && entries.iter().any(is_wsdl)) {
                self.warn(entry, "file is not read: it is not part of a configuration folder");
            }
        }
    }

    fn workspaces(&mut self, folder: &Path) {
        for entry in self.entries(folder) {
            if entry.is_folder {
                self.workspace = Some(entry.name.clone());
                self.tree(&entry.path, false);
                self.workspace = None;
            } else if !is_note(&entry) {
                self.warn(&entry, "file is not read: expected a folder for each workspace");
            }
        }
    }

    /// The folder of all entities of a kind.
    fn kind(&mut self, folder: &Path, kind: &'static Kind, parents: &Names) {
        let mut drafts = Drafts::default();
        for entry in self.entries(folder) {
            if entry.is_folder {
                drafts.entry(&entry.name);
                self.entity(&entry, kind, parents, &mut drafts);
                continue;
            }
            let (stem, ending) = entry.split();
            match ending.as_str() {
                "json" => match self.json(&entry.path) {
                    Some(json) => self.take(drafts.entry(stem).put_json(json)),
                    None => self.broken(&with(parents, kind, stem)),
                },
                "xml" if kind.xml != Xml::None => {
                    if let Some(text) = self.text(&entry.path) {
                        self.take(drafts.entry(stem).put_xml(text));
                    }
                }
                _ if is_note(&entry) => {}
                _ => self.warn(&entry, "file is not read: expected `<name>.json`"),
            }
        }
        for (name, draft) in drafts {
            self.draft(&name, draft, kind, parents);
        }
    }

    /// The folder of one entity.
    fn entity(&mut self, folder: &Entry, kind: &'static Kind, parents: &Names, drafts: &mut Drafts) {
        let path = with(parents, kind, &folder.name);
        let entries = self.entries(&folder.path);
        if entries.is_empty() {
            self.warn(folder, "folder is empty");
        }
        for entry in &entries {
            let (stem, ending) = entry.split();
            let link = kind.links.iter().find(|link| ending == "json" && link.eq_ignore_ascii_case(stem));
            if entry.is_folder {
                match kind::of_folder(kind.children, &entry.name) {
                    Some(child) => self.kind(&entry.path, child, &path),
                    None => {
                        let message = format!("folder is not read: its name is not that of a part of `{}`", kind.arm);
                        self.warn(entry, message);
                    }
                }
            } else if kind.is_file(&entry.name) {
                match self.json(&entry.path) {
                    Some(json) => self.take(drafts.entry(&folder.name).put_json(json)),
                    None => self.broken(&path),
                }
            } else if entry.name.eq_ignore_ascii_case("policy.xml") && kind.xml != Xml::None {
                if let Some(text) = self.text(&entry.path) {
                    self.take(drafts.entry(&folder.name).put_xml(text));
                }
            } else if kind.is_specification(&entry.name) {
                self.specification(entry, Some(folder.name.clone()), &entries);
            } else if let Some(link) = link {
                if let Some((source, node)) = self.json(&entry.path) {
                    self.links(&source, &node, link, &path);
                }
            } else if !(is_note(entry) || kind.arm == "apis" && (is_schema(entry) || is_wsdl(entry))) {
                let message = format!("file is not read: expected `{}`", kind.file);
                self.warn(entry, message);
            }
        }
    }

    /// The specification of an API, with the files beside it that it may import.
    fn specification(&mut self, entry: &Entry, api: Option<String>, entries: &[Entry]) {
        let text = if is_wsdl(entry) { Self::markup } else { Self::text };
        let Some(source) = text(self, &entry.path) else { return };
        let others = entries.iter().filter(|other| is_wsdl(entry) && other.name != entry.name);
        let others: Vec<_> = others.filter(|other| is_wsdl(other) || is_schema(other)).collect();
        let beside =
            others.into_iter().filter_map(|other| Some((other.name.clone(), self.markup(&other.path)?))).collect();
        let workspace = self.workspace.clone();
        self.collected.specifications.push(Specification { source, inline: None, workspace, api, beside });
    }

    /// Hands over an entity and its policy.
    fn draft(&mut self, name: &str, draft: draft::Draft, kind: &'static Kind, parents: &Names) {
        let path = with(parents, kind, name);
        let (json, xml) = (draft.json, draft.xml);
        if kind.xml == Xml::Policy
            && let Some(text) = &xml
        {
            let mut path = path.clone();
            path.push(("policies".to_owned(), "policy".to_owned()));
            self.push(Rc::clone(text), path, Node::object(0), Some(Rc::clone(text)));
        }
        let text = xml.filter(|_| kind.xml == Xml::Text);
        match (json, text) {
            (Some((source, mut node)), text) => {
                if let Some(given) = draft::name(&node).filter(|given| !given.eq_ignore_ascii_case(name)) {
                    let message = format!("`name` is `{given}`, but the path says `{name}`");
                    self.collected.problems.push(source.problem(node.offset, message));
                }
                let mut properties = draft::properties(&mut node);
                for link in kind.links {
                    let is_list = properties.get(link).is_some_and(|list| list.elements().is_some());
                    if let Some(list) = properties.remove(link).filter(|_| is_list) {
                        self.links(&source, &list, link, &path);
                    }
                }
                self.push(source, path, properties, text);
            }
            (None, Some(text)) => self.push(Rc::clone(&text), path, Node::object(0), Some(text)),
            (None, None) => {}
        }
    }

    /// A list of names, or of objects with `name`.
    fn links(&mut self, source: &Rc<Source>, list: &Node, kind: &str, path: &Names) {
        let Some(elements) = list.elements() else {
            let message = format!("list of {kind} is {}: expected an array of names", list.value.kind());
            return self.collected.problems.push(source.problem(list.offset, message));
        };
        for element in elements {
            let Some(name) = element.as_str().or_else(|| element.get("name").and_then(Node::as_str)) else {
                let message = format!("element of a list of {kind} is {}: expected a name", element.value.kind());
                self.collected.problems.push(source.problem(element.offset, message));
                continue;
            };
            let mut path = path.clone();
            path.push((kind.to_owned(), name.to_owned()));
            self.push(Rc::clone(source), path, Node::object(element.offset), None);
        }
    }

    fn policy(&mut self, path: &Path, mut parents: Names) {
        if let Some(text) = self.text(path) {
            parents.push(("policies".to_owned(), "policy".to_owned()));
            self.push(Rc::clone(&text), parents, Node::object(0), Some(text));
        }
    }

    fn push(&mut self, source: Rc<Source>, path: Names, properties: Node, text: Option<Rc<Source>>) {
        self.collected.items.push(Item { source, workspace: self.workspace.clone(), path, properties, text });
    }

    /// Says that an entity is there, although its file cannot be read.
    fn broken(&mut self, path: &Names) {
        let source = Source::new("", "");
        let properties = Node::object(0);
        let item = Item { source, workspace: self.workspace.clone(), path: path.clone(), properties, text: None };
        self.collected.broken.insert(item.key());
    }

    fn take(&mut self, outcome: Result<(), Problem>) {
        self.collected.problems.extend(outcome.err());
    }

    /// What is in a folder, by name, without hidden files.
    fn entries(&mut self, folder: &Path) -> Vec<Entry> {
        let mut entries = Vec::new();
        let listing = match std::fs::read_dir(folder) {
            Ok(listing) => listing,
            Err(error) => {
                let message = format!("cannot be read: {error}");
                self.collected.problems.push(Problem::new(folder.display().to_string(), None, message));
                return entries;
            }
        };
        for entry in listing.flatten() {
            let path = entry.path();
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
                let message = "name is not UTF-8 text: rename it";
                self.collected.problems.push(Problem::new(path.display().to_string(), None, message));
                continue;
            };
            if name.starts_with('.') {
                continue;
            }
            // A mounted folder may consist of links.
            let is_folder = match entry.file_type() {
                Ok(kind) if !kind.is_symlink() => kind.is_dir(),
                _ => path.is_dir(),
            };
            entries.push(Entry { path, name, is_folder });
        }
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        entries
    }

    fn text(&mut self, path: &Path) -> Option<Rc<Source>> {
        let source = Source::read(path, path.display().to_string());
        self.taken(path, source)
    }

    /// The text of a file that an importer reads as XML.
    fn markup(&mut self, path: &Path) -> Option<Rc<Source>> {
        let source = Source::read_as(path, path.display().to_string(), super::specification::markup_text);
        self.taken(path, source)
    }

    fn taken(&mut self, path: &Path, source: Result<Rc<Source>, Problem>) -> Option<Rc<Source>> {
        match source {
            Ok(source) => {
                self.collected.files.push(path.to_owned());
                Some(source)
            }
            Err(problem) => {
                self.collected.problems.push(problem);
                None
            }
        }
    }

    fn json(&mut self, path: &Path) -> Option<(Rc<Source>, Node)> {
        let source = self.text(path)?;
        match json::parse(&source.text) {
            Ok(node) => Some((source, node)),
            Err((offset, message)) => {
                self.collected.problems.push(source.problem(offset, message));
                None
            }
        }
    }

    fn warn(&mut self, entry: &Entry, message: impl Into<String>) {
        self.collected.warnings.push(Problem::new(entry.path.display().to_string(), None, message));
    }
}

/// Whether a file is a note for people.
fn is_note(entry: &Entry) -> bool {
    entry.split().1 == "md"
}

fn is_wsdl(entry: &Entry) -> bool {
    !entry.is_folder && entry.split().1 == "wsdl"
}

/// Whether a file is an XML schema, which a WSDL document may import.
fn is_schema(entry: &Entry) -> bool {
    !entry.is_folder && entry.split().1 == "xsd"
}

fn with(parents: &Names, kind: &Kind, name: &str) -> Names {
    let mut path = parents.clone();
    path.push((kind.arm.to_owned(), name.to_owned()));
    path
}
