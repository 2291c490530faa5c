//! Compares what a case expects with what was found.

use super::Case;
use super::parse::Message;
use crate::expr::Value;
use crate::policy::PolicyError;
use crate::testing::call::Call;
use crate::testing::content::Content;
use crate::testing::outcome::Outcome;

/// A message that was found.
pub(super) struct Found<'a> {
    first: String,
    content: &'a Content,
}

impl<'a> Found<'a> {
    pub(super) fn response(outcome: &'a Outcome) -> Self {
        let first = format!("{} {}", outcome.status().as_u16(), outcome.reason());
        Self { first, content: outcome.content() }
    }

    pub(super) fn call(call: &'a Call) -> Self {
        Self { first: call.first.clone(), content: &call.content }
    }
}

impl Case {
    /// What differs between a part and what was found.
    pub(super) fn compare(&self, part: &str, found: &str) -> Vec<String> {
        let expected = self.part(part).unwrap_or_default();
        if expected == found { Vec::new() } else { vec![format!("{part}: expected\n{expected}\nfound\n{found}")] }
    }

    /// What differs between message number `index` of a part and one that was found.
    ///
    /// Only what the case writes is compared: a header line `- Name` says that a header is absent; a body is compared
    /// when the case has one, and `(empty)` is the empty body. A case without the part expects nothing.
    pub(super) fn compare_message(&self, part: &str, index: usize, found: &Found<'_>) -> Vec<String> {
        let messages = self.messages(part);
        let Some(expected) = messages.get(index) else { return Vec::new() };
        let mut problems = Vec::new();
        if expected.first.trim_end() != found.first.trim_end() {
            problems.push(format!("{part}: expected `{}`, found `{}`", expected.first, found.first));
        }
        problems.extend(headers(part, expected, found.content));
        let (body, text) = (if expected.body == "(empty)" { "" } else { &expected.body }, found.content.text());
        if !expected.body.is_empty() && body != text && body != without_activity_id(&text) {
            problems.push(format!("{part}: body: expected\n{body}\nfound\n{text}"));
        }
        problems
    }

    /// Lines `name = text` of the part `variables after`; `- name` is a variable that is not there.
    pub(super) fn compare_variables(&self, outcome: &Outcome) -> Vec<String> {
        let mut problems = Vec::new();
        for line in self.part("variables after").unwrap_or_default().lines() {
            if let Some(absent) = line.trim().strip_prefix("- ") {
                if outcome.variable(absent).is_some() {
                    problems.push(format!("variable `{absent}` is there"));
                }
                continue;
            }
            let Some((name, expected)) = line.split_once('=') else { continue };
            let (name, expected) = (name.trim(), expected.trim());
            let found = outcome.variable(name).map(|value| Value::to_text(value).unwrap_or_else(|| "null".to_owned()));
            if found.as_deref() != Some(expected) {
                let found = found.map_or_else(|| "none".to_owned(), |found| format!("`{found}`"));
                problems.push(format!("variable `{name}`: expected `{expected}`, found {found}"));
            }
        }
        problems
    }

    /// Lines `Member = text` of the part `error`: members of `context.LastError`; an empty part is no error.
    pub(super) fn compare_error(&self, outcome: &Outcome) -> Vec<String> {
        let Some(part) = self.part("error") else { return Vec::new() };
        let error = match outcome.error() {
            None if part.trim().is_empty() => return Vec::new(),
            None => return vec!["error: expected one, found none".to_owned()],
            Some(error) if part.trim().is_empty() => return vec![format!("error: expected none, found {error}")],
            Some(error) => error,
        };
        let mut problems = Vec::new();
        for line in part.lines().filter(|line| !line.trim().is_empty()) {
            let (member, expected) = line.split_once('=').unwrap_or((line, ""));
            let (member, expected) = (member.trim(), expected.trim());
            match member_of(error, member) {
                Some(found) if found == expected => {}
                Some(found) => problems.push(format!("error: {member}: expected `{expected}`, found `{found}`")),
                None => problems.push(format!("error: `context.LastError` has no member `{member}`")),
            }
        }
        problems
    }
}

fn member_of(error: &PolicyError, member: &str) -> Option<String> {
    Some(match member {
        "Source" => error.source.to_string(),
        "Reason" => error.reason.to_string(),
        "Message" => error.message.to_string(),
        "Scope" => error.scope.map_or_else(String::new, |scope| scope.name().to_owned()),
        "Section" => error.section.map_or_else(String::new, |section| section.name().to_owned()),
        "Path" => error.path.clone().unwrap_or_default(),
        "PolicyId" => error.policy_id.as_deref().unwrap_or_default().to_owned(),
        "Status" => error.status.as_u16().to_string(),
        _ => return None,
    })
}

fn headers(part: &str, expected: &Message, found: &Content) -> Vec<String> {
    let mut problems = Vec::new();
    let mut names: Vec<&str> = expected.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.dedup();
    for name in names {
        if let Some(absent) = name.strip_prefix("- ") {
            let values = found.values(absent);
            if !values.is_empty() {
                problems.push(format!("{part}: header `{absent}` is there: {values:?}"));
            }
            continue;
        }
        let (expected, found) = (expected.values(name), found.values(name));
        if expected != found {
            problems.push(format!("{part}: header `{name}`: expected {expected:?}, found {found:?}"));
        }
    }
    problems
}

/// The text with its activity id written as `<guid>`.
fn without_activity_id(text: &str) -> String {
    let found = text.split_once("\"activityId\": \"");
    match found.and_then(|(before, after)| Some((before, after.split_once('"')?))) {
        Some((before, (id, rest))) if id.len() == 36 => format!("{before}\"activityId\": \"<guid>\"{rest}"),
        _ => text.to_owned(),
    }
}
