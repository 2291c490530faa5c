//! From the bound tree to closures.

use std::collections::HashMap;
use std::sync::Arc;

use super::closure::{Closure, Target as Delegated};
use super::function::{Code, FunctionCode, Place};
use super::program::Program;
use super::run::{Cell, Run};
use crate::expr::bind::Bound;
use crate::expr::bind::tree::{
    Access, Body, Call, Conversion, FuncId, Function, Local, LocalId, Node, NodeKind, Target,
};
use crate::expr::deep::deeper;
use crate::expr::fault::Fault;
use crate::expr::library::{Library, Settings, array};
use crate::expr::types::{Property, Ty, TypeId};
use crate::expr::value::Value;

/// Compiles a bound expression.
pub(crate) fn emit(bound: Bound, library: &Library) -> Program {
    let outer = captured(&bound.functions, &bound.locals);
    let mut codes = Vec::with_capacity(bound.functions.len());
    for (index, function) in bound.functions.iter().enumerate() {
        let id = FuncId(index as u32);
        let mut places = HashMap::new();
        let mut cells = 0;
        for local in &outer[index] {
            places.insert(*local, Place::Cell(cells));
            cells += 1;
        }
        let mut slots = 0;
        for (i, local) in bound.locals.iter().enumerate().filter(|(_, l)| l.function == id) {
            let place = if local.captured {
                cells += 1;
                Place::Cell(cells - 1)
            } else {
                slots += 1;
                Place::Slot(slots - 1)
            };
            places.insert(LocalId(i as u32), place);
        }
        let emitter = Emitter { settings: &library.0, locals: &bound.locals, outer: &outer, places };
        let body = match &function.body {
            Body::Expression(node) => emitter.value(node),
            Body::Block(statement) => emitter.function_body(statement),
            Body::Missing => Box::new(|_: &mut Run<'_>| Ok(Value::Null)) as Code<Value>,
        };
        let params = function.params.iter().map(|p| emitter.place(*p)).collect();
        codes.push(FunctionCode { slots, cells, params, body });
    }
    Program { functions: Arc::new(codes), settings: Arc::clone(&library.0) }
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

/// A host of which constants ask nothing.
struct Nobody;

impl crate::expr::host::Host for Nobody {}

pub(super) struct Emitter<'b> {
    settings: &'b Settings,
    pub(super) locals: &'b [Local],
    outer: &'b [Vec<LocalId>],
    places: HashMap<LocalId, Place>,
}

impl Emitter<'_> {
    pub(super) fn place(&self, local: LocalId) -> Place {
        self.places.get(&local).copied().unwrap_or(Place::Slot(usize::MAX >> 1))
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
            NodeKind::Context => Box::new(|_| Ok(Value::View(super::View::Context))),
            NodeKind::Call(call) => self.call(call, span),
            NodeKind::Get(access) => self.get(access, span),
            NodeKind::Element(target, indices) => self.element(target, indices, span),
            NodeKind::AnonymousMember(target, index) => {
                let (target, index) = (self.value(target), *index);
                Box::new(move |run| {
                    let object = target(run)?;
                    crate::expr::library::anonymous::member(&object, index).map_err(|f| f.at(span))
                })
            }
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
            NodeKind::Lift { operands, body, null_result } => {
                let operands: Vec<_> = operands.iter().map(|(l, n)| (self.place(*l), self.value(n))).collect();
                let (body, null_result) = (self.value(body), null_result.clone());
                Box::new(move |run| {
                    let mut missing = false;
                    for (place, code) in &operands {
                        let value = code(run)?;
                        missing |= value.is_null();
                        place.store(run, value);
                    }
                    if missing { Ok(null_result.clone()) } else { body(run) }
                })
            }
            NodeKind::Convert(conversion, operand) => self.convert(conversion, operand, span),
            NodeKind::Conditional(condition, yes, no) => {
                let (condition, yes, no) = (self.boolean(condition), self.value(yes), self.value(no));
                Box::new(move |run| if condition(run)? { yes(run) } else { no(run) })
            }
            NodeKind::Coalesce(left, right) => {
                let (left, right) = (self.value(left), self.value(right));
                Box::new(move |run| match left(run)? {
                    Value::Null => right(run),
                    value => Ok(value),
                })
            }
            NodeKind::ConditionalAccess { receiver, temp, rest } => {
                let (receiver, temp, rest) = (self.value(receiver), self.place(*temp), self.value(rest));
                Box::new(move |run| match receiver(run)? {
                    Value::Null => Ok(Value::Null),
                    value => {
                        temp.store(run, value);
                        rest(run)
                    }
                })
            }
            NodeKind::As(operand, ty) => {
                let (operand, ty) = (self.value(operand), ty.clone());
                Box::new(move |run| {
                    let value = operand(run)?;
                    Ok(if super::test::is_instance(&value, &ty) { value } else { Value::Null })
                })
            }
            NodeKind::TypeOf(ty) => {
                let value = crate::expr::library::type_object(ty.clone());
                Box::new(move |_| Ok(value.clone()))
            }
            NodeKind::NewArray { element, sizes } => self.new_array(element, sizes, span),
            NodeKind::ArrayItems { element, lengths, items } => {
                let (element, lengths, items) = (element.clone(), lengths.clone(), self.values(items));
                Box::new(move |run| {
                    run.charge(items.len() * size_of::<Value>())?;
                    let mut values = Vec::with_capacity(items.len());
                    for item in &items {
                        values.push(item(run)?);
                    }
                    Ok(array::rectangular(element.clone(), lengths.clone(), values))
                })
            }
            NodeKind::Anonymous(members) => {
                let Ty::Anonymous(ty) = &node.ty else { return Box::new(|_| Ok(Value::Null)) };
                let (ty, members) = (Arc::clone(ty), self.values(members));
                Box::new(move |run| {
                    let mut values = Vec::with_capacity(members.len());
                    for member in &members {
                        values.push(member(run)?);
                    }
                    run.charge(values.len() * size_of::<Value>())?;
                    Ok(crate::expr::library::anonymous::make(Arc::clone(&ty), values))
                })
            }
            NodeKind::Let { local, value, then, result } => {
                let (place, value, then, result) =
                    (self.place(*local), self.value(value), self.values(then), self.value(result));
                Box::new(move |run| {
                    let value = value(run)?;
                    place.store(run, value);
                    for step in &then {
                        step(run)?;
                    }
                    result(run)
                })
            }
            NodeKind::Lambda(function) | NodeKind::FunctionDelegate(function) => self.closure(*function, &node.ty),
            NodeKind::NativeDelegate { method, type_args, receiver } => {
                let (method, type_args, ty) = (*method, Arc::clone(type_args), node.ty.clone());
                let receiver = receiver.as_ref().map(|r| self.value(r));
                Box::new(move |run| {
                    let receiver = match &receiver {
                        Some(code) => Some(code(run)?),
                        None => None,
                    };
                    let target = Delegated::Native { method, type_args: Arc::clone(&type_args), receiver };
                    Ok(Value::object(Closure { ty: ty.clone(), target }))
                })
            }
            NodeKind::Invoke { delegate, args } => {
                let (delegate, args) = (self.value(delegate), self.values(args));
                Box::new(move |run| {
                    let delegate = delegate(run)?;
                    let mut values = Vec::with_capacity(args.len());
                    for arg in &args {
                        values.push(arg(run)?);
                    }
                    run.call(&delegate, &mut values).map_err(|f| f.at(span))
                })
            }
            NodeKind::CallFunction { function, args, order } => {
                let index = function.0 as usize;
                let cells = self.cells_of(*function);
                let args = self.values(args);
                let order = order.clone();
                Box::new(move |run| {
                    let mut values = evaluate(run, &args, order.as_deref())?;
                    let cells: Vec<Arc<Cell>> = cells.iter().filter_map(|i| run.cell(*i).cloned()).collect();
                    run.enter(index, &cells, &mut values).map_err(|f| f.at(span))
                })
            }
            NodeKind::Deref(reference) => self.deref(reference, span),
            NodeKind::Reference { target, .. } => self.reference(target, &node.ty, span),
            NodeKind::Combine { removes, left, right } => {
                let (removes, left, right) = (*removes, self.value(left), self.value(right));
                Box::new(move |run| {
                    let left = left(run)?;
                    let right = right(run)?;
                    Ok(if removes { Closure::remove(left, &right) } else { Closure::combine(left, right) })
                })
            }
            NodeKind::Assign { target, value } => self.assign(target, value),
            NodeKind::Update { target, old, value, gives_old } => {
                let (read, store) = (self.load(target, span), self.store(target));
                let (old, value, gives_old) = (self.place(*old), self.value(value), *gives_old);
                Box::new(move |run| {
                    let before = read(run)?;
                    old.store(run, before.clone());
                    let after = value(run)?;
                    store(run, after.clone())?;
                    Ok(if gives_old { before } else { after })
                })
            }
            NodeKind::Throw(operand) => {
                let operand = self.value(operand);
                Box::new(move |run| match operand(run)? {
                    Value::Null => Err(Fault::null_reference().at(span)),
                    exception => Err(Fault::thrown(exception).at(span)),
                })
            }
            NodeKind::Nothing | NodeKind::Error => {
                let value = Value::default_of(&node.ty);
                Box::new(move |_| Ok(value.clone()))
            }
        }
    }

    fn cells_of(&self, function: FuncId) -> Vec<usize> {
        self.outer[function.0 as usize]
            .iter()
            .filter_map(|local| match self.place(*local) {
                Place::Cell(i) => Some(i),
                Place::Slot(_) => None,
            })
            .collect()
    }

    fn closure(&self, function: FuncId, ty: &Ty) -> Code<Value> {
        let index = function.0 as usize;
        let ty = ty.clone();
        let holds_closures = |local: &LocalId| {
            let ty = &self.locals[local.0 as usize].ty;
            crate::expr::library::may_hold_closures(ty)
        };
        let outer: Vec<(usize, bool)> =
            self.outer[index].iter().map(holds_closures).zip(self.cells_of(function)).map(|(h, i)| (i, h)).collect();
        Box::new(move |run| {
            let mut cells = Vec::with_capacity(outer.len());
            for (i, holds) in &outer {
                if let Some(cell) = run.cell(*i).cloned() {
                    if *holds {
                        run.note_loop(&cell);
                    }
                    cells.push(cell);
                }
            }
            run.charge(64)?;
            let target = Delegated::Function { program: Arc::clone(run.program()), function: index, cells };
            Ok(Value::object(Closure { ty: ty.clone(), target }))
        })
    }

    fn call(&self, call: &Call, span: crate::expr::syntax::Span) -> Code<Value> {
        if let Some(value) = self.folded(call) {
            return Box::new(move |_| Ok(value.clone()));
        }
        let native = call.method.native;
        let is_instance = !call.method.is_static && call.method.owner != TypeId::NullableOf;
        let args = self.values(&call.args);
        let generic = !call.type_args.is_empty();
        let type_args = Arc::clone(&call.type_args);
        if !call.refs.is_empty() || call.order.is_some() {
            let refs: Vec<_> = call.refs.iter().map(|(i, t)| (*i, self.store(t))).collect();
            let order = call.order.clone();
            return Box::new(move |run| {
                let mut values = evaluate(run, &args, order.as_deref())?;
                if is_instance && values.first().is_some_and(Value::is_null) {
                    return Err(Fault::null_reference().at(span));
                }
                run.step()?;
                run.type_args = Arc::clone(&type_args);
                let result = native(run, &mut values).map_err(|f| f.at(span))?;
                for (i, store) in &refs {
                    store(run, values.get(*i).cloned().unwrap_or(Value::Null))?;
                }
                Ok(result)
            });
        }
        let check = move |run: &mut Run<'_>, first: &Value| {
            if is_instance && first.is_null() {
                return Err(Fault::null_reference().at(span));
            }
            run.step()?;
            if generic {
                run.type_args = Arc::clone(&type_args);
            }
            Ok(())
        };
        let mut args = args.into_vec();
        match (args.pop(), args.pop(), args.pop()) {
            (Some(a), None, None) => Box::new(move |run| {
                let mut values = [a(run)?];
                check(run, &values[0])?;
                native(run, &mut values).map_err(|f| f.at(span))
            }),
            (Some(b), Some(a), None) => Box::new(move |run| {
                let mut values = [a(run)?, b(run)?];
                check(run, &values[0])?;
                native(run, &mut values).map_err(|f| f.at(span))
            }),
            (Some(c), Some(b), Some(a)) if args.is_empty() => Box::new(move |run| {
                let mut values = [a(run)?, b(run)?, c(run)?];
                check(run, &values[0])?;
                native(run, &mut values).map_err(|f| f.at(span))
            }),
            (last, before, first) => {
                args.extend(first.into_iter().chain(before).chain(last));
                Box::new(move |run| {
                    let mut values = evaluate(run, &args, None)?;
                    check(run, values.first().unwrap_or(&Value::Bool(true)))?;
                    native(run, &mut values).map_err(|f| f.at(span))
                })
            }
        }
    }

    /// The value of a pure call of constants; objects are never shared, and what throws is left for the run.
    fn folded(&self, call: &Call) -> Option<Value> {
        if !call.method.pure || !call.refs.is_empty() {
            return None;
        }
        let mut args: Vec<Value> = call.args.iter().map(|a| a.as_const().cloned()).collect::<Option<_>>()?;
        if !call.method.is_static && args.first().is_some_and(Value::is_null) {
            return None;
        }
        let budget = crate::expr::Budget::default().steps(10_000).bytes(10_000);
        let mut nobody = Nobody;
        let mut run = Run::new(&mut nobody, self.settings, &budget, &Arc::new(Vec::new()));
        run.type_args = Arc::clone(&call.type_args);
        let value = (call.method.native)(&mut run, &mut args).ok()?;
        (!matches!(value, Value::Object(_))).then_some(value)
    }

    fn get(&self, access: &Access, span: crate::expr::syntax::Span) -> Code<Value> {
        let property = access.property;
        let args = self.values(&access.args);
        let type_args = Arc::clone(&access.type_args);
        if access.args.len() == 1 && !property.is_static {
            let mut args = args.into_vec();
            if let Some(target) = args.pop() {
                return Box::new(move |run| {
                    let mut values = [target(run)?];
                    get_property(run, property, &type_args, &mut values).map_err(|f| f.at(span))
                });
            }
            return Box::new(|_| Ok(Value::Null));
        }
        let args = match <[Code<Value>; 2]>::try_from(args.into_vec()) {
            Ok([target, key]) => {
                return Box::new(move |run| {
                    let mut values = [target(run)?, key(run)?];
                    get_property(run, property, &type_args, &mut values).map_err(|f| f.at(span))
                });
            }
            Err(args) => args,
        };
        Box::new(move |run| {
            let mut values = evaluate(run, &args, None)?;
            get_property(run, property, &type_args, &mut values).map_err(|f| f.at(span))
        })
    }

    fn element(&self, target: &Node, indices: &[Node], span: crate::expr::syntax::Span) -> Code<Value> {
        let (target, indices) = (self.value(target), self.values(indices));
        Box::new(move |run| {
            let target = target(run)?;
            let indices = evaluate(run, &indices, None)?;
            let array = as_array(&target).map_err(|f| f.at(span))?;
            let found = array.offset(&indices).and_then(|i| array.get(i));
            found.ok_or_else(|| Fault::index_out_of_range().at(span))
        })
    }

    fn new_array(&self, element: &Ty, sizes: &[Node], span: crate::expr::syntax::Span) -> Code<Value> {
        let (element, sizes) = (element.clone(), self.values(sizes));
        Box::new(move |run| {
            let sizes = evaluate(run, &sizes, None)?;
            let mut lengths = Vec::with_capacity(sizes.len());
            let mut total = 1usize;
            for size in &sizes {
                let Ok(length) = usize::try_from(size.integral().unwrap_or_default()) else {
                    return Err(Fault::overflow().at(span));
                };
                lengths.push(length);
                total = total.saturating_mul(length);
            }
            run.charge(total.saturating_mul(size_of::<Value>()))?;
            let items = vec![Value::default_of(&element); total];
            Ok(array::rectangular(element.clone(), lengths, items))
        })
    }

    fn convert(&self, conversion: &Conversion, operand: &Node, span: crate::expr::syntax::Span) -> Code<Value> {
        let code = self.value(operand);
        match conversion {
            Conversion::Same => code,
            Conversion::Number { to, checked, .. } => {
                let (to, checked) = (*to, *checked);
                Box::new(move |run| match code(run)? {
                    Value::Null => Ok(Value::Null),
                    value => super::arithmetic::convert(&value, to, checked).map_err(|f| f.at(span)),
                })
            }
            Conversion::Unbox(ty) => {
                let ty = ty.clone();
                Box::new(move |run| {
                    let value = code(run)?;
                    super::test::unbox(value, &ty).map_err(|f| f.at(span))
                })
            }
            Conversion::Reference(ty) => {
                let ty = ty.clone();
                Box::new(move |run| {
                    let value = code(run)?;
                    if value.is_null() || super::test::is_instance(&value, &ty) {
                        return Ok(value);
                    }
                    Err(Fault::invalid_cast(&value.ty(), &ty).at(span))
                })
            }
            Conversion::Unwrap => Box::new(move |run| match code(run)? {
                Value::Null => Err(Fault::invalid_operation("Nullable object must have a value.").at(span)),
                value => Ok(value),
            }),
        }
    }

    fn assign(&self, target: &Target, value: &Node) -> Code<Value> {
        let code = self.value(value);
        match target {
            Target::Local(local) => {
                let place = self.place(*local);
                Box::new(move |run| {
                    let value = code(run)?;
                    place.store(run, value.clone());
                    Ok(value)
                })
            }
            Target::Discard => code,
            Target::Deref(reference) => {
                let span = value.span;
                let reference = self.value(reference);
                Box::new(move |run| {
                    let reference = reference(run)?;
                    let value = code(run)?;
                    super::reference::write(&reference, value.clone()).map_err(|f| f.at(span))?;
                    Ok(value)
                })
            }
            Target::Element(target, indices) => {
                let span = target.span;
                let (target, indices) = (self.value(target), self.values(indices));
                Box::new(move |run| {
                    let target = target(run)?;
                    let indices = evaluate(run, &indices, None)?;
                    let value = code(run)?;
                    set_element(&target, &indices, value.clone()).map_err(|f| f.at(span))?;
                    Ok(value)
                })
            }
            Target::Property(access) => {
                let span = value.span;
                let property = access.property;
                let args = self.values(&access.args);
                let type_args = Arc::clone(&access.type_args);
                Box::new(move |run| {
                    let mut values = evaluate(run, &args, None)?;
                    let value = code(run)?;
                    values.push(value.clone());
                    set_property(run, property, &type_args, &mut values).map_err(|f| f.at(span))?;
                    Ok(value)
                })
            }
        }
    }

    /// Code that stores a value that is already there; the parts of the target are temporaries.
    #[allow(clippy::type_complexity)]
    pub(super) fn store(&self, target: &Target) -> Box<dyn Fn(&mut Run<'_>, Value) -> Result<(), Fault> + Send + Sync> {
        match target {
            Target::Local(local) => {
                let place = self.place(*local);
                Box::new(move |run, value| {
                    place.store(run, value);
                    Ok(())
                })
            }
            Target::Discard => Box::new(|_, _| Ok(())),
            Target::Deref(reference) => {
                let reference = self.value(reference);
                Box::new(move |run, value| super::reference::write(&reference(run)?, value))
            }
            Target::Element(target, indices) => {
                let (target, indices) = (self.value(target), self.values(indices));
                Box::new(move |run, value| {
                    let target = target(run)?;
                    let indices = evaluate(run, &indices, None)?;
                    set_element(&target, &indices, value)
                })
            }
            Target::Property(access) => {
                let property = access.property;
                let args = self.values(&access.args);
                let type_args = Arc::clone(&access.type_args);
                Box::new(move |run, value| {
                    let mut values = evaluate(run, &args, None)?;
                    values.push(value);
                    set_property(run, property, &type_args, &mut values)
                })
            }
        }
    }

    fn load(&self, target: &Target, span: crate::expr::syntax::Span) -> Code<Value> {
        match target {
            Target::Local(local) => {
                let place = self.place(*local);
                Box::new(move |run| Ok(place.load(run)))
            }
            Target::Discard => Box::new(|_| Ok(Value::Null)),
            Target::Deref(reference) => self.deref(reference, span),
            Target::Element(target, indices) => self.element(target, indices, span),
            Target::Property(access) => self.get(access, span),
        }
    }
}

/// Evaluates arguments, in another order when there is one.
pub(super) fn evaluate(run: &mut Run<'_>, args: &[Code<Value>], order: Option<&[usize]>) -> Result<Vec<Value>, Fault> {
    let Some(order) = order else {
        let mut values = Vec::with_capacity(args.len() + 1);
        for arg in args {
            values.push(arg(run)?);
        }
        return Ok(values);
    };
    let mut values = vec![Value::Null; args.len()];
    for i in order {
        if let (Some(arg), Some(value)) = (args.get(*i), values.get_mut(*i)) {
            *value = arg(run)?;
        }
    }
    Ok(values)
}

fn get_property(
    run: &mut Run<'_>,
    property: &Property,
    type_args: &Arc<[Ty]>,
    values: &mut [Value],
) -> Result<Value, Fault> {
    if !property.is_static && property.owner != TypeId::NullableOf && values.first().is_some_and(Value::is_null) {
        return Err(Fault::null_reference());
    }
    run.step()?;
    if !type_args.is_empty() {
        run.type_args = Arc::clone(type_args);
    }
    (property.get)(run, values)
}

fn set_property(
    run: &mut Run<'_>,
    property: &Property,
    type_args: &Arc<[Ty]>,
    values: &mut [Value],
) -> Result<(), Fault> {
    if values.first().is_some_and(Value::is_null) {
        return Err(Fault::null_reference());
    }
    run.step()?;
    run.type_args = Arc::clone(type_args);
    match property.set {
        Some(set) => set(run, values).map(|_| ()),
        None => Ok(()),
    }
}

fn as_array(value: &Value) -> Result<&array::Array, Fault> {
    value.downcast::<array::Array>().ok_or_else(Fault::null_reference)
}

fn set_element(target: &Value, indices: &[Value], value: Value) -> Result<(), Fault> {
    let array = as_array(target)?;
    let index = array.offset(indices).ok_or_else(Fault::index_out_of_range)?;
    let fits = value.is_null() || !array.element().is_reference() || super::test::is_instance(&value, array.element());
    if !fits {
        let message = "Attempted to access an element as a type incompatible with the array.";
        return Err(Fault::new(TypeId::ArrayTypeMismatchException, message));
    }
    if array.set(index, value) { Ok(()) } else { Err(Fault::index_out_of_range()) }
}
