//! Reads the tokens of an XPath by its grammar.

use super::axis::Axis;
use super::function::Function;
use super::lexer::{Token, tokens};
use super::{Expr, Operator, Start, Step, Test, wrong};
use crate::expr::dotnet::exception::{Exception, Result};

/// How deep brackets may nest.
const MAX_DEPTH: usize = 60;

/// Operators by how tightly they bind, the loosest first.
static LEVELS: [&[(&str, Operator)]; 6] = [
    &[("or", Operator::Or)],
    &[("and", Operator::And)],
    &[("=", Operator::Equal), ("!=", Operator::NotEqual)],
    &[("<", Operator::Less), ("<=", Operator::LessOrEqual), (">", Operator::Greater), (">=", Operator::GreaterOrEqual)],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("div", Operator::Divide), ("mod", Operator::Remainder)],
];

/// Reads an expression.
pub(super) fn parse(text: &str, namespace_of: &dyn Fn(&str) -> Option<String>) -> Result<Expr> {
    let mut parser = Parser { text, tokens: tokens(text)?, at: 0, depth: 0, namespace_of };
    let expression = parser.expression()?;
    if parser.at < parser.tokens.len() { Err(parser.invalid()) } else { Ok(expression) }
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Token<'t>>,
    at: usize,
    depth: usize,
    namespace_of: &'t dyn Fn(&str) -> Option<String>,
}

impl<'t> Parser<'t> {
    fn invalid(&self) -> Exception {
        wrong(format!("'{}' has an invalid token.", self.text))
    }

    fn peek(&self, ahead: usize) -> Option<&Token<'t>> {
        self.tokens.get(self.at + ahead)
    }

    fn is_next(&self, symbol: &str) -> bool {
        matches!(self.peek(0), Some(Token::Symbol(found)) if *found == symbol)
    }

    fn eat(&mut self, symbol: &str) -> bool {
        let found = self.is_next(symbol);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<()> {
        if self.eat(symbol) { Ok(()) } else { Err(self.invalid()) }
    }

    fn expression(&mut self) -> Result<Expr> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(wrong("The xpath query is too complex."));
        }
        let expression = self.level(0);
        self.depth -= 1;
        expression
    }

    fn level(&mut self, level: usize) -> Result<Expr> {
        let Some(operators) = LEVELS.get(level) else { return self.negation() };
        let mut left = self.level(level + 1)?;
        while let Some((_, operator)) = operators.iter().find(|(symbol, _)| self.is_next(symbol)) {
            self.at += 1;
            left = Expr::Binary(*operator, Box::new(left), Box::new(self.level(level + 1)?));
        }
        Ok(left)
    }

    fn negation(&mut self) -> Result<Expr> {
        let mut is_negated = false;
        let mut is_number = false;
        while self.eat("-") {
            (is_negated, is_number) = (!is_negated, true);
        }
        let mut expression = self.path()?;
        while self.eat("|") {
            expression = Expr::Union(Box::new(expression), Box::new(self.path()?));
        }
        Ok(match (is_number, is_negated) {
            (false, _) => expression,
            (true, true) => Expr::Negated(Box::new(expression)),
            (true, false) => Expr::Call(Function::Number, vec![expression]),
        })
    }

    fn path(&mut self) -> Result<Expr> {
        if self.starts_primary() {
            let primary = self.primary()?;
            let predicates = self.predicates()?;
            let goes_on = self.is_next("/") || self.is_next("//");
            if predicates.is_empty() && !goes_on {
                return Ok(primary);
            }
            let mut steps = Vec::new();
            if goes_on {
                self.further_steps(&mut steps)?;
            }
            return Ok(Expr::Path(Start::Nodes(Box::new(primary), predicates), steps));
        }
        let mut steps = Vec::new();
        let is_absolute = self.is_next("/") || self.is_next("//");
        if !is_absolute {
            steps.push(self.step()?);
        } else if self.is_next("/") && !self.starts_step(1) {
            self.at += 1;
            return Ok(Expr::Path(Start::Root, steps));
        }
        self.further_steps(&mut steps)?;
        Ok(Expr::Path(if is_absolute { Start::Root } else { Start::Context }, steps))
    }

    fn further_steps(&mut self, steps: &mut Vec<Step>) -> Result<()> {
        loop {
            if self.eat("//") {
                steps.push(Step { axis: Axis::DescendantOrSelf, test: Test::Any, predicates: Vec::new() });
            } else if !self.eat("/") {
                return Ok(());
            }
            steps.push(self.step()?);
        }
    }

    /// Whether an expression that is no location path comes next.
    fn starts_primary(&self) -> bool {
        match self.peek(0) {
            Some(Token::Number(_) | Token::Literal(_) | Token::Symbol("(")) => true,
            Some(Token::Name(_, local)) => self.peek(1) == Some(&Token::Symbol("(")) && !is_node_type(local),
            _ => false,
        }
    }

    fn starts_step(&self, ahead: usize) -> bool {
        matches!(self.peek(ahead), Some(Token::Name(..) | Token::Wildcard(_) | Token::Symbol("." | ".." | "@")))
    }

    fn primary(&mut self) -> Result<Expr> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        match token {
            Some(Token::Number(number)) => Ok(Expr::Number(number)),
            Some(Token::Literal(text)) => Ok(Expr::Text(text.into())),
            Some(Token::Symbol("(")) => {
                let inner = self.expression()?;
                self.expect(")")?;
                Ok(inner)
            }
            Some(Token::Name(None, name)) => {
                self.expect("(")?;
                let mut arguments = Vec::new();
                if !self.eat(")") {
                    arguments.push(self.expression()?);
                    while self.eat(",") {
                        arguments.push(self.expression()?);
                    }
                    self.expect(")")?;
                }
                let function = Function::named(name, arguments.len())?;
                Ok(Expr::Call(function, arguments))
            }
            _ => Err(wrong("XsltContext is needed for this query because of an unknown function.")),
        }
    }

    fn predicates(&mut self) -> Result<Vec<Expr>> {
        let mut predicates = Vec::new();
        while self.eat("[") {
            predicates.push(self.expression()?);
            self.expect("]")?;
        }
        Ok(predicates)
    }

    fn step(&mut self) -> Result<Step> {
        for (symbol, axis) in [(".", Axis::Itself), ("..", Axis::Parent)] {
            if self.eat(symbol) {
                return Ok(Step { axis, test: Test::Any, predicates: Vec::new() });
            }
        }
        let axis = if self.eat("@") {
            Axis::Attribute
        } else if let (Some(Token::Name(None, name)), Some(Token::Symbol("::"))) = (self.peek(0), self.peek(1)) {
            let axis = Axis::named(name).ok_or_else(|| self.invalid())?;
            self.at += 2;
            axis
        } else {
            Axis::Child
        };
        let test = self.test()?;
        Ok(Step { axis, test, predicates: self.predicates()? })
    }

    fn test(&mut self) -> Result<Test> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        match token {
            Some(Token::Wildcard(prefix)) => Ok(Test::Name { namespace: self.namespace(prefix)?, local: None }),
            Some(Token::Name(None, name)) if is_node_type(name) && self.eat("(") => {
                let test = match name {
                    "node" => Test::Any,
                    "text" => Test::Text,
                    "comment" => Test::Comment,
                    _ => match self.tokens.get(self.at) {
                        Some(Token::Literal(target)) => {
                            let target = Some(Box::from(*target));
                            self.at += 1;
                            Test::Instruction(target)
                        }
                        _ => Test::Instruction(None),
                    },
                };
                self.expect(")")?;
                Ok(test)
            }
            Some(Token::Name(prefix, local)) => {
                let namespace = self.namespace(prefix)?.or_else(|| Some(Box::from("")));
                Ok(Test::Name { namespace, local: Some(local.into()) })
            }
            _ => Err(wrong("Expression must evaluate to a node-set.")),
        }
    }

    /// The namespace of a prefix; none without one.
    fn namespace(&self, prefix: Option<&str>) -> Result<Option<Box<str>>> {
        let Some(prefix) = prefix else { return Ok(None) };
        match (self.namespace_of)(prefix) {
            Some(namespace) => Ok(Some(namespace.into())),
            None => Err(wrong(format!("Namespace prefix '{prefix}' is not defined."))),
        }
    }
}

fn is_node_type(name: &str) -> bool {
    matches!(name, "node" | "text" | "comment" | "processing-instruction")
}
