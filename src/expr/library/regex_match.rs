//! What regular expressions give: `Match`, `Group`, `Capture` and their collections.

use std::sync::Arc;

use crate::expr::code::Run;
use crate::expr::dotnet::regex::{Match, Regex, Span};
use crate::expr::fault::Fault;
use crate::expr::library::args::{int, string};
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Iterate, Object, Str, Value};

/// A pattern and the text it was matched against.
#[derive(Clone)]
pub(super) struct Subject {
    pub(super) regex: Arc<Regex>,
    pub(super) text: Arc<[u16]>,
}

/// A `Capture`, `Group` or `Match`.
struct Part {
    ty: TypeId,
    text: Arc<[u16]>,
    /// Nothing when the group or match was not successful.
    span: Option<Span>,
    /// All captures of a group.
    captures: Vec<Span>,
    name: String,
    /// What a match was made of.
    whole: Option<(Subject, Match)>,
}

impl Part {
    fn value(&self) -> Str {
        self.span.map_or_else(|| "".into(), |span| Str::from_utf16(&self.text[span.start..span.end]))
    }
}

impl Object for Part {
    fn ty(&self) -> Ty {
        Ty::Named(self.ty)
    }

    fn to_text(&self, _: &mut Run<'_>) -> Result<Option<Str>, Fault> {
        Ok(Some(self.value()))
    }
}

/// A `MatchCollection`, `GroupCollection` or `CaptureCollection`.
struct Parts {
    ty: TypeId,
    items: Vec<Value>,
    regex: Option<Arc<Regex>>,
}

impl Object for Parts {
    fn ty(&self) -> Ty {
        Ty::Named(self.ty)
    }

    fn iterate(&self, _: &mut Run<'_>) -> Result<Option<Box<dyn Iterate>>, Fault> {
        let mut items = self.items.clone().into_iter();
        Ok(Some(Box::new(move |_: &mut Run<'_>| Ok(items.next()))))
    }
}

/// A `Match`; not successful without `found`.
pub(super) fn match_value(subject: &Subject, found: Option<Match>) -> Value {
    let span = found.as_ref().map(Match::span);
    Value::object(Part {
        ty: TypeId::Match,
        text: Arc::clone(&subject.text),
        span,
        captures: span.into_iter().collect(),
        name: "0".to_owned(),
        whole: found.map(|found| (subject.clone(), found)),
    })
}

/// `Match.Empty`.
pub(super) fn empty_match() -> Value {
    let text = Arc::from([]);
    let part = Part { ty: TypeId::Match, text, span: None, captures: Vec::new(), name: "0".to_owned(), whole: None };
    Value::object(part)
}

/// A `MatchCollection`.
pub(super) fn matches_value(subject: &Subject, found: Vec<Match>) -> Value {
    let items = found.into_iter().map(|found| match_value(subject, Some(found))).collect();
    Value::object(Parts { ty: TypeId::MatchCollection, items, regex: None })
}

fn group_value(text: &Arc<[u16]>, name: String, captures: Vec<Span>) -> Value {
    let (span, text) = (captures.last().copied(), Arc::clone(text));
    Value::object(Part { ty: TypeId::Group, text, span, captures, name, whole: None })
}

fn part(value: &Value) -> Result<&Part, Fault> {
    value.downcast::<Part>().ok_or_else(Fault::null_reference)
}

fn parts(value: &Value) -> Result<&Parts, Fault> {
    value.downcast::<Parts>().ok_or_else(Fault::null_reference)
}

/// The groups of a match, the match itself first.
fn groups(value: &Value) -> Result<Value, Fault> {
    let whole = part(value)?;
    let mut items = vec![value.clone()];
    let mut regex = None;
    if let Some((subject, found)) = &whole.whole {
        regex = Some(Arc::clone(&subject.regex));
        let rest = found.groups.iter().enumerate().skip(1);
        items.extend(
            rest.map(|(index, captures)| group_value(&whole.text, subject.regex.group_name(index), captures.clone())),
        );
    }
    Ok(Value::object(Parts { ty: TypeId::GroupCollection, items, regex }))
}

/// The group at an index, or one that did not match.
fn group(parts: &Parts, index: Option<usize>) -> Value {
    let found = index.and_then(|index| parts.items.get(index)).cloned();
    found.unwrap_or_else(|| group_value(&Arc::from([]), String::new(), Vec::new()))
}

fn item(a: &[Value]) -> Result<Value, Fault> {
    let index = usize::try_from(int(&a[1])).ok();
    index
        .and_then(|index| parts(&a[0]).ok()?.items.get(index))
        .cloned()
        .ok_or_else(|| Fault::out_of_range("Specified argument was out of the range of valid values. (Parameter 'i')"))
}

fn count(a: &[Value]) -> Result<Value, Fault> {
    Ok(Value::Int(parts(&a[0])?.items.len() as i32))
}

/// Adds the members of matches, groups and captures.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::Capture)
        .def("string Value", |_, a| Ok(part(&a[0])?.value().into()))
        .def("int Index", |_, a| Ok(Value::Int(part(&a[0])?.span.map_or(0, |span| span.start as i32))))
        .def("int Length", |_, a| Ok(Value::Int(part(&a[0])?.span.map_or(0, |span| (span.end - span.start) as i32))));
    table
        .on(TypeId::Group)
        .def("bool Success", |_, a| Ok(part(&a[0])?.span.is_some().into()))
        .def("lenient string Name", |_, a| Ok(part(&a[0])?.name.as_str().into()))
        .def("CaptureCollection Captures", |_, a| {
            let group = part(&a[0])?;
            let capture = |span: &Span| {
                let text = Arc::clone(&group.text);
                let captures = Vec::new();
                Value::object(Part {
                    ty: TypeId::Capture,
                    text,
                    span: Some(*span),
                    captures,
                    name: String::new(),
                    whole: None,
                })
            };
            let items = group.captures.iter().map(capture).collect();
            Ok(Value::object(Parts { ty: TypeId::CaptureCollection, items, regex: None }))
        });
    table
        .on(TypeId::Match)
        .def("GroupCollection Groups", |_, a| groups(&a[0]))
        .def("string Result(string replacement)", |_, a| {
            let replacement = string(&a[1], "replacement")?;
            match &part(&a[0])?.whole {
                Some((subject, found)) => {
                    let text = subject.regex.expand(&subject.text, found, &replacement.text());
                    Ok(Str::from_utf16(&text).into())
                }
                None => Err(Fault::not_supported("Result cannot be called on a failed Match.")),
            }
        })
        .def("lenient Match NextMatch()", |run, a| {
            let Some((subject, found)) = &part(&a[0])?.whole else { return Ok(empty_match()) };
            let limit = (run.budget.regex_backtracks as u64).min(run.steps_left() / 2);
            let mut left = limit;
            let next = subject.regex.find_next(&subject.text, found, &mut left);
            run.steps(usize::try_from((limit - left) * 2).unwrap_or(usize::MAX))?;
            Ok(match_value(subject, next?))
        });
    table
        .on(TypeId::GroupCollection)
        .def("int Count", |_, a| count(a))
        .def("Group this[int groupnum]", |_, a| {
            let (all, number) = (parts(&a[0])?, int(&a[1]));
            let number = usize::try_from(number).ok();
            let index = match &all.regex {
                Some(regex) => number.and_then(|number| regex.group_by_number(number)),
                None => number,
            };
            Ok(group(all, index))
        })
        .def("Group this[string groupname]", |_, a| {
            let all = parts(&a[0])?;
            let name = string(&a[1], "groupname")?.text();
            Ok(group(all, all.regex.as_ref().and_then(|regex| regex.group_by_name(&name))))
        });
    table.on(TypeId::CaptureCollection).def("int Count", |_, a| count(a)).def("Capture this[int i]", |_, a| item(a));
    table
        .on(TypeId::MatchCollection)
        .def("lenient int Count", |_, a| count(a))
        .def("lenient Match this[int i]", |_, a| item(a));
}
