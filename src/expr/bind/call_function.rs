//! Calls of local functions.

use super::Binder;
use super::argument::ArgValue;
use super::argument::Argument;
use super::implicit::implicit;
use super::overload::{Miss, map_arguments};
use super::tree::{FuncId, Node, NodeKind};
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::{self, ArgMode, Constraint, ParamMode};
use crate::expr::types::{Mode, Ty, is_subtype, table};

/// So many functions are made of one generic local function: one that calls itself with ever new types has no end.
const MAX_INSTANCES: usize = 256;

impl<'t> Binder<'t> {
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
            if type_args.len() != syntax.type_params.len() {
                let message = format!("Using the generic method '{}' requires {count} type arguments", syntax.name);
                return self.error_node(span, "CS0305", message);
            }
            if !self.satisfies(syntax, &type_args, span) {
                return Node::error(span);
            }
            params = params.iter().map(|t| t.substitute(&type_args)).collect();
            result = result.substitute(&type_args);
            id = self.instance(index, type_args);
        }
        let mut slots: Vec<Option<Node>> = Vec::new();
        slots.resize_with(params.len(), || None);
        let (mut prelude, mut order, mut spread) = (Vec::new(), Vec::new(), Vec::new());
        for i in 0..args.len() {
            let index = mapping[i];
            let mode = match syntax.params[index].mode {
                ParamMode::In => Mode::In,
                ParamMode::Ref => Mode::Ref,
                ParamMode::Out => Mode::Out,
                ParamMode::Params => Mode::Params,
            };
            if !args[i].fits_mode(mode) {
                let (code, word) = match args[i].mode {
                    ArgMode::In => ("CS1620", "must be passed with the keyword of its parameter"),
                    ArgMode::Ref | ArgMode::Out => ("CS1615", "may not be passed with this keyword"),
                };
                return self.error_node(args[i].span, code, format!("Argument {} {word}", i + 1));
            }
            let expected = expected_of(&params, index);
            if !self.fits(&args[i], &expected, false) {
                return self.report_miss(Miss::Argument(i, expected), syntax.name, &args, span);
            }
            let at = args[i].span;
            let node = match std::mem::replace(&mut args[i].value, ArgValue::Taken) {
                ArgValue::Place(place) => self.reference_to(place, args[i].mode == ArgMode::Out, at),
                ArgValue::Declare(name, name_span) => {
                    let local = self.declare(name, expected.clone(), name_span);
                    self.locals[local.0 as usize].needs_assignment = true;
                    self.reference_to_new(Some(local), &expected, at)
                }
                ArgValue::Discard => self.reference_to_new(None, &expected, at),
                value => {
                    args[i].value = value;
                    self.pass(&mut args[i], &expected, &mut prelude).0
                }
            };
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
        let node = Node::new(result.clone(), span, NodeKind::CallFunction { function: id, args: nodes, order });
        let node = self.with_prelude(prelude, node);
        if syntax.returns_ref { Node::new(result, span, NodeKind::Deref(node.boxed())) } else { node }
    }

    /// Whether type arguments are what the constraints of a local function ask for; says so where they are not.
    fn satisfies(&mut self, syntax: &ast::Function<'t>, args: &[Ty], span: Span) -> bool {
        let before = self.type_params.len();
        for (name, ty) in syntax.type_params.iter().zip(args) {
            self.type_params.push(((*name).into(), ty.clone()));
        }
        let mut is_satisfied = true;
        for (name, name_span, constraint) in &syntax.constraints {
            let Some(index) = syntax.type_params.iter().position(|param| param == name) else {
                let message = format!("'{}' does not define type parameter '{name}'", syntax.name);
                self.error(*name_span, "CS0699", message);
                is_satisfied = false;
                continue;
            };
            let Some(given) = args.get(index).cloned() else { continue };
            let fits = match constraint {
                Constraint::Class => given.is_reference(),
                Constraint::Struct => given.is_value_type() && !matches!(given, Ty::Nullable(_)),
                Constraint::New => self.has_plain_constructor(&given),
                Constraint::Type(wanted) => {
                    let wanted = self.type_of(wanted);
                    wanted.is_error() || is_subtype(&given, &wanted)
                }
            };
            if !fits && !given.is_error() {
                let message = format!(
                    "The type '{}' cannot be used as type parameter '{name}' in the generic type or method '{}'",
                    given.short(),
                    syntax.name
                );
                self.error(span, "CS0315", message);
                is_satisfied = false;
            }
        }
        self.type_params.truncate(before);
        is_satisfied
    }

    /// Whether `new T()` makes one.
    fn has_plain_constructor(&self, ty: &Ty) -> bool {
        let constructors = ty.id().map(|id| &table().info(id).constructors);
        ty.is_value_type() || constructors.is_some_and(|all| all.iter().any(|c| c.params.is_empty()))
    }

    /// The function for a call of a generic local function with certain type arguments.
    pub(super) fn instance(&mut self, index: usize, args: Vec<Ty>) -> FuncId {
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
        if self.local_functions[index].instances.len() > MAX_INSTANCES {
            self.not_supported(syntax.name_span, "more than 256 uses of a generic local function with different types");
        } else {
            self.bind_function_body(syntax, id, &params, result);
        }
        self.type_params.truncate(before);
        self.scopes.extend(inner);
        id
    }

    pub(super) fn note_function(&mut self, id: FuncId) {
        let current = self.current();
        let uses = &mut self.function(current).uses;
        if !uses.contains(&id) {
            uses.push(id);
        }
    }
}
