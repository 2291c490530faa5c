//! `System.Text.RegularExpressions.Regex`.

use std::sync::Arc;

use crate::expr::code::Run;
use crate::expr::dotnet::regex::{self, Options, Regex};
use crate::expr::fault::Fault;
use crate::expr::library::args::{int, required, string};
use crate::expr::library::array::strings;
use crate::expr::library::range;
use crate::expr::library::regex_match::{Subject, empty_match, match_value, matches_value};
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
fn compiled(run: &Run<'_>, pattern: &Value, options: Option<&Value>) -> Result<Arc<Regex>, Fault> {
    let options = Options(options.map_or(0, int) as u32);
    Ok(run.settings.regexes.get(&string(pattern, "pattern")?.text(), options)?)
}

/// A backtrack costs about so many basic steps of the matcher.
const STEPS_PER_BACKTRACK: u64 = 20;

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
        Ok(Self { regex, text, start, limit, steps: limit })
    }

    /// Counts what the matcher did as steps of the evaluation.
    fn pay(&self, run: &mut Run<'_>) -> Result<(), Fault> {
        run.steps(usize::try_from((self.limit - self.steps) / STEPS_PER_BACKTRACK).unwrap_or(usize::MAX))
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
        let found = self.regex.find(&self.text, self.start, &mut self.steps)?;
        self.pay(run)?;
        Ok(found.is_some().into())
    }

    fn first(mut self, run: &mut Run<'_>) -> Result<Value, Fault> {
        let found = self.regex.find(&self.text, self.start, &mut self.steps)?;
        self.pay(run)?;
        Ok(match_value(&self.subject(), found))
    }

    fn all(mut self, run: &mut Run<'_>) -> Result<Value, Fault> {
        let found = self.regex.matches(&self.text, self.start, &mut self.steps)?;
        self.pay(run)?;
        run.charge(found.len() * size_of::<Value>())?;
        Ok(matches_value(&self.subject(), found))
    }

    fn replace(mut self, run: &mut Run<'_>, replacement: &Value, count: i64) -> Result<Value, Fault> {
        let replacement = string(replacement, "replacement")?.text();
        let text = self.regex.replace(&self.text, &replacement, count, self.start, &mut self.steps)?;
        self.pay(run)?;
        run.charge(text.len() * 2)?;
        Ok(Str::from_utf16(&text).into())
    }

    fn evaluate(mut self, run: &mut Run<'_>, evaluator: &Value, count: i64) -> Result<Value, Fault> {
        required(evaluator, "evaluator")?;
        let subject = self.subject();
        let text = self.regex.replace_with(&self.text, count, self.start, &mut self.steps, |found| {
            let given = run.call(evaluator, &mut [match_value(&subject, Some(found.clone()))])?;
            Ok::<_, Fault>(given.as_text().map(Str::units).unwrap_or_default())
        })?;
        self.pay(run)?;
        run.charge(text.len() * 2)?;
        Ok(Str::from_utf16(&text).into())
    }

    fn split(mut self, run: &mut Run<'_>, count: i64) -> Result<Value, Fault> {
        if count < 0 {
            return Err(Fault::out_of_range("Count cannot be less than -1. (Parameter 'count')"));
        }
        run.charge(self.text.len() * 2)?;
        let parts = self.regex.split(&self.text, count, self.start, &mut self.steps)?;
        self.pay(run)?;
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

fn construct(run: &Run<'_>, a: &[Value]) -> Result<Value, Fault> {
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
            let found = job.regex.find(&job.text, job.start, &mut job.steps)?.map(|found| found.moved(start));
            job.pay(run)?;
            Ok(match_value(&whole.subject(), found))
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
