//! Templates: text, outputs and tags with what they contain.

use std::fmt;
use std::sync::Arc;

use super::condition::Condition;
use super::filter::Output;
use super::operand::Operand;
use super::scan::{Markup, Token, tokens};

/// How deep tags may nest.
const MAX_DEPTH: usize = 64;

/// A part of a template.
#[derive(Debug)]
pub(super) enum Node {
    Text(Box<str>),
    Output(Output),
    Assign(Arc<str>, Output),
    Capture(Arc<str>, Vec<Node>),
    Case {
        value: Operand,
        arms: Vec<(Vec<Operand>, Vec<Node>)>,
        otherwise: Vec<Node>,
    },
    Cycle {
        group: Option<Operand>,
        key: Box<str>,
        values: Vec<Operand>,
    },
    For(Box<For>),
    /// Branches in order; no condition is `else`. The flag turns the first condition around: `unless`.
    If {
        is_unless: bool,
        branches: Vec<(Option<Condition>, Vec<Node>)>,
    },
    IfChanged(Vec<Node>),
    Increment(Arc<str>),
    Decrement(Arc<str>),
    TableRow(Box<For>),
    Break,
    Continue,
    /// A tag that needs files, which there are none of.
    NoFile,
}

/// A loop.
#[derive(Debug)]
pub(super) struct For {
    pub(super) variable: Arc<str>,
    pub(super) items: Operand,
    /// The name that `offset:continue` finds the loop by.
    pub(super) name: Box<str>,
    pub(super) is_reversed: bool,
    pub(super) limit: Option<Operand>,
    pub(super) offset: Option<Offset>,
    pub(super) columns: Option<Operand>,
    /// `JSONArrayFor`: commas between the items.
    pub(super) has_commas: bool,
    pub(super) body: Vec<Node>,
    pub(super) otherwise: Vec<Node>,
}

#[derive(Debug)]
pub(super) enum Offset {
    Continue,
    At(Operand),
}

/// What is wrong with a template, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// The byte of the template.
    pub(crate) at: usize,
    message: String,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Liquid syntax error: {}", self.message)
    }
}

type Result<T> = std::result::Result<T, SyntaxError>;

/// Reads a template.
pub(super) fn parse(text: &str) -> Result<Vec<Node>> {
    // Two shorthands are only known when they are all there is.
    if let Some(raw) = text.strip_prefix("{{{").and_then(|text| text.strip_suffix("}}}")) {
        return Ok(vec![Node::Text(raw.into())]);
    }
    if text.starts_with("{#") && text.ends_with("#}") {
        return Ok(Vec::new());
    }
    let tokens = tokens(text).map_err(|at| {
        let mark = if text.get(at..).is_some_and(|rest| rest.starts_with("{%")) { "%}" } else { "}}" };
        SyntaxError { at, message: format!("`{mark}` is missing") }
    })?;
    let mut parser = Parser { tokens, next: 0, depth: 0 };
    let (nodes, end) = parser.nodes(&[])?;
    match end {
        Some((at, tag)) => Err(SyntaxError { at, message: format!("unknown tag `{tag}`") }),
        None => Ok(nodes),
    }
}

struct Parser<'t> {
    tokens: Vec<(usize, Token<'t>)>,
    next: usize,
    depth: usize,
}

/// The tag that ended some nodes: where it stands and what it says.
type End<'t> = Option<(usize, &'t str)>;

impl<'t> Parser<'t> {
    /// Nodes up to a tag of one of these names, or to the end.
    fn nodes(&mut self, ends: &[&str]) -> Result<(Vec<Node>, End<'t>)> {
        let mut nodes = Vec::new();
        while let Some((at, token)) = self.tokens.get(self.next) {
            let at = *at;
            match token {
                Token::Text(text) => nodes.push(Node::Text((*text).into())),
                Token::Output(markup) => {
                    nodes.push(Node::Output(Output::parse(markup).map_err(|message| SyntaxError { at, message })?));
                }
                Token::Tag(tag) => {
                    let tag: &'t str = tag;
                    self.next += 1;
                    let name = tag_name(tag);
                    if ends.contains(&name) {
                        return Ok((nodes, Some((at, tag))));
                    }
                    self.depth += 1;
                    if self.depth > MAX_DEPTH {
                        let message = format!("tags are nested more than {MAX_DEPTH} levels deep");
                        return Err(SyntaxError { at, message });
                    }
                    nodes.extend(self.tag(at, name, tag.get(name.len()..).unwrap_or_default().trim())?);
                    self.depth -= 1;
                    continue;
                }
            }
            self.next += 1;
        }
        Ok((nodes, None))
    }

    /// Nodes up to the end tag of a block.
    fn block(&mut self, at: usize, name: &str, ends: &[&str]) -> Result<(Vec<Node>, &'t str)> {
        let (nodes, end) = self.nodes(ends)?;
        match end {
            Some((_, tag)) => Ok((nodes, tag)),
            None => Err(SyntaxError { at, message: format!("`{name}` tag was never closed") }),
        }
    }

    fn tag(&mut self, at: usize, name: &str, markup: &'t str) -> Result<Option<Node>> {
        let wrong = |message: String| SyntaxError { at, message };
        let malformed = || wrong(format!("syntax error in `{name}`: `{markup}`"));
        Ok(Some(match name {
            "assign" => {
                let (variable, value) = markup.split_once('=').ok_or_else(malformed)?;
                let variable = variable_name(variable).ok_or_else(malformed)?;
                Node::Assign(variable, Output::parse(value).map_err(wrong)?)
            }
            "capture" => {
                let variable = variable_name(markup.trim_matches(['\'', '"'])).ok_or_else(malformed)?;
                Node::Capture(variable, self.block(at, name, &["endcapture"])?.0)
            }
            "comment" => {
                self.skip_comment(at)?;
                return Ok(None);
            }
            "raw" | "literal" => {
                let end = if name == "raw" { "endraw" } else { "endliteral" };
                let text = self.block(at, name, &[end])?.0;
                return Ok(text.into_iter().next());
            }
            "case" => self.case(at, markup)?,
            "cycle" => cycle(markup).ok_or_else(malformed)?,
            "for" => Node::For(Box::new(self.for_loop(at, name, markup, "endfor")?)),
            "JSONArrayFor" => Node::For(Box::new(self.for_loop(at, name, markup, "endJSONArrayFor")?)),
            "tablerow" => Node::TableRow(Box::new(self.for_loop(at, name, markup, "endtablerow")?)),
            "if" => self.conditional(at, name, markup)?,
            "unless" => self.conditional(at, name, markup)?,
            "ifchanged" => Node::IfChanged(self.block(at, name, &["endifchanged"])?.0),
            "increment" => Node::Increment(variable_name(markup).ok_or_else(malformed)?),
            "decrement" => Node::Decrement(variable_name(markup).ok_or_else(malformed)?),
            "break" => Node::Break,
            "continue" => Node::Continue,
            "include" | "extends" => Node::NoFile,
            "block" => {
                self.block(at, name, &["endblock"])?;
                Node::NoFile
            }
            _ => return Err(wrong(format!("unknown tag `{name}`"))),
        }))
    }

    fn skip_comment(&mut self, at: usize) -> Result<()> {
        let mut open = 1;
        while let Some((_, token)) = self.tokens.get(self.next) {
            self.next += 1;
            match token {
                Token::Tag(tag) if tag_name(tag) == "comment" => open += 1,
                Token::Tag(tag) if tag_name(tag) == "endcomment" => open -= 1,
                _ => {}
            }
            if open == 0 {
                return Ok(());
            }
        }
        Err(SyntaxError { at, message: "`comment` tag was never closed".to_owned() })
    }

    fn conditional(&mut self, at: usize, name: &str, markup: &'t str) -> Result<Node> {
        let end_tag = if name == "if" { "endif" } else { "endunless" };
        let wrong = |message| SyntaxError { at, message };
        let mut branches = Vec::new();
        let mut condition = Some(Condition::parse(markup).map_err(wrong)?);
        loop {
            let (nodes, end) = self.block(at, name, &["elsif", "elseif", "else", end_tag])?;
            branches.push((condition, nodes));
            condition = match tag_name(end) {
                "else" => None,
                "elsif" | "elseif" => {
                    let markup = end.get(tag_name(end).len()..).unwrap_or_default();
                    Some(Condition::parse(markup.trim()).map_err(wrong)?)
                }
                _ => return Ok(Node::If { is_unless: name == "unless", branches }),
            };
        }
    }

    fn case(&mut self, at: usize, markup: &str) -> Result<Node> {
        let value = Operand::parse(Markup(markup).fragment().unwrap_or_default());
        let ends = ["when", "else", "endcase"];
        let (mut arms, mut otherwise) = (Vec::new(), Vec::new());
        // What stands before the first `when` is left out.
        let (_, mut end) = self.block(at, "case", &ends)?;
        loop {
            let kind = tag_name(end);
            if kind == "endcase" {
                return Ok(Node::Case { value, arms, otherwise });
            }
            let values = operands(end.get(kind.len()..).unwrap_or_default());
            let (nodes, next) = self.block(at, "case", &ends)?;
            end = next;
            if kind == "when" {
                arms.push((values, nodes));
            } else {
                otherwise.extend(nodes);
            }
        }
    }

    fn for_loop(&mut self, at: usize, tag: &str, markup: &str, end_tag: &str) -> Result<For> {
        let malformed = || SyntaxError { at, message: format!("syntax error in `{tag}`: `{markup}`") };
        let mut rest = Markup(markup);
        let variable: Arc<str> = rest.word().ok_or_else(malformed)?.into();
        let is_in = rest.word() == Some("in");
        let collection = rest.fragment().filter(|_| is_in).ok_or_else(malformed)?;
        let mut found = For {
            name: format!("{variable}-{collection}").into(),
            variable,
            items: Operand::parse(collection),
            is_reversed: false,
            limit: None,
            offset: None,
            columns: None,
            has_commas: tag == "JSONArrayFor",
            body: Vec::new(),
            otherwise: Vec::new(),
        };
        while !rest.is_end() {
            let Some(word) = rest.fragment() else {
                rest.0 = rest.0.get(1..).unwrap_or_default();
                continue;
            };
            if word == "reversed" {
                found.is_reversed = true;
            } else if rest.eat(":") {
                let value = rest.fragment().ok_or_else(malformed)?;
                match word {
                    "limit" => found.limit = Some(Operand::parse(value)),
                    "offset" if value == "continue" => found.offset = Some(Offset::Continue),
                    "offset" => found.offset = Some(Offset::At(Operand::parse(value))),
                    "cols" => found.columns = Some(Operand::parse(value)),
                    _ => {}
                }
            }
        }
        let (body, end) = self.block(at, tag, &["else", end_tag])?;
        found.body = body;
        if tag_name(end) == "else" {
            found.otherwise = self.block(at, tag, &[end_tag])?.0;
        }
        Ok(found)
    }
}

fn tag_name(tag: &str) -> &str {
    let length = tag.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(tag.len());
    tag.get(..length).unwrap_or_default()
}

fn variable_name(markup: &str) -> Option<Arc<str>> {
    let name = Markup(markup).word()?;
    Some(name.into())
}

/// Values with commas or `or` between them.
fn operands(markup: &str) -> Vec<Operand> {
    let mut rest = Markup(markup);
    let mut values = Vec::new();
    while !rest.is_end() {
        match rest.fragment() {
            Some("or") => {}
            Some(value) => values.push(Operand::parse(value)),
            None => rest.0 = rest.0.get(1..).unwrap_or_default(),
        }
    }
    values
}

fn cycle(markup: &str) -> Option<Node> {
    let mut rest = Markup(markup);
    let first = rest.fragment()?;
    let (group, list) = if rest.eat(":") { (Some(Operand::parse(first)), rest.0) } else { (None, markup) };
    let values = operands(list);
    (!values.is_empty()).then(|| Node::Cycle { group, key: list.trim().into(), values })
}
