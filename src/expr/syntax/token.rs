//! Tokens of C#.

use super::Span;

macro_rules! tokens {
    (symbols { $($symbol:ident $text:literal)* } keywords { $($keyword:ident $word:literal)* }) => {
        /// What sort of token it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum T {
            End, Ident, Int, Real, Char, Str, Verbatim, Interpolated,
            $($symbol,)*
            $($keyword,)*
        }

        /// Symbols, longer ones first.
        pub(super) const SYMBOLS: &[(&str, T)] = &[$(($text, T::$symbol)),*];

        /// The keyword that a word is.
        pub(super) fn keyword(word: &str) -> Option<T> {
            Some(match word {
                $($word => T::$keyword,)*
                _ => return None,
            })
        }
    };
}

tokens! {
    symbols {
        LeftShiftAssign "<<=" Ellipsis ".."
        AndAnd "&&" OrOr "||" Coalesce "??" EqEq "==" NotEq "!=" LessEq "<=" GreaterEq ">=" Arrow "=>" Inc "++" Dec "--"
        PlusAssign "+=" MinusAssign "-=" StarAssign "*=" SlashAssign "/=" PercentAssign "%=" AndAssign "&=" OrAssign "|="
        XorAssign "^=" LeftShift "<<" ColonColon "::" PointerArrow "->"
        Plus "+" Minus "-" Star "*" Slash "/" Percent "%" And "&" Or "|" Xor "^" Not "!" Tilde "~" Assign "=" Less "<"
        Greater ">" Question "?" Colon ":" Semicolon ";" Comma "," Dot "." Open "(" Close ")" OpenBrace "{"
        CloseBrace "}" OpenBracket "[" CloseBracket "]"
    }
    keywords {
        Abstract "abstract" As "as" Base "base" Bool "bool" Break "break" Byte "byte" Case "case" Catch "catch"
        CharType "char" Checked "checked" Class "class" Const "const" Continue "continue" Decimal "decimal"
        Default "default" DelegateKw "delegate" Do "do" Double "double" Else "else" EnumKw "enum" Event "event"
        Explicit "explicit" Extern "extern" False "false" Finally "finally" Fixed "fixed" Float "float" For "for"
        Foreach "foreach" Goto "goto" If "if" Implicit "implicit" In "in" IntType "int" Interface "interface"
        Internal "internal" Is "is" Lock "lock" Long "long" Namespace "namespace" New "new" Null "null"
        Object "object" OperatorKw "operator" Out "out" Override "override" ParamsKw "params" Private "private"
        Protected "protected" Public "public" Readonly "readonly" Ref "ref" Return "return" SByte "sbyte"
        Sealed "sealed" Short "short" Sizeof "sizeof" Stackalloc "stackalloc" Static "static" StringType "string"
        Struct "struct" Switch "switch" This "this" Throw "throw" True "true" Try "try" Typeof "typeof" UInt "uint"
        ULong "ulong" Unchecked "unchecked" Unsafe "unsafe" UShort "ushort" Using "using" Virtual "virtual"
        Void "void" Volatile "volatile" While "while"
    }
}

impl T {
    /// A keyword that is a type.
    pub(super) fn is_type_keyword(self) -> bool {
        use T::*;
        matches!(
            self,
            Bool | Byte
                | CharType
                | Decimal
                | Double
                | Float
                | IntType
                | Long
                | Object
                | SByte
                | Short
                | StringType
                | UInt
                | ULong
                | UShort
                | Void
        )
    }
}

/// A token, and for a bracket the index of the one that closes it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: T,
    pub(super) span: Span,
    pub(super) mate: u32,
}
