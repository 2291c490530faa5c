//! `System.Text.RegularExpressions.Regex`.

use std::sync::Arc;

use crate::expr::code::Run;
use crate::expr::dotnet::regex::{self, Options, Regex};
use crate::expr::fault::{Cause, Fault};
use crate::expr::library::args::{int, required, string};
use crate::expr::library::array::strings;
use crate::expr::library::range;
use crate::expr::library::regex_match::{Subject, empty_match, match_value, matches_value};
use crate::expr::library::string::made;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Str, Value};

struct RegexObject {
    regex: Arc<Regex>,
    pattern: Str,
    options: Options,
}

impl Object for RegexObject {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::Regex)
    }

    fn to_text(&self, _: &mut Run<'_>) -> Result<Option<Str>, Fault> {
        Ok(Some(self.pattern.clone()))
    }
}

fn get(value: &Value) -> Result<&RegexObject, Fault> {
    value.downcast::<RegexObject>().ok_or_else(Fault::null_reference)
}

/// A pattern argument with options, compiled.
fn compiled(run: &mut Run<'_>, pattern: &Value, options: Option<&Value>) -> Result<Arc<Regex>, Fault> {
    let options = Options(options.map_or(0, int) as u32);
    let pattern = string(pattern, "pattern")?.text();
    if let Some(known) = run.settings.regexes.known(&pattern, options) {
        return Ok(known);
    }
    run.steps(COMPILE + pattern.len() * COMPILE_BYTE)?;
    let regex = run.settings.regexes.get(&pattern, options)?;
    run.steps(regex.size() * COMPILE_OP)?;
    Ok(regex)
}

/// The basic steps of compiling a pattern, of each of its bytes, and of each operation of the program it becomes.
const COMPILE: usize = 1000;
const COMPILE_BYTE: usize = 50;
const COMPILE_OP: usize = 20;

fn too_long() -> Fault {
    Fault::budget("the expression ran out of its budget of bytes")
}

/// A part of a text that is put together at the end: it is there twice.
fn paid(run: &mut Run<'_>, part: Vec<u16>) -> Result<Vec<u16>, Fault> {
    run.charge(part.len() * 2)?;
    run.room(part.len() * 2)?;
    Ok(part)
}

/// A backtrack costs about so many steps of the matcher.
const STEPS_PER_BACKTRACK: u64 = 20;
/// A step of the matcher is about so many basic steps.
const STEP: u64 = 2;
/// What a match takes, in bytes: its groups and their captures.
const MATCH: usize = 256;

/// One regex at work on one text.
struct Job {
    regex: Arc<Regex>,
    text: Arc<[u16]>,
    start: usize,
    limit: u64,
    steps: u64,
}

impl Job {
    fn new(run: &mut Run<'_>, regex: Arc<Regex>, input: &Value, start: Option<&Value>) -> Result<Self, Fault> {
        let text: Arc<[u16]> = string(input, "input")?.units().into();
        run.charge(text.len() * 2)?;
        let start = match start {
            None => regex.default_start(&text),
            Some(start) => usize::try_from(int(start)).ok().filter(|&start| start <= text.len()).ok_or_else(|| {
                Fault::out_of_range(
                    "Start index cannot be less than 0 or greater than input length. (Parameter 'startat')",
                )
            })?,
        };
        let limit = (run.budget.regex_backtracks as u64).saturating_mul(STEPS_PER_BACKTRACK);
        let limit = limit.min(run.steps_left() / STEP);
        Ok(Self { regex, text, start, limit, steps: limit })
    }

    /// Lets the matcher work, and counts what it did as steps of the evaluation.
    fn work<T, E: Into<Fault>>(
        &mut self,
        run: &mut Run<'_>,
        work: impl FnOnce(&Regex, &[u16], usize, &mut u64, &mut Run<'_>) -> Result<T, E>,
    ) -> Result<T, Fault> {
        let result = work(&self.regex, &self.text, self.start, &mut self.steps, run);
        run.steps(usize::try_from((self.limit - self.steps) * STEP).unwrap_or(usize::MAX))?;
        result.map_err(|error| {
            let fault: Fault = error.into();
            match fault.cause() {
                Cause::Exception { ty: TypeId::RegexMatchTimeoutException, .. } => {
                    Fault::budget("a regular expression ran out of its budget of backtracking")
                }
                _ => fault,
            }
        })
    }

    /// The job of a static member: input and pattern come first, the options at `options`.
    fn of_static(run: &mut Run<'_>, a: &[Value], options: usize) -> Result<Self, Fault> {
        string(&a[0], "input")?;
        let regex = compiled(run, &a[1], a.get(options))?;
        Self::new(run, regex, &a[0], None)
    }

    /// The job of an instance member: the input comes first, the start at `start`.
    fn of_instance(run: &mut Run<'_>, a: &[Value], start: usize) -> Result<Self, Fault> {
        let regex = Arc::clone(&get(&a[0])?.regex);
        Self::new(run, regex, &a[1], a.get(start))
    }

    fn subject(&self) -> Subject {
        Subject { regex: Arc::clone(&self.regex), text: Arc::clone(&self.text) }
    }

    fn matches(mut self, run: &mut Run<'_>) -> Result<Value, Fault> {
        let found = self.work(run, |regex, text, start, steps, _| regex.find(text, start, steps))?;
        Ok(found.is_some().into())
    }

    fn first(mut self, run: &mut Run<'_>) -> Result<Value, Fault> {
        let found = self.work(run, |regex, text, start, steps, _| regex.find(text, start, steps))?;
        run.charge(MATCH)?;
        Ok(match_value(&self.subject(), found))
    }

    fn all(mut self, run: &mut Run<'_>) -> Result<Value, Fault> {
        let found = self.work(run, |regex, text, start, steps, _| regex.matches(text, start, steps))?;
        run.charge(found.len() * MATCH)?;
        Ok(matches_value(&self.subject(), found))
    }

    fn replace(mut self, run: &mut Run<'_>, replacement: &Value, count: i64) -> Result<Value, Fault> {
        let replacement = self.regex.replacement(&string(replacement, "replacement")?.text());
        let text = self.work(run, |regex, text, start, steps, run| {
            regex.replace_with(text, count, start, steps, |found| {
                let mut part = Vec::new();
                let limit = usize::try_from(run.bytes_left() / 4).unwrap_or(usize::MAX);
                let fits = replacement.append(text, found, &mut part, limit);
                paid(run, part).and_then(|part| if fits { Ok(part) } else { Err(too_long()) })
            })
        })?;
        made(run, Str::from_utf16(&text))
    }

    fn evaluate(mut self, run: &mut Run<'_>, evaluator: &Value, count: i64) -> Result<Value, Fault> {
        required(evaluator, "evaluator")?;
        let subject = self.subject();
        let text = self.work(run, |regex, text, start, steps, run| {
            regex.replace_with(text, count, start, steps, |found| {
                run.charge(MATCH)?;
                let given = run.call(evaluator, &mut [match_value(&subject, Some(found.clone()))])?;
                paid(run, given.as_text().map(Str::units).unwrap_or_default())
            })
        })?;
        made(run, Str::from_utf16(&text))
    }

    fn split(mut self, run: &mut Run<'_>, count: i64) -> Result<Value, Fault> {
        if count < 0 {
            return Err(Fault::out_of_range("Count cannot be less than -1. (Parameter 'count')"));
        }
        run.charge(self.text.len() * 2)?;
        let parts = self.work(run, |regex, text, start, steps, _| regex.split(text, count, start, steps))?;
        run.charge(parts.len() * MATCH)?;
        Ok(strings(parts.iter().map(|part| Str::from_utf16(part))))
    }
}

/// The count of replacements: -1 is all.
fn count(value: &Value) -> Result<i64, Fault> {
    match int(value) {
        count if count < -1 => Err(Fault::out_of_range("Count cannot be less than -1. (Parameter 'count')")),
        count => Ok(count.into()),
    }
}

fn construct(run: &mut Run<'_>, a: &[Value]) -> Result<Value, Fault> {
    let regex = compiled(run, &a[0], a.get(1))?;
    let pattern = string(&a[0], "pattern")?.clone();
    Ok(Value::object(RegexObject { regex, pattern, options: Options(a.get(1).map_or(0, int) as u32) }))
}

/// Adds the members of `Regex`.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::Regex)
        .def("new(string pattern)", |run, a| construct(run, a))
        .def("new(string pattern, RegexOptions options)", |run, a| construct(run, a))
        .def("new(string pattern, RegexOptions options, TimeSpan matchTimeout)", |run, a| construct(run, a))
        .pure("static string Unescape(string str)", |_, a| Ok(regex::unescape(&string(&a[0], "str")?.text())?.into()))
        .pure(
            "lenient static string Escape(string str)",
            |_, a| Ok(regex::escape(&string(&a[0], "str")?.text()).into()),
        )
        .def("lenient RegexOptions Options", |_, a| {
            Ok(Value::enumeration(TypeId::RegexOptions, get(&a[0])?.options.0.into()))
        });
    static_members(table);
    instance_members(table);
}

fn static_members(table: &mut Table) {
    table
        .on(TypeId::Regex)
        .def("static bool IsMatch(string input, string pattern)", |run, a| Job::of_static(run, a, 2)?.matches(run))
        .def("static bool IsMatch(string input, string pattern, RegexOptions options)", |run, a| {
            Job::of_static(run, a, 2)?.matches(run)
        })
        .def("static bool IsMatch(string input, string pattern, RegexOptions options, TimeSpan matchTimeout)", |run, a| {
            Job::of_static(run, a, 2)?.matches(run)
        })
        .def("static Match Match(string input, string pattern)", |run, a| Job::of_static(run, a, 2)?.first(run))
        .def("static Match Match(string input, string pattern, RegexOptions options)", |run, a| {
            Job::of_static(run, a, 2)?.first(run)
        })
        .def("static Match Match(string input, string pattern, RegexOptions options, TimeSpan matchTimeout)", |run, a| {
            Job::of_static(run, a, 2)?.first(run)
        })
        .def("static MatchCollection Matches(string input, string pattern)", |run, a| Job::of_static(run, a, 2)?.all(run))
        .def("static MatchCollection Matches(string input, string pattern, RegexOptions options)", |run, a| {
            Job::of_static(run, a, 2)?.all(run)
        })
        .def(
            "static MatchCollection Matches(string input, string pattern, RegexOptions options, TimeSpan matchTimeout)",
            |run, a| Job::of_static(run, a, 2)?.all(run),
        )
        .def(
            "static string[] Split(string input, string pattern, RegexOptions options, TimeSpan matchTimeout)",
            |run, a| Job::of_static(run, a, 2)?.split(run, 0),
        )
        .def(
            "static string Replace(string input, string pattern, MatchEvaluator evaluator, RegexOptions options, TimeSpan matchTimeout)",
            |run, a| Job::of_static(run, a, 3)?.evaluate(run, &a[2], -1),
        )
        .def("static string[] Split(string input, string pattern)", |run, a| Job::of_static(run, a, 2)?.split(run, 0))
        .def("static string[] Split(string input, string pattern, RegexOptions options)", |run, a| {
            Job::of_static(run, a, 2)?.split(run, 0)
        })
        .def("static string Replace(string input, string pattern, string replacement)", |run, a| {
            Job::of_static(run, a, 3)?.replace(run, &a[2], -1)
        })
        .def("static string Replace(string input, string pattern, string replacement, RegexOptions options)", |run, a| {
            Job::of_static(run, a, 3)?.replace(run, &a[2], -1)
        })
        .def(
            "static string Replace(string input, string pattern, string replacement, RegexOptions options, TimeSpan matchTimeout)",
            |run, a| Job::of_static(run, a, 3)?.replace(run, &a[2], -1),
        )
        .def("static string Replace(string input, string pattern, MatchEvaluator evaluator)", |run, a| {
            Job::of_static(run, a, 3)?.evaluate(run, &a[2], -1)
        })
        .def(
            "static string Replace(string input, string pattern, MatchEvaluator evaluator, RegexOptions options)",
            |run, a| Job::of_static(run, a, 3)?.evaluate(run, &a[2], -1),
        );
}

fn instance_members(table: &mut Table) {
    table
        .on(TypeId::Regex)
        .def("bool IsMatch(string input)", |run, a| Job::of_instance(run, a, 2)?.matches(run))
        .def("bool IsMatch(string input, int startat)", |run, a| Job::of_instance(run, a, 2)?.matches(run))
        .def("Match Match(string input)", |run, a| Job::of_instance(run, a, 2)?.first(run))
        .def("Match Match(string input, int startat)", |run, a| Job::of_instance(run, a, 2)?.first(run))
        .def("Match Match(string input, int beginning, int length)", |run, a| {
            let text = string(&a[1], "input")?;
            let (start, length) = range::part(&a[2], &a[3], text.len())?;
            let part = text.slice(start, length).map_or(Value::Null, Value::Str);
            let whole = Job::of_instance(run, a, 2)?;
            let mut job = Job::of_instance(run, &[a[0].clone(), part], 2)?;
            let found = job.work(run, |regex, text, start, steps, _| regex.find(text, start, steps))?;
            Ok(match_value(&whole.subject(), found.map(|found| found.moved(start))))
        })
        .def("MatchCollection Matches(string input)", |run, a| Job::of_instance(run, a, 2)?.all(run))
        .def("MatchCollection Matches(string input, int startat)", |run, a| Job::of_instance(run, a, 2)?.all(run))
        .def("string[] Split(string input)", |run, a| Job::of_instance(run, a, 2)?.split(run, 0))
        .def("string[] Split(string input, int count)", |run, a| {
            Job::of_instance(run, a, 3)?.split(run, int(&a[2]).into())
        })
        .def("string[] Split(string input, int count, int startat)", |run, a| {
            Job::of_instance(run, a, 3)?.split(run, int(&a[2]).into())
        })
        .def("string Replace(string input, string replacement)", |run, a| {
            Job::of_instance(run, a, 4)?.replace(run, &a[2], -1)
        })
        .def("string Replace(string input, string replacement, int count)", |run, a| {
            Job::of_instance(run, a, 4)?.replace(run, &a[2], count(&a[3])?)
        })
        .def("string Replace(string input, string replacement, int count, int startat)", |run, a| {
            Job::of_instance(run, a, 4)?.replace(run, &a[2], count(&a[3])?)
        })
        .def("string Replace(string input, MatchEvaluator evaluator)", |run, a| {
            Job::of_instance(run, a, 4)?.evaluate(run, &a[2], -1)
        })
        .def("string Replace(string input, MatchEvaluator evaluator, int count)", |run, a| {
            Job::of_instance(run, a, 4)?.evaluate(run, &a[2], count(&a[3])?)
        })
        .def("string Replace(string input, MatchEvaluator evaluator, int count, int startat)", |run, a| {
            Job::of_instance(run, a, 4)?.evaluate(run, &a[2], count(&a[3])?)
        });
    table.on(TypeId::Match).def("static Match Empty", |_, _| Ok(empty_match()));
}
