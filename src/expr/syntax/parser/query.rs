//! Query syntax, translated to method calls as the C# specification says.

use super::{Parsed, Parser};
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::{
    Arg, ArgMode, Child, Expr, ExprKind, Lambda, LambdaBody, Name, Param, ParamMode, TypeRef,
};
use crate::expr::syntax::token::T;

/// The members of the pairs that carry several range variables.
const OUTER: &str = "Outer";
const INNER: &str = "Inner";

/// Range variables and how each is reached from the lambda parameter.
type Scope<'a> = Vec<(&'a str, Vec<&'static str>)>;

impl<'a> Parser<'a> {
    /// Whether a query starts at the cursor.
    pub(super) fn is_query(&self) -> bool {
        if !self.is_word(0, "from") {
            return false;
        }
        if self.peek(1) == T::Ident && self.peek(2) == T::In {
            return true;
        }
        self.scan_type(self.at + 1)
            .is_some_and(|end| self.token(end).kind == T::Ident && self.token(end + 1).kind == T::In)
    }

    pub(super) fn query(&mut self) -> Parsed<Expr<'a>> {
        let start = self.span();
        let (mut source, name) = self.range()?;
        let mut scope: Scope<'a> = vec![(name, Vec::new())];
        loop {
            if self.is_word(0, "where") {
                self.bump();
                let body = self.expression()?;
                source = self.query_call(start, source, "Where", vec![(scope.clone(), body)])?;
            } else if self.is_word(0, "let") {
                self.bump();
                let (name, _) = self.identifier()?;
                self.expect(T::Assign, "CS1003", "Syntax error, '='")?;
                let value = self.expression()?;
                let pair = self.pair(&scope, value)?;
                source = self.query_call(start, source, "Select", vec![(scope.clone(), pair)])?;
                scope = widen(scope, name);
            } else if self.is_word(0, "from") {
                let (inner, name) = self.range()?;
                let inner_scope = vec![(name, Vec::new())];
                let value = self.node(start, 0, ExprKind::Name(plain(name, start)))?;
                let pair = self.pair(&scope, value)?;
                source = self.query_call2(
                    start,
                    source,
                    "SelectMany",
                    vec![(vec![scope.clone()], inner), (vec![scope.clone(), inner_scope], pair)],
                    None,
                )?;
                scope = widen(scope, name);
            } else if self.is_word(0, "join") {
                (source, scope) = self.join_clause(start, source, scope)?;
            } else if self.is_word(0, "orderby") {
                self.bump();
                let mut first = true;
                loop {
                    let key = self.expression()?;
                    let descending = self.is_word(0, "descending");
                    if descending || self.is_word(0, "ascending") {
                        self.bump();
                    }
                    let method = match (first, descending) {
                        (true, false) => "OrderBy",
                        (true, true) => "OrderByDescending",
                        (false, false) => "ThenBy",
                        (false, true) => "ThenByDescending",
                    };
                    source = self.query_call(start, source, method, vec![(scope.clone(), key)])?;
                    first = false;
                    if !self.eat(T::Comma) {
                        break;
                    }
                }
            } else if self.is_word(0, "select") {
                self.bump();
                let body = self.expression()?;
                source = self.query_call(start, source, "Select", vec![(scope.clone(), body)])?;
            } else if self.is_word(0, "group") {
                self.bump();
                let item = self.expression()?;
                if !self.is_word(0, "by") {
                    return Err(self.error("CS0742", "A query body must end with a select clause or a group clause"));
                }
                self.bump();
                let key = self.expression()?;
                source =
                    self.query_call(start, source, "GroupBy", vec![(scope.clone(), key), (scope.clone(), item)])?;
            } else {
                return Err(self.error("CS0742", "A query body must end with a select clause or a group clause"));
            }
            let ended = matches!(source.kind, ExprKind::Call(ref callee, _) if matches!(&callee.kind, ExprKind::Member(_, name) if matches!(name.text, "Select" | "GroupBy")));
            if ended && !self.continues() {
                if self.is_word(0, "into") {
                    self.bump();
                    let (name, _) = self.identifier()?;
                    scope = vec![(name, Vec::new())];
                    continue;
                }
                return Ok(source);
            }
        }
    }

    /// Whether another clause of the same body follows.
    fn continues(&self) -> bool {
        ["where", "let", "from", "join", "orderby", "select", "group"].iter().any(|word| self.is_word(0, word))
            && !matches!(self.peek(1), T::Dot | T::Comma | T::Close | T::Semicolon | T::End)
    }

    fn range(&mut self) -> Parsed<(Expr<'a>, &'a str)> {
        self.bump();
        let ty = if self.peek(1) == T::In { None } else { Some(self.type_ref()?) };
        let (name, _) = self.identifier()?;
        self.expect(T::In, "CS1003", "Syntax error, 'in'")?;
        let source = self.expression()?;
        Ok((self.typed_source(source, ty)?, name))
    }

    fn typed_source(&mut self, source: Expr<'a>, ty: Option<TypeRef<'a>>) -> Parsed<Expr<'a>> {
        let Some(ty) = ty else { return Ok(source) };
        let (span, height) = (source.span, source.height);
        let name = Name { text: "Cast", span, args: Some(vec![ty]) };
        let callee = self.node(span, height, ExprKind::Member(Box::new(source), name))?;
        self.node(span, height + 1, ExprKind::Call(Box::new(callee), Vec::new()))
    }

    fn join_clause(&mut self, start: Span, source: Expr<'a>, scope: Scope<'a>) -> Parsed<(Expr<'a>, Scope<'a>)> {
        let (inner, name) = self.range()?;
        let word = |p: &mut Self, text: &str| {
            if p.is_word(0, text) {
                p.bump();
                return Ok(());
            }
            Err(p.error("CS1003", format!("Syntax error, '{text}' expected")))
        };
        word(self, "on")?;
        let outer_key = self.expression()?;
        word(self, "equals")?;
        let inner_key = self.expression()?;
        let inner_scope = vec![(name, Vec::new())];
        let group = if self.is_word(0, "into") {
            self.bump();
            Some(self.identifier()?.0)
        } else {
            None
        };
        let result = group.unwrap_or(name);
        let value = self.node(start, 0, ExprKind::Name(plain(result, start)))?;
        let pair = self.pair(&scope, value)?;
        let method = if group.is_some() { "GroupJoin" } else { "Join" };
        let lambdas = vec![
            (vec![scope.clone()], outer_key),
            (vec![inner_scope], inner_key),
            (vec![scope.clone(), vec![(result, Vec::new())]], pair),
        ];
        let call = self.query_call2(start, source, method, lambdas, Some(inner))?;
        Ok((call, widen(scope, result)))
    }

    /// `new { Outer = <parameter>, Inner = value }`
    fn pair(&mut self, scope: &Scope<'a>, value: Expr<'a>) -> Parsed<Expr<'a>> {
        let (span, height) = (value.span, value.height);
        let outer = match scope.as_slice() {
            [(name, path)] if path.is_empty() => plain(name, span),
            _ => plain("<>t", span),
        };
        let outer = self.node(span, 0, ExprKind::Name(outer))?;
        let members = vec![(Some((OUTER, span)), outer), (Some((INNER, span)), value)];
        self.node(span, height, ExprKind::Anonymous(members))
    }

    fn query_call(
        &mut self,
        span: Span,
        source: Expr<'a>,
        method: &'static str,
        lambdas: Vec<(Scope<'a>, Expr<'a>)>,
    ) -> Parsed<Expr<'a>> {
        let lambdas = lambdas.into_iter().map(|(scope, body)| (vec![scope], body)).collect();
        self.query_call2(span, source, method, lambdas, None)
    }

    fn query_call2(
        &mut self,
        span: Span,
        source: Expr<'a>,
        method: &'static str,
        lambdas: Vec<(Vec<Scope<'a>>, Expr<'a>)>,
        first: Option<Expr<'a>>,
    ) -> Parsed<Expr<'a>> {
        let mut args = Vec::new();
        let mut height = source.height;
        args.extend(first.map(|value| Arg { name: None, mode: ArgMode::In, value }));
        for (scopes, body) in lambdas {
            height = height.max(body.height);
            let params = scopes.into_iter().map(|scope| parameter(scope, span)).collect();
            let body = LambdaBody::Expression(Box::new(body));
            let value = self.node(span, height, ExprKind::Lambda(Lambda { any_params: false, params, body }))?;
            args.push(Arg { name: None, mode: ArgMode::In, value });
        }
        let span = span.to(self.end());
        let member: Child<'a> =
            Box::new(self.node(span, height, ExprKind::Member(Box::new(source), plain(method, span)))?);
        self.node(span, height + 1, ExprKind::Call(member, args))
    }
}

fn plain<'a>(text: &'a str, span: Span) -> Name<'a> {
    Name { text, span, args: None }
}

fn parameter(scope: Scope<'_>, span: Span) -> Param<'_> {
    match scope.as_slice() {
        [(name, path)] if path.is_empty() => {
            Param { ty: None, name, span, mode: ParamMode::In, default: None, range: Vec::new() }
        }
        _ => Param { ty: None, name: "<>t", span, mode: ParamMode::In, default: None, range: scope },
    }
}

/// The scope after a pair was made of what was there and a new variable.
fn widen<'a>(scope: Scope<'a>, name: &'a str) -> Scope<'a> {
    let mut wider: Scope<'a> = scope
        .into_iter()
        .map(|(name, mut path)| {
            path.insert(0, OUTER);
            (name, path)
        })
        .collect();
    wider.push((name, vec![INNER]));
    wider
}
