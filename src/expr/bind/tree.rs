//! The bound tree: every name resolved, every conversion spelled out, every type known.

use std::sync::Arc;

use crate::expr::syntax::Span;
use crate::expr::syntax::ast::BinaryOp;
use crate::expr::types::{Method, Property, Ty, TypeId};
use crate::expr::value::Value;

/// A variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct LocalId(pub(crate) u32);

/// A lambda, a local function or the whole expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FuncId(pub(crate) u32);

/// An expression with its type.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) ty: Ty,
    pub(crate) span: Span,
    pub(crate) kind: NodeKind,
}

pub(crate) type BoxNode = Box<Node>;

#[derive(Debug)]
pub(crate) enum NodeKind {
    /// Something was wrong; a diagnostic says what.
    Error,
    Const(Value),
    Local(LocalId),
    Context,
    /// A native method, constructor or operator; the instance is the first argument.
    Call(Box<Call>),
    /// A property or indexer; the instance is the first argument.
    Get(Box<Access>),
    /// An item of an array.
    Element(BoxNode, Vec<Node>),
    /// A member of an anonymous object.
    AnonymousMember(BoxNode, usize),
    /// Arithmetic or bits on two operands of one numeric type, or of one enumeration.
    Arithmetic {
        op: BinaryOp,
        on: TypeId,
        checked: bool,
        left: BoxNode,
        right: BoxNode,
    },
    /// `< <= > >= == !=` on two operands of one numeric type, char, bool or enumeration.
    Compare {
        op: BinaryOp,
        on: TypeId,
        left: BoxNode,
        right: BoxNode,
    },
    /// Shift of int, uint, long or ulong.
    Shift {
        left_shift: bool,
        on: TypeId,
        value: BoxNode,
        count: BoxNode,
    },
    Negate {
        on: TypeId,
        checked: bool,
        operand: BoxNode,
    },
    Complement {
        on: TypeId,
        operand: BoxNode,
    },
    Not(BoxNode),
    AndAlso(BoxNode, BoxNode),
    OrElse(BoxNode, BoxNode),
    /// `&`, `|`, `^` on bool; both sides are evaluated.
    Logic(BinaryOp, BoxNode, BoxNode),
    /// `&` and `|` on `bool?`.
    Logic3(BinaryOp, BoxNode, BoxNode),
    Concat(Vec<Node>),
    StringEqual {
        negated: bool,
        left: BoxNode,
        right: BoxNode,
    },
    ReferenceEqual {
        negated: bool,
        left: BoxNode,
        right: BoxNode,
    },
    /// Operands go to their temporaries; if one is null the result is `null_result`, else the body.
    Lift {
        operands: Vec<(LocalId, Node)>,
        body: BoxNode,
        null_result: Value,
    },
    /// `==` or `!=` of nullables: both null, one null, or the body (which is the comparison itself).
    LiftEqual {
        negated: bool,
        left: (LocalId, BoxNode),
        right: (LocalId, BoxNode),
        body: BoxNode,
    },
    Convert(Conversion, BoxNode),
    Conditional(BoxNode, BoxNode, BoxNode),
    Coalesce(BoxNode, BoxNode),
    /// `a?.b`: the receiver goes to the temporary; null gives null.
    ConditionalAccess {
        receiver: BoxNode,
        temp: LocalId,
        rest: BoxNode,
    },
    Is(BoxNode, Ty),
    /// `is T x`: tests, and stores when it holds. Without a type it always holds (`is var x`).
    IsDeclare(BoxNode, Option<Ty>, Option<LocalId>),
    /// `is constant`: `object.Equals`.
    IsConstant(BoxNode, BoxNode),
    As(BoxNode, Ty),
    TypeOf(Ty),
    NewArray {
        element: Ty,
        sizes: Vec<Node>,
    },
    ArrayItems {
        element: Ty,
        lengths: Vec<usize>,
        items: Vec<Node>,
    },
    Anonymous(Vec<Node>),
    /// Stores a value in a temporary, does things, gives the result.
    Let {
        local: LocalId,
        value: BoxNode,
        then: Vec<Node>,
        result: BoxNode,
    },
    Lambda(FuncId),
    /// A delegate of a native method.
    NativeDelegate {
        method: &'static Method,
        type_args: Arc<[Ty]>,
        receiver: Option<BoxNode>,
    },
    /// A delegate of a local function.
    FunctionDelegate(FuncId),
    /// Calls a delegate: the delegate, then the arguments.
    Invoke {
        delegate: BoxNode,
        args: Vec<Node>,
    },
    CallFunction {
        function: FuncId,
        args: Vec<Node>,
        order: Option<Vec<usize>>,
    },
    /// What a reference refers to.
    Deref(BoxNode),
    /// A reference to something that can be assigned.
    Reference {
        target: Target,
        out: bool,
    },
    /// `a + b` or `a - b` on delegates.
    Combine {
        removes: bool,
        left: BoxNode,
        right: BoxNode,
    },
    Assign {
        target: Target,
        value: BoxNode,
    },
    /// Reads the target into the temporary, stores the value, gives the old or the new one.
    Update {
        target: Target,
        old: LocalId,
        value: BoxNode,
        gives_old: bool,
    },
    Throw(BoxNode),
    Interpolate(Vec<Piece>),
    /// Arguments for `out` that are declared or thrown away have no value to pass.
    Nothing,
}

/// A call of a native.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: &'static Method,
    pub(crate) type_args: Arc<[Ty]>,
    pub(crate) args: Vec<Node>,
    /// Arguments that are written back.
    pub(crate) refs: Vec<(usize, Target)>,
    /// The order in which arguments are evaluated, when it is not theirs.
    pub(crate) order: Option<Vec<usize>>,
}

/// A read of a property or indexer.
#[derive(Debug)]
pub(crate) struct Access {
    pub(crate) property: &'static Property,
    pub(crate) type_args: Arc<[Ty]>,
    pub(crate) args: Vec<Node>,
}

/// Something that can be assigned.
#[derive(Debug)]
pub(crate) enum Target {
    Local(LocalId),
    Element(BoxNode, Vec<Node>),
    Property(Box<Access>),
    /// Through a reference.
    Deref(BoxNode),
    Discard,
}

#[derive(Debug)]
pub(crate) enum Piece {
    Text(crate::expr::value::Str),
    Hole { value: Node, alignment: i32, format: Option<crate::expr::value::Str> },
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Conversion {
    /// The value is as it is; only the static type differs.
    Same,
    /// Between numeric types, char and enumerations.
    Number { from: TypeId, to: TypeId, checked: bool },
    /// From a reference to a value type: the exact type, or its enumeration.
    Unbox(Ty),
    /// A checked cast of a reference.
    Reference(Ty),
    /// `T?` to `T`.
    Unwrap,
}

#[derive(Debug)]
pub(crate) struct Stmt {
    pub(crate) span: Span,
    pub(crate) kind: StmtKind,
}

#[derive(Debug)]
pub(crate) enum StmtKind {
    Empty,
    Expression(Node),
    Declare(LocalId, Option<Node>),
    Block(Scope),
    If(Node, Box<Stmt>, Option<Box<Stmt>>),
    While { condition: Node, body: Box<Stmt>, scope: Vec<LocalId> },
    Do { condition: Node, body: Box<Stmt> },
    For { init: Vec<Stmt>, condition: Option<Node>, step: Vec<Node>, body: Box<Stmt>, scope: Vec<LocalId> },
    ForEach { local: LocalId, item: Option<Node>, temp: LocalId, source: Node, body: Box<Stmt>, scope: Vec<LocalId> },
    Switch(Box<Switch>),
    Break,
    Continue,
    Return(Option<Node>),
    Throw(Option<Node>),
    Try { body: Box<Stmt>, catches: Vec<Catch>, finally: Option<Box<Stmt>> },
    Using { resource: Node, local: LocalId, body: Box<Stmt>, scope: Vec<LocalId> },
    Goto(u32),
    GotoSection(usize),
    Label(u32, Box<Stmt>),
}

/// Statements with the variables that are new each time they are entered.
#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) locals: Vec<LocalId>,
    pub(crate) body: Vec<Stmt>,
}

#[derive(Debug)]
pub(crate) struct Switch {
    pub(crate) value: Node,
    pub(crate) temp: LocalId,
    pub(crate) sections: Vec<Section>,
    pub(crate) default: Option<usize>,
    /// Whether no other section can be reached than those with a label that holds: a default, or all constants.
    pub(crate) scope: Vec<LocalId>,
}

#[derive(Debug)]
pub(crate) struct Section {
    /// Tests over the temporary; a bool each.
    pub(crate) tests: Vec<Node>,
    pub(crate) body: Vec<Stmt>,
    pub(crate) span: Span,
}

#[derive(Debug)]
pub(crate) struct Catch {
    pub(crate) ty: Ty,
    pub(crate) local: Option<LocalId>,
    pub(crate) when: Option<Node>,
    pub(crate) body: Box<Stmt>,
    pub(crate) scope: Vec<LocalId>,
}

/// A variable of some function.
#[derive(Debug)]
pub(crate) struct Local {
    pub(crate) name: Box<str>,
    pub(crate) ty: Ty,
    pub(crate) function: FuncId,
    pub(crate) captured: bool,
    pub(crate) role: Role,
    /// The value of a constant.
    pub(crate) constant: Option<Value>,
    /// Whether the flow analysis has to see an assignment before a use.
    pub(crate) needs_assignment: bool,
    /// Whether it holds a reference to another variable.
    pub(crate) by_ref: bool,
    /// Whether a reference that it holds may be returned.
    pub(crate) returnable: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Variable,
    Constant,
    ForEach,
    Using,
}

/// A function: its parameters, its body, what it uses of outer functions.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) parent: Option<FuncId>,
    pub(crate) params: Vec<LocalId>,
    pub(crate) body: Body,
    /// Local functions that it calls or makes delegates of.
    pub(crate) uses: Vec<FuncId>,
    /// Variables of outer functions that it uses itself.
    pub(crate) captures: Vec<LocalId>,
    pub(crate) result: Ty,
}

#[derive(Debug)]
pub(crate) enum Body {
    Missing,
    Expression(Node),
    Block(Stmt),
}

impl Node {
    pub(crate) fn new(ty: Ty, span: Span, kind: NodeKind) -> Self {
        Self { ty, span, kind }
    }

    pub(crate) fn error(span: Span) -> Self {
        Self::new(Ty::Error, span, NodeKind::Error)
    }

    pub(crate) fn constant(ty: Ty, span: Span, value: Value) -> Self {
        Self::new(ty, span, NodeKind::Const(value))
    }

    pub(crate) fn as_const(&self) -> Option<&Value> {
        match &self.kind {
            NodeKind::Const(value) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn boxed(self) -> BoxNode {
        Box::new(self)
    }
}
