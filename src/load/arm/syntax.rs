//! The grammar of template expressions: `[concat(parameters('name'), '/x')]`.

/// Nesting beyond this is refused, so that no input exhausts the stack.
const MAX_DEPTH: usize = 64;

/// An expression with the byte offset, inside its text, of what may fail.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expr {
    String(String),
    Integer(i64),
    /// A call: offset, name (with namespace, for a user's function), arguments.
    Call(usize, String, Vec<Expr>),
    /// A member by name or index: offset, object, key.
    Member(usize, Box<Expr>, Box<Expr>),
}

/// What a string of a template is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Text {
    Literal(String),
    Expression(Expr),
}

/// Reads a string of a template. The error is a byte offset inside the text and what is wrong there.
pub(super) fn parse(text: &str) -> Result<Text, (usize, String)> {
    if !(text.starts_with('[') && text.ends_with(']') && text.len() > 1) {
        return Ok(Text::Literal(text.to_owned()));
    }
    if text.starts_with("[[") {
        return Ok(Text::Literal(text.get(1..).unwrap_or_default().to_owned()));
    }
    let inner = text.get(..text.len() - 1).unwrap_or_default();
    let mut parser = Parser { text: inner, at: 1, depth: 0 };
    let expr = parser.expr()?;
    parser.skip_space();
    if parser.at < inner.len() {
        return parser.fail("the end of the expression");
    }
    Ok(Text::Expression(expr))
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

type Outcome<T> = Result<T, (usize, String)>;

impl Parser<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn take(&mut self, letter: char) -> bool {
        self.skip_space();
        let found = self.rest().starts_with(letter);
        if found {
            self.at += letter.len_utf8();
        }
        found
    }

    fn fail<T>(&self, expected: &str) -> Outcome<T> {
        let found = match self.rest().chars().next() {
            Some(found) if found.is_control() => format!("unexpected `{}`", found.escape_default()),
            Some(found) => format!("unexpected `{found}`"),
            None => "unexpected end".to_owned(),
        };
        Err((self.at, format!("{found} in a template expression: expected {expected}")))
    }

    fn expr(&mut self) -> Outcome<Expr> {
        if self.depth == MAX_DEPTH {
            return Err((self.at, format!("template expression is nested more than {MAX_DEPTH} deep")));
        }
        self.depth += 1;
        let mut expr = self.primary()?;
        let mut members = 0;
        loop {
            let at = self.at;
            let key = if self.take('.') {
                Expr::String(self.word()?)
            } else if self.take('[') {
                let key = self.expr()?;
                if !self.take(']') {
                    return self.fail("`]`");
                }
                key
            } else {
                break;
            };
            members += 1;
            if members > MAX_DEPTH {
                return Err((at, format!("template expression is nested more than {MAX_DEPTH} deep")));
            }
            expr = Expr::Member(at, Box::new(expr), Box::new(key));
        }
        self.depth -= 1;
        Ok(expr)
    }

    fn primary(&mut self) -> Outcome<Expr> {
        self.skip_space();
        match self.rest().chars().next() {
            Some('\'') => self.string().map(Expr::String),
            Some('-' | '0'..='9') => self.integer(),
            Some(letter) if letter.is_ascii_alphabetic() || letter == '_' => self.call(),
            _ => self.fail("a function, a string in single quotes or a whole number"),
        }
    }

    fn word(&mut self) -> Outcome<String> {
        self.skip_space();
        let rest = self.rest();
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '$' || c == '#')).unwrap_or(rest.len());
        if end == 0 {
            return self.fail("a name");
        }
        let word = rest.get(..end).unwrap_or_default().to_owned();
        self.at += end;
        Ok(word)
    }

    fn call(&mut self) -> Outcome<Expr> {
        let at = self.at;
        let mut name = self.word()?;
        while self.take('.') {
            name.push('.');
            name.push_str(&self.word()?);
        }
        if !self.take('(') {
            return self.fail("`(`");
        }
        let mut arguments = Vec::new();
        if self.take(')') {
            return Ok(Expr::Call(at, name, arguments));
        }
        loop {
            arguments.push(self.expr()?);
            if self.take(')') {
                return Ok(Expr::Call(at, name, arguments));
            }
            if !self.take(',') {
                return self.fail("`,` or `)`");
            }
        }
    }

    fn string(&mut self) -> Outcome<String> {
        let start = self.at;
        let mut text = String::new();
        self.at += 1;
        loop {
            let Some(end) = self.rest().find('\'') else {
                return Err((start, "string in a template expression is not closed: expected `'`".to_owned()));
            };
            text.push_str(self.rest().get(..end).unwrap_or_default());
            self.at += end + 1;
            if !self.rest().starts_with('\'') {
                return Ok(text);
            }
            text.push('\'');
            self.at += 1;
        }
    }

    fn integer(&mut self) -> Outcome<Expr> {
        let rest = self.rest();
        let digits = rest.trim_start_matches('-');
        let end = rest.len() - digits.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let text = rest.get(..end).unwrap_or_default();
        match text.parse() {
            Ok(number) => {
                self.at += end;
                Ok(Expr::Integer(number))
            }
            Err(_) => self.fail("a whole number"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn print(expr: &Expr) -> String {
        match expr {
            Expr::String(text) => format!("'{}'", text.replace('\'', "''")),
            Expr::Integer(number) => number.to_string(),
            Expr::Call(_, name, arguments) => {
                format!("{name}({})", arguments.iter().map(print).collect::<Vec<_>>().join(", "))
            }
            Expr::Member(_, object, key) => format!("{}[{}]", print(object), print(key)),
        }
    }

    fn without_offsets(expr: Expr) -> Expr {
        match expr {
            Expr::Call(_, name, arguments) => Expr::Call(0, name, arguments.into_iter().map(without_offsets).collect()),
            Expr::Member(_, object, key) => {
                Expr::Member(0, Box::new(without_offsets(*object)), Box::new(without_offsets(*key)))
            }
            other => other,
        }
    }

    fn any_expr() -> impl Strategy<Value = Expr> {
        let leaf = prop_oneof![
            "[^\u{0}]{0,6}".prop_map(Expr::String),
            (-1000i64..1000).prop_map(Expr::Integer),
            Just(Expr::Call(0, "resourceGroup".to_owned(), Vec::new())),
        ];
        leaf.prop_recursive(5, 40, 4, |inner| {
            let call = ("[a-z][a-zA-Z0-9]{0,6}", prop::collection::vec(inner.clone(), 0..4));
            prop_oneof![
                call.prop_map(|(name, arguments)| Expr::Call(0, name, arguments)),
                (inner.clone(), inner).prop_map(|(object, key)| Expr::Member(0, Box::new(object), Box::new(key))),
            ]
        })
    }

    #[test]
    fn tells_literals_from_expressions() {
        for text in ["plain", "", "[", "a [b]", "[not closed"] {
            assert_eq!(parse(text), Ok(Text::Literal(text.to_owned())));
        }
        assert_eq!(parse("[[text]"), Ok(Text::Literal("[text]".to_owned())));
    }

    #[test]
    fn says_where_it_is_wrong() {
        for (text, offset, message) in [
            (
                "[]",
                1,
                "unexpected end in a template expression: expected a function, a string in single quotes or a whole number",
            ),
            ("[concat('a']", 11, "unexpected end in a template expression: expected `,` or `)`"),
            ("[concat('a' 'b')]", 12, "unexpected `'` in a template expression: expected `,` or `)`"),
            ("[parameters('a]", 12, "string in a template expression is not closed: expected `'`"),
            ("[variables]", 10, "unexpected end in a template expression: expected `(`"),
            ("[string(1) 2]", 11, "unexpected `2` in a template expression: expected the end of the expression"),
        ] {
            assert_eq!(parse(text), Err((offset, message.to_owned())), "{text}");
        }
        let deep = format!("[{}1{}]", "string(".repeat(10_000), ")".repeat(10_000));
        assert!(parse(&deep).unwrap_err().1.contains("nested"));
    }

    proptest! {
        #[test]
        fn printing_and_parsing_is_the_identity(expr in any_expr()) {
            let parsed = parse(&format!("[{}]", print(&expr)));
            let Ok(Text::Expression(parsed)) = parsed else { panic!("{parsed:?}") };
            prop_assert_eq!(without_offsets(parsed), expr);
        }

        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = parse(&format!("[{text}]"));
        }
    }
}
