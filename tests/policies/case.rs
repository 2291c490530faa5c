//! Reads cases and compares with what they expect.

use std::fs;
use std::path::Path;

use http::HeaderMap;

/// One case: its name and its parts in order.
pub struct Case {
    pub name: String,
    parts: Vec<(String, String)>,
}

/// A request or response as a case writes it: first line, headers, empty line, body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub first: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Case {
    /// All cases of the folder, in order of their names.
    pub fn load_all() -> Vec<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policies/cases");
        let mut cases = Vec::new();
        let mut folders: Vec<_> = fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).collect();
        folders.sort();
        for folder in folders.iter().filter(|path| path.is_dir()) {
            let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
            files.sort();
            for file in files {
                let text = fs::read_to_string(&file).unwrap();
                let stem = file.strip_prefix(&root).unwrap().with_extension("").display().to_string();
                cases.extend(Self::parse(&stem, &text));
            }
        }
        cases
    }

    fn parse(file: &str, text: &str) -> Vec<Self> {
        let mut cases: Vec<Self> = Vec::new();
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("# ") {
                cases.push(Self { name: format!("{file}: {}", name.trim()), parts: Vec::new() });
            } else if let Some(part) = line.strip_prefix("=== ") {
                let case = cases.last_mut().expect("a part stands in a case");
                case.parts.push((part.trim().to_owned(), String::new()));
            } else if let Some((_, part)) = cases.last_mut().and_then(|case| case.parts.last_mut()) {
                part.push_str(line);
                part.push('\n');
            }
        }
        cases
    }

    /// The text of a part, without the line breaks around it.
    pub fn part(&self, name: &str) -> Option<&str> {
        self.parts.iter().find(|(known, _)| known == name).map(|(_, text)| text.trim_matches('\n'))
    }

    /// Parts whose name starts so, with the rest of the name.
    pub fn parts_with<'a>(&'a self, start: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.parts.iter().filter_map(move |(name, text)| Some((name.strip_prefix(start)?, text.trim_matches('\n'))))
    }

    /// Lines `name = value` of a part.
    pub fn pairs(&self, part: &str) -> Vec<(&str, &str)> {
        let lines = self.part(part).unwrap_or_default().lines();
        lines.filter_map(|line| line.split_once('=')).map(|(name, value)| (name.trim(), value.trim())).collect()
    }

    /// The first message of that part name.
    pub fn message(&self, part: &str) -> Option<Message> {
        self.messages(part).into_iter().next()
    }

    /// All messages of that part name, in order.
    pub fn messages(&self, part: &str) -> Vec<Message> {
        let texts = self.parts.iter().filter(|(known, _)| known == part).map(|(_, text)| text.trim_matches('\n'));
        texts.map(Message::parse).collect()
    }

    /// What differs between a part and what was found.
    pub fn compare(&self, part: &str, found: &str) -> Vec<String> {
        let expected = self.part(part).unwrap_or_default();
        if expected == found { Vec::new() } else { vec![format!("{part}: expected\n{expected}\nfound\n{found}")] }
    }

    pub fn compare_message(&self, part: &str, found: &Message) -> Vec<String> {
        self.compare_message_at(part, 0, found)
    }

    /// What differs between a message of the case and one that was found.
    ///
    /// Only what the case writes is compared: a header line `- Name` says that a header is absent; a body is compared
    /// when the case has one, and `(empty)` is the empty body. A case without the part expects nothing.
    pub fn compare_message_at(&self, part: &str, index: usize, found: &Message) -> Vec<String> {
        let messages = self.messages(part);
        let Some(expected) = messages.get(index) else { return Vec::new() };
        let mut problems = Vec::new();
        if expected.first != found.first {
            problems.push(format!("{part}: expected `{}`, found `{}`", expected.first, found.first));
        }
        let mut names: Vec<&str> = expected.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.dedup();
        for name in names {
            if let Some(absent) = name.strip_prefix("- ") {
                if !found.values(absent).is_empty() {
                    problems.push(format!("{part}: header `{absent}` is there: {:?}", found.values(absent)));
                }
            } else if expected.values(name) != found.values(name) {
                let (expected, found) = (expected.values(name), found.values(name));
                problems.push(format!("{part}: header `{name}`: expected {expected:?}, found {found:?}"));
            }
        }
        let body = if expected.body == "(empty)" { "" } else { &expected.body };
        let guid = regex_free_guid(&found.body);
        if !expected.body.is_empty() && body != found.body && body != guid {
            problems.push(format!("{part}: body: expected\n{body}\nfound\n{}", found.body));
        }
        problems
    }
}

/// The text with its activity id written as `<guid>`.
fn regex_free_guid(text: &str) -> String {
    match text.split_once("\"activityId\": \"") {
        Some((before, after)) => match after.split_once('"') {
            Some((id, rest)) if id.len() == 36 => format!("{before}\"activityId\": \"<guid>\"{rest}"),
            _ => text.to_owned(),
        },
        None => text.to_owned(),
    }
}

impl Message {
    pub fn new(first: String, headers: &HeaderMap, body: String) -> Self {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
        Self { first, headers: headers.collect(), body }
    }

    pub fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let first = lines.next().unwrap_or_default().to_owned();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            (name.trim().to_owned(), value.trim().to_owned())
        });
        Self { first, headers: headers.collect(), body: body.to_owned() }
    }

    fn values(&self, name: &str) -> Vec<&str> {
        let found = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str()).collect()
    }
}
