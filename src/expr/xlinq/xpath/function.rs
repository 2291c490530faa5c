//! The functions of XPath's core library.

use super::evaluate::{Evaluation, Focus};
use super::value::{Value, number_of, round};
use super::{Expr, Failure, wrong};
use crate::expr::dotnet::exception::Exception;
use crate::expr::xlinq::tree::NodeData;

macro_rules! functions {
    ($($id:ident $name:literal $least:literal $most:literal;)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Function { $($id),* }

        impl Function {
            /// The function of a name that takes so many arguments.
            pub(super) fn named(name: &str, arguments: usize) -> Result<Self, Exception> {
                let (function, takes) = match name {
                    $($name => (Self::$id, $least..=$most),)*
                    _ => {
                        return Err(wrong("XsltContext is needed for this query because of an unknown function."));
                    }
                };
                if takes.contains(&arguments) {
                    return Ok(function);
                }
                Err(wrong(format!("Function '{name}' in '{name}' has an invalid number of arguments.")))
            }
        }
    };
}

functions! {
    Last "last" 0 0;
    Position "position" 0 0;
    Count "count" 1 1;
    LocalName "local-name" 0 1;
    NamespaceUri "namespace-uri" 0 1;
    Name "name" 0 1;
    String "string" 0 1;
    Concat "concat" 2 1000;
    StartsWith "starts-with" 2 2;
    Contains "contains" 2 2;
    SubstringBefore "substring-before" 2 2;
    SubstringAfter "substring-after" 2 2;
    Substring "substring" 2 3;
    StringLength "string-length" 0 1;
    NormalizeSpace "normalize-space" 0 1;
    Translate "translate" 3 3;
    Boolean "boolean" 1 1;
    Not "not" 1 1;
    True "true" 0 0;
    False "false" 0 0;
    Number "number" 0 1;
    Sum "sum" 1 1;
    Floor "floor" 1 1;
    Ceiling "ceiling" 1 1;
    Round "round" 1 1;
}

impl Function {
    /// Calls it.
    pub(super) fn call(
        self,
        evaluation: &mut Evaluation<'_>,
        arguments: &[Expr],
        focus: &Focus,
    ) -> Result<Value, Failure> {
        let mut text = |index: usize| match arguments.get(index) {
            Some(argument) => evaluation.text(argument, focus),
            None => evaluation.text_of(focus.node),
        };
        Ok(match self {
            Self::Last => Value::Number(focus.size as f64),
            Self::Position => Value::Number(focus.position as f64),
            Self::True => Value::Bool(true),
            Self::False => Value::Bool(false),
            Self::String => Value::Text(text(0)?),
            Self::Concat => {
                let mut all = String::new();
                for index in 0..arguments.len() {
                    all.push_str(&text(index)?);
                }
                Value::Text(all)
            }
            Self::StartsWith => Value::Bool(text(0)?.starts_with(&text(1)?)),
            Self::Contains => Value::Bool(text(0)?.contains(&text(1)?)),
            Self::SubstringBefore => {
                let (whole, mark) = (text(0)?, text(1)?);
                Value::Text(whole.split_once(&*mark).map(|(before, _)| before.to_owned()).unwrap_or_default())
            }
            Self::SubstringAfter => {
                let (whole, mark) = (text(0)?, text(1)?);
                Value::Text(whole.split_once(&*mark).map(|(_, after)| after.to_owned()).unwrap_or_default())
            }
            Self::Substring => {
                let whole = text(0)?;
                let start = round(number_at(evaluation, arguments, 1, focus)?);
                let end = match arguments.len() {
                    3 => start + round(number_at(evaluation, arguments, 2, focus)?),
                    _ => f64::INFINITY,
                };
                let is_inside = |place: usize| place as f64 >= start && (place as f64) < end;
                Value::Text(whole.chars().zip(1..).filter(|(_, place)| is_inside(*place)).map(|(c, _)| c).collect())
            }
            Self::StringLength => Value::Number(text(0)?.chars().count() as f64),
            Self::NormalizeSpace => {
                let text = text(0)?;
                let words: Vec<&str> = text.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()).collect();
                Value::Text(words.join(" "))
            }
            Self::Translate => {
                let (whole, from, to) = (text(0)?, text(1)?, text(2)?);
                Value::Text(translate(&whole, &from, &to))
            }
            Self::Number => Value::Number(match arguments.first() {
                Some(argument) => evaluation.number(argument, focus)?,
                None => number_of(&evaluation.text_of(focus.node)?),
            }),
            Self::Floor | Self::Ceiling | Self::Round => {
                let number = number_at(evaluation, arguments, 0, focus)?;
                Value::Number(match self {
                    Self::Floor => number.floor(),
                    Self::Ceiling => number.ceil(),
                    _ => round(number),
                })
            }
            Self::Boolean => Value::Bool(truth(evaluation, arguments, focus)?),
            Self::Not => Value::Bool(!truth(evaluation, arguments, focus)?),
            Self::Count => Value::Number(nodes(evaluation, arguments, focus)?.len() as f64),
            Self::Sum => {
                let mut sum = 0.0;
                for node in nodes(evaluation, arguments, focus)? {
                    sum += number_of(&evaluation.text_of(node)?);
                }
                Value::Number(sum)
            }
            Self::LocalName | Self::NamespaceUri | Self::Name => {
                let node = match arguments.is_empty() {
                    true => Some(focus.node),
                    false => nodes(evaluation, arguments, focus)?.first().copied(),
                };
                Value::Text(node.map(|node| self.name_of(evaluation, node)).unwrap_or_default())
            }
        })
    }

    fn name_of(self, evaluation: &Evaluation<'_>, node: u32) -> String {
        let tree = evaluation.tree;
        if let NodeData::ProcessingInstruction { target, .. } = tree.data(node) {
            return if self == Self::NamespaceUri { String::new() } else { target.to_string() };
        }
        let Some(name) = tree.name(node) else { return String::new() };
        match self {
            Self::LocalName => name.local().to_owned(),
            Self::NamespaceUri => name.namespace().name().to_owned(),
            _ => tree.qualified_name(node),
        }
    }
}

fn number_at(evaluation: &mut Evaluation<'_>, arguments: &[Expr], index: usize, focus: &Focus) -> Result<f64, Failure> {
    arguments.get(index).map_or(Ok(f64::NAN), |argument| evaluation.number(argument, focus))
}

fn truth(evaluation: &mut Evaluation<'_>, arguments: &[Expr], focus: &Focus) -> Result<bool, Failure> {
    arguments.first().map_or(Ok(false), |argument| evaluation.truth(argument, focus))
}

fn nodes(evaluation: &mut Evaluation<'_>, arguments: &[Expr], focus: &Focus) -> Result<Vec<u32>, Failure> {
    match arguments.first().map(|argument| evaluation.value(argument, focus)).transpose()? {
        Some(Value::Nodes(nodes)) => Ok(nodes),
        _ => Err(wrong("Expression must evaluate to a node-set.").into()),
    }
}

/// Each character of `from` by the one at its place in `to`; those that have none are left out.
fn translate(text: &str, from: &str, to: &str) -> String {
    let mut map = std::collections::HashMap::new();
    let mut to = to.chars();
    for c in from.chars() {
        let by = to.next();
        map.entry(c).or_insert(by);
    }
    text.chars().filter_map(|c| map.get(&c).copied().unwrap_or(Some(c))).collect()
}
