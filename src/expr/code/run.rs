//! The state of one evaluation: frames, budget, and what natives ask of it.

use std::sync::Arc;

use super::cell::{Cell, Loops};
use super::closure::{Closure, Target};
use super::filter::Guard;
use super::function::FunctionCode;
use crate::expr::budget::Budget;
use crate::expr::deep::deeper;
use crate::expr::fault::Fault;
use crate::expr::host::Host;
use crate::expr::library::Settings;
use crate::expr::types::Ty;
use crate::expr::value::{Iterate, Value};

const OUT_OF_STEPS: &str = "the expression ran out of its budget of steps";

const OUT_OF_BYTES: &str = "the expression ran out of its budget of bytes";
/// The basic steps of an operator or a turn of a loop.
const STEP: u64 = 5;
/// The basic steps of a call.
pub(crate) const CALL: usize = 25;
/// How deep sequences may be nested.
const MAX_SEQUENCES: u32 = 1000;
/// How many bytes of what is made take as long as a basic step.
const BYTES_PER_STEP: u64 = 4;

/// One evaluation.
pub(crate) struct Run<'a> {
    pub(crate) host: &'a mut dyn Host,
    pub(crate) settings: &'a Settings,
    pub(crate) budget: &'a Budget,
    /// The type arguments of the native that is running.
    type_args: Option<Arc<[Ty]>>,
    program: &'a Arc<Vec<FunctionCode>>,
    /// The functions of a delegate that another expression made, while it runs.
    foreign: Option<Arc<Vec<FunctionCode>>>,
    slots: Vec<Value>,
    base: usize,
    cells: Vec<Arc<Cell>>,
    cell_base: usize,
    steps: u64,
    bytes: u64,
    depth: u32,
    /// The size of the largest message body that was read, for which the budget was widened.
    largest_body: usize,
    /// How deep lazy sequences that enumerate each other are nested now.
    sequences: u32,
    /// The exceptions that catch blocks are handling, for `throw;`.
    pub(crate) handling: Vec<Value>,
    /// Cells that closures were made of.
    pub(super) loops: Loops,
    /// The `try` statements with catch blocks whose bodies are running, innermost last.
    pub(super) guards: Vec<Guard>,
}

/// Where the variables of a running function are.
#[derive(Clone)]
pub(super) struct Frame {
    base: usize,
    cell_base: usize,
    foreign: Option<Arc<Vec<FunctionCode>>>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(
        host: &'a mut dyn Host,
        settings: &'a Settings,
        budget: &'a Budget,
        program: &'a Arc<Vec<FunctionCode>>,
    ) -> Self {
        Self {
            host,
            settings,
            budget,
            type_args: None,
            program,
            foreign: None,
            slots: Vec::new(),
            base: 0,
            cells: Vec::new(),
            cell_base: 0,
            steps: budget.steps,
            bytes: budget.bytes,
            depth: budget.depth,
            largest_body: 0,
            sequences: 0,
            handling: Vec::new(),
            loops: Loops::default(),
            guards: Vec::new(),
        }
    }

    /// A type argument of the native that is running: first those of its type, then its own.
    pub(crate) fn type_arg(&self, index: usize) -> Ty {
        self.type_args.as_ref().and_then(|types| types.get(index)).cloned().unwrap_or(Ty::Object)
    }

    /// All type arguments of the native that is running.
    pub(crate) fn type_args(&self) -> Arc<[Ty]> {
        self.type_args.clone().unwrap_or_else(|| Arc::new([]))
    }

    /// Sets the type arguments of the native that runs next.
    pub(crate) fn set_type_args(&mut self, types: &Arc<[Ty]>) {
        self.type_args = Some(Arc::clone(types));
    }

    /// Counts an operation of the evaluator.
    #[inline]
    pub(crate) fn step(&mut self) -> Result<(), Fault> {
        match self.steps.checked_sub(STEP) {
            Some(left) => {
                self.steps = left;
                Ok(())
            }
            None => Err(Fault::budget(OUT_OF_STEPS)),
        }
    }

    /// Counts many basic steps at once: those of work that grows with its input.
    #[inline]
    pub(crate) fn steps(&mut self, count: usize) -> Result<(), Fault> {
        match self.steps.checked_sub(count as u64) {
            Some(left) => {
                self.steps = left;
                Ok(())
            }
            None => Err(Fault::budget(OUT_OF_STEPS)),
        }
    }

    /// Counts bytes of a string or collection that is about to be made, and the time that making it takes.
    #[inline]
    pub(crate) fn charge(&mut self, bytes: usize) -> Result<(), Fault> {
        match self.bytes.checked_sub(bytes as u64) {
            Some(left) => {
                self.bytes = left;
                self.steps = self.steps.saturating_sub(bytes as u64 / BYTES_PER_STEP);
                Ok(())
            }
            None => Err(Fault::budget(OUT_OF_BYTES)),
        }
    }

    /// Widens the budget by what reading a message body of that size takes. Bodies have limits of their own, so a large
    /// one is no attack by the expression; only what the largest needs is added, however often bodies are read.
    pub(crate) fn widen_for_body(&mut self, size: usize) {
        let more = size.saturating_sub(self.largest_body);
        self.largest_body += more;
        self.bytes = self.bytes.saturating_add(more as u64 * crate::expr::budget::BYTES_FOR_BODY_BYTE);
        self.steps = self.steps.saturating_add(more as u64 * crate::expr::budget::STEPS_FOR_BODY_BYTE);
    }

    /// Whether there is room for bytes that are needed for a moment only.
    #[inline]
    pub(crate) fn room(&self, bytes: usize) -> Result<(), Fault> {
        if bytes as u64 <= self.bytes { Ok(()) } else { Err(Fault::budget(OUT_OF_BYTES)) }
    }

    /// The frame of the function that is running.
    pub(super) fn frame(&self) -> Frame {
        Frame { base: self.base, cell_base: self.cell_base, foreign: self.foreign.clone() }
    }

    /// Runs `work` with the variables of a function further out.
    pub(super) fn in_frame<R>(&mut self, frame: &Frame, work: impl FnOnce(&mut Self) -> R) -> R {
        let inner = self.frame();
        (self.base, self.cell_base, self.foreign) = (frame.base, frame.cell_base, frame.foreign.clone());
        let result = work(self);
        (self.base, self.cell_base, self.foreign) = (inner.base, inner.cell_base, inner.foreign);
        result
    }

    #[inline]
    pub(crate) fn slot(&self, index: usize) -> &Value {
        self.slots.get(self.base + index).unwrap_or(&Value::Null)
    }

    #[inline]
    pub(crate) fn set_slot(&mut self, index: usize, value: Value) {
        if let Some(slot) = self.slots.get_mut(self.base + index) {
            *slot = value;
        }
    }

    pub(crate) fn cell(&self, index: usize) -> Option<&Arc<Cell>> {
        self.cells.get(self.cell_base + index)
    }

    pub(crate) fn set_cell(&mut self, index: usize, cell: Arc<Cell>) {
        if let Some(place) = self.cells.get_mut(self.cell_base + index) {
            *place = cell;
        }
    }

    /// The functions that are running.
    pub(crate) fn program(&self) -> &Arc<Vec<FunctionCode>> {
        self.foreign.as_ref().unwrap_or(self.program)
    }

    /// Runs the whole expression.
    pub(crate) fn whole(&mut self) -> Result<Value, Fault> {
        let Some(code) = self.program.first() else { return Ok(Value::Null) };
        self.steps(CALL)?;
        if code.slots > 0 {
            self.slots.resize(code.slots, Value::Null);
        }
        for _ in 0..code.cells {
            self.cells.push(self.loops.cell());
        }
        let result = deeper(|| (code.body)(self));
        if self.loops.is_empty() { result } else { self.loops.end(result) }
    }

    /// Runs a function in a frame of its own.
    pub(crate) fn enter(&mut self, function: usize, cells: &[Arc<Cell>], args: &mut [Value]) -> Result<Value, Fault> {
        self.steps(CALL)?;
        let Some(depth) = self.depth.checked_sub(1) else {
            return Err(Fault::budget("the expression nested its calls too deep"));
        };
        let (own, foreign) = (self.program, self.foreign.clone());
        let Some(code) = foreign.as_deref().unwrap_or(own).get(function) else { return Ok(Value::Null) };
        self.depth = depth;
        let (old_base, old_cell_base) = (self.base, self.cell_base);
        self.base = self.slots.len();
        self.cell_base = self.cells.len();
        self.slots.resize(self.base + code.slots, Value::Null);
        self.cells.extend(cells.iter().cloned());
        for _ in cells.len()..code.cells {
            self.cells.push(self.loops.cell());
        }
        for (param, arg) in code.params.iter().zip(args.iter_mut()) {
            param.store(self, std::mem::replace(arg, Value::Null));
        }
        let result = deeper(|| (code.body)(self));
        self.slots.truncate(self.base);
        self.cells.truncate(self.cell_base);
        self.base = old_base;
        self.cell_base = old_cell_base;
        self.depth += 1;
        result
    }

    /// Calls a delegate.
    pub(crate) fn call(&mut self, delegate: &Value, args: &mut [Value]) -> Result<Value, Fault> {
        let Some(closure) = delegate.downcast::<Closure>() else { return Err(Fault::null_reference()) };
        match &closure.target {
            Target::Function { program, function, cells } => {
                if Arc::ptr_eq(program, self.program()) {
                    return self.enter(*function, cells, args);
                }
                let mine = self.foreign.replace(Arc::clone(program));
                let result = self.enter(*function, cells, args);
                self.foreign = mine;
                result
            }
            Target::Many(all) => {
                let mut result = Value::Null;
                for one in all.iter() {
                    self.step()?;
                    result = self.call(one, &mut args.to_vec())?;
                }
                Ok(result)
            }
            Target::Native { method, type_args, receiver } => {
                self.steps(CALL)?;
                let mut all: Vec<Value> = receiver.iter().cloned().chain(args.iter().cloned()).collect();
                self.set_type_args(type_args);
                if receiver.as_ref().is_some_and(Value::is_null) {
                    return Err(Fault::null_reference());
                }
                (method.native)(self, &mut all)
            }
        }
    }

    /// Runs a step of a sequence that may be made of sequences.
    pub(crate) fn nested<T>(&mut self, step: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.sequences >= MAX_SEQUENCES {
            return Err(Fault::budget("the expression nested its sequences too deep"));
        }
        self.sequences += 1;
        let result = deeper(|| step(self));
        self.sequences -= 1;
        result
    }

    /// The bytes that are left.
    pub(crate) fn bytes_left(&self) -> u64 {
        self.bytes
    }

    /// The basic steps that are left.
    pub(crate) fn steps_left(&self) -> u64 {
        self.steps
    }

    /// Starts an enumeration; throws for what cannot be enumerated.
    pub(crate) fn iterate(&mut self, source: &Value) -> Result<Box<dyn Iterate>, Fault> {
        match source {
            Value::Null => Err(Fault::null_reference()),
            Value::Str(text) if text.is_ascii() => {
                let (text, mut at) = (text.clone(), 0);
                Ok(Box::new(move |_: &mut Run<'_>| {
                    let unit = text.unit(at);
                    at += 1;
                    Ok(unit.map(Value::Char))
                }))
            }
            Value::Str(text) => {
                self.steps(text.byte_len() / 2)?;
                let mut units = text.units().into_iter();
                Ok(Box::new(move |_: &mut Run<'_>| Ok(units.next().map(Value::Char))))
            }
            Value::View(view) => {
                let mut items = crate::expr::library::view_items(self, *view)?.into_iter();
                Ok(Box::new(move |_: &mut Run<'_>| Ok(items.next())))
            }
            Value::Object(object) => {
                let object = Arc::clone(&object.0);
                match object.iterate(self)? {
                    Some(items) => Ok(items),
                    None => {
                        Err(Fault::invalid_cast(&object.ty(), &Ty::Named(crate::expr::types::TypeId::PlainIEnumerable)))
                    }
                }
            }
            other => Err(Fault::invalid_cast(&other.ty(), &Ty::Named(crate::expr::types::TypeId::PlainIEnumerable))),
        }
    }

    /// All items of a sequence.
    pub(crate) fn collect(&mut self, source: &Value) -> Result<Vec<Value>, Fault> {
        let mut items = self.iterate(source)?;
        let mut all = Vec::new();
        while let Some(item) = items.next(self)? {
            self.step()?;
            self.charge(size_of::<Value>())?;
            self.room(all.len() * size_of::<Value>())?;
            all.push(item);
        }
        Ok(all)
    }
}
