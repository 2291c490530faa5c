//! Statements.

use super::Binder;
use super::constant::boolean;
use super::tree::{Call, Catch, LocalId, Node, NodeKind, Role, Scope, Section, Stmt, StmtKind, Switch};
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::{self, ExprKind, Label, Pattern, StatementKind, TypeRef};
use crate::expr::types::{Ty, TypeId, as_enumerable, is_subtype, table};
use crate::expr::value::Value;

/// A loop that is being bound.
pub(super) struct Loop {
    /// Switches allow `break` but not `continue`.
    pub(super) is_switch: bool,
}

/// A switch that is being bound: the constants of its sections.
pub(super) struct OpenSwitch {
    ty: Ty,
    constants: Vec<(Value, usize)>,
    default: Option<usize>,
}

/// Whether an expression may stand as a statement.
pub(super) fn is_statement_expression(expr: &ast::Expr<'_>) -> bool {
    match &expr.kind {
        ExprKind::Assign(..) | ExprKind::Call(..) | ExprKind::Step(..) | ExprKind::New(..) => true,
        ExprKind::ConditionalAccess(_, rest) => is_statement_expression(rest),
        _ => false,
    }
}

impl<'t> Binder<'t> {
    /// The statements of a block, in a scope of their own.
    pub(super) fn block_scope(&mut self, statements: &'t [ast::Statement<'t>]) -> Scope {
        self.push_inner_scope();
        let before = self.labels.len();
        let body = self.statements(statements);
        self.labels.truncate(before);
        Scope { locals: self.pop_scope(), body }
    }

    fn statements(&mut self, statements: &'t [ast::Statement<'t>]) -> Vec<Stmt> {
        for statement in statements {
            let mut at = statement;
            while let StatementKind::Label(name, inner) = &at.kind {
                let id = (self.labels.len() + self.locals.len() * 1000) as u32;
                if self.labels.iter().any(|(n, _)| n == name) {
                    self.error(at.span, "CS0140", format!("The label '{name}' is a duplicate"));
                }
                self.labels.push(((*name).to_owned(), id));
                at = inner;
            }
            if let StatementKind::Function(function) = &at.kind {
                self.declare_function(function);
            }
        }
        statements.iter().map(|s| self.statement(s)).collect()
    }

    /// A statement that is not a block of its own, in a scope of its own.
    fn embedded(&mut self, statement: &'t ast::Statement<'t>) -> Box<Stmt> {
        self.push_inner_scope();
        let bound = self.statement(statement);
        let locals = self.pop_scope();
        let span = bound.span;
        Box::new(if locals.is_empty() {
            bound
        } else {
            Stmt { span, kind: StmtKind::Block(Scope { locals, body: vec![bound] }) }
        })
    }

    fn loop_body(&mut self, statement: &'t ast::Statement<'t>) -> Box<Stmt> {
        self.loops.push(Loop { is_switch: false });
        let body = self.embedded(statement);
        self.loops.pop();
        body
    }

    pub(super) fn statement(&mut self, statement: &'t ast::Statement<'t>) -> Stmt {
        let span = statement.span;
        if !self.burn(span) {
            return Stmt { span, kind: StmtKind::Empty };
        }
        let kind = match &statement.kind {
            StatementKind::Empty => StmtKind::Empty,
            StatementKind::Block(block) => StmtKind::Block(self.block_scope(&block.statements)),
            StatementKind::Declare { ty, is_const, is_ref, locals } => {
                self.declaration(ty, *is_const, *is_ref, locals, span)
            }
            StatementKind::Function(function) => {
                self.bind_function(function);
                StmtKind::Empty
            }
            StatementKind::Expression(expr) => {
                if !is_statement_expression(expr) {
                    self.error(span, "CS0201", "Only assignment, call, increment, decrement, and new object expressions can be used as a statement");
                }
                StmtKind::Expression(self.expr(expr))
            }
            StatementKind::If(condition, then, other) => {
                let condition = self.condition(condition);
                let then = self.embedded(then);
                let other = other.as_ref().map(|s| self.embedded(s));
                StmtKind::If(condition, then, other)
            }
            StatementKind::While(condition, body) => {
                self.push_inner_scope();
                let condition = self.condition(condition);
                let body = self.loop_body(body);
                StmtKind::While { condition, body, scope: self.pop_scope() }
            }
            StatementKind::Do(body, condition) => {
                let body = self.loop_body(body);
                StmtKind::Do { condition: self.condition(condition), body }
            }
            StatementKind::For { init, condition, step, body } => {
                self.push_inner_scope();
                let init = init.iter().map(|s| self.statement(s)).collect();
                let condition = condition.as_ref().map(|c| self.condition(c));
                let body = self.loop_body(body);
                let step = step.iter().map(|e| self.expr(e)).collect();
                StmtKind::For { init, condition, step, body, scope: self.pop_scope() }
            }
            StatementKind::ForEach { ty, name, name_span, source, body } => {
                self.for_each(ty, name, *name_span, source, body)
            }
            StatementKind::Break => {
                if self.loops.is_empty() {
                    self.error(span, "CS0139", "No enclosing loop out of which to break or continue");
                }
                StmtKind::Break
            }
            StatementKind::Continue => {
                if !self.loops.iter().any(|l| !l.is_switch) {
                    self.error(span, "CS0139", "No enclosing loop out of which to break or continue");
                }
                StmtKind::Continue
            }
            StatementKind::Return(value) => self.return_statement(value.as_ref(), span),
            StatementKind::Throw(value) => {
                if value.is_none() && self.handlers == 0 {
                    self.error(
                        span,
                        "CS0156",
                        "A throw statement with no arguments is not allowed outside of a catch clause",
                    );
                }
                StmtKind::Throw(value.as_ref().map(|v| self.thrown(v)))
            }
            StatementKind::Try { body, catches, finally } => self.try_statement(body, catches, finally.as_ref()),
            StatementKind::Using(resource, body) => self.using(resource, body, span),
            StatementKind::Lock(target, body) => {
                let target = self.rvalue(target);
                if target.ty.is_value_type() {
                    let message =
                        format!("'{}' is not a reference type as required by the lock statement", target.ty.short());
                    self.error(span, "CS0185", message);
                }
                let body = self.embedded(body);
                let first = Stmt { span, kind: StmtKind::Expression(target) };
                StmtKind::Block(Scope { locals: Vec::new(), body: vec![first, *body] })
            }
            StatementKind::Checked(checked, block) => {
                let saved = std::mem::replace(&mut self.checked, *checked);
                let was = std::mem::replace(&mut self.explicitly_unchecked, !*checked);
                let scope = self.block_scope(&block.statements);
                self.checked = saved;
                self.explicitly_unchecked = was;
                StmtKind::Block(scope)
            }
            StatementKind::Switch(value, sections) => self.switch(value, sections),
            StatementKind::Goto(label) => match self.labels.iter().find(|(n, _)| n == label) {
                Some((_, id)) => StmtKind::Goto(*id),
                None => {
                    self.error(
                        span,
                        "CS0159",
                        format!("No such label '{label}' within the scope of the goto statement"),
                    );
                    StmtKind::Empty
                }
            },
            StatementKind::GotoCase(expr) => {
                let node = self.rvalue(expr);
                self.goto_case(node, span)
            }
            StatementKind::GotoDefault => match self.switches.last().and_then(|s| s.default) {
                Some(section) => StmtKind::GotoSection(section),
                None => {
                    self.error(span, "CS0159", "No such label 'default:' within the scope of the goto statement");
                    StmtKind::Empty
                }
            },
            StatementKind::Label(name, inner) => {
                let id = self.labels.iter().find(|(n, _)| n == name).map_or(0, |(_, id)| *id);
                let inner = self.statement(inner);
                StmtKind::Label(id, Box::new(inner))
            }
        };
        Stmt { span, kind }
    }

    fn declaration(
        &mut self,
        ty: &TypeRef<'t>,
        is_const: bool,
        is_ref: bool,
        locals: &'t [ast::Local<'t>],
        span: Span,
    ) -> StmtKind {
        if is_ref {
            self.not_supported(span, "a local variable by reference");
            return StmtKind::Empty;
        }
        let written = if ty.is_var() { None } else { Some(self.type_of(ty)) };
        if written == Some(Ty::Void) {
            self.error(ty.span, "CS1547", "Keyword 'void' cannot be used in this context");
        }
        let mut body = Vec::new();
        for local in locals {
            let (value, declared) = match &local.value {
                Some(expr) => {
                    let (node, declared) = self.initial_value(local, expr, written.as_ref());
                    (Some(node), declared)
                }
                None => (None, None),
            };
            if written.is_none() && value.is_none() {
                self.error(local.span, "CS0818", "Implicitly-typed variables must be initialized");
            }
            let ty = written.clone().or_else(|| value.as_ref().map(|v| v.ty.clone())).unwrap_or(Ty::Error);
            let id = declared.unwrap_or_else(|| self.declare(local.name, ty, local.span));
            if is_const {
                self.declare_constant(id, value.as_ref(), local.span);
                continue;
            }
            self.locals[id.0 as usize].needs_assignment = value.is_none() || declared.is_some();
            body.push(Stmt { span: local.span, kind: StmtKind::Declare(id, value) });
        }
        match body.len() {
            1 => body.pop().map_or(StmtKind::Empty, |s| s.kind),
            _ => StmtKind::Block(Scope { locals: Vec::new(), body }),
        }
    }

    /// The value of a declaration; a lambda sees the variable it is stored in, so that is declared first.
    fn initial_value(
        &mut self,
        local: &ast::Local<'t>,
        expr: &'t ast::Expr<'t>,
        written: Option<&Ty>,
    ) -> (Node, Option<LocalId>) {
        use super::name::Operand;
        if let (Some(Ty::Array(element, rank)), ExprKind::ArrayItems(_)) = (written, &expr.kind) {
            return (self.array_items(element, *rank, expr), None);
        }
        let operand = self.operand(expr);
        match (written, operand) {
            (Some(ty), Operand::Lambda(lambda, at)) => {
                let id = self.declare(local.name, ty.clone(), local.span);
                (self.convert_lambda(lambda, ty, at), Some(id))
            }
            (Some(ty), operand) => (self.convert_operand(operand, ty, expr.span), None),
            (None, Operand::Lambda(..) | Operand::Group(_)) => {
                let message = "Cannot assign lambda expression or method group to an implicitly-typed variable";
                (self.error_node(local.span, "CS0815", message), None)
            }
            (None, operand) => {
                let node = self.value(operand, expr.span);
                if matches!(node.ty, Ty::Null | Ty::Void) {
                    let message = format!("Cannot assign {} to an implicitly-typed variable", node.ty.short());
                    return (self.error_node(local.span, "CS0815", message), None);
                }
                (node, None)
            }
        }
    }

    fn declare_constant(&mut self, id: LocalId, value: Option<&Node>, span: Span) {
        let constant = value.and_then(Node::as_const).cloned();
        match (&constant, value) {
            (None, None) => self.error(span, "CS0145", "A const field requires a value to be provided"),
            (None, Some(node)) if !node.ty.is_error() => {
                let name = self.local(id).name.clone();
                self.error(span, "CS0133", format!("The expression being assigned to '{name}' must be constant"));
            }
            _ => {}
        }
        let local = &mut self.locals[id.0 as usize];
        local.role = Role::Constant;
        local.constant = constant;
    }

    fn for_each(
        &mut self,
        ty: &TypeRef<'t>,
        name: &'t str,
        name_span: Span,
        source: &'t ast::Expr<'t>,
        body: &'t ast::Statement<'t>,
    ) -> StmtKind {
        let source = self.rvalue(source);
        let source = self.enumerator(source);
        let item_ty = match &source.ty {
            Ty::Array(element, _) => Some((**element).clone()),
            Ty::Error => Some(Ty::Error),
            other => item_type(other),
        };
        let item_ty = item_ty.unwrap_or_else(|| {
            let message = format!("foreach statement cannot operate on variables of type '{}' because it does not contain a public definition for 'GetEnumerator'", source.ty.short());
            self.error(source.span, "CS1579", message);
            Ty::Error
        });
        self.push_inner_scope();
        let temp = self.temp(item_ty.clone());
        let (local_ty, item) = if ty.is_var() {
            (item_ty, None)
        } else {
            let wanted = self.type_of(ty);
            if wanted == item_ty {
                (wanted, None)
            } else {
                let read = Node::new(item_ty, name_span, NodeKind::Local(temp));
                let cast = self.cast(read, &wanted, name_span);
                (wanted, Some(cast))
            }
        };
        let local = self.declare(name, local_ty, name_span);
        self.locals[local.0 as usize].role = Role::ForEach;
        let body = self.loop_body(body);
        let scope = self.pop_scope();
        StmtKind::ForEach { local, item, temp, source, body, scope }
    }

    /// Asks a type for its own enumerator where that gives other items than the sequence that it also is.
    fn enumerator(&mut self, source: Node) -> Node {
        let Some(id) = source.ty.id().filter(|_| !source.ty.is_interface()) else { return source };
        let own = table().info(id).methods.get("GetEnumerator").and_then(|m| m.iter().find(|m| m.params.is_empty()));
        let Some(method) = own else { return source };
        let given = method.ty.substitute(source.ty.args());
        let Some(item) = given.args().first().cloned() else { return source };
        if as_enumerable(&source.ty).is_none_or(|plain| plain == item) {
            return source;
        }
        let (ty, span) = (Ty::generic(TypeId::IEnumerable, [item]), source.span);
        let type_args = source.ty.args().into();
        let call = Call { method, type_args, args: vec![source], refs: Vec::new(), order: None };
        Node::new(ty, span, NodeKind::Call(Box::new(call)))
    }

    fn return_statement(&mut self, value: Option<&'t ast::Expr<'t>>, span: Span) -> StmtKind {
        let in_lambda = !self.returns.is_empty();
        let result = self.functions[self.current().0 as usize].result.clone();
        let is_local_function = self
            .local_functions
            .iter()
            .any(|f| f.function == self.current() || f.instances.iter().any(|(_, id)| *id == self.current()));
        let Some(expr) = value else {
            if !in_lambda && result != Ty::Void {
                let message = format!("An object of a type convertible to '{}' is required", result.short());
                self.error(span, "CS0126", message);
            }
            return StmtKind::Return(None);
        };
        let operand = self.operand(expr);
        if is_local_function {
            if result == Ty::Void {
                self.error(
                    span,
                    "CS0127",
                    "Since the function returns void, a return keyword must not be followed by an object expression",
                );
            }
            return StmtKind::Return(Some(self.convert_operand(operand, &result, expr.span)));
        }
        if in_lambda {
            let node = self.value(operand, expr.span);
            return StmtKind::Return(Some(node));
        }
        if matches!(operand, super::name::Operand::Lambda(..)) {
            self.error(
                expr.span,
                "CS1660",
                "Cannot convert lambda expression to type 'object' because it is not a delegate type",
            );
            return StmtKind::Return(None);
        }
        let node = self.value(operand, expr.span);
        if node.ty == Ty::Void {
            self.error(expr.span, "CS0029", "Cannot implicitly convert type 'void' to 'object'");
        }
        StmtKind::Return(Some(node))
    }

    fn try_statement(
        &mut self,
        body: &'t ast::Block<'t>,
        catches: &'t [ast::Catch<'t>],
        finally: Option<&'t ast::Block<'t>>,
    ) -> StmtKind {
        let body = self.function_block(body);
        let mut seen: Vec<Ty> = Vec::new();
        let mut bound = Vec::new();
        for catch in catches {
            self.push_inner_scope();
            let ty = match &catch.ty {
                Some(written) => self.type_of(written),
                None => Ty::Named(TypeId::Exception),
            };
            if !ty.is_error() && !Self::is_exception(&ty) {
                self.error(catch.span, "CS0155", "The type caught or thrown must be derived from System.Exception");
            }
            if seen.iter().any(|earlier| is_subtype(&ty, earlier)) {
                let message = format!(
                    "A previous catch clause already catches all exceptions of this or of a super type ('{}')",
                    ty.short()
                );
                self.error(catch.span, "CS0160", message);
            }
            if catch.when.is_none() {
                seen.push(ty.clone());
            }
            let local = catch.name.map(|(name, span)| self.declare(name, ty.clone(), span));
            let when = catch.when.as_ref().map(|w| self.condition(w));
            self.handlers += 1;
            let body = Box::new(self.function_block(&catch.body));
            self.handlers -= 1;
            let scope = self.pop_scope();
            bound.push(Catch { ty, local, when, body, scope });
        }
        let finally = finally.map(|f| Box::new(self.function_block(f)));
        StmtKind::Try { body: Box::new(body), catches: bound, finally }
    }

    fn using(&mut self, resource: &'t ast::Statement<'t>, body: &'t ast::Statement<'t>, span: Span) -> StmtKind {
        self.push_inner_scope();
        let mut pending = Vec::new();
        match &resource.kind {
            StatementKind::Declare { ty, locals, .. } => {
                let written = if ty.is_var() { None } else { Some(self.type_of(ty)) };
                for local in locals {
                    let Some(expr) = &local.value else {
                        self.error(
                            local.span,
                            "CS0210",
                            "You must provide an initializer in a fixed or using statement declaration",
                        );
                        continue;
                    };
                    let node = self.rvalue(expr);
                    let node = match &written {
                        Some(ty) => self.convert(node, ty),
                        None => node,
                    };
                    let id = self.declare(local.name, node.ty.clone(), local.span);
                    self.locals[id.0 as usize].role = Role::Using;
                    pending.push((id, node));
                }
            }
            StatementKind::Expression(expr) => {
                let node = self.rvalue(expr);
                pending.push((self.temp(node.ty.clone()), node));
            }
            _ => {}
        }
        for (_, node) in &pending {
            let ok = node.ty.is_error() || node.ty == Ty::Null || is_subtype(&node.ty, &Ty::Named(TypeId::IDisposable));
            if !ok {
                let message = format!(
                    "'{}': type used in a using statement must be implicitly convertible to 'System.IDisposable'",
                    node.ty.short()
                );
                self.diagnostics.push(node.span.error("CS1674", message));
            }
        }
        let mut inner = *self.embedded(body);
        let mut scope = self.pop_scope();
        while let Some((local, resource)) = pending.pop() {
            let scope = if pending.is_empty() { std::mem::take(&mut scope) } else { Vec::new() };
            inner = Stmt { span, kind: StmtKind::Using { resource, local, body: Box::new(inner), scope } };
        }
        inner.kind
    }

    fn switch(&mut self, value: &'t ast::Expr<'t>, sections: &'t [ast::Section<'t>]) -> StmtKind {
        let value = self.rvalue(value);
        self.push_inner_scope();
        let temp = self.temp(value.ty.clone());
        self.switches.push(OpenSwitch { ty: value.ty.clone(), constants: Vec::new(), default: None });
        self.loops.push(Loop { is_switch: true });
        let mut tests_of = Vec::new();
        for (index, section) in sections.iter().enumerate() {
            self.push_inner_scope();
            let mut tests = Vec::new();
            for label in &section.labels {
                if let Some(test) = self.label(label, &value.ty, temp, index) {
                    tests.push(test);
                }
            }
            let scope = self.scopes.pop();
            tests_of.push((tests, scope));
        }
        let mut bound = Vec::new();
        for (section, (tests, scope)) in sections.iter().zip(tests_of) {
            self.scopes.extend(scope);
            let body = self.statements(&section.body);
            let locals = self.pop_scope();
            if let Some(outer) = self.scopes.last_mut() {
                outer.locals.extend(locals);
            }
            bound.push(Section { tests, body, span: section.span });
        }
        self.loops.pop();
        let default = self.switches.pop().and_then(|s| s.default);
        let scope = self.pop_scope();
        StmtKind::Switch(Box::new(Switch { value, temp, sections: bound, default, scope }))
    }

    fn label(&mut self, label: &'t Label<'t>, ty: &Ty, temp: LocalId, section: usize) -> Option<Node> {
        let span = label.span;
        let Some(pattern) = &label.pattern else {
            if let Some(switch) = self.switches.last_mut()
                && switch.default.replace(section).is_some()
            {
                self.error(
                    span,
                    "CS0152",
                    "The switch statement contains multiple cases with the label value 'default'",
                );
            }
            return None;
        };
        let read = Node::new(ty.clone(), span, NodeKind::Local(temp));
        if matches!(pattern, Pattern::Type(_)) {
            return Some(self.error_node(span, "CS0119", "a type is not a constant: write a name after it"));
        }
        let mut test = self.is_pattern(read, pattern, span);
        if let NodeKind::Is(..) = test.kind {
            return Some(self.error_node(span, "CS0119", "a type is not a constant: write a name after it"));
        }
        if let (NodeKind::IsConstant(_, constant), None) = (&test.kind, &label.when)
            && let Some(value) = constant.as_const().cloned()
        {
            let duplicate =
                self.switches.last().is_some_and(|s| s.constants.iter().any(|(v, _)| same_constant(v, &value)));
            if duplicate {
                let text = super::convert::constant_text(&value);
                self.error(
                    span,
                    "CS0152",
                    format!("The switch statement contains multiple cases with the label value '{text}'"),
                );
            }
            if let Some(switch) = self.switches.last_mut() {
                switch.constants.push((value, section));
            }
        }
        if let Some(when) = &label.when {
            let when = self.condition(when);
            test = match boolean(&when) {
                Some(true) => test,
                _ => Node::new(Ty::Bool, span, NodeKind::AndAlso(test.boxed(), when.boxed())),
            };
        }
        Some(test)
    }

    fn goto_case(&mut self, node: Node, span: Span) -> StmtKind {
        let Some(ty) = self.switches.last().map(|s| s.ty.clone()) else {
            self.error(span, "CS0153", "A goto case is only valid inside a switch statement");
            return StmtKind::Empty;
        };
        let node = if node.ty == Ty::Null { node } else { self.convert(node, ty.underlying()) };
        let Some(value) = node.as_const() else {
            self.error(span, "CS0150", "A constant value is expected");
            return StmtKind::Empty;
        };
        let found = self.switches.last().and_then(|s| s.constants.iter().find(|(v, _)| same_constant(v, value)));
        match found {
            Some((_, section)) => StmtKind::GotoSection(*section),
            None => {
                self.error(span, "CS0159", "No such case label within the scope of the goto statement");
                StmtKind::Empty
            }
        }
    }
}

/// The item type of `foreach`.
fn item_type(ty: &Ty) -> Option<Ty> {
    if *ty == Ty::String {
        return Some(Ty::Char);
    }
    as_enumerable(ty).or_else(|| is_subtype(ty, &Ty::Named(TypeId::PlainIEnumerable)).then_some(Ty::Object))
}

fn same_constant(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Str(a), Value::Str(b)) => a == b,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Double(a), Value::Double(b)) => a == b,
        (Value::Decimal(a), Value::Decimal(b)) => a == b,
        _ => a.ty() == b.ty() && a.integral().is_some() && a.integral() == b.integral(),
    }
}
