//! The binder: gives every name and operator its meaning and every expression its type.

mod apply;
mod argument;
mod assign;
mod better;
mod call_function;
mod cast;
mod constant;
mod convert;
mod create;
mod create_array;
mod declare;
mod equality;
mod exit;
mod expression;
mod flow;
mod function;
mod implicit;
mod indexer;
mod infer;
mod invocation;
mod iterate;
mod lambda;
mod member;
mod method_group;
mod name;
mod needs;
mod numeric;
mod operator;
mod overload;
mod pattern;
mod reference;
mod returns;
mod statement;
mod suggest;
mod switch;
pub(crate) mod tree;
mod unary;
mod user_operator;

use std::collections::HashMap;

use super::diagnostic::{Category, Diagnostic};
use super::expression::Needs;
use super::library::Library;
use super::syntax::Span;
use super::syntax::ast::{self, Tree};
use super::types::{Access, Ty, TypeId};
use super::value::Value;
use tree::{Body, FuncId, Function, Local, LocalId, Node, NodeKind, Role, Stmt, StmtKind};

/// A bound expression: its functions (the whole is the first) and variables.
pub(crate) struct Bound {
    pub(crate) functions: Vec<Function>,
    pub(crate) locals: Vec<Local>,
    pub(crate) ty: Ty,
    pub(crate) needs: Needs,
}

impl Bound {
    /// The static type as C# writes it.
    pub(crate) fn static_type(&self) -> String {
        match &self.ty {
            Ty::Null => "null".to_owned(),
            ty => ty.csharp(),
        }
    }

    /// The value of a constant expression.
    pub(crate) fn constant(&self) -> Option<&Value> {
        match &self.functions.first()?.body {
            Body::Expression(node) => node.as_const(),
            _ => None,
        }
    }
}

/// Binds a tree; gives all diagnostics when there are any.
pub(crate) fn bind(tree: &Tree<'_>, library: &Library) -> Result<Bound, Vec<Diagnostic>> {
    let mut binder = Binder::new(library);
    let whole = binder.new_function(None);
    binder.push_scope(whole);
    let ty = match tree {
        Tree::Expression(expr) => binder.whole_expression(expr),
        Tree::Block(block) => binder.whole_block(block),
    };
    binder.pop_scope();
    if binder.diagnostics.is_empty() {
        let problems = flow::check(&binder);
        binder.diagnostics.extend(problems);
    }
    if !binder.diagnostics.is_empty() {
        return Err(binder.diagnostics);
    }
    Ok(Bound { functions: binder.functions, locals: binder.locals, ty, needs: binder.needs })
}

/// How much work one expression may cost to bind.
const FUEL: u32 = 400_000;

struct Binder<'t> {
    lenient: bool,
    functions: Vec<Function>,
    locals: Vec<Local>,
    scopes: Vec<Scope<'t>>,
    diagnostics: Vec<Diagnostic>,
    needs: Needs,
    checked: bool,
    /// Inside `unchecked(…)`, where constants wrap.
    explicitly_unchecked: bool,
    /// The receiver of the `?.` chain that is being bound.
    receiver: Option<(LocalId, Ty)>,
    /// For each lambda being bound, the delegate that it has to return, if it has to return one.
    returns: Vec<Option<Ty>>,
    type_params: Vec<(Box<str>, Ty)>,
    local_functions: Vec<function::LocalFunction<'t>>,
    loops: Vec<statement::Enclosing>,
    switches: Vec<switch::OpenSwitch>,
    labels: Vec<(String, u32)>,
    lambdas: HashMap<(usize, FuncId, Vec<Ty>, Option<Ty>), lambda::LambdaBound>,
    fuel: u32,
    handlers: u32,
    next_label: u32,
}

/// Names that are visible together.
struct Scope<'t> {
    function: FuncId,
    names: Vec<(&'t str, Symbol)>,
    /// Names declared in scopes inside, which are closed.
    inner: Vec<&'t str>,
    locals: Vec<LocalId>,
}

#[derive(Clone)]
enum Symbol {
    Local(LocalId),
    Function(usize),
    /// A range variable of a query, reached through a parameter.
    Range(LocalId, Vec<&'static str>),
}

impl<'t> Binder<'t> {
    fn new(library: &Library) -> Self {
        Self {
            lenient: library.0.lenient,
            functions: Vec::new(),
            locals: Vec::new(),
            scopes: Vec::new(),
            diagnostics: Vec::new(),
            needs: Needs { preserves_request_body: true, preserves_response_body: true, ..Needs::default() },
            checked: false,
            explicitly_unchecked: false,
            receiver: None,
            returns: Vec::new(),
            type_params: Vec::new(),
            local_functions: Vec::new(),
            loops: Vec::new(),
            switches: Vec::new(),
            labels: Vec::new(),
            lambdas: HashMap::new(),
            fuel: FUEL,
            handlers: 0,
            next_label: 0,
        }
    }

    fn error(&mut self, span: Span, code: &'static str, message: impl Into<String>) {
        self.diagnostics.push(span.error(code, message));
    }

    fn error_node(&mut self, span: Span, code: &'static str, message: impl Into<String>) -> Node {
        self.error(span, code, message);
        Node::error(span)
    }

    fn not_allowed(&mut self, span: Span, message: impl Into<String>) {
        let category = Category::NotAllowed;
        self.diagnostics.push(Diagnostic { span: span.range(), category, code: "", message: message.into() });
    }

    fn not_supported(&mut self, span: Span, message: impl Into<String>) -> Node {
        self.diagnostics.push(span.not_supported(message));
        Node::error(span)
    }

    /// Counts work; false when the expression has cost too much.
    fn burn(&mut self, span: Span) -> bool {
        if self.fuel == 0 {
            return false;
        }
        self.fuel -= 1;
        if self.fuel == 0 {
            self.diagnostics.push(span.not_supported("the expression takes too much work to compile"));
        }
        self.fuel > 0
    }

    fn check_access(&mut self, access: Access, span: Span, what: impl FnOnce() -> String) {
        if access == Access::Lenient && !self.lenient {
            let what = what();
            self.not_allowed(span, format!("`{what}` is not on the list of allowed types and members"));
        }
    }

    fn new_function(&mut self, parent: Option<FuncId>) -> FuncId {
        let id = FuncId(self.functions.len() as u32);
        self.functions.push(Function {
            parent,
            params: Vec::new(),
            body: Body::Missing,
            uses: Vec::new(),
            captures: Vec::new(),
            result: Ty::Object,
        });
        id
    }

    fn function(&mut self, id: FuncId) -> &mut Function {
        &mut self.functions[id.0 as usize]
    }

    /// The function that is being bound.
    fn current(&self) -> FuncId {
        self.scopes.last().map_or(FuncId(0), |s| s.function)
    }

    fn push_scope(&mut self, function: FuncId) {
        self.scopes.push(Scope { function, names: Vec::new(), inner: Vec::new(), locals: Vec::new() });
    }

    fn push_inner_scope(&mut self) {
        self.push_scope(self.current());
    }

    fn pop_scope(&mut self) -> Vec<LocalId> {
        let Some(scope) = self.scopes.pop() else { return Vec::new() };
        if let Some(outer) = self.scopes.last_mut() {
            outer.inner.extend(scope.names.iter().map(|(name, _)| *name));
            outer.inner.extend(scope.inner);
        }
        scope.locals
    }

    /// A variable without a name.
    fn temp(&mut self, ty: Ty) -> LocalId {
        self.new_local("", ty)
    }

    fn new_local(&mut self, name: &str, ty: Ty) -> LocalId {
        let id = LocalId(self.locals.len() as u32);
        let function = self.current();
        self.locals.push(Local {
            name: name.into(),
            ty,
            function,
            captured: false,
            role: Role::Variable,
            constant: None,
            needs_assignment: false,
            by_ref: false,
            returnable: false,
        });
        id
    }

    fn local(&self, id: LocalId) -> &Local {
        &self.locals[id.0 as usize]
    }

    /// Declares a variable in the innermost scope.
    fn declare(&mut self, name: &'t str, ty: Ty, span: Span) -> LocalId {
        let id = self.new_local(name, ty);
        self.declare_symbol(name, Symbol::Local(id), span);
        if let Some(scope) = self.scopes.last_mut() {
            scope.locals.push(id);
        }
        id
    }

    fn declare_symbol(&mut self, name: &'t str, symbol: Symbol, span: Span) {
        let innermost = self.scopes.len().saturating_sub(1);
        let mut clash = None;
        for (i, scope) in self.scopes.iter().enumerate() {
            if scope.names.iter().any(|(n, _)| *n == name) {
                clash = Some(i == innermost);
            }
        }
        let inner = self.scopes.last().is_some_and(|s| s.inner.contains(&name));
        match clash {
            Some(true) => {
                self.error(span, "CS0128", format!("A local variable or function named '{name}' is already defined in this scope"));
            }
            None if name != "context" && !inner => {}
            _ => self.error(
                span,
                "CS0136",
                format!("A local or parameter named '{name}' cannot be declared in this scope because that name is used in an enclosing local scope to define a local or parameter"),
            ),
        }
        if let Some(scope) = self.scopes.last_mut() {
            scope.names.push((name, symbol));
        }
    }

    fn lookup(&self, name: &str) -> Option<Symbol> {
        self.scopes
            .iter()
            .rev()
            .find_map(|scope| scope.names.iter().rev().find(|(n, _)| *n == name).map(|(_, symbol)| symbol.clone()))
    }

    /// A read of a variable, noting captures.
    fn local_node(&mut self, id: LocalId, span: Span) -> Node {
        self.note_use(id);
        let local = self.local(id);
        let ty = local.ty.clone();
        if local.by_ref {
            if local.function != self.current() {
                let message =
                    format!("Cannot use ref or out variable '{}' inside a lambda or local function", local.name);
                return self.error_node(span, "CS1628", message);
            }
            let reference = Node::new(ty.clone(), span, NodeKind::Local(id));
            return Node::new(ty, span, NodeKind::Deref(reference.boxed()));
        }
        match &local.constant {
            Some(value) => Node::constant(ty, span, value.clone()),
            None => Node::new(ty, span, NodeKind::Local(id)),
        }
    }

    fn note_use(&mut self, id: LocalId) {
        let owner = self.local(id).function;
        let current = self.current();
        if owner != current {
            self.locals[id.0 as usize].captured = true;
            let captures = &mut self.function(current).captures;
            if !captures.contains(&id) {
                captures.push(id);
            }
        }
    }

    fn whole_expression(&mut self, expr: &'t ast::Expr<'t>) -> Ty {
        let operand = self.operand(expr);
        let node = match operand {
            name::Operand::Lambda(..) => self.error_node(
                expr.span,
                "CS1660",
                "Cannot convert lambda expression to type 'object' because it is not a delegate type",
            ),
            operand => self.value(operand, expr.span),
        };
        let node = if node.ty == Ty::Void {
            self.error_node(expr.span, "CS0029", "Cannot implicitly convert type 'void' to 'object'")
        } else {
            node
        };
        let ty = node.ty.clone();
        self.function(FuncId(0)).body = Body::Expression(node);
        ty
    }

    fn whole_block(&mut self, block: &'t ast::Block<'t>) -> Ty {
        self.function(FuncId(0)).result = Ty::Object;
        let statement = self.function_block(block);
        self.function(FuncId(0)).body = Body::Block(statement);
        Ty::Object
    }

    /// A block that ends a function, with the scope of its variables.
    fn function_block(&mut self, block: &'t ast::Block<'t>) -> Stmt {
        let scope = self.block_scope(&block.statements);
        Stmt { span: block.span, kind: StmtKind::Block(scope) }
    }

    fn is_exception(ty: &Ty) -> bool {
        super::types::is_subtype(ty, &Ty::Named(TypeId::Exception))
    }
}
