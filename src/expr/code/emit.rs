//! From the bound tree to closures.

use std::sync::Arc;

use super::View;
use super::function::{Code, FunctionCode, Place};
use super::program::Program;
use super::run::Run;
use crate::expr::bind::Bound;
use crate::expr::bind::tree::{Body, FuncId, Function, Local, LocalId, Node, NodeKind};
use crate::expr::deep::deeper;
use crate::expr::library::{Library, Settings, type_object};
use crate::expr::syntax::Span;
use crate::expr::value::Value;

/// Compiles a bound expression; `span` is all of its source.
pub(crate) fn emit(bound: Bound, library: &Library, span: Span) -> Program {
    let outer = captured(&bound.functions, &bound.locals);
    let mut sizes: Vec<(usize, usize)> = outer.iter().map(|outer| (0, outer.len())).collect();
    let mut own = Vec::with_capacity(bound.locals.len());
    for local in &bound.locals {
        let (slots, cells) = &mut sizes[local.function.0 as usize];
        let (next, place): (_, fn(usize) -> Place) =
            if local.captured { (cells, Place::Cell) } else { (slots, Place::Slot) };
        own.push(place(*next));
        *next += 1;
    }
    let mut codes = Vec::with_capacity(bound.functions.len());
    for (index, function) in bound.functions.iter().enumerate() {
        let id = FuncId(index as u32);
        let emitter = Emitter { id, settings: &library.0, locals: &bound.locals, outer: &outer, own: &own };
        let body = match &function.body {
            Body::Expression(node) => emitter.value(node),
            Body::Block(statement) => emitter.function_body(statement),
            Body::Missing => Box::new(|_: &mut Run<'_>| Ok(Value::Null)) as Code<Value>,
        };
        let params = function.params.iter().map(|p| emitter.place(*p)).collect();
        let (slots, cells) = sizes[index];
        codes.push(FunctionCode { slots, cells, params, body });
    }
    Program { functions: Arc::new(codes), settings: Arc::clone(&library.0), span }
}

/// For each function, the variables of outer functions that it (or what it makes or calls) uses.
fn captured(functions: &[Function], locals: &[Local]) -> Vec<Vec<LocalId>> {
    let mut out: Vec<Vec<LocalId>> = functions.iter().map(|f| f.captures.clone()).collect();
    let owner = |local: &LocalId| locals[local.0 as usize].function;
    loop {
        let mut changed = false;
        for (i, function) in functions.iter().enumerate() {
            let id = FuncId(i as u32);
            let inner = functions.iter().enumerate().filter(|(_, f)| f.parent == Some(id)).map(|(j, _)| j);
            let used = function.uses.iter().map(|f| f.0 as usize);
            let all: Vec<LocalId> = inner.chain(used).flat_map(|j| out[j].clone()).collect();
            for local in all {
                if owner(&local) != id && !out[i].contains(&local) {
                    out[i].push(local);
                    changed = true;
                }
            }
        }
        if !changed {
            return out;
        }
    }
}

/// Makes the code of one function.
pub(super) struct Emitter<'b> {
    id: FuncId,
    pub(super) settings: &'b Settings,
    pub(super) locals: &'b [Local],
    /// For each function, what it captures from outside: its first cells.
    pub(super) outer: &'b [Vec<LocalId>],
    /// Where each variable lives in the function that declares it.
    own: &'b [Place],
}

impl Emitter<'_> {
    pub(super) fn place(&self, local: LocalId) -> Place {
        let index = local.0 as usize;
        if self.locals[index].function == self.id {
            return self.own[index];
        }
        let outer = &self.outer[self.id.0 as usize];
        Place::Cell(outer.iter().position(|captured| *captured == local).unwrap_or(usize::MAX >> 1))
    }

    pub(super) fn values(&self, nodes: &[Node]) -> Box<[Code<Value>]> {
        nodes.iter().map(|n| self.value(n)).collect()
    }

    /// Code that gives the value of an expression.
    pub(super) fn value(&self, node: &Node) -> Code<Value> {
        deeper(|| self.value_here(node))
    }

    fn value_here(&self, node: &Node) -> Code<Value> {
        let span = node.span;
        match &node.kind {
            NodeKind::Const(value) => {
                let value = value.clone();
                Box::new(move |_| Ok(value.clone()))
            }
            NodeKind::Local(local) => match self.place(*local) {
                Place::Slot(i) => Box::new(move |run| Ok(run.slot(i).clone())),
                place => Box::new(move |run| Ok(place.load(run))),
            },
            NodeKind::Context => Box::new(|_| Ok(Value::View(View::Context))),
            NodeKind::Call(call) => self.call(node, call),
            NodeKind::Get(access) => self.read(node, access),
            NodeKind::Element(target, indices) => self.element(target, indices, span),
            NodeKind::AnonymousMember(target, index) => self.anonymous_member(target, *index, span),
            NodeKind::Arithmetic { .. }
            | NodeKind::Shift { .. }
            | NodeKind::Negate { .. }
            | NodeKind::Complement { .. } => self.arithmetic(node),
            NodeKind::Compare { .. }
            | NodeKind::Not(_)
            | NodeKind::AndAlso(..)
            | NodeKind::OrElse(..)
            | NodeKind::Logic(..)
            | NodeKind::StringEqual { .. }
            | NodeKind::ReferenceEqual { .. }
            | NodeKind::Is(..)
            | NodeKind::IsDeclare(..)
            | NodeKind::IsConstant(..)
            | NodeKind::LiftEqual { .. } => {
                let code = self.boolean(node);
                Box::new(move |run| Ok(Value::Bool(code(run)?)))
            }
            NodeKind::Logic3(op, left, right) => self.logic3(*op, left, right),
            NodeKind::Concat(parts) => self.concat(parts, span),
            NodeKind::Interpolate(pieces) => self.interpolate(pieces, span),
            NodeKind::Lift { operands, body, null_result } => self.lift(operands, body, null_result),
            NodeKind::Convert(conversion, operand) => self.convert(node, conversion, operand),
            NodeKind::Conditional(condition, yes, no) => self.conditional(condition, yes, no),
            NodeKind::Coalesce(left, right) => self.coalesce(left, right),
            NodeKind::ConditionalAccess { receiver, temp, rest } => self.conditional_access(receiver, *temp, rest),
            NodeKind::As(operand, ty) => self.convert_or_null(operand, ty),
            NodeKind::TypeOf(ty) => {
                let value = type_object(ty.clone());
                Box::new(move |_| Ok(value.clone()))
            }
            NodeKind::NewArray { element, sizes } => self.new_array(element, sizes, span),
            NodeKind::ArrayItems { element, lengths, items } => self.array_of(element, lengths, items),
            NodeKind::Anonymous(members) => self.anonymous(&node.ty, members),
            NodeKind::Let { local, value, then, result } => self.bind_temporary(*local, value, then, result),
            NodeKind::Lambda(function) | NodeKind::FunctionDelegate(function) => self.closure(*function, &node.ty),
            NodeKind::NativeDelegate { method, type_args, receiver } => {
                self.native_delegate(method, type_args, receiver.as_deref(), &node.ty)
            }
            NodeKind::Invoke { delegate, args } => self.invoke(delegate, args, span),
            NodeKind::CallFunction { function, args, order } => {
                self.call_function(*function, args, order.as_deref(), span)
            }
            NodeKind::Deref(reference) => self.deref(reference, span),
            NodeKind::Reference { target, .. } => self.reference(target, &node.ty, span),
            NodeKind::Combine { removes, left, right } => self.combine(*removes, left, right),
            NodeKind::Assign { target, value } => self.assign(target, value),
            NodeKind::Update { target, old, value, gives_old } => self.update(target, *old, value, *gives_old, span),
            NodeKind::Throw(operand) => self.throw(operand, span),
            NodeKind::Nothing | NodeKind::Error => {
                let value = Value::default_of(&node.ty);
                Box::new(move |_| Ok(value.clone()))
            }
        }
    }
}
