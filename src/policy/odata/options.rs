//! The system query options: which there are, and what they may say.

use super::apply;
use super::lexer::Kind as Lexeme;
use super::metadata::{Kind, ODataMetadata};
use super::parser::{Fault, Parser};
use super::version::ODataVersion;

/// The options of version 4.
const KNOWN: [&str; 17] = [
    "$apply",
    "$compute",
    "$count",
    "$deltatoken",
    "$expand",
    "$filter",
    "$format",
    "$id",
    "$index",
    "$levels",
    "$orderby",
    "$schemaversion",
    "$search",
    "$select",
    "$skip",
    "$skiptoken",
    "$top",
];

/// The option that a name means, which begins with `$`; none when there is no such option.
pub(super) fn find(name: &str, version: ODataVersion) -> Option<&'static str> {
    if !version.is_at_least_4() && name == "$inlinecount" {
        return Some("$inlinecount");
    }
    let ignores_case = version.ignores_case();
    let is_it = |known: &&str| if ignores_case { known.eq_ignore_ascii_case(name) } else { *known == name };
    KNOWN.into_iter().find(is_it).filter(|known| *known != "$levels")
}

/// Reads the value of an option; `it` is what its names are members of.
pub(super) fn check(option: &str, value: &str, metadata: &ODataMetadata, it: &Kind) -> Result<(), Fault> {
    match option {
        "$search" => search(value),
        "$format" => format(value),
        // What a server makes for itself.
        "$skiptoken" | "$deltatoken" | "$id" | "$schemaversion" => Ok(()),
        "$inlinecount" if matches!(value, "none" | "allpages") => Ok(()),
        "$inlinecount" => Err(Fault::Syntax(0)),
        _ => Parser::new(value, metadata, it.item())?.whole(|parser| parser.option(option)),
    }
}

/// The value of an alias of a parameter.
pub(super) fn check_alias(value: &str, metadata: &ODataMetadata, it: &Kind) -> Result<(), Fault> {
    Parser::new(value, metadata, it.item())?.whole(|parser| parser.expression().map(drop))
}

/// Words and phrases with `AND`, `OR` and `NOT` between them, and brackets around them.
fn search(value: &str) -> Result<(), Fault> {
    let (mut open, mut is_quoted, mut is_empty) = (0_usize, false, true);
    let mut escaped = false;
    for (at, c) in value.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if is_quoted => escaped = true,
            '"' => (is_quoted, is_empty) = (!is_quoted, false),
            '(' if !is_quoted => open += 1,
            ')' if !is_quoted => open = open.checked_sub(1).ok_or(Fault::Syntax(at))?,
            _ => is_empty &= c.is_whitespace(),
        }
    }
    let words: Vec<_> = value.split_whitespace().collect();
    let is_joint = |word: Option<&&str>| word.is_some_and(|word| matches!(*word, "AND" | "OR"));
    let is_cut = is_joint(words.first()) || is_joint(words.last()) || words.last() == Some(&"NOT");
    if open > 0 || is_quoted || is_empty || is_cut { Err(Fault::Syntax(value.len())) } else { Ok(()) }
}

/// `json`, `xml`, `atom`, or a media type.
fn format(value: &str) -> Result<(), Fault> {
    let essence = value.split(';').next().unwrap_or_default().trim();
    let is_token =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "!#$&-^_.+*".contains(c));
    let is_good = match essence.split_once('/') {
        Some((kind, subtype)) => is_token(kind) && is_token(subtype),
        None => is_token(essence),
    };
    if is_good { Ok(()) } else { Err(Fault::Syntax(0)) }
}

impl Parser<'_, '_> {
    /// The value of an option, as far as it goes.
    fn option(&mut self, option: &str) -> Result<(), Fault> {
        match option {
            "$filter" => self.expression().map(drop),
            "$orderby" => self.order(),
            "$select" => self.items(|parser| parser.selected()),
            "$expand" => self.items(|parser| parser.expanded()),
            "$compute" => self.computed(),
            "$apply" => apply::transformations(self),
            "$count" => self.one_of(&["true", "false"]),
            "$levels" if self.word("max") => Ok(()),
            "$top" | "$skip" | "$index" | "$levels" => self.number(),
            "$search" => self.until_end(),
            _ => Err(self.wrong()),
        }
    }

    /// One item or more, separated by commas.
    pub(super) fn items(&mut self, mut read: impl FnMut(&mut Self) -> Result<(), Fault>) -> Result<(), Fault> {
        read(self)?;
        while self.eat(',') {
            read(self)?;
        }
        Ok(())
    }

    /// `Price desc,Name`.
    pub(super) fn order(&mut self) -> Result<(), Fault> {
        self.items(|parser| {
            parser.expression()?;
            let _ = parser.word("asc") || parser.word("desc");
            Ok(())
        })
    }

    /// `Price mul 2 as Double`.
    pub(super) fn computed(&mut self) -> Result<(), Fault> {
        self.items(|parser| {
            parser.expression()?;
            if parser.word("as") { parser.name().map(drop) } else { Err(parser.wrong()) }
        })?;
        // What was computed is a name from now on.
        self.it = Kind::unknown();
        Ok(())
    }

    fn one_of(&mut self, words: &[&str]) -> Result<(), Fault> {
        if words.iter().any(|word| self.word(word)) { Ok(()) } else { Err(self.wrong()) }
    }

    pub(super) fn number(&mut self) -> Result<(), Fault> {
        let digits = self.literal().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        if digits.is_none() {
            return Err(self.wrong());
        }
        self.skip();
        Ok(())
    }

    /// Takes everything up to the end of the option.
    fn until_end(&mut self) -> Result<(), Fault> {
        let mut is_empty = true;
        while let Some(next) = self.peek() {
            match next {
                Lexeme::Mark(';' | ')') => break,
                Lexeme::Mark('(') => self.balanced()?,
                _ => self.skip(),
            }
            is_empty = false;
        }
        if is_empty { Err(self.wrong()) } else { Ok(()) }
    }

    /// `Name`, `Address/City`, `*`, `Shop.*`, `Address($select=City)`.
    fn selected(&mut self) -> Result<(), Fault> {
        if self.eat('*') {
            return Ok(());
        }
        let kind = self.steps(true)?;
        self.nested(&kind)
    }

    /// `Items`, `Items/$ref`, `Items($filter=Price gt 5;$top=1)`, `*($levels=max)`.
    fn expanded(&mut self) -> Result<(), Fault> {
        if self.eat('*') {
            if self.eat('/') {
                self.expect('$')?;
                self.one_of(&["ref"])?;
            }
            return self.nested(&Kind::unknown());
        }
        let kind = self.steps(false)?;
        self.nested(&kind)
    }

    /// A path of members and types.
    fn steps(&mut self, may_be_operation: bool) -> Result<Kind, Fault> {
        let mut kind = self.it.clone();
        loop {
            if self.eat('$') {
                self.one_of(&["ref", "count", "value"])?;
                return Ok(kind);
            }
            let name = self.qualified()?;
            if may_be_operation && self.eat('.') {
                // All operations of a namespace.
                self.expect('*')?;
                return Ok(Kind::unknown());
            }
            if name.contains('.') {
                let full = self.metadata.full(&name);
                if may_be_operation && self.metadata.operations(&full).is_some() {
                    return Ok(Kind::unknown());
                }
                if !self.metadata.is_type(&full) {
                    return Err(Fault::Said(format!("The type '{name}' is not declared.")));
                }
                kind = Kind { name: full, ..kind };
            } else {
                kind = self.member(&kind, &name)?;
            }
            if !self.eat('/') {
                return Ok(kind);
            }
        }
    }

    /// Options in brackets, separated by semicolons.
    fn nested(&mut self, kind: &Kind) -> Result<(), Fault> {
        if !self.eat('(') {
            return Ok(());
        }
        self.of(kind.item(), |parser| {
            loop {
                if parser.eat('@') {
                    parser.name()?;
                    parser.expect('=')?;
                    parser.expression()?;
                } else {
                    parser.expect('$')?;
                    let option = format!("${}", parser.name()?.to_ascii_lowercase());
                    let is_known = KNOWN.contains(&option.as_str());
                    if !is_known {
                        return Err(Fault::Said(format!("The query option '{option}' is not known.")));
                    }
                    parser.expect('=')?;
                    parser.option(&option)?;
                }
                if !parser.eat(';') {
                    return parser.expect(')');
                }
            }
        })
    }
}
