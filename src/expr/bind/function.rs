//! Lambdas, method groups and local functions.

use std::sync::Arc;

use super::argument::{ArgValue, Argument};
use super::convert::implicit;
use super::infer::best_common;
use super::name::{Group, Operand, Receiver};
use super::overload::{Miss, better_type, map_arguments};
use super::tree::{Body, FuncId, Node, NodeKind, Stmt, StmtKind};
use super::{Binder, Symbol};
use crate::expr::diagnostic::Diagnostic;
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::{self, ArgMode, LambdaBody, ParamMode};
use crate::expr::types::{Mode, Ty};
use crate::expr::value::Value;

/// What binding a lambda with certain parameter types showed.
#[derive(Clone)]
pub(super) struct LambdaBound {
    function: FuncId,
    /// Types of the returned values, and constants.
    returns: Vec<(Ty, Option<Value>)>,
    /// A block that can end without a value.
    is_block: bool,
    diagnostics: Vec<Diagnostic>,
    /// An expression that may stand as a statement.
    is_statement: bool,
    used: bool,
}

/// A local function, declared when its block is entered.
pub(super) struct LocalFunction<'t> {
    pub(super) syntax: &'t ast::Function<'t>,
    pub(super) function: FuncId,
    pub(super) params: Vec<Ty>,
    pub(super) result: Ty,
    /// How many scopes were open where it is declared.
    pub(super) depth: usize,
    /// Copies made for type arguments.
    pub(super) instances: Vec<(Vec<Ty>, FuncId)>,
}

impl<'t> Binder<'t> {
    fn bind_lambda(&mut self, lambda: &'t ast::Lambda<'t>, types: &[Ty]) -> LambdaBound {
        let parent = self.current();
        let key = (std::ptr::from_ref(lambda) as usize, parent, types.to_vec());
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
        self.returns.push(Vec::new());
        let mut is_block = false;
        let mut is_statement = false;
        let (body, returns) = match &lambda.body {
            LambdaBody::Expression(expr) => {
                let operand = self.operand(expr);
                let node = match operand {
                    Operand::Lambda(..) | Operand::Group(_) => {
                        let message = "a lambda that returns a lambda or a method group";
                        self.not_supported(expr.span, message)
                    }
                    operand => self.value(operand, expr.span),
                };
                is_statement = super::statement::is_statement_expression(expr) || node.ty == Ty::Void;
                let ty = (node.ty.clone(), node.as_const().cloned());
                (Body::Expression(node), vec![ty])
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

    /// The type that a lambda returns, given those of its parameters.
    pub(super) fn lambda_return(&mut self, lambda: &'t ast::Lambda<'t>, types: &[Ty]) -> Option<Ty> {
        if lambda.params.len() != types.len() {
            return None;
        }
        let bound = self.bind_lambda(lambda, types);
        if bound.is_block && bound.returns.is_empty() {
            return None;
        }
        best_common(&bound.returns).filter(|ty| !ty.is_error())
    }

    /// Whether a lambda converts to a delegate type.
    pub(super) fn lambda_fits(&mut self, lambda: &'t ast::Lambda<'t>, to: &Ty) -> bool {
        let Some((types, result)) = self.delegate(to) else { return to.is_error() };
        if types.len() != lambda.params.len() {
            return false;
        }
        for (param, ty) in lambda.params.iter().zip(&types) {
            if let Some(written) = &param.ty
                && self.type_of(written) != *ty
            {
                return false;
            }
        }
        let bound = self.bind_lambda(lambda, &types);
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
        if types.len() != lambda.params.len() {
            let message = format!("Delegate '{}' does not take {} arguments", to.short(), lambda.params.len());
            return self.error_node(span, "CS1593", message);
        }
        let bound = self.bind_lambda(lambda, &types);
        let key = (std::ptr::from_ref(lambda) as usize, self.current(), types);
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

    fn convert_returns(&mut self, body: Body, result: &Ty) -> Body {
        match body {
            Body::Expression(node) => Body::Expression(self.convert(node, result)),
            Body::Block(mut statement) => {
                visit_returns(&mut statement, &mut |node| {
                    let span = node.span;
                    let taken = std::mem::replace(node, Node::error(span));
                    *node = self.convert(taken, result);
                });
                Body::Block(statement)
            }
            Body::Missing => Body::Missing,
        }
    }

    /// The signature candidates of a method group, given parameter types, as arguments.
    fn group_args(&self, group: &Group<'t>, types: &[Ty]) -> Vec<Argument<'t>> {
        types.iter().map(|ty| Self::given(Node::new(ty.clone(), group.span, NodeKind::Nothing))).collect()
    }

    pub(super) fn group_return(&mut self, group: &Group<'t>, types: &[Ty]) -> Option<Ty> {
        if let Receiver::Function(index) = group.receiver {
            let function = &self.local_functions[index];
            return (function.params.len() == types.len()).then(|| function.result.clone());
        }
        let args = self.group_args(group, types);
        let chosen = self.resolve_group(group, &args)?;
        Some(chosen.method.ty.substitute(&chosen.type_args))
    }

    pub(super) fn group_fits(&mut self, group: &Group<'t>, to: &Ty) -> bool {
        let Some((types, result)) = self.delegate(to) else { return false };
        match self.group_return(group, &types) {
            Some(ty) => result == Ty::Void || (ty != Ty::Void && implicit(&ty, None, &result).is_some()),
            None => false,
        }
    }

    pub(super) fn compare_group(&mut self, group: &Group<'t>, x: &Ty, y: &Ty) -> i8 {
        let (Some((a, r)), Some((b, s))) = (self.delegate(x), self.delegate(y)) else { return 0 };
        if a != b {
            return 0;
        }
        match self.group_return(group, &a) {
            Some(ty) if ty == r && ty != s => 1,
            Some(ty) if ty == s && ty != r => -1,
            _ => better_type(&r, &s),
        }
    }

    /// A method group as a delegate.
    pub(super) fn convert_group(&mut self, group: Group<'t>, to: &Ty) -> Node {
        let span = group.span;
        let Some((types, result)) = self.delegate(to) else {
            let message = format!("Cannot convert method group '{}' to non-delegate type '{}'", group.name, to.short());
            return self.error_node(span, "CS0428", message);
        };
        let mismatch = format!("No overload for '{}' matches delegate '{}'", group.name, to.short());
        if let Receiver::Function(index) = group.receiver {
            let function = &self.local_functions[index];
            let fits =
                function.params == types && (result == Ty::Void || implicit(&function.result, None, &result).is_some());
            if !fits {
                return self.error_node(span, "CS0123", mismatch);
            }
            let id = function.function;
            self.note_function(id);
            return Node::new(to.clone(), span, NodeKind::FunctionDelegate(id));
        }
        let args = self.group_args(&group, &types);
        let Some(chosen) = self.resolve_group(&group, &args) else {
            return self.error_node(span, "CS0123", mismatch);
        };
        let returned = chosen.method.ty.substitute(&chosen.type_args);
        if result != Ty::Void && implicit(&returned, None, &result).is_none() {
            return self.error_node(span, "CS0407", mismatch);
        }
        self.check_access(chosen.method.access, span, || {
            super::overload::member_name(chosen.method.owner, chosen.method.name)
        });
        let receiver = match group.receiver {
            Receiver::Instance(node) => Some(node.boxed()),
            _ => None,
        };
        let type_args: Arc<[Ty]> = chosen.type_args.as_slice().into();
        Node::new(to.clone(), span, NodeKind::NativeDelegate { method: chosen.method, type_args, receiver })
    }

    pub(super) fn note_function(&mut self, id: FuncId) {
        let current = self.current();
        let uses = &mut self.function(current).uses;
        if !uses.contains(&id) {
            uses.push(id);
        }
    }

    /// Declares the local functions of a block, so that they can be used before their place.
    pub(super) fn declare_function(&mut self, syntax: &'t ast::Function<'t>) {
        let function = self.new_function(Some(self.current()));
        let types = self.generic_placeholders(syntax);
        let params: Vec<Ty> =
            syntax.params.iter().map(|p| p.ty.as_ref().map_or(Ty::Error, |t| self.type_of(t))).collect();
        let result = self.type_of(&syntax.ty);
        self.type_params.truncate(types);
        let index = self.local_functions.len();
        self.declare_symbol(syntax.name, Symbol::Function(index), syntax.name_span);
        let depth = self.scopes.len();
        self.local_functions.push(LocalFunction { syntax, function, params, result, depth, instances: Vec::new() });
    }

    fn generic_placeholders(&mut self, syntax: &ast::Function<'_>) -> usize {
        let before = self.type_params.len();
        for (i, name) in syntax.type_params.iter().enumerate() {
            self.type_params.push(((*name).into(), Ty::Param(i as u16)));
        }
        before
    }

    /// Binds the body of a local function where it stands.
    pub(super) fn bind_function(&mut self, syntax: &'t ast::Function<'t>) {
        let Some(index) = self.local_functions.iter().position(|f| std::ptr::eq(f.syntax, syntax)) else { return };
        if syntax.returns_ref {
            self.not_supported(syntax.name_span, "a local function that returns by reference");
            return;
        }
        if syntax.type_params.is_empty() {
            let (id, params, result) = {
                let f = &self.local_functions[index];
                (f.function, f.params.clone(), f.result.clone())
            };
            self.bind_function_body(syntax, id, &params, result);
        }
    }

    fn bind_function_body(&mut self, syntax: &'t ast::Function<'t>, id: FuncId, params: &[Ty], result: Ty) {
        self.push_scope(id);
        let loops = std::mem::take(&mut self.loops);
        let switches = std::mem::take(&mut self.switches);
        let labels = std::mem::take(&mut self.labels);
        let receiver = self.receiver.take();
        for (param, ty) in syntax.params.iter().zip(params) {
            let local = self.declare(param.name, ty.clone(), param.span);
            if param.mode == ParamMode::Out {
                self.locals[local.0 as usize].needs_assignment = true;
            }
            let has_ref = matches!(param.mode, ParamMode::Ref | ParamMode::Out);
            let function = self.function(id);
            function.params.push(local);
            function.has_refs |= has_ref;
        }
        self.function(id).result = result.clone();
        let body = match &syntax.body {
            LambdaBody::Expression(expr) => {
                let operand = self.operand(expr);
                Body::Expression(if result == Ty::Void {
                    self.value(operand, expr.span)
                } else {
                    self.convert_operand(operand, &result, expr.span)
                })
            }
            LambdaBody::Block(block) => {
                let statement = self.function_block(block);
                let body = Body::Block(statement);
                if result == Ty::Void { body } else { self.convert_returns(body, &result) }
            }
        };
        self.function(id).body = body;
        self.receiver = receiver;
        self.loops = loops;
        self.switches = switches;
        self.labels = labels;
        self.pop_scope();
    }

    /// The function for a call of a generic local function with certain type arguments.
    fn instance(&mut self, index: usize, args: Vec<Ty>) -> FuncId {
        if let Some((_, id)) = self.local_functions[index].instances.iter().find(|(a, _)| *a == args) {
            return *id;
        }
        let (syntax, depth, params, result, declared) = {
            let f = &self.local_functions[index];
            (f.syntax, f.depth, f.params.clone(), f.result.clone(), f.function)
        };
        let parent = self.functions[declared.0 as usize].parent;
        let id = self.new_function(parent);
        self.local_functions[index].instances.push((args.clone(), id));
        let params: Vec<Ty> = params.iter().map(|t| t.substitute(&args)).collect();
        let inner = self.scopes.split_off(depth.min(self.scopes.len()));
        let before = self.type_params.len();
        for (name, ty) in syntax.type_params.iter().zip(&args) {
            self.type_params.push(((*name).into(), ty.clone()));
        }
        let result = result.substitute(&args);
        if self.local_functions[index].instances.len() > 32 {
            self.not_supported(syntax.name_span, "more than 32 uses of a generic local function");
        } else {
            self.bind_function_body(syntax, id, &params, result);
        }
        self.type_params.truncate(before);
        self.scopes.extend(inner);
        id
    }

    /// Calls a local function.
    pub(super) fn call_function(
        &mut self,
        index: usize,
        mut args: Vec<Argument<'t>>,
        explicit: Option<Vec<Ty>>,
        span: Span,
    ) -> Node {
        let (syntax, mut params, mut result, mut id) = {
            let f = &self.local_functions[index];
            (f.syntax, f.params.clone(), f.result.clone(), f.function)
        };
        let shapes: Vec<_> =
            syntax.params.iter().map(|p| (p.name, p.default.is_some(), p.mode == ParamMode::Params)).collect();
        let has_params = syntax.params.last().is_some_and(|p| p.mode == ParamMode::Params);
        let mut expanded = false;
        let mut mapping = map_arguments(&shapes, &args, false);
        if has_params {
            let last = params.len() - 1;
            let normal = mapping.as_ref().is_ok_and(|m| {
                args.len() == params.len()
                    && m.iter()
                        .zip(&args)
                        .all(|(p, a)| *p != last || a.ty().is_none_or(|t| implicit(t, None, &params[last]).is_some()))
            });
            if !normal {
                expanded = true;
                mapping = map_arguments(&shapes, &args, true);
            }
        }
        let mapping = match mapping {
            Ok(mapping) => mapping,
            Err(Some((at, name))) => return self.report_miss(Miss::Name(at, name), syntax.name, &args, span),
            Err(None) => {
                let message = format!("No overload for method '{}' takes {} arguments", syntax.name, args.len());
                return self.error_node(span, "CS1501", message);
            }
        };
        let expected_of = |params: &[Ty], index: usize| match params[index].element() {
            Some(element) if expanded && index + 1 == params.len() => element.clone(),
            _ => params[index].clone(),
        };
        if !syntax.type_params.is_empty() {
            let expected: Vec<Ty> = mapping.iter().map(|i| expected_of(&params, *i)).collect();
            let count = syntax.type_params.len() as u16;
            let inferred = match explicit {
                Some(explicit) => Some(explicit),
                None => self.infer(&[], count, &expected, &args),
            };
            let Some(type_args) = inferred else {
                return self.report_miss(Miss::Inference, syntax.name, &args, span);
            };
            params = params.iter().map(|t| t.substitute(&type_args)).collect();
            result = result.substitute(&type_args);
            id = self.instance(index, type_args);
        }
        let mut slots: Vec<Option<Node>> = Vec::new();
        slots.resize_with(params.len(), || None);
        let (mut refs, mut prelude, mut order, mut spread) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for i in 0..args.len() {
            let index = mapping[i];
            let mode = match syntax.params[index].mode {
                ParamMode::In => Mode::In,
                ParamMode::Ref => Mode::Ref,
                ParamMode::Out => Mode::Out,
                ParamMode::Params => Mode::Params,
            };
            if !args[i].fits_mode(mode) {
                let word = match args[i].mode {
                    ArgMode::In => "must be passed with the keyword of its parameter",
                    ArgMode::Ref | ArgMode::Out => "may not be passed with a keyword",
                };
                return self.error_node(args[i].span, "CS1620", format!("Argument {} {word}", i + 1));
            }
            let expected = expected_of(&params, index);
            if !self.fits(&args[i], &expected, false) {
                return self.report_miss(Miss::Argument(i, expected), syntax.name, &args, span);
            }
            let (node, target) = self.pass(&mut args[i], &expected, &mut prelude);
            if let Some(target) = target {
                refs.push((index, target));
            }
            if expanded && index + 1 == params.len() {
                spread.push(node);
            } else {
                order.push(index);
                slots[index] = Some(node);
            }
        }
        let mut nodes = Vec::new();
        for (index, ty) in params.iter().enumerate() {
            let node = match (slots[index].take(), &syntax.params[index].default) {
                (Some(node), _) => node,
                (None, Some(default)) => {
                    let value = self.rvalue(default);
                    self.convert(value, ty)
                }
                (None, None) => {
                    let element = ty.element().cloned().unwrap_or(Ty::Error);
                    let items = std::mem::take(&mut spread);
                    Node::new(ty.clone(), span, NodeKind::ArrayItems { element, lengths: vec![items.len()], items })
                }
            };
            nodes.push(node);
        }
        self.note_function(id);
        let order = (!order.is_sorted()).then(|| {
            let rest: Vec<_> = (0..nodes.len()).filter(|i| !order.contains(i)).collect();
            order.into_iter().chain(rest).collect()
        });
        let node = Node::new(result, span, NodeKind::CallFunction { function: id, args: nodes, refs, order });
        self.with_prelude(prelude, node)
    }
}

fn returns_fit(bound: &LambdaBound, result: &Ty) -> bool {
    if *result == Ty::Void {
        return if bound.is_block { bound.returns.is_empty() } else { bound.is_statement };
    }
    if bound.is_block && bound.returns.is_empty() {
        return bound.is_statement || bound_throws(bound);
    }
    bound.returns.iter().all(|(ty, constant)| *ty != Ty::Void && implicit(ty, constant.as_ref(), result).is_some())
}

/// A block without any `return` fits a delegate with a result only when it never ends; the flow analysis decides.
fn bound_throws(bound: &LambdaBound) -> bool {
    bound.is_block
}

fn collect_returns(statement: &Stmt, visit: &mut dyn FnMut(&Node)) {
    match &statement.kind {
        StmtKind::Return(Some(node)) => visit(node),
        StmtKind::Block(scope) => scope.body.iter().for_each(|s| collect_returns(s, visit)),
        StmtKind::If(_, then, other) => {
            collect_returns(then, visit);
            other.iter().for_each(|s| collect_returns(s, visit));
        }
        StmtKind::While { body, .. }
        | StmtKind::Do { body, .. }
        | StmtKind::For { body, .. }
        | StmtKind::ForEach { body, .. }
        | StmtKind::Using { body, .. }
        | StmtKind::Label(_, body) => collect_returns(body, visit),
        StmtKind::Switch(switch) => {
            switch.sections.iter().flat_map(|s| &s.body).for_each(|s| collect_returns(s, visit));
        }
        StmtKind::Try { body, catches, finally } => {
            collect_returns(body, visit);
            catches.iter().for_each(|c| collect_returns(&c.body, visit));
            finally.iter().for_each(|s| collect_returns(s, visit));
        }
        _ => {}
    }
}

fn visit_returns(statement: &mut Stmt, visit: &mut dyn FnMut(&mut Node)) {
    match &mut statement.kind {
        StmtKind::Return(Some(node)) => visit(node),
        StmtKind::Block(scope) => scope.body.iter_mut().for_each(|s| visit_returns(s, visit)),
        StmtKind::If(_, then, other) => {
            visit_returns(then, visit);
            other.iter_mut().for_each(|s| visit_returns(s, visit));
        }
        StmtKind::While { body, .. }
        | StmtKind::Do { body, .. }
        | StmtKind::For { body, .. }
        | StmtKind::ForEach { body, .. }
        | StmtKind::Using { body, .. }
        | StmtKind::Label(_, body) => visit_returns(body, visit),
        StmtKind::Switch(switch) => {
            switch.sections.iter_mut().flat_map(|s| &mut s.body).for_each(|s| visit_returns(s, visit));
        }
        StmtKind::Try { body, catches, finally } => {
            visit_returns(body, visit);
            catches.iter_mut().for_each(|c| visit_returns(&mut c.body, visit));
            finally.iter_mut().for_each(|s| visit_returns(s, visit));
        }
        _ => {}
    }
}
