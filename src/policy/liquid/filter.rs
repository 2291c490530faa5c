//! Filters: `{{ value | Name: argument, … }}`.

use std::collections::HashSet;

use super::numeric::{Arithmetic, calculate, round};
use super::operand::Operand;
use super::render::{Abort, Renderer};
use super::scan::Markup;
use super::textual::{self, ReplaceError};
use super::value::{Value, date_text};
use crate::expr::dotnet::TimeSpan;
use crate::expr::dotnet::chars::{lower_text, upper_text};
use crate::expr::dotnet::collation;
use crate::expr::dotnet::number::{self, Number};
use crate::expr::dotnet::web_utility::{url_decode, url_encode};

/// How many filters may follow one value.
const MAX_FILTERS: usize = 200;

/// A value with its filters.
#[derive(Debug)]
pub(super) struct Output {
    operand: Operand,
    filters: Vec<Filter>,
}

/// One filter with its arguments.
#[derive(Debug)]
struct Filter {
    /// As written, for messages.
    name: Box<str>,
    /// In lower case without underscores.
    key: Box<str>,
    arguments: Vec<Operand>,
}

impl Output {
    pub(super) fn parse(markup: &str) -> Result<Self, String> {
        let mut rest = Markup(markup);
        let operand = Operand::parse(rest.fragment().unwrap_or_default());
        let mut filters = Vec::new();
        // What stands between the value and the first bar is left out, as DotLiquid does.
        while !rest.is_end() {
            if !rest.eat("|") {
                if rest.fragment().is_none() {
                    let mut chars = rest.0.chars();
                    chars.next();
                    rest.0 = chars.as_str();
                }
                continue;
            }
            let Some(name) = rest.word() else { continue };
            let mut arguments = Vec::new();
            if rest.eat(":") {
                loop {
                    arguments.extend(rest.fragment().map(Operand::parse));
                    if !rest.eat(",") {
                        break;
                    }
                }
            }
            let key = name.to_lowercase().replace('_', "").into();
            filters.push(Filter { name: name.into(), key, arguments });
            if filters.len() > MAX_FILTERS {
                return Err(format!("a value has more than {MAX_FILTERS} filters"));
            }
        }
        Ok(Self { operand, filters })
    }

    pub(super) fn value(&self, renderer: &mut Renderer<'_>) -> Result<Value, Abort> {
        let mut value = self.operand.value(renderer)?;
        for filter in &self.filters {
            let mut arguments = Vec::with_capacity(filter.arguments.len());
            for argument in &filter.arguments {
                arguments.push(argument.value(renderer)?);
            }
            let weight = arguments.iter().fold(value.weight(), |sum, argument| sum.saturating_add(argument.weight()));
            renderer.spend(weight)?;
            value = filter.apply(value, &arguments, renderer)?;
            renderer.spend(value.weight())?;
            renderer.check_size(value.weight())?;
        }
        Ok(value)
    }
}

fn wrong(message: impl Into<String>) -> Abort {
    Abort::Error(message.into())
}

impl Filter {
    fn apply(&self, input: Value, arguments: &[Value], renderer: &mut Renderer<'_>) -> Result<Value, Abort> {
        let text = |index: usize| arguments.get(index).map(Value::to_text).unwrap_or_default();
        let whole = |index: usize, default: i64| arguments.get(index).map_or(Some(default), Value::to_whole);
        let whole =
            |index, default| whole(index, default).ok_or_else(|| wrong("Input string was not in a correct format."));
        let argument = |index: usize| arguments.get(index).cloned().unwrap_or_default();
        let on_text = |change: &dyn Fn(&str) -> String| match &input {
            Value::Nil => Value::Nil,
            input => Value::from(change(&input.to_text())),
        };
        let arithmetic = |operation| calculate(&input, operation, &argument(0)).map_err(Abort::Error);
        Ok(match &*self.key {
            "abs" => Value::Double(input.to_double().unwrap_or_default().abs()),
            "append" => on_text(&|input| input.to_owned() + &text(0)),
            "prepend" => on_text(&|input| text(0) + input),
            "atleast" => at_most(&input, &argument(0), f64::max),
            "atmost" => at_most(&input, &argument(0), f64::min),
            "capitalize" => on_text(&textual::capitalize),
            "compact" => items(&input).into_iter().filter(|item| !item.is_nil()).collect::<Vec<_>>().into(),
            "currency" => currency(input),
            "date" => date(&input, &text(0), renderer),
            "default" => {
                if input.is_blank() {
                    argument(0)
                } else {
                    input
                }
            }
            "dividedby" => arithmetic(Arithmetic::DividedBy)?,
            "minus" => arithmetic(Arithmetic::Minus)?,
            "modulo" => arithmetic(Arithmetic::Modulo)?,
            "plus" => match &input {
                Value::Text(input) => Value::from(format!("{input}{}", text(0))),
                _ => arithmetic(Arithmetic::Plus)?,
            },
            "times" => match (&input, argument(0)) {
                (Value::Text(input), Value::Int(count)) => {
                    let count = usize::try_from(count).unwrap_or_default();
                    renderer.spend(input.len().saturating_mul(count))?;
                    renderer.check_size(input.len().saturating_mul(count))?;
                    Value::from(input.repeat(count))
                }
                _ => arithmetic(Arithmetic::Times)?,
            },
            "round" => round(&input, whole(0, 0)?),
            "downcase" => on_text(&lower_text),
            "upcase" => on_text(&upper_text),
            "escape" | "h" => on_text(&textual::escape),
            "first" => items(&input).first().cloned().unwrap_or_default(),
            "last" => items(&input).last().cloned().unwrap_or_default(),
            "join" => {
                let glue = if arguments.is_empty() { " ".to_owned() } else { text(0) };
                join(&input, &glue, renderer)?
            }
            "map" => map(&input, &text(0)),
            "sort" => sort(&input, arguments.first().map(Value::to_text)),
            "uniq" => {
                let mut seen = HashSet::new();
                let all = items(&input).into_iter().filter(|item| seen.insert(item.to_text()));
                all.collect::<Vec<_>>().into()
            }
            "size" => match &input {
                Value::Text(text) => Value::Int(text.encode_utf16().count() as i64),
                Value::List(items) => Value::Int(items.len() as i64),
                Value::Hash(hash) => Value::Int(hash.members().len() as i64),
                _ => Value::Int(0),
            },
            "slice" => slice(&input, whole(0, 0)?, whole(1, 1)?),
            "split" => split(&input, &text(0), renderer)?,
            "strip" => on_text(&|input| input.trim().to_owned()),
            "lstrip" => on_text(&|input| input.trim_start().to_owned()),
            "rstrip" => on_text(&|input| input.trim_end().to_owned()),
            "stripnewlines" => on_text(&|input| input.replace("\r\n", "").replace('\n', "")),
            "newlinetobr" => on_text(&|input| {
                let marked = input.replace("\r\n", "\u{0}").replace('\n', "<br />\n");
                marked.replace('\u{0}', "<br />\r\n")
            }),
            "striphtml" => on_text(&textual::strip_html),
            "remove" => {
                let removed = text(0);
                on_text(&|input| if removed.is_empty() { input.to_owned() } else { input.replace(&removed, "") })
            }
            "replace" => replace(&input, &text(0), &text(1), -1, renderer)?,
            "replacefirst" => replace(&input, &text(0), &text(1).replace('$', "$$"), 1, renderer)?,
            "removefirst" => replace(&input, &text(0), "", 1, renderer)?,
            "truncate" => {
                let (length, suffix) = (whole(0, 50)?, arguments.get(1).map_or("...".to_owned(), Value::to_text));
                on_text(&|input| textual::truncate(input, length, &suffix))
            }
            "truncatewords" => {
                let (count, suffix) = (whole(0, 15)?, arguments.get(1).map_or("...".to_owned(), Value::to_text));
                on_text(&|input| textual::truncate_words(input, count, &suffix))
            }
            "urlencode" => on_text(&url_encode),
            "urldecode" => on_text(&url_decode),
            _ => return Err(wrong(format!("Unknown filter '{}'", self.name))),
        })
    }
}

/// The items of a list; anything else is the only item.
fn items(input: &Value) -> Vec<Value> {
    match input {
        Value::Nil => Vec::new(),
        Value::List(items) => items.to_vec(),
        Value::Hash(_) => input.items().to_vec(),
        other => vec![other.clone()],
    }
}

/// The invariant culture's currency: `¤1,234.50`, negative in parentheses.
fn currency(input: Value) -> Value {
    let Some(value) = input.to_decimal() else { return input };
    match number::format(Number::Decimal(value.abs()), "N2") {
        Ok(text) if value.is_sign_negative() && !value.is_zero() => Value::from(format!("(¤{text})")),
        Ok(text) => Value::from(format!("¤{text}")),
        Err(_) => input,
    }
}

fn at_most(input: &Value, other: &Value, choose: fn(f64, f64) -> f64) -> Value {
    match (input.to_double(), other.to_double()) {
        (Some(a), Some(b)) => Value::Double(choose(a, b)),
        _ => input.clone(),
    }
}

fn date(input: &Value, format: &str, renderer: &Renderer<'_>) -> Value {
    let is_now = matches!(input, Value::Text(text) if matches!(text.to_lowercase().as_str(), "now" | "today"));
    let date = if is_now { Some(renderer.now()) } else { input.to_date() };
    match date {
        None => input.clone(),
        Some(date) if format.trim().is_empty() => match input {
            Value::Date(_) => Value::from(date_text(date)),
            input => input.clone(),
        },
        Some(date) => date.format(format, TimeSpan::ZERO).map_or_else(|_| input.clone(), Value::from),
    }
}

fn join(input: &Value, glue: &str, renderer: &mut Renderer<'_>) -> Result<Value, Abort> {
    if input.is_nil() {
        return Ok(Value::Nil);
    }
    let mut out = String::new();
    for (index, item) in items(input).iter().enumerate() {
        if index > 0 {
            out.push_str(glue);
        }
        item.print(&mut out, usize::MAX);
        renderer.check_size(out.len())?;
    }
    Ok(Value::from(out))
}

/// A property of each item; the first item decides whether they have it.
fn map(input: &Value, property: &str) -> Value {
    let items = items(input);
    match items.first() {
        Some(Value::Hash(hash)) if hash.get(property).is_some() => {
            items.iter().map(|item| item.member(property)).collect::<Vec<_>>().into()
        }
        Some(Value::Hash(_) | Value::Pair(_)) => {
            items.iter().map(|item| item.member(property)).collect::<Vec<_>>().into()
        }
        _ => input.clone(),
    }
}

fn sort(input: &Value, property: Option<String>) -> Value {
    if input.is_nil() {
        return Value::Nil;
    }
    let mut flat = Vec::new();
    for item in items(input) {
        match item {
            // Lists in lists are made one; deeper ones are rare and stay.
            Value::List(inner) => flat.extend(inner.iter().cloned()),
            item => flat.push(item),
        }
    }
    let key = |item: &Value| match &property {
        Some(property) => item.member(property),
        None => item.clone(),
    };
    flat.sort_by_cached_key(|item| SortKey(key(item)));
    flat.into()
}

struct SortKey(Value);

impl Ord for SortKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        match (&self.0, &other.0) {
            (Value::Nil, Value::Nil) => std::cmp::Ordering::Equal,
            (Value::Nil, _) => std::cmp::Ordering::Less,
            (_, Value::Nil) => std::cmp::Ordering::Greater,
            (
                Value::Int(_) | Value::Decimal(_) | Value::Double(_),
                Value::Int(_) | Value::Decimal(_) | Value::Double(_),
            ) => {
                let number = |value: &Value| value.to_double().unwrap_or_default();
                number(&self.0).total_cmp(&number(&other.0))
            }
            (Value::Date(a), Value::Date(b)) => a.ticks().cmp(&b.ticks()),
            (a, b) => collation::ordinal_ignore_case(&a.to_text(), &b.to_text()),
        }
    }
}

impl PartialOrd for SortKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for SortKey {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for SortKey {}

fn slice(input: &Value, offset: i64, length: i64) -> Value {
    match input {
        Value::Nil => Value::Nil,
        Value::List(items) => {
            let count = items.len() as i64;
            let start = if offset < 0 { offset.saturating_add(count) } else { offset }.clamp(0, count);
            let end = start.saturating_add(length.max(0)).min(count);
            items.get(start as usize..end as usize).unwrap_or_default().to_vec().into()
        }
        other => textual::slice(&other.to_text(), offset, length).map_or(Value::Nil, Value::from),
    }
}

fn split(input: &Value, separator: &str, renderer: &mut Renderer<'_>) -> Result<Value, Abort> {
    let text = input.to_text();
    if text.trim().is_empty() {
        return Ok(vec![Value::from(text)].into());
    }
    // Each part takes more memory than its text.
    let parts = if separator.is_empty() { text.len() } else { text.matches(separator).count() + 1 };
    renderer.spend(parts.saturating_mul(64))?;
    Ok(textual::split(&text, separator).into_iter().map(Value::from).collect::<Vec<_>>().into())
}

fn replace(input: &Value, pattern: &str, with: &str, count: i64, renderer: &mut Renderer<'_>) -> Result<Value, Abort> {
    let text = input.to_text();
    if text.is_empty() || pattern.is_empty() {
        return Ok(input.clone());
    }
    renderer.spend(text.len().saturating_mul(4))?;
    let regex = renderer.pattern(pattern)?;
    let limit = renderer.size_limit();
    match textual::replace(&text, &regex, with, count, renderer.regex_steps(), limit) {
        Ok(replaced) => Ok(Value::from(replaced)),
        Err(ReplaceError::Exception(message)) => Err(Abort::Error(message)),
        Err(ReplaceError::TooLong) => Err(Abort::TOO_LONG),
    }
}
