//! Reads the text of a `$filter`.

use super::super::error::Failure;
use super::{Field, Filter, Literal, Operator, TextFunction};

/// How deep parentheses and `not` may nest.
const DEPTH: usize = 32;

impl Filter {
    /// Reads a condition on `fields` or the name.
    pub fn parse(text: &str, fields: &[&str]) -> Result<Self, Failure> {
        let mut parser = Parser { rest: text, fields, variables: Vec::new() };
        let parsed = parser.or(0).and_then(|filter| match parser.rest.trim() {
            "" => Ok(filter),
            rest => Err(format!("`{}` is not expected", first_word(rest))),
        });
        parsed.map_err(|problem| Failure::validation("$filter", format!("`$filter`: {problem}")))
    }
}

struct Parser<'a> {
    rest: &'a str,
    fields: &'a [&'a str],
    variables: Vec<String>,
}

impl Parser<'_> {
    fn or(&mut self, depth: usize) -> Result<Filter, String> {
        let mut filters = vec![self.and(depth)?];
        while self.take_word("or") {
            filters.push(self.and(depth)?);
        }
        Ok(if filters.len() == 1 { filters.swap_remove(0) } else { Filter::Or(filters) })
    }

    fn and(&mut self, depth: usize) -> Result<Filter, String> {
        let mut filters = vec![self.term(depth)?];
        while self.take_word("and") {
            filters.push(self.term(depth)?);
        }
        Ok(if filters.len() == 1 { filters.swap_remove(0) } else { Filter::And(filters) })
    }

    fn term(&mut self, depth: usize) -> Result<Filter, String> {
        if depth > DEPTH {
            return Err(format!("it nests deeper than {DEPTH}"));
        }
        if self.take("(") {
            let inner = self.or(depth + 1)?;
            self.expect(")")?;
            return Ok(inner);
        }
        if self.take_word("not") {
            return Ok(Filter::Not(Box::new(self.term(depth + 1)?)));
        }
        let word = self.word()?;
        if self.take("(") {
            return self.call(&word, depth);
        }
        let field = self.field(&word)?;
        let operator = match self.word()?.to_ascii_lowercase().as_str() {
            "eq" => Operator::Eq,
            "ne" => Operator::Ne,
            "gt" => Operator::Gt,
            "ge" => Operator::Ge,
            "lt" => Operator::Lt,
            "le" => Operator::Le,
            other => {
                return Err(format!("`{other}` is not an operator: expected `eq`, `ne`, `gt`, `ge`, `lt` or `le`"));
            }
        };
        Ok(Filter::Compare { field, operator, literal: self.literal()? })
    }

    fn call(&mut self, word: &str, depth: usize) -> Result<Filter, String> {
        if let Some((path, last @ ("any" | "all"))) = word.rsplit_once('/') {
            return self.each(path, last == "all", depth);
        }
        let function = match word.to_ascii_lowercase().as_str() {
            "contains" | "substringof" => TextFunction::Contains,
            "startswith" => TextFunction::StartsWith,
            "endswith" => TextFunction::EndsWith,
            other => {
                return Err(format!(
                    "`{other}` is not a function: expected `contains`, `startswith`, `endswith` or `substringof`"
                ));
            }
        };
        // `substringof` has its arguments the other way round.
        let (field, literal) = if self.rest.trim_start().starts_with('\'') {
            let literal = self.literal()?;
            self.expect(",")?;
            let word = self.word()?;
            (self.field(&word)?, literal)
        } else {
            let word = self.word()?;
            let field = self.field(&word)?;
            self.expect(",")?;
            (field, self.literal()?)
        };
        self.expect(")")?;
        let Literal::Text(text) = literal else { return Err(format!("`{word}` needs a text in single quotes")) };
        Ok(Filter::Text { function, field, text })
    }

    fn each(&mut self, path: &str, all: bool, depth: usize) -> Result<Filter, String> {
        let field = self.field(path)?;
        if self.take(")") {
            return Ok(Filter::Each { field, all, variable: String::new(), condition: None });
        }
        let variable = self.word()?;
        self.expect(":")?;
        self.variables.push(variable.clone());
        let condition = self.or(depth + 1)?;
        self.variables.pop();
        self.expect(")")?;
        Ok(Filter::Each { field, all, variable, condition: Some(Box::new(condition)) })
    }

    fn field(&self, text: &str) -> Result<Field, String> {
        let path: Vec<String> = text.split(['/', '.']).map(str::to_owned).collect();
        let path = match path.split_first() {
            Some((first, rest)) if first == "properties" && !rest.is_empty() => rest.to_vec(),
            _ => path,
        };
        let first = path.first().map_or("", String::as_str);
        let is_known = first.eq_ignore_ascii_case("name")
            || self.variables.iter().any(|variable| variable == first)
            || self.fields.iter().any(|field| field.eq_ignore_ascii_case(first));
        if !is_known {
            let known: Vec<String> =
                std::iter::once(&"name").chain(self.fields).map(|field| format!("`{field}`")).collect();
            return Err(format!("`{first}` cannot be filtered by: expected one of {}", known.join(", ")));
        }
        Ok(Field(path))
    }

    fn literal(&mut self) -> Result<Literal, String> {
        let rest = self.rest.trim_start();
        let quoted = rest.strip_prefix('\'').or_else(|| rest.strip_prefix("datetime'"));
        if let Some(mut rest) = quoted {
            let mut text = String::new();
            loop {
                let (part, after) = rest.split_once('\'').ok_or("a text is not closed: expected `'`")?;
                text.push_str(part);
                match after.strip_prefix('\'') {
                    Some(more) => {
                        text.push('\'');
                        rest = more;
                    }
                    None => {
                        self.rest = after;
                        return Ok(Literal::Text(text.to_lowercase()));
                    }
                }
            }
        }
        let word = self.word()?;
        Ok(match word.to_ascii_lowercase().as_str() {
            "null" => Literal::Null,
            "true" => Literal::Bool(true),
            "false" => Literal::Bool(false),
            text => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Literal::Number(number),
                // A point in time needs no quotes.
                _ if text.starts_with(|c: char| c.is_ascii_digit()) => Literal::Text(text.to_owned()),
                _ => {
                    return Err(format!(
                        "`{word}` is not a value: expected a text in single quotes, a number, true or false"
                    ));
                }
            },
        })
    }

    fn word(&mut self) -> Result<String, String> {
        let rest = self.rest.trim_start();
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '/' | '.' | '-' | '+');
        let mut end = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
        // The colons of a point in time.
        if rest.starts_with(|c: char| c.is_ascii_digit()) {
            end = rest.find(|c: char| !is_part(c) && c != ':').unwrap_or(rest.len());
        }
        let (word, after) = rest.split_at(end);
        if word.is_empty() {
            return Err(match rest {
                "" => "it ends too early".to_owned(),
                _ => format!("`{}` is not expected", first_word(rest)),
            });
        }
        self.rest = after;
        Ok(word.to_owned())
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = self.rest.trim_start().strip_prefix(sign);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn take_word(&mut self, word: &str) -> bool {
        let rest = self.rest.trim_start();
        let Some((start, after)) = rest.split_at_checked(word.len()) else { return false };
        let is_it = start.eq_ignore_ascii_case(word) && after.starts_with([' ', '(', '\t']);
        if is_it {
            self.rest = after;
        }
        is_it
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        if self.take(sign) {
            return Ok(());
        }
        Err(match self.rest.trim() {
            "" => format!("it ends too early: expected `{sign}`"),
            rest => format!("`{}` is not expected: expected `{sign}`", first_word(rest)),
        })
    }
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}
