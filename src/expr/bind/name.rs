//! Names: types, namespaces, variables.

use super::tree::{LocalId, Node, NodeKind};
use super::{Binder, Symbol, suggest};
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::{self, ExprKind, TypeKind, TypeRef};
use crate::expr::types::{Ty, TypeId, is_outside_type, of_keyword, table};

/// What an expression can mean before it is known where it stands.
pub(super) enum Operand<'t> {
    Value(Node),
    Type(Ty),
    Namespace(String),
    Lambda(&'t ast::Lambda<'t>, Span),
    Group(Group<'t>),
}

/// Methods of one name.
pub(super) struct Group<'t> {
    pub(super) name: &'t str,
    pub(super) span: Span,
    pub(super) receiver: Receiver,
    pub(super) type_args: Option<Vec<Ty>>,
}

pub(super) enum Receiver {
    /// An instance, with the local of a `?.` chain already in it.
    Instance(Node),
    Type(Ty),
    Function(usize),
}

impl<'t> Binder<'t> {
    /// The type that a reference names; an error type after a diagnostic.
    pub(super) fn type_of(&mut self, reference: &TypeRef<'_>) -> Ty {
        let span = reference.span;
        match &reference.kind {
            TypeKind::Keyword(word) => of_keyword(word).unwrap_or(Ty::Error),
            TypeKind::Array(element, rank) => {
                let element = self.type_of(element);
                if element.is_error() { Ty::Error } else { Ty::Array(element.into(), *rank) }
            }
            TypeKind::Nullable(inner) => {
                let inner = self.type_of(inner);
                if inner.is_error() {
                    return Ty::Error;
                }
                if !inner.is_value_type() || matches!(inner, Ty::Nullable(_)) {
                    self.error(span, "CS0453", format!("The type '{}' must be a non-nullable value type in order to use it as parameter 'T' in the generic type or method 'Nullable<T>'", inner.short()));
                    return Ty::Error;
                }
                Ty::nullable(inner)
            }
            TypeKind::Tuple(items) => {
                let types: Vec<Ty> = items.iter().map(|(ty, _)| self.type_of(ty)).collect();
                let names: Vec<Option<&str>> = items.iter().map(|(_, name)| *name).collect();
                self.tuple_type(types, &names, span)
            }
            TypeKind::Name(path) => {
                if let [name] = path.as_slice() {
                    return self.simple_type(name.text, name.args.as_deref(), span);
                }
                let Some((last, namespace)) = path.split_last() else { return Ty::Error };
                let full: Vec<&str> = namespace.iter().map(|n| n.text).chain([last.text]).collect();
                self.simple_type(&full.join("."), last.args.as_deref(), span)
            }
        }
    }

    pub(super) fn tuple_type(&mut self, items: Vec<Ty>, names: &[Option<&str>], span: Span) -> Ty {
        if items.iter().any(Ty::is_error) {
            return Ty::Error;
        }
        let id = match items.len() {
            2 => TypeId::ValueTuple2,
            3 => TypeId::ValueTuple3,
            4 => TypeId::ValueTuple4,
            5 => TypeId::ValueTuple5,
            6 => TypeId::ValueTuple6,
            7 => TypeId::ValueTuple7,
            _ => {
                self.not_supported(span, "a tuple of more than seven items");
                return Ty::Error;
            }
        };
        self.check_access(id.decl().access, span, || "System.ValueTuple".to_owned());
        if let Some(name) = misplaced(names) {
            self.error(
                span,
                "CS8125",
                format!("Tuple element name '{name}' is used more than once or in another's place"),
            );
            return Ty::Error;
        }
        Ty::tuple(id, items, names)
    }

    fn simple_type(&mut self, name: &str, args: Option<&[TypeRef<'_>]>, span: Span) -> Ty {
        let args: Vec<Ty> = args.unwrap_or_default().iter().map(|t| self.type_of(t)).collect();
        if args.iter().any(Ty::is_error) {
            return Ty::Error;
        }
        match self.find_type(name, args, span) {
            Some(ty) => ty,
            None => {
                self.unknown_type(name, span);
                Ty::Error
            }
        }
    }

    pub(super) fn unknown_type(&mut self, name: &str, span: Span) {
        if is_outside_type(name) {
            self.not_allowed(span, format!("`{name}` is not on the list of allowed types"));
            return;
        }
        let near = suggest::nearest(name, &table().type_names().collect::<Vec<_>>());
        self.error(span, "CS0246", format!("The type or namespace name '{name}' could not be found{near}"));
    }

    /// A type by its simple or full name.
    pub(super) fn find_type(&mut self, name: &str, args: Vec<Ty>, span: Span) -> Option<Ty> {
        if args.is_empty()
            && let Some((_, ty)) = self.type_params.iter().rev().find(|(n, _)| &**n == name)
        {
            return Some(ty.clone());
        }
        let id = table().find(name, args.len())?;
        if id == TypeId::NullableOf {
            return args.into_iter().next().map(Ty::nullable);
        }
        self.check_access(id.decl().access, span, || id.full_name().to_owned());
        Some(if args.is_empty() { Ty::Named(id) } else { Ty::generic(id, args) })
    }

    /// A name that stands alone.
    pub(super) fn simple_name(&mut self, name: &'t ast::Name<'t>, span: Span) -> Operand<'t> {
        let type_args = name.args.as_ref().map(|args| args.iter().map(|t| self.type_of(t)).collect::<Vec<_>>());
        match self.lookup(name.text) {
            Some(Symbol::Local(id)) => return Operand::Value(self.local_node(id, span)),
            Some(Symbol::Function(index)) => {
                return Operand::Group(Group { name: name.text, span, receiver: Receiver::Function(index), type_args });
            }
            Some(Symbol::Range(id, path)) => return Operand::Value(self.range_variable(id, &path, span)),
            None => {}
        }
        if name.text == "context" {
            return Operand::Value(Node::new(Ty::Named(TypeId::IExpressionContext), span, NodeKind::Context));
        }
        if let Some(ty) = self.find_type(name.text, type_args.clone().unwrap_or_default(), span) {
            return Operand::Type(ty);
        }
        if type_args.is_none() && table().is_namespace(name.text) {
            return Operand::Namespace(name.text.to_owned());
        }
        if is_outside_type(name.text) {
            self.not_allowed(span, format!("`{}` is not on the list of allowed types", name.text));
            return Operand::Value(Node::error(span));
        }
        let mut names: Vec<&str> = Vec::new();
        for scope in &self.scopes {
            for (name, _) in &scope.names {
                names.push(*name);
            }
        }
        names.push("context");
        table().type_names().for_each(|name| names.push(name));
        let near = suggest::nearest(name.text, &names);
        let message = format!("The name '{}' does not exist in the current context{near}", name.text);
        Operand::Value(self.error_node(span, "CS0103", message))
    }

    fn range_variable(&mut self, id: LocalId, path: &[&'static str], span: Span) -> Node {
        let mut node = self.local_node(id, span);
        for name in path {
            let Ty::Anonymous(anonymous) = &node.ty else { return Node::error(span) };
            let Some(index) = anonymous.names.iter().position(|n| &**n == *name) else { return Node::error(span) };
            let ty = anonymous.types[index].clone();
            node = Node::new(ty, span, NodeKind::AnonymousMember(node.boxed(), index));
        }
        node
    }

    /// Makes a value of an operand, or says why it is none.
    pub(super) fn value(&mut self, operand: Operand<'t>, span: Span) -> Node {
        match operand {
            Operand::Value(node) => node,
            Operand::Type(ty) => {
                let message = format!("'{}' is a type, which is not valid in the given context", ty.short());
                self.error_node(span, "CS0119", message)
            }
            Operand::Namespace(name) => {
                self.error_node(span, "CS0118", format!("'{name}' is a namespace but is used like a variable"))
            }
            Operand::Lambda(..) => self.error_node(
                span,
                "CS1660",
                "Cannot convert lambda expression to a type that is not a delegate type",
            ),
            Operand::Group(group) => {
                let message = format!("Cannot convert method group '{}' to a non-delegate type", group.name);
                self.error_node(span, "CS0428", message)
            }
        }
    }

    /// Binds an expression that must be a value.
    pub(super) fn expr(&mut self, expr: &'t ast::Expr<'t>) -> Node {
        let operand = self.operand(expr);
        self.value(operand, expr.span)
    }

    /// Binds an expression that must be a value other than void.
    pub(super) fn rvalue(&mut self, expr: &'t ast::Expr<'t>) -> Node {
        let node = self.expr(expr);
        if node.ty == Ty::Void {
            return self.error_node(expr.span, "CS0029", "an expression of type 'void' has no value");
        }
        node
    }

    /// Skips parentheses.
    pub(super) fn bare<'x>(mut expr: &'x ast::Expr<'t>) -> &'x ast::Expr<'t> {
        while let ExprKind::Paren(inner) = &expr.kind {
            expr = inner;
        }
        expr
    }
}

/// A name of a tuple's item that another item has, or that is the number of another.
fn misplaced<'n>(names: &[Option<&'n str>]) -> Option<&'n str> {
    let is_wrong = |at: usize, name: &str| {
        let number = name.strip_prefix("Item").filter(|number| number.starts_with(|c| matches!(c, '1'..='9')));
        let is_other = number.and_then(|number| number.parse().ok()).is_some_and(|number: usize| number != at + 1);
        is_other || names.iter().take(at).any(|other| *other == Some(name))
    };
    names.iter().enumerate().find_map(|(at, name)| name.filter(|name| is_wrong(at, name)))
}
