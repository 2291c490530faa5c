//! Lambdas, method groups and local functions.

use super::tree::{Body, FuncId};
use super::{Binder, Symbol};
use crate::expr::syntax::ast::{self, LambdaBody, ParamMode};
use crate::expr::types::Ty;

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
    /// Declares the local functions of a block, so that they can be used before their place.
    pub(super) fn declare_function(&mut self, syntax: &'t ast::Function<'t>) {
        let function = self.new_function(Some(self.current()));
        let types = self.generic_placeholders(syntax);
        let params: Vec<Ty> =
            syntax.params.iter().map(|p| p.ty.as_ref().map_or(Ty::Error, |t| self.type_of(t))).collect();
        let result = self.type_of(&syntax.ty);
        let mut defaults = syntax.params.iter().skip_while(|p| p.default.is_none());
        if let Some(late) = defaults.find(|p| p.default.is_none() && p.mode != ParamMode::Params) {
            self.error(late.span, "CS1737", "Optional parameters must appear after all required parameters");
        }
        self.type_params.truncate(types);
        let index = self.local_functions.len();
        self.declare_symbol(syntax.name, Symbol::Function(index), syntax.name_span);
        let depth = self.scopes.len();
        self.local_functions.push(LocalFunction { syntax, function, params, result, depth, instances: Vec::new() });
    }

    pub(super) fn generic_placeholders(&mut self, syntax: &ast::Function<'_>) -> usize {
        let before = self.type_params.len();
        for (i, name) in syntax.type_params.iter().enumerate() {
            self.type_params.push(((*name).into(), Ty::Param(i as u16)));
        }
        before
    }

    /// Binds the body of a local function where it stands.
    pub(super) fn bind_function(&mut self, syntax: &'t ast::Function<'t>) {
        let Some(index) = self.local_functions.iter().position(|f| std::ptr::eq(f.syntax, syntax)) else { return };
        if syntax.type_params.is_empty() {
            let (id, params, result) = {
                let f = &self.local_functions[index];
                (f.function, f.params.clone(), f.result.clone())
            };
            self.bind_function_body(syntax, id, &params, result);
        }
    }

    pub(super) fn bind_function_body(&mut self, syntax: &'t ast::Function<'t>, id: FuncId, params: &[Ty], result: Ty) {
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
            let by_ref = matches!(param.mode, ParamMode::Ref | ParamMode::Out);
            self.locals[local.0 as usize].by_ref = by_ref;
            self.locals[local.0 as usize].returnable = by_ref;
            self.function(id).params.push(local);
        }
        self.function(id).result = result.clone();
        let body = match &syntax.body {
            LambdaBody::Expression(expr) => {
                if let Some(throw) = self.arm(expr) {
                    Body::Expression(throw)
                } else if syntax.returns_ref {
                    Body::Expression(self.returned_reference(expr, &result))
                } else {
                    let operand = self.operand(expr);
                    Body::Expression(if result == Ty::Void {
                        self.value(operand, expr.span)
                    } else {
                        self.convert_operand(operand, &result, expr.span)
                    })
                }
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
}
