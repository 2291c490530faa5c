//! URL templates of operations: `/orders/{id}/lines?page={page}&view=full`.

use std::borrow::Cow;
use std::ops::Range;

use percent_encoding::percent_decode;

use super::pattern::Pattern;
use super::query;

/// The longest template that is accepted, in bytes.
const MAX_LENGTH: usize = 1000;

/// The path and query that requests of one operation have, relative to the path of the API.
///
/// A path segment is text, a parameter (`{id}`), a mix of both (`{id}.json`, `v{major}.{minor}`), or, as the last
/// one, a wildcard (`*`, or `{*rest}` to bind what it matches). A query parameter is required, with any value
/// (`page={page}`) or a fixed one (`view=full`).
///
/// ```
/// use gatewright::gateway::UrlTemplate;
///
/// let template = UrlTemplate::parse("/files/{id}.json?view={view}")?;
/// let found = template.parameters("/files/a%20b.json", Some("view=full&page=2")).unwrap();
/// assert_eq!(found, [("id", "a b".into()), ("view", "full".into())]);
/// assert!(template.parameters("/files/7.xml", Some("view=full")).is_none());
/// # Ok::<_, gatewright::gateway::TemplateError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlTemplate {
    text: Box<str>,
    pub(super) path: Box<[PathSegment]>,
    pub(super) query: Box<[QueryParameter]>,
    /// Whether the path ends with a slash; the last, empty segment is not in `path` then.
    pub(super) has_trailing_slash: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PathSegment {
    Literal(Box<[u8]>),
    Mix(Pattern, Box<[Box<str>]>),
    Parameter(Box<str>),
    Wildcard(Option<Box<str>>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct QueryParameter {
    pub name: Box<str>,
    pub value: QueryValue,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum QueryValue {
    Parameter(Box<str>),
    Fixed(Box<str>),
}

/// Why a text is not a URL template, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("URL template `{template}`, character {position}: {problem}")]
pub struct TemplateError {
    template: Box<str>,
    position: usize,
    problem: Cow<'static, str>,
}

impl TemplateError {
    /// Where the problem is: characters from the start of the template, from 1 on.
    pub fn position(&self) -> usize {
        self.position
    }
}

impl UrlTemplate {
    /// Parses a template. The slash at its start may be missing.
    ///
    /// # Errors
    ///
    /// [`TemplateError`] for braces that do not match, a parameter without a name or with a name that another one has,
    /// parameters with nothing between them, a wildcard that is not the last segment, a query parameter that is
    /// neither `name=text` nor `name={parameter}`, or more than 1000 bytes.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        Parser { text, names: Vec::new() }.template().map_err(|(at, problem)| TemplateError {
            template: text.chars().take(MAX_LENGTH).collect(),
            position: text.char_indices().take_while(|(index, _)| *index < at).count() + 1,
            problem,
        })
    }

    /// The template as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The names of all parameters, of the path and then of the query.
    pub fn parameter_names(&self) -> impl Iterator<Item = &str> {
        let path = self.path.iter().flat_map(|segment| match segment {
            PathSegment::Mix(_, names) => names.as_ref(),
            PathSegment::Parameter(name) | PathSegment::Wildcard(Some(name)) => std::slice::from_ref(name),
            PathSegment::Literal(_) | PathSegment::Wildcard(None) => &[],
        });
        path.chain(self.query.iter().filter_map(|parameter| match &parameter.value {
            QueryValue::Parameter(name) => Some(name),
            QueryValue::Fixed(_) => None,
        }))
        .map(AsRef::as_ref)
    }

    /// What a query must have: its names, each with a parameter (`Ok`) or a fixed value.
    pub(super) fn query_names(&self) -> impl Iterator<Item = (&str, Result<&str, &str>)> {
        self.query.iter().map(|parameter| match &parameter.value {
            QueryValue::Parameter(name) => (&*parameter.name, Ok(&**name)),
            QueryValue::Fixed(value) => (&*parameter.name, Err(&**value)),
        })
    }

    /// Whether it has a parameter of this name; case makes no difference.
    pub fn has_parameter(&self, name: &str) -> bool {
        self.parameter_names().any(|known| known.eq_ignore_ascii_case(name))
    }

    /// The decoded values of all parameters in a request, or nothing when the request does not match.
    ///
    /// `path` is what follows the path of the API, encoded. One slash at its end, more or less, makes no difference.
    pub fn parameters<'t, 'r>(&'t self, path: &'r str, query: Option<&'r str>) -> Option<Vec<(&'t str, Cow<'r, str>)>> {
        let mut found = Vec::new();
        let mut rest = path;
        for segment in &self.path {
            if let PathSegment::Wildcard(name) = segment {
                if let Some(name) = name {
                    found.push((name.as_ref(), decode_text(rest.strip_prefix('/').unwrap_or(rest))));
                }
                rest = "";
                break;
            }
            let piece;
            (piece, rest) = split_segment(rest)?;
            match segment {
                PathSegment::Literal(text) if decode(piece).eq_ignore_ascii_case(text) => {}
                PathSegment::Parameter(name) if !piece.is_empty() => found.push((name, decode_text(piece))),
                PathSegment::Mix(pattern, names) => {
                    let decoded = decode(piece);
                    let matches = pattern.matches(&decoded, |index, range| {
                        if let Some(name) = names.get(index) {
                            found.push((name, text_of(&decoded, range)));
                        }
                    });
                    if !matches {
                        return None;
                    }
                }
                _ => return None,
            }
        }
        if !rest.is_empty() && rest != "/" {
            return None;
        }
        let query = query.unwrap_or_default();
        for parameter in &self.query {
            let value = parameter.value_in(query)?;
            if let QueryValue::Parameter(name) = &parameter.value {
                found.push((name, value));
            }
        }
        Some(found)
    }
}

impl QueryParameter {
    /// The value in a request that has this parameter.
    fn value_in<'q>(&self, query: &'q str) -> Option<Cow<'q, str>> {
        let mut values = query::values(query, &self.name);
        match &self.value {
            QueryValue::Parameter(_) => values.next(),
            QueryValue::Fixed(text) => values.find(|value| value == text.as_ref()),
        }
    }

    pub fn is_in(&self, query: &str) -> bool {
        match self.value {
            QueryValue::Parameter(_) => query::has(query, &self.name),
            QueryValue::Fixed(_) => self.value_in(query).is_some(),
        }
    }
}

/// The first segment of `/a/b`, and what follows it with its slash.
fn split_segment(path: &str) -> Option<(&str, &str)> {
    let path = path.strip_prefix('/')?;
    Some(path.split_at(path.find('/').unwrap_or(path.len())))
}

pub(super) fn decode(segment: &str) -> Cow<'_, [u8]> {
    percent_decode(segment.as_bytes()).into()
}

fn decode_text(text: &str) -> Cow<'_, str> {
    percent_decode(text.as_bytes()).decode_utf8_lossy()
}

fn text_of<'r>(decoded: &Cow<'r, [u8]>, range: Range<usize>) -> Cow<'r, str> {
    match decoded {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes.get(range).unwrap_or_default()),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(bytes.get(range).unwrap_or_default()).into_owned()),
    }
}

/// A byte index into the template, and what is wrong there.
type Problem = (usize, Cow<'static, str>);

struct Parser<'t> {
    text: &'t str,
    names: Vec<&'t str>,
}

/// One run of a segment: text or a parameter, and where it starts.
enum Run<'t> {
    Text(&'t str),
    Parameter(&'t str, usize),
}

impl<'t> Parser<'t> {
    fn template(mut self) -> Result<UrlTemplate, Problem> {
        if self.text.len() > MAX_LENGTH {
            return Err((MAX_LENGTH, "the template is too long: expected at most 1000 characters".into()));
        }
        let (path, query) = match self.text.split_once('?') {
            Some((path, query)) => (path, query),
            None => (self.text, ""),
        };
        let query_start = path.len() + 1;
        let path = path.strip_prefix('/').unwrap_or(path);
        let mut at = query_start - 1 - path.len();
        let (path, has_trailing_slash) = match path.strip_suffix('/') {
            Some(path) => (Some(path), true),
            // The path `/` is a root with a trailing slash, an empty path one without.
            None if path.is_empty() => (None, at > 0),
            None => (Some(path), false),
        };
        let mut segments = Vec::new();
        for piece in path.into_iter().flat_map(|path| path.split('/')) {
            if matches!(segments.last(), Some(PathSegment::Wildcard(_))) {
                return Err((at, "a segment follows a wildcard: `*` is allowed only as the last segment".into()));
            }
            segments.push(self.segment(piece, at)?);
            at += piece.len() + 1;
        }
        if has_trailing_slash && matches!(segments.last(), Some(PathSegment::Wildcard(_))) {
            return Err((at - 1, "a slash follows a wildcard: `*` is allowed only as the last segment".into()));
        }
        let query = self.query(query, query_start)?;
        Ok(UrlTemplate { text: self.text.into(), path: segments.into(), query, has_trailing_slash })
    }

    fn segment(&mut self, piece: &'t str, at: usize) -> Result<PathSegment, Problem> {
        if piece == "*" {
            return Ok(PathSegment::Wildcard(None));
        }
        if let Some(name) = piece.strip_prefix("{*").and_then(|rest| rest.strip_suffix('}')) {
            return Ok(PathSegment::Wildcard(Some(self.name(name, at + 2)?.into())));
        }
        let runs = self.runs(piece, at)?;
        match runs.as_slice() {
            [] => return Ok(PathSegment::Literal([].into())),
            [Run::Text(text)] => return Ok(PathSegment::Literal(decode(text).into())),
            [Run::Parameter(name, _)] => return Ok(PathSegment::Parameter((*name).into())),
            _ => {}
        }
        let (mut names, mut prefix, mut after) = (Vec::new(), Box::default(), Vec::<Box<[u8]>>::new());
        for run in runs {
            match (run, after.last_mut()) {
                (Run::Text(text), None) => prefix = decode(text).into(),
                (Run::Text(text), Some(last)) => *last = decode(text).into(),
                (Run::Parameter(_, at), Some(last)) if last.is_empty() => {
                    return Err((at, "a parameter follows another one: expected text between them".into()));
                }
                (Run::Parameter(name, _), _) => {
                    names.push(name.into());
                    after.push(Box::default());
                }
            }
        }
        Ok(PathSegment::Mix(Pattern { prefix, after: after.into() }, names.into()))
    }

    fn runs(&mut self, piece: &'t str, mut at: usize) -> Result<Vec<Run<'t>>, Problem> {
        let (mut runs, mut rest) = (Vec::new(), piece);
        while !rest.is_empty() {
            let text = rest.split(['{', '}', '*']).next().unwrap_or_default();
            if !text.is_empty() {
                runs.push(Run::Text(text));
                at += text.len();
                rest = rest.get(text.len()..).unwrap_or_default();
                continue;
            }
            let Some(inner) = rest.strip_prefix('{') else {
                let problem = if rest.starts_with('*') {
                    "`*` is a part of a segment: expected it to be the whole of the last segment"
                } else {
                    "`}` has no `{` before it in this segment"
                };
                return Err((at, problem.into()));
            };
            let Some((name, after)) = inner.split_once('}') else {
                return Err((at, "`{` is not closed in this segment: expected `}`".into()));
            };
            runs.push(Run::Parameter(self.name(name, at + 1)?, at));
            at += name.len() + 2;
            rest = after;
        }
        Ok(runs)
    }

    fn name(&mut self, name: &'t str, at: usize) -> Result<&'t str, Problem> {
        if name.is_empty() {
            return Err((at, "the parameter has no name".into()));
        }
        let is_wrong = |c: char| c.is_control() || "{}*/?&=%".contains(c);
        if let Some((offset, wrong)) = name.char_indices().find(|(_, c)| is_wrong(*c)) {
            let problem = match wrong {
                '*' if offset == 0 => {
                    "a wildcard parameter is a part of a segment: expected the whole of the last one".into()
                }
                _ => format!("the name of a parameter holds `{}`", wrong.escape_default()).into(),
            };
            return Err((at + offset, problem));
        }
        if self.names.iter().any(|other| other.eq_ignore_ascii_case(name)) {
            return Err((at, format!("the parameter `{name}` is there twice").into()));
        }
        self.names.push(name);
        Ok(name)
    }

    fn query(&mut self, query: &'t str, mut at: usize) -> Result<Box<[QueryParameter]>, Problem> {
        let mut parameters = Vec::<QueryParameter>::new();
        for item in query.split('&') {
            let start = at;
            at += item.len() + 1;
            if item.is_empty() {
                continue;
            }
            let (key, value) = item.split_once('=').unwrap_or((item, ""));
            if key.is_empty() || key.contains(['{', '}', '*']) {
                let problem =
                    format!("`{item}` is not a query parameter: expected `name={{parameter}}` or `name=text`");
                return Err((start, problem.into()));
            }
            let name = query::decode(key);
            if parameters.iter().any(|other| other.name.eq_ignore_ascii_case(&name)) {
                return Err((start, format!("the query parameter `{name}` is there twice").into()));
            }
            let value_start = start + key.len() + 1;
            let runs = if value == "*" { vec![Run::Text(value)] } else { self.runs(value, value_start)? };
            let value = match runs.as_slice() {
                [] => QueryValue::Fixed("".into()),
                [Run::Text(text)] => QueryValue::Fixed(query::decode(text).into()),
                [Run::Parameter(name, _)] => QueryValue::Parameter((*name).into()),
                _ => {
                    let problem = format!("the value of `{key}` mixes text and parameters: expected one or the other");
                    return Err((value_start, problem.into()));
                }
            };
            parameters.push(QueryParameter { name: name.into(), value });
        }
        Ok(parameters.into())
    }
}
