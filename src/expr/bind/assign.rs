//! Assignment, compound assignment, `++` and `--`.

use super::Binder;
use super::tree::{Access, LocalId, Node, NodeKind, Role, Target};
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::{self, BinaryOp, ExprKind};
use crate::expr::types::{Property, Ty, TypeId};
use crate::expr::value::Value;
use std::sync::Arc;

/// Something that can be read and written, its parts evaluated once into temporaries.
pub(super) struct Place {
    pub(super) ty: Ty,
    pub(super) prelude: Vec<(LocalId, Node)>,
    kind: PlaceKind,
}

enum PlaceKind {
    Local(LocalId),
    Element(LocalId, Vec<LocalId>),
    Property(&'static Property, Arc<[Ty]>, Vec<LocalId>),
    /// Through the reference that a variable holds.
    Deref(LocalId),
}

impl Place {
    pub(super) fn local(local: LocalId, ty: Ty) -> Self {
        Self { ty, prelude: Vec::new(), kind: PlaceKind::Local(local) }
    }

    /// The variable that it is or that holds the reference to it.
    pub(super) fn local_id(&self) -> Option<LocalId> {
        match self.kind {
            PlaceKind::Local(id) | PlaceKind::Deref(id) => Some(id),
            _ => None,
        }
    }

    pub(super) fn is_property(&self) -> bool {
        matches!(self.kind, PlaceKind::Property(..))
    }

    fn parts(&self, binder: &mut Binder<'_>, locals: &[LocalId], span: Span) -> Vec<Node> {
        let read = |id: &LocalId| Node::new(binder.local(*id).ty.clone(), span, NodeKind::Local(*id));
        locals.iter().map(read).collect()
    }

    pub(super) fn read(&self, binder: &mut Binder<'_>, span: Span) -> Node {
        let kind = match &self.kind {
            PlaceKind::Local(id) => {
                binder.note_use(*id);
                NodeKind::Local(*id)
            }
            PlaceKind::Element(array, indices) => {
                let mut parts = self.parts(binder, &[*array], span);
                let indices = self.parts(binder, indices, span);
                NodeKind::Element(Box::new(parts.remove(0)), indices)
            }
            PlaceKind::Deref(id) => {
                let reference = Node::new(self.ty.clone(), span, NodeKind::Local(*id));
                NodeKind::Deref(reference.boxed())
            }
            PlaceKind::Property(property, type_args, args) => {
                let args = self.parts(binder, args, span);
                NodeKind::Get(Box::new(Access { property, type_args: type_args.clone(), args }))
            }
        };
        Node::new(self.ty.clone(), span, kind)
    }

    pub(super) fn target(&self, binder: &mut Binder<'_>) -> Target {
        let span = Span::default();
        match &self.kind {
            PlaceKind::Local(id) => {
                binder.note_use(*id);
                Target::Local(*id)
            }
            PlaceKind::Element(array, indices) => {
                let mut parts = self.parts(binder, &[*array], span);
                Target::Element(Box::new(parts.remove(0)), self.parts(binder, indices, span))
            }
            PlaceKind::Deref(id) => {
                let reference = Node::new(self.ty.clone(), span, NodeKind::Local(*id));
                Target::Deref(reference.boxed())
            }
            PlaceKind::Property(property, type_args, args) => {
                let args = self.parts(binder, args, span);
                Target::Property(Box::new(Access { property, type_args: type_args.clone(), args }))
            }
        }
    }
}

impl<'t> Binder<'t> {
    fn keep(&mut self, node: Node, prelude: &mut Vec<(LocalId, Node)>) -> LocalId {
        let local = self.temp(node.ty.clone());
        prelude.push((local, node));
        local
    }

    /// The target of an assignment, for reading and writing.
    pub(super) fn place(&mut self, expr: &'t ast::Expr<'t>) -> Option<Place> {
        let node = self.expr(Self::bare(expr));
        let span = expr.span;
        let ty = node.ty.clone();
        let mut prelude = Vec::new();
        let kind = match node.kind {
            NodeKind::Error => return None,
            NodeKind::Local(id) => {
                self.check_writable(id, span);
                PlaceKind::Local(id)
            }
            NodeKind::Element(array, indices) => {
                let array = self.keep(*array, &mut prelude);
                let indices = indices.into_iter().map(|i| self.keep(i, &mut prelude)).collect();
                PlaceKind::Element(array, indices)
            }
            NodeKind::Get(access) => {
                self.check_settable(access.property, span)?;
                let args = access.args.into_iter().map(|a| self.keep(a, &mut prelude)).collect();
                PlaceKind::Property(access.property, access.type_args, args)
            }
            NodeKind::Deref(reference) => match reference.kind {
                NodeKind::Local(id) => PlaceKind::Deref(id),
                _ => {
                    let temp = self.keep(*reference, &mut prelude);
                    self.locals[temp.0 as usize].returnable = true;
                    PlaceKind::Deref(temp)
                }
            },
            NodeKind::AnonymousMember(..) => {
                self.error(span, "CS0200", "Property of an anonymous type cannot be assigned to -- it is read only");
                return None;
            }
            _ => {
                self.error(
                    span,
                    "CS0131",
                    "The left-hand side of an assignment must be a variable, property or indexer",
                );
                return None;
            }
        };
        Some(Place { ty, prelude, kind })
    }

    fn check_settable(&mut self, property: &Property, span: Span) -> Option<()> {
        if property.set.is_some() {
            return Some(());
        }
        let name = super::apply::member_name(property.owner, property.name);
        self.error(span, "CS0200", format!("Property or indexer '{name}' cannot be assigned to -- it is read only"));
        None
    }

    fn check_writable(&mut self, id: LocalId, span: Span) {
        let local = self.local(id);
        let (role, name) = (local.role, local.name.clone());
        match role {
            Role::Variable => {}
            Role::Constant => {
                self.error(
                    span,
                    "CS0131",
                    "The left-hand side of an assignment must be a variable, property or indexer",
                );
            }
            Role::ForEach => {
                self.error(
                    span,
                    "CS1656",
                    format!("Cannot assign to '{name}' because it is a 'foreach iteration variable'"),
                );
            }
            Role::Using => {
                self.error(span, "CS1656", format!("Cannot assign to '{name}' because it is a 'using variable'"));
            }
        }
    }

    pub(super) fn assign(
        &mut self,
        op: Option<BinaryOp>,
        left: &'t ast::Expr<'t>,
        right: &'t ast::Expr<'t>,
        span: Span,
    ) -> Node {
        if let Some(op) = op {
            return self.compound(op, left, right, span);
        }
        let bare = Self::bare(left);
        if let ExprKind::Name(name) = &bare.kind
            && name.text == "_"
            && self.lookup("_").is_none()
        {
            let value = self.rvalue(right);
            let ty = value.ty.clone();
            return Node::new(ty, span, NodeKind::Assign { target: Target::Discard, value: value.boxed() });
        }
        if let ExprKind::Tuple(items) = &bare.kind {
            return self.deconstruct(items, right, span);
        }
        let node = self.expr(bare);
        let ty = node.ty.clone();
        let target = match node.kind {
            NodeKind::Local(id) => {
                self.check_writable(id, left.span);
                Some(Target::Local(id))
            }
            NodeKind::Element(array, indices) => Some(Target::Element(array, indices)),
            NodeKind::Get(access) => self.check_settable(access.property, left.span).map(|()| Target::Property(access)),
            NodeKind::Deref(reference) => Some(Target::Deref(reference)),
            NodeKind::Error => None,
            NodeKind::AnonymousMember(..) => {
                self.error(
                    left.span,
                    "CS0200",
                    "Property of an anonymous type cannot be assigned to -- it is read only",
                );
                None
            }
            _ => {
                self.error(
                    left.span,
                    "CS0131",
                    "The left-hand side of an assignment must be a variable, property or indexer",
                );
                None
            }
        };
        let operand = self.operand(right);
        let Some(target) = target else {
            return Node::error(span);
        };
        let value = self.convert_operand(operand, &ty, right.span);
        Node::new(ty, span, NodeKind::Assign { target, value: value.boxed() })
    }

    /// `(a, b) = tuple`
    fn deconstruct(
        &mut self,
        items: &'t [(Option<&'t str>, ast::Expr<'t>)],
        right: &'t ast::Expr<'t>,
        span: Span,
    ) -> Node {
        let value = self.rvalue(right);
        self.deconstruct_value(items, value, span)
    }

    fn deconstruct_value(&mut self, items: &'t [(Option<&'t str>, ast::Expr<'t>)], value: Node, span: Span) -> Node {
        let args = value.ty.items().to_vec();
        let is_tuple = value.ty.id().is_some_and(TypeId::is_value_tuple);
        if !is_tuple || args.len() != items.len() {
            if value.ty.is_error() {
                return value;
            }
            return self.error_node(
                span,
                "CS8129",
                format!("cannot deconstruct '{}' into {} variables", value.ty.short(), items.len()),
            );
        }
        let ty = value.ty.clone();
        let temp = self.temp(ty.clone());
        let mut then = Vec::new();
        for (i, (_, item)) in items.iter().enumerate() {
            let read = Node::new(ty.clone(), span, NodeKind::Local(temp));
            let Some(part) = self.tuple_item(read, i, span) else { return Node::error(span) };
            if let ExprKind::Tuple(inner) = &item.kind {
                then.push(self.deconstruct_value(inner, part, span));
                continue;
            }
            let (target, target_ty) = match &item.kind {
                ExprKind::Declare(written, name, name_span) => {
                    let ty = if written.is_var() { args[i].clone() } else { self.type_of(written) };
                    let local = self.declare(name, ty.clone(), *name_span);
                    self.locals[local.0 as usize].needs_assignment = true;
                    (Target::Local(local), ty)
                }
                ExprKind::Name(name) if name.text == "_" && self.lookup("_").is_none() => {
                    (Target::Discard, args[i].clone())
                }
                _ => match self.place(item) {
                    Some(mut place) => {
                        let target = place.target(self);
                        for (local, node) in std::mem::take(&mut place.prelude) {
                            then.push(Node::new(
                                node.ty.clone(),
                                span,
                                NodeKind::Assign { target: Target::Local(local), value: node.boxed() },
                            ));
                        }
                        (target, place.ty)
                    }
                    None => return Node::error(span),
                },
            };
            let value = self.convert(part, &target_ty);
            then.push(Node::new(target_ty, span, NodeKind::Assign { target, value: value.boxed() }));
        }
        let result = Node::new(ty.clone(), span, NodeKind::Local(temp));
        Node::new(ty, span, NodeKind::Let { local: temp, value: value.boxed(), then, result: result.boxed() })
    }

    fn tuple_item(&mut self, tuple: Node, index: usize, span: Span) -> Option<Node> {
        let id = tuple.ty.id()?;
        let property = crate::expr::types::table().info(id).properties.get(ITEMS.get(index)?)?;
        let ty = property.ty.substitute(tuple.ty.args());
        let type_args = tuple.ty.args().into();
        Some(Node::new(ty, span, NodeKind::Get(Box::new(Access { property, type_args, args: vec![tuple] }))))
    }

    fn compound(&mut self, op: BinaryOp, left: &'t ast::Expr<'t>, right: &'t ast::Expr<'t>, span: Span) -> Node {
        let Some(place) = self.place(left) else {
            let _ = self.operand(right);
            return Node::error(span);
        };
        let right = match self.operand(right) {
            operand if place.ty.is_delegate() => self.convert_operand(operand, &place.ty, right.span),
            operand => self.value(operand, right.span),
        };
        self.update(place, span, false, |binder, old| {
            let right_value = (!right.ty.is_error()).then(|| {
                Node::new(
                    right.ty.clone(),
                    right.span,
                    right.as_const().map_or(NodeKind::Nothing, |value| NodeKind::Const(value.clone())),
                )
            });
            let ty = old.ty.clone();
            let result = binder.binary(op, old, right, span);
            if result.ty.is_error() || binder.converts(&result, &ty) {
                return binder.convert(result, &ty);
            }
            let shift = matches!(op, BinaryOp::ShiftLeft | BinaryOp::ShiftRight);
            let (numbers, narrows) = (|t: &Ty| t.underlying().is_numeric(), ty.underlying() != result.ty.underlying());
            if numbers(&ty) && numbers(&result.ty) && narrows {
                return match right_value {
                    Some(value) if !shift && !binder.converts(&value, &ty) => binder.convert(value, &ty),
                    _ => binder.cast(result, &ty, span),
                };
            }
            binder.convert(result, &ty)
        })
    }

    /// Reads a place, computes the new value of the old one, stores it.
    fn update(
        &mut self,
        mut place: Place,
        span: Span,
        gives_old: bool,
        new: impl FnOnce(&mut Self, Node) -> Node,
    ) -> Node {
        let old = self.temp(place.ty.clone());
        let read = Node::new(place.ty.clone(), span, NodeKind::Local(old));
        let value = new(self, read);
        if value.ty.is_error() {
            return Node::error(span);
        }
        if let PlaceKind::Local(id) = place.kind {
            self.note_use(id);
        }
        let prelude = std::mem::take(&mut place.prelude);
        let ty = place.ty.clone();
        let target = place.target(self);
        let node = Node::new(ty, span, NodeKind::Update { target, old, value: value.boxed(), gives_old });
        self.with_prelude(prelude, node)
    }

    /// `++` and `--`
    pub(super) fn step(&mut self, delta: i8, postfix: bool, operand: &'t ast::Expr<'t>, span: Span) -> Node {
        let Some(place) = self.place(operand) else { return Node::error(span) };
        let inner = place.ty.underlying().clone();
        if !inner.is_numeric() && !inner.is_enum() {
            let symbol = if delta > 0 { "++" } else { "--" };
            let message = format!("Operator '{symbol}' cannot be applied to operand of type '{}'", place.ty.short());
            return self.error_node(span, "CS0023", message);
        }
        let op = if delta > 0 { BinaryOp::Add } else { BinaryOp::Subtract };
        self.update(place, span, postfix, |binder, old| {
            let ty = old.ty.clone();
            let one = Node::constant(Ty::Int, span, Value::Int(1));
            let result = binder.binary(op, old, one, span);
            if result.ty == ty { result } else { binder.cast(result, &ty, span) }
        })
    }
}

/// The members of tuples, in order.
pub(super) const ITEMS: [&str; 7] = ["Item1", "Item2", "Item3", "Item4", "Item5", "Item6", "Item7"];
