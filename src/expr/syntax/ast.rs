//! The syntax tree; names are slices of the source.

use super::Span;
use crate::expr::value::Value;

/// A whole expression.
pub(crate) enum Tree<'a> {
    Expression(Expr<'a>),
    Block(Block<'a>),
}

pub(crate) struct Expr<'a> {
    pub(crate) span: Span,
    pub(crate) height: u16,
    pub(crate) kind: ExprKind<'a>,
}

pub(crate) type Child<'a> = Box<Expr<'a>>;

/// A name with its type arguments.
pub(crate) struct Name<'a> {
    pub(crate) text: &'a str,
    pub(crate) span: Span,
    pub(crate) args: Option<Vec<TypeRef<'a>>>,
}

pub(crate) struct TypeRef<'a> {
    pub(crate) span: Span,
    pub(crate) kind: TypeKind<'a>,
}

pub(crate) enum TypeKind<'a> {
    Keyword(&'a str),
    Name(Vec<Name<'a>>),
    Array(Box<TypeRef<'a>>, u8),
    Nullable(Box<TypeRef<'a>>),
    /// Types of items, and their names.
    Tuple(Vec<(TypeRef<'a>, Option<&'a str>)>),
}

impl TypeRef<'_> {
    /// `var`.
    pub(crate) fn is_var(&self) -> bool {
        matches!(&self.kind, TypeKind::Name(path) if matches!(path.as_slice(), [Name { text: "var", args: None, .. }]))
    }
}

pub(crate) enum ExprKind<'a> {
    Literal(Value),
    Name(Name<'a>),
    /// A keyword type before a dot.
    Predefined(&'a str),
    Member(Child<'a>, Name<'a>),
    /// `a?.b`: what follows is a chain that starts at [`ExprKind::Receiver`].
    ConditionalAccess(Child<'a>, Child<'a>),
    Receiver,
    Call(Child<'a>, Vec<Arg<'a>>),
    Index(Child<'a>, Vec<Arg<'a>>),
    Unary(UnaryOp, Child<'a>),
    /// `++` or `--`: delta, is it a postfix.
    Step(i8, bool, Child<'a>),
    Binary(BinaryOp, Child<'a>, Child<'a>),
    Assign(Option<BinaryOp>, Child<'a>, Child<'a>),
    Conditional(Child<'a>, Child<'a>, Child<'a>),
    Cast(TypeRef<'a>, Child<'a>),
    Is(Child<'a>, Pattern<'a>),
    As(Child<'a>, TypeRef<'a>),
    TypeOf(TypeRef<'a>),
    Default(TypeRef<'a>),
    NameOf(Child<'a>),
    Checked(bool, Child<'a>),
    Paren(Child<'a>),
    New(TypeRef<'a>, Vec<Arg<'a>>, Option<Initializer<'a>>),
    /// Element type (of the innermost), sizes, ranks of the further dimensions, items.
    NewArray(TypeRef<'a>, Vec<Expr<'a>>, u8, Option<Child<'a>>),
    NewImplicitArray(u8, Child<'a>),
    /// `{ … }` of an array.
    ArrayItems(Vec<Expr<'a>>),
    Anonymous(Vec<(Option<(&'a str, Span)>, Expr<'a>)>),
    Lambda(Lambda<'a>),
    Interpolated(Vec<Piece<'a>>),
    Throw(Child<'a>),
    Tuple(Vec<(Option<&'a str>, Expr<'a>)>),
    /// `out var x`, `out int x`, or a variable of a deconstruction.
    Declare(TypeRef<'a>, &'a str, Span),
    /// `ref x`
    Ref(Child<'a>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnaryOp {
    Plus,
    Minus,
    Not,
    Complement,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum BinaryOp {
    Multiply,
    Divide,
    Remainder,
    Add,
    Subtract,
    ShiftLeft,
    ShiftRight,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
    Equal,
    NotEqual,
    And,
    Xor,
    Or,
    AndAlso,
    OrElse,
    Coalesce,
}

impl BinaryOp {
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::ShiftLeft => "<<",
            Self::ShiftRight => ">>",
            Self::Less => "<",
            Self::Greater => ">",
            Self::LessOrEqual => "<=",
            Self::GreaterOrEqual => ">=",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::And => "&",
            Self::Xor => "^",
            Self::Or => "|",
            Self::AndAlso => "&&",
            Self::OrElse => "||",
            Self::Coalesce => "??",
        }
    }

    pub(crate) fn is_comparison(self) -> bool {
        matches!(
            self,
            Self::Less | Self::Greater | Self::LessOrEqual | Self::GreaterOrEqual | Self::Equal | Self::NotEqual
        )
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArgMode {
    In,
    Ref,
    Out,
}

pub(crate) struct Arg<'a> {
    pub(crate) name: Option<(&'a str, Span)>,
    pub(crate) mode: ArgMode,
    pub(crate) value: Expr<'a>,
}

pub(crate) enum Initializer<'a> {
    /// `{ A = 1, ["k"] = 2 }`
    Members(Vec<MemberInit<'a>>),
    /// `{ 1, { k, v } }`
    Items(Vec<Vec<Expr<'a>>>),
}

pub(crate) struct MemberInit<'a> {
    pub(crate) span: Span,
    pub(crate) target: InitTarget<'a>,
    pub(crate) value: InitValue<'a>,
}

pub(crate) enum InitTarget<'a> {
    Member(&'a str),
    Index(Vec<Arg<'a>>),
}

pub(crate) enum InitValue<'a> {
    Value(Expr<'a>),
    Nested(Initializer<'a>),
}

pub(crate) enum Pattern<'a> {
    Type(TypeRef<'a>),
    Declare(TypeRef<'a>, Option<(&'a str, Span)>),
    Constant(Child<'a>),
    /// `is x`: a type or a constant, decided when bound.
    TypeOrConstant(TypeRef<'a>, Child<'a>),
}

pub(crate) struct Lambda<'a> {
    /// `delegate { … }`: fits any parameters.
    pub(crate) any_params: bool,
    pub(crate) params: Vec<Param<'a>>,
    pub(crate) body: LambdaBody<'a>,
}

pub(crate) enum LambdaBody<'a> {
    Expression(Child<'a>),
    Block(Block<'a>),
}

pub(crate) struct Param<'a> {
    pub(crate) ty: Option<TypeRef<'a>>,
    pub(crate) name: &'a str,
    pub(crate) span: Span,
    pub(crate) mode: ParamMode,
    pub(crate) default: Option<Expr<'a>>,
    /// Range variables that are read through this parameter, each with its path of members.
    pub(crate) range: Vec<(&'a str, Vec<&'static str>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParamMode {
    In,
    Ref,
    Out,
    Params,
}

#[expect(clippy::large_enum_variant, reason = "an interpolated string has as many holes as texts")]
pub(crate) enum Piece<'a> {
    Text(Value),
    Hole { value: Expr<'a>, alignment: Option<Expr<'a>>, format: Option<String> },
}

pub(crate) struct Block<'a> {
    pub(crate) span: Span,
    pub(crate) statements: Vec<Statement<'a>>,
}

pub(crate) struct Statement<'a> {
    pub(crate) span: Span,
    pub(crate) kind: StatementKind<'a>,
}

pub(crate) struct Local<'a> {
    pub(crate) name: &'a str,
    pub(crate) span: Span,
    pub(crate) value: Option<Expr<'a>>,
}

pub(crate) enum StatementKind<'a> {
    Empty,
    Block(Block<'a>),
    Declare {
        ty: TypeRef<'a>,
        is_const: bool,
        is_ref: bool,
        locals: Vec<Local<'a>>,
    },
    Function(Function<'a>),
    Expression(Expr<'a>),
    /// Conditions with what they guard, one `else if` after the other, and the last `else`.
    If(Vec<(Expr<'a>, Statement<'a>)>, Option<Box<Statement<'a>>>),
    Switch(Expr<'a>, Vec<Section<'a>>),
    While(Expr<'a>, Box<Statement<'a>>),
    Do(Box<Statement<'a>>, Expr<'a>),
    For {
        init: Vec<Statement<'a>>,
        condition: Option<Expr<'a>>,
        step: Vec<Expr<'a>>,
        body: Box<Statement<'a>>,
    },
    ForEach {
        ty: TypeRef<'a>,
        name: &'a str,
        name_span: Span,
        source: Expr<'a>,
        body: Box<Statement<'a>>,
    },
    Break,
    Continue,
    Return(Option<Expr<'a>>),
    Throw(Option<Expr<'a>>),
    Try {
        body: Block<'a>,
        catches: Vec<Catch<'a>>,
        finally: Option<Block<'a>>,
    },
    Using(Box<Statement<'a>>, Box<Statement<'a>>),
    Lock(Expr<'a>, Box<Statement<'a>>),
    Checked(bool, Block<'a>),
    Goto(&'a str),
    GotoCase(Expr<'a>),
    GotoDefault,
    Label(&'a str, Box<Statement<'a>>),
}

pub(crate) struct Function<'a> {
    pub(crate) ty: TypeRef<'a>,
    pub(crate) returns_ref: bool,
    pub(crate) name: &'a str,
    pub(crate) name_span: Span,
    pub(crate) type_params: Vec<&'a str>,
    pub(crate) params: Vec<Param<'a>>,
    /// `where T : …`
    pub(crate) constraints: Vec<(&'a str, Span, Constraint<'a>)>,
    pub(crate) body: LambdaBody<'a>,
}

/// What a type argument has to be.
pub(crate) enum Constraint<'a> {
    Class,
    Struct,
    New,
    Type(TypeRef<'a>),
}

pub(crate) struct Section<'a> {
    pub(crate) span: Span,
    pub(crate) labels: Vec<Label<'a>>,
    pub(crate) body: Vec<Statement<'a>>,
}

pub(crate) struct Label<'a> {
    pub(crate) span: Span,
    /// None for `default`.
    pub(crate) pattern: Option<Pattern<'a>>,
    pub(crate) when: Option<Expr<'a>>,
}

pub(crate) struct Catch<'a> {
    pub(crate) span: Span,
    pub(crate) ty: Option<TypeRef<'a>>,
    pub(crate) name: Option<(&'a str, Span)>,
    pub(crate) when: Option<Expr<'a>>,
    pub(crate) body: Block<'a>,
}
