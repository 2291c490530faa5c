//! Lambdas: bound once for each list of parameter types that is tried.

use super::argument::{ArgValue, Argument};
use super::better::better_type;
use super::implicit::implicit;
use super::infer::best_common;
use super::name::Operand;
use super::returns::collect_returns;
use super::tree::{Body, FuncId, Node, NodeKind};
use super::{Binder, Symbol};
use crate::expr::diagnostic::Diagnostic;
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::{self, LambdaBody};
use crate::expr::types::Ty;
use crate::expr::value::Value;

impl<'t> Binder<'t> {
    /// Binds a lambda for parameters of certain types; `result` matters to what it returns only when that is a lambda
    /// or a method group.
    pub(super) fn bind_lambda(
        &mut self,
        lambda: &'t ast::Lambda<'t>,
        types: &[Ty],
        result: Option<&Ty>,
    ) -> LambdaBound {
        let parent = self.current();
        let inner = result.filter(|ty| ty.is_delegate()).cloned();
        let key = (std::ptr::from_ref(lambda) as usize, parent, types.to_vec(), inner.clone());
        if let Some(bound) = self.lambdas.get(&key)
            && !bound.used
        {
            return bound.clone();
        }
        let saved = std::mem::take(&mut self.diagnostics);
        let function = self.new_function(Some(parent));
        self.push_scope(function);
        let loops = std::mem::take(&mut self.loops);
        let switches = std::mem::take(&mut self.switches);
        let labels = std::mem::take(&mut self.labels);
        let receiver = self.receiver.take();
        for _ in lambda.params.len()..types.len() {
            let unnamed = self.temp(Ty::Object);
            self.function(function).params.push(unnamed);
        }
        for (param, ty) in lambda.params.iter().zip(types) {
            let ty = match &param.ty {
                Some(written) => self.type_of(written),
                None => ty.clone(),
            };
            let id = if param.range.is_empty() {
                self.declare(param.name, ty, param.span)
            } else {
                let id = self.new_local(param.name, ty);
                let mut names: Vec<_> =
                    param.range.iter().map(|(n, path)| (*n, Symbol::Range(id, path.clone()))).collect();
                names.push((param.name, Symbol::Local(id)));
                if let Some(scope) = self.scopes.last_mut() {
                    scope.names.extend(names);
                }
                id
            };
            self.function(function).params.push(id);
        }
        self.returns.push(inner.clone());
        let mut is_block = false;
        let mut is_statement = false;
        let (body, returns) = match &lambda.body {
            LambdaBody::Expression(expr) => {
                if let Some(throw) = self.arm(expr) {
                    is_statement = true;
                    (Body::Expression(throw), Vec::new())
                } else {
                    let operand = self.operand(expr);
                    let node = self.returned(operand, expr.span);
                    is_statement = super::statement::is_statement_expression(expr) || node.ty == Ty::Void;
                    let ty = (node.ty.clone(), node.as_const().cloned());
                    (Body::Expression(node), vec![ty])
                }
            }
            LambdaBody::Block(block) => {
                is_block = true;
                let statement = self.function_block(block);
                let mut returns = Vec::new();
                collect_returns(&statement, &mut |node| returns.push((node.ty.clone(), node.as_const().cloned())));
                (Body::Block(statement), returns)
            }
        };
        self.returns.pop();
        self.function(function).body = body;
        self.receiver = receiver;
        self.loops = loops;
        self.switches = switches;
        self.labels = labels;
        self.pop_scope();
        let diagnostics = std::mem::replace(&mut self.diagnostics, saved);
        let bound = LambdaBound { function, returns, is_block, diagnostics, is_statement, used: false };
        self.lambdas.insert(key, bound.clone());
        bound
    }

    /// A value that a lambda returns; a lambda or method group only where the delegate's result says its type.
    pub(super) fn returned(&mut self, operand: Operand<'t>, span: Span) -> Node {
        match (operand, self.returns.last().cloned().flatten()) {
            (operand @ (Operand::Lambda(..) | Operand::Group(_)), Some(ty)) => self.convert_operand(operand, &ty, span),
            (operand, _) => self.value(operand, span),
        }
    }

    /// The type that a lambda returns, given those of its parameters.
    pub(super) fn lambda_return(&mut self, lambda: &'t ast::Lambda<'t>, types: &[Ty]) -> Option<Ty> {
        if lambda.params.len() != types.len() && !lambda.any_params {
            return None;
        }
        let bound = self.bind_lambda(lambda, types, None);
        if bound.is_block && bound.returns.is_empty() {
            return None;
        }
        best_common(&bound.returns).filter(|ty| !ty.is_error())
    }

    /// Whether a lambda converts to a delegate type.
    pub(super) fn lambda_fits(&mut self, lambda: &'t ast::Lambda<'t>, to: &Ty) -> bool {
        let Some((types, result)) = self.delegate(to) else { return to.is_error() };
        if types.len() != lambda.params.len() && !lambda.any_params {
            return false;
        }
        for (param, ty) in lambda.params.iter().zip(&types) {
            if let Some(written) = &param.ty
                && self.type_of(written) != *ty
            {
                return false;
            }
        }
        let bound = self.bind_lambda(lambda, &types, Some(&result));
        bound.diagnostics.is_empty() && returns_fit(&bound, &result)
    }

    pub(super) fn compare_lambda(&mut self, lambda: &'t ast::Lambda<'t>, x: &Ty, y: &Ty) -> i8 {
        let (Some((a, r)), Some((b, s))) = (self.delegate(x), self.delegate(y)) else { return 0 };
        if a != b || r == s {
            return 0;
        }
        if r == Ty::Void || s == Ty::Void {
            return if s == Ty::Void { 1 } else { -1 };
        }
        match self.lambda_return(lambda, &a) {
            Some(ty) if ty == r => 1,
            Some(ty) if ty == s => -1,
            _ => better_type(&r, &s),
        }
    }

    /// Says what is wrong inside lambdas that were tried.
    pub(super) fn report_lambda_errors(&mut self, args: &[Argument<'t>]) -> bool {
        let mut found = None;
        for argument in args {
            if let ArgValue::Lambda(lambda) = &argument.value {
                let address = std::ptr::from_ref(*lambda) as usize;
                let tried = self.lambdas.iter().filter(|((a, ..), b)| *a == address && !b.diagnostics.is_empty());
                found = found.or(tried.map(|(_, b)| b.diagnostics.clone()).min_by_key(Vec::len));
            }
        }
        match found {
            Some(diagnostics) => {
                self.diagnostics.extend(diagnostics);
                true
            }
            None => false,
        }
    }

    /// A lambda as a delegate.
    pub(super) fn convert_lambda(&mut self, lambda: &'t ast::Lambda<'t>, to: &Ty, span: Span) -> Node {
        if to.is_error() {
            return Node::error(span);
        }
        let Some((types, result)) = self.delegate(to) else {
            let message =
                format!("Cannot convert lambda expression to type '{}' because it is not a delegate type", to.short());
            return self.error_node(span, "CS1660", message);
        };
        for (param, ty) in lambda.params.iter().zip(&types) {
            if let Some(written) = &param.ty
                && self.type_of(written) != *ty
            {
                let message = format!(
                    "Parameter '{}' of the lambda expression should be declared as '{}'",
                    param.name,
                    ty.short()
                );
                return self.error_node(param.span, "CS1661", message);
            }
        }
        if types.len() != lambda.params.len() && !lambda.any_params {
            let message = format!("Delegate '{}' does not take {} arguments", to.short(), lambda.params.len());
            return self.error_node(span, "CS1593", message);
        }
        let bound = self.bind_lambda(lambda, &types, Some(&result));
        let inner = Some(result.clone()).filter(Ty::is_delegate);
        let key = (std::ptr::from_ref(lambda) as usize, self.current(), types, inner);
        if let Some(entry) = self.lambdas.get_mut(&key) {
            entry.used = true;
        }
        if !bound.diagnostics.is_empty() {
            self.diagnostics.extend(bound.diagnostics);
            return Node::error(span);
        }
        if !returns_fit(&bound, &result) {
            let found = bound.returns.iter().find(|(ty, c)| implicit(ty, c.as_ref(), &result).is_none());
            let from = found.map_or_else(|| "void".to_owned(), |(ty, _)| ty.short());
            let message = format!("Cannot implicitly convert type '{from}' to '{}'", result.short());
            return self.error_node(span, "CS1662", message);
        }
        self.function(bound.function).result = result.clone();
        if result != Ty::Void {
            let body = std::mem::replace(&mut self.function(bound.function).body, Body::Missing);
            let body = self.convert_returns(body, &result);
            self.function(bound.function).body = body;
        }
        Node::new(to.clone(), span, NodeKind::Lambda(bound.function))
    }
}

/// What binding a lambda with certain parameter types showed.
#[derive(Clone)]
pub(super) struct LambdaBound {
    pub(super) function: FuncId,
    /// Types of the returned values, and constants.
    pub(super) returns: Vec<(Ty, Option<Value>)>,
    /// A block that can end without a value.
    pub(super) is_block: bool,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// An expression that may stand as a statement.
    pub(super) is_statement: bool,
    pub(super) used: bool,
}

pub(super) fn returns_fit(bound: &LambdaBound, result: &Ty) -> bool {
    if *result == Ty::Void {
        return if bound.is_block { bound.returns.is_empty() } else { bound.is_statement };
    }
    if bound.is_block && bound.returns.is_empty() {
        return bound.is_statement || bound_throws(bound);
    }
    bound.returns.iter().all(|(ty, constant)| *ty != Ty::Void && implicit(ty, constant.as_ref(), result).is_some())
}

/// A block without any `return` fits a delegate with a result only when it never ends; the flow analysis decides.
pub(super) fn bound_throws(bound: &LambdaBound) -> bool {
    bound.is_block
}
