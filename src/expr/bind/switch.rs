//! `switch` and its jumps.

use super::Binder;
use super::constant::boolean;
use super::statement::Enclosing;
use super::tree::{LocalId, Node, NodeKind, Scope, Section, Stmt, StmtKind, Switch};
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::{self, Label, Pattern};
use crate::expr::types::Ty;
use crate::expr::types::is_subtype;
use crate::expr::value::Value;

impl<'t> Binder<'t> {
    pub(super) fn switch(&mut self, value: &'t ast::Expr<'t>, sections: &'t [ast::Section<'t>]) -> StmtKind {
        let value = self.rvalue(value);
        self.push_inner_scope();
        let temp = self.temp(value.ty.clone());
        self.switches.push(OpenSwitch {
            ty: value.ty.clone(),
            constants: Vec::new(),
            default: None,
            covered: Vec::new(),
        });
        self.loops.push(Enclosing::Switch);
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
        for (section, (tests, patterns)) in sections.iter().zip(tests_of) {
            let block = self.scopes.pop();
            self.scopes.extend(patterns);
            self.scopes.extend(block);
            let before = self.labels.len();
            let body = self.statements(&section.body);
            self.labels.truncate(before);
            let block = self.scopes.pop();
            let locals = self.pop_scope();
            self.scopes.extend(block);
            if let Some(outer) = self.scopes.last_mut() {
                outer.locals.extend(locals);
            }
            let body = Stmt { span: section.span, kind: StmtKind::Block(Scope { locals: Vec::new(), body }) };
            bound.push(Section { tests, body: vec![body], span: section.span });
        }
        self.loops.pop();
        let default = self.switches.pop().and_then(|s| s.default);
        let scope = self.pop_scope();
        StmtKind::Switch(Box::new(Switch { value, temp, sections: bound, default, scope }))
    }

    pub(super) fn label(&mut self, label: &'t Label<'t>, ty: &Ty, temp: LocalId, section: usize) -> Option<Node> {
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
        self.check_subsumed(&test, ty, label.when.is_some(), span);
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

    /// A label that an earlier one without `when` covers can never be reached.
    fn check_subsumed(&mut self, test: &Node, governing: &Ty, guarded: bool, span: Span) {
        let (ty, is_type) = match &test.kind {
            NodeKind::IsDeclare(_, ty, _) => (ty.clone(), true),
            NodeKind::IsConstant(_, constant) if constant.ty != Ty::Null => (Some(constant.ty.clone()), false),
            _ => return,
        };
        let Some(switch) = self.switches.last_mut() else { return };
        let covers = |earlier: &Option<Ty>| match (earlier, &ty) {
            (None, _) => true,
            (Some(earlier), Some(ty)) => is_subtype(ty, earlier),
            (Some(_), None) => false,
        };
        let subsumed = switch.covered.iter().any(covers);
        if is_type && !guarded {
            let whole = ty.as_ref().filter(|ty| !(governing.is_value_type() && *ty == governing));
            switch.covered.push(whole.cloned());
        }
        if subsumed {
            self.error(span, "CS8120", "The switch case has already been handled by a previous case.");
        }
    }

    pub(super) fn goto_case(&mut self, node: Node, span: Span) -> StmtKind {
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

/// A switch that is being bound: the constants of its sections.
pub(super) struct OpenSwitch {
    pub(super) ty: Ty,
    pub(super) constants: Vec<(Value, usize)>,
    pub(super) default: Option<usize>,
    /// Types that an earlier label takes whole; None is every value.
    pub(super) covered: Vec<Option<Ty>>,
}

pub(super) fn same_constant(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Str(a), Value::Str(b)) => a == b,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Double(a), Value::Double(b)) => a == b,
        (Value::Decimal(a), Value::Decimal(b)) => a == b,
        _ => a.ty() == b.ty() && a.integral().is_some() && a.integral() == b.integral(),
    }
}
