//! Reads the files that cases are in.

use std::fs;
use std::path::Path;

use super::Case;

/// The parts that a case may have; those that end in a space go on with a name.
const PARTS: [&str; 33] = [
    "global",
    "workspace",
    "product",
    "policies",
    "operation",
    "fragment ",
    "api ",
    "apis",
    "graphql",
    "resolver ",
    "configuration",
    "named-values",
    "backends",
    "loggers",
    "certificates",
    "client-certificate",
    "context",
    "variables",
    "clock",
    "random",
    "lint",
    "diagnostics",
    "request",
    "backend",
    "answer ",
    "sent",
    "not sent",
    "called",
    "response",
    "variables after",
    "trace",
    "metrics",
    "error",
];

/// A request or response as a case writes it: first line, headers, empty line, body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) first: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Case {
    /// The cases of a file, or of all `.case` files in a folder and its folders, in order of their names.
    ///
    /// # Errors
    ///
    /// What cannot be read, or is not in the format, with its file and line.
    pub fn load(path: impl AsRef<Path>) -> Result<Vec<Self>, String> {
        let path = path.as_ref();
        let unreadable = |error: std::io::Error| format!("`{}` cannot be read: {error}", path.display());
        if !path.is_dir() {
            let text = fs::read_to_string(path).map_err(unreadable)?;
            return Self::parse(&path.display().to_string(), &text);
        }
        let mut entries = Vec::new();
        for entry in fs::read_dir(path).map_err(unreadable)? {
            entries.push(entry.map_err(unreadable)?.path());
        }
        entries.sort();
        let mut cases = Vec::new();
        for entry in entries {
            if entry.is_dir() || entry.extension().is_some_and(|extension| extension == "case") {
                cases.extend(Self::load(entry)?);
            }
        }
        Ok(cases)
    }

    /// The cases in a text; `file` names it in messages.
    ///
    /// # Errors
    ///
    /// A line that stands in no case or no part, and a part that is not known, with its line.
    pub fn parse(file: &str, text: &str) -> Result<Vec<Self>, String> {
        let mut cases: Vec<Self> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let wrong = |problem: &str| Err(format!("{file}:{}: {problem}", number + 1));
            if let Some(name) = line.strip_prefix("# ") {
                cases.push(Self { name: format!("{file}: {}", name.trim()), parts: Vec::new() });
                continue;
            }
            if let Some(part) = line.strip_prefix("=== ").map(str::trim) {
                let Some(case) = cases.last_mut() else { return wrong("a part stands before the first case `# name`") };
                if !PARTS.iter().any(|known| is_part(known, part)) {
                    let known = PARTS.map(str::trim).join("`, `");
                    return wrong(&format!("unknown part `{part}`: expected one of `{known}`"));
                }
                case.parts.push((part.to_owned(), String::new()));
                continue;
            }
            match cases.last_mut().map(|case| case.parts.last_mut()) {
                Some(Some((_, text))) => {
                    text.push_str(line);
                    text.push('\n');
                }
                _ if line.trim().is_empty() => {}
                Some(None) => return wrong("text stands before the first part `=== name` of the case"),
                None => return wrong("text stands before the first case `# name`"),
            }
        }
        Ok(cases)
    }

    /// The text of a part, without the line breaks around it.
    pub(super) fn part(&self, name: &str) -> Option<&str> {
        self.parts.iter().find(|(known, _)| known == name).map(|(_, text)| text.trim_matches('\n'))
    }

    /// Parts whose name starts so, with the rest of the name.
    pub(super) fn parts_with<'a>(&'a self, start: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let parts = self.parts.iter();
        parts.filter_map(move |(name, text)| Some((name.strip_prefix(start)?.trim(), text.trim_matches('\n'))))
    }

    /// Lines `name = value` of a part.
    pub(super) fn pairs(&self, part: &str) -> Result<Vec<(&str, &str)>, String> {
        let lines = self.part(part).unwrap_or_default().lines().filter(|line| !line.trim().is_empty());
        let pair = |line| match str::split_once(line, '=') {
            Some((name, value)) => Ok((name.trim(), value.trim())),
            None => Err(format!("{part}: `{line}` is not `name = value`")),
        };
        lines.map(pair).collect()
    }

    /// All messages of that part name, in order.
    pub(super) fn messages(&self, part: &str) -> Vec<Message> {
        let texts = self.parts.iter().filter(|(known, _)| known == part).map(|(_, text)| text.trim_matches('\n'));
        texts.map(Message::parse).collect()
    }
}

fn is_part(known: &str, part: &str) -> bool {
    match known.strip_suffix(' ') {
        Some(start) => part.strip_prefix(start).is_some_and(|rest| rest.starts_with(' ')),
        None => part == known,
    }
}

impl Message {
    pub(super) fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let first = lines.next().unwrap_or_default().to_owned();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            (name.trim().to_owned(), value.trim().to_owned())
        });
        Self { first, headers: headers.collect(), body: body.to_owned() }
    }

    /// All values of a header.
    pub(super) fn values(&self, name: &str) -> Vec<&str> {
        let found = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_where_a_file_is_not_in_the_format() {
        for (text, problem) in [
            ("=== request\n", "f:1: a part stands before the first case `# name`"),
            ("# a\ntext\n", "f:2: text stands before the first part `=== name` of the case"),
            ("# a\n\n=== requst\n", "f:3: unknown part `requst`: expected one of"),
        ] {
            let error = Case::parse("f", text).unwrap_err();
            assert!(error.starts_with(problem), "{error}");
        }
        assert_eq!(Case::parse("f", "\n\n").unwrap().len(), 0);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_cases_or_an_error(text in "(# a\n|=== request\n|=== fragment b\n|[a-z: \n]{0,20}){0,8}") {
            let _ = Case::parse("f", &text);
        }
    }
}
