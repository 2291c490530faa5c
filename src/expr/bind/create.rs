//! Creation of objects, arrays and anonymous objects.

use std::sync::Arc;

use super::Binder;
use super::apply::member_name;
use super::argument::{ArgValue, Argument};
use super::name::{Group, Receiver};
use super::overload::Candidate;
use super::tree::{Access, LocalId, Node, NodeKind, Target};
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::{self, InitTarget, InitValue, Initializer, TypeRef};
use crate::expr::types::{Kind, Ty, table};
use crate::expr::value::Value;

impl<'t> Binder<'t> {
    /// `new T(…) { … }`
    pub(super) fn creation(
        &mut self,
        ty: &TypeRef<'t>,
        args: &'t [ast::Arg<'t>],
        initializer: Option<&'t Initializer<'t>>,
        span: Span,
    ) -> Node {
        let ty = self.type_of(ty);
        if ty.is_delegate() && args.len() == 1 {
            let operand = self.operand(&args[0].value);
            return self.convert_operand(operand, &ty, span);
        }
        let args = self.arguments(args);
        if ty.is_error() {
            return Node::error(span);
        }
        let object = self.construct(ty, args, span);
        match initializer {
            Some(initializer) if !object.ty.is_error() => self.initialized(object, initializer, span),
            _ => object,
        }
    }

    /// Calls a constructor.
    pub(super) fn construct(&mut self, ty: Ty, args: Vec<Argument<'t>>, span: Span) -> Node {
        if let Ty::Nullable(inner) = &ty {
            if args.is_empty() {
                return Node::constant(ty, span, Value::Null);
            }
            let inner = (**inner).clone();
            let count = args.len();
            return match args.into_iter().next() {
                Some(Argument { value: ArgValue::Value(node), .. }) if count == 1 => {
                    let node = self.convert(node, &inner);
                    self.convert(node, &ty)
                }
                _ if count > 1 => {
                    let message =
                        format!("'{}' does not contain a constructor that takes {count} arguments", ty.short());
                    self.error_node(span, "CS1729", message)
                }
                _ => self.error_node(span, "CS1503", format!("Cannot convert the argument to '{}'", inner.short())),
            };
        }
        let Some(id) = ty.id() else {
            return self.error_node(span, "CS0144", format!("Cannot create an instance of type '{}'", ty.short()));
        };
        if id.decl().kind == Kind::Interface {
            let message = format!("Cannot create an instance of the abstract class or interface '{}'", ty.short());
            return self.error_node(span, "CS0144", message);
        }
        if ty.is_value_type() && args.is_empty() {
            return Node::constant(ty.clone(), span, Value::default_of(&ty));
        }
        if args.iter().any(|a| a.ty().is_some_and(Ty::is_error)) {
            return Node::error(span);
        }
        let constructors = &table().info(id).constructors;
        if constructors.is_empty() {
            let message = format!("The type '{}' has no constructors defined", ty.short());
            return self.error_node(span, "CS0143", message);
        }
        let candidates: Vec<Candidate> =
            constructors.iter().map(|method| Candidate { method, owner_args: ty.args().to_vec() }).collect();
        match self.resolve(&candidates, &args, None, span) {
            Ok(chosen) => {
                let mut node = self.call(&chosen, None, args, span);
                retype(&mut node, &ty);
                node
            }
            Err(super::overload::Miss::Count) => {
                let message =
                    format!("'{}' does not contain a constructor that takes {} arguments", ty.short(), args.len());
                self.error_node(span, "CS1729", message)
            }
            Err(miss) => self.report_miss(miss, &member_name(id, ".ctor"), &args, span),
        }
    }

    pub(super) fn initialized(&mut self, object: Node, initializer: &'t Initializer<'t>, span: Span) -> Node {
        let ty = object.ty.clone();
        let temp = self.temp(ty.clone());
        let mut then = Vec::new();
        self.initialize(temp, &ty, initializer, span, &mut then);
        let result = Node::new(ty.clone(), span, NodeKind::Local(temp));
        Node::new(ty, span, NodeKind::Let { local: temp, value: object.boxed(), then, result: result.boxed() })
    }

    pub(super) fn initialize(
        &mut self,
        object: LocalId,
        ty: &Ty,
        initializer: &'t Initializer<'t>,
        span: Span,
        then: &mut Vec<Node>,
    ) {
        let read = |at: Span| Node::new(ty.clone(), at, NodeKind::Local(object));
        match initializer {
            Initializer::Items(items) => {
                for item in items {
                    let at = item.first().map_or(span, |e| e.span);
                    let args: Vec<Argument<'t>> = item
                        .iter()
                        .map(|e| {
                            let node = self.rvalue(e);
                            Self::given(node)
                        })
                        .collect();
                    if args.iter().any(|a| a.ty().is_some_and(Ty::is_error)) {
                        continue;
                    }
                    let has_add = self.has_method(ty, "Add");
                    if !has_add {
                        let message = format!(
                            "Cannot initialize type '{}' with a collection initializer because it does not implement 'System.Collections.IEnumerable'",
                            ty.short()
                        );
                        self.error(span, "CS1922", message);
                        return;
                    }
                    let group =
                        Group { name: "Add", span: at, receiver: Receiver::Instance(read(at)), type_args: None };
                    then.push(self.call_group(group, args, at));
                }
            }
            Initializer::Members(members) => {
                for member in members {
                    let at = member.span;
                    let place = match &member.target {
                        InitTarget::Member(name) => self.settable_member(read(at), name, at),
                        InitTarget::Index(args) => {
                            let args = self.arguments(args);
                            self.index_node(read(at), args, at)
                        }
                    };
                    let target_ty = place.ty.clone();
                    let value = match &member.value {
                        InitValue::Value(expr) => {
                            let operand = self.operand(expr);
                            self.convert_operand(operand, &target_ty, expr.span)
                        }
                        InitValue::Nested(nested) => {
                            let inner = self.temp(target_ty.clone());
                            let keep = NodeKind::Assign { target: Target::Local(inner), value: place.boxed() };
                            then.push(Node::new(target_ty.clone(), at, keep));
                            self.initialize(inner, &target_ty, nested, at, then);
                            continue;
                        }
                    };
                    let target = match place.kind {
                        NodeKind::Get(access) if access.property.set.is_some() => Target::Property(access),
                        NodeKind::Element(array, indices) => Target::Element(array, indices),
                        NodeKind::Error => continue,
                        _ => {
                            self.error(at, "CS0200", "Property or indexer cannot be assigned to -- it is read only");
                            continue;
                        }
                    };
                    then.push(Node::new(target_ty, at, NodeKind::Assign { target, value: value.boxed() }));
                }
            }
        }
    }

    pub(super) fn has_method(&self, ty: &Ty, name: &str) -> bool {
        let mut next = vec![ty.clone()];
        while let Some(ty) = next.pop() {
            let Some(id) = ty.id() else { continue };
            let info = table().info(id);
            if info.methods.contains_key(name) {
                return true;
            }
            next.extend(info.base.iter().chain(&info.interfaces).map(|b| b.substitute(ty.args())));
        }
        false
    }

    pub(super) fn settable_member(&mut self, object: Node, name: &'t str, span: Span) -> Node {
        let mut next = object.ty.id();
        while let Some(id) = next {
            let info = table().info(id);
            if let Some(property) = info.properties.get(name).filter(|p| !p.is_static) {
                let ty = property.ty.substitute(object.ty.args());
                let type_args: Arc<[Ty]> = object.ty.args().into();
                return Node::new(
                    ty,
                    span,
                    NodeKind::Get(Box::new(Access { property, type_args, args: vec![object] })),
                );
            }
            next = info.base.as_ref().and_then(Ty::id);
        }
        let message = format!("'{}' does not contain a definition for '{name}'", object.ty.short());
        self.error_node(span, "CS0117", message)
    }
}

/// Gives a constructor call, and what wraps it, the constructed type.
pub(super) fn retype(node: &mut Node, ty: &Ty) {
    node.ty = ty.clone();
    if let NodeKind::Let { result, .. } = &mut node.kind {
        retype(result, ty);
    }
}
