//! The path of a request: entity sets, keys, properties, functions.

use percent_encoding::percent_decode_str;

use super::lexer::Kind as Lexeme;
use super::metadata::{Kind, Member, ODataMetadata, Operation};
use super::parser::{Fault, Parser};

/// The most segments of a path.
const MOST: usize = 100;

/// What a path leads to: what the names of query options are members of. The error says what is wrong.
pub(super) fn resolve(metadata: &ODataMetadata, path: &str) -> Result<Kind, String> {
    let segments: Vec<_> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    if segments.len() > MOST {
        return Err(format!("The resource path has more than {MOST} segments."));
    }
    let mut segments = segments.into_iter().map(|segment| percent_decode_str(segment).decode_utf8());
    let Some(first) = segments.next() else { return Ok(Kind::unknown()) };
    let text = first.map_err(|_| "The resource path is not UTF-8.".to_owned())?;
    let mut kind = start(metadata, &text)?;
    for segment in segments {
        let text = segment.map_err(|_| "The resource path is not UTF-8.".to_owned())?;
        kind = step(metadata, kind, &text)?;
    }
    Ok(kind.unwrap_or_else(Kind::unknown))
}

/// What comes behind the first segment; none where nothing may.
fn start(metadata: &ODataMetadata, text: &str) -> Result<Option<Kind>, String> {
    match text {
        "$metadata" | "$batch" => return Ok(None),
        "$all" | "$entity" => return Ok(Some(Kind::unknown())),
        _ => {}
    }
    if let Some(sets) = text.strip_prefix("$crossjoin(").and_then(|rest| rest.strip_suffix(')')) {
        return match sets.split(',').map(str::trim).find(|name| metadata.set(name).is_none()) {
            Some(name) => Err(undeclared(name)),
            None => Ok(Some(Kind::unknown())),
        };
    }
    let (name, arguments) = parts(text);
    if let Some(kind) = metadata.set(name) {
        return behind(metadata, kind.clone(), arguments, text).map(Some);
    }
    match metadata.import(name) {
        Some(operations) => called(metadata, operations, arguments, text).map(Some),
        None => Err(undeclared(text)),
    }
}

/// What comes behind a further segment.
fn step(metadata: &ODataMetadata, before: Option<Kind>, text: &str) -> Result<Option<Kind>, String> {
    let Some(kind) = before else { return Err(undeclared(text)) };
    let (name, arguments) = parts(text);
    match name {
        "$count" | "$value" | "$ref" if arguments.is_empty() => return Ok(None),
        "$query" if arguments.is_empty() => return Ok(Some(kind)),
        "$each" if arguments.is_empty() => return Ok(Some(kind.item())),
        // Versions 2 and 3 have links there.
        "$links" if arguments.is_empty() => return Ok(Some(kind)),
        "$filter" => {
            let read = Parser::new(arguments, metadata, kind.item()).and_then(|parser| {
                parser.whole(|parser| {
                    parser.expect('(')?;
                    parser.expression()?;
                    parser.expect(')')
                })
            });
            return read.map(|()| Some(kind)).map_err(|fault| faulty(text, fault));
        }
        _ => {}
    }
    if name.starts_with('$') {
        return Err(undeclared(text));
    }
    if name.contains('.') {
        let full = metadata.full(name);
        if let Some(operations) = metadata.operations(&full) {
            let bound: Vec<_> = operations.iter().filter(|operation| operation.is_bound).cloned().collect();
            if bound.is_empty() {
                return Err(undeclared(text));
            }
            return called(metadata, &bound, arguments, text).map(Some);
        }
        if metadata.is_type(&full) {
            return behind(metadata, Kind { name: full, ..kind }, arguments, text).map(Some);
        }
        // Else it may be a key with a dot.
        if metadata.is_own(&full) {
            return Err(undeclared(text));
        }
    } else if !kind.is_collection && is_name(name) {
        return match metadata.member(&kind, name) {
            Member::Declared(found) => behind(metadata, found, arguments, text).map(Some),
            Member::Possible => Ok(Some(Kind::unknown())),
            Member::Undeclared => Err(format!("The property '{name}' is not declared on the type '{}'.", kind.name)),
        };
    }
    // A key may be a segment of its own.
    if kind.is_collection && kind.is_entity {
        return Ok(Some(kind.item()));
    }
    Err(undeclared(text))
}

/// A value with a key behind it, or not.
fn behind(metadata: &ODataMetadata, kind: Kind, key: &str, text: &str) -> Result<Kind, String> {
    if key.is_empty() {
        return Ok(kind);
    }
    if !kind.is_collection || !kind.is_entity {
        return Err(format!("The resource path segment '{text}' has a key, but it is no collection of entities."));
    }
    self::key(metadata, &kind, key, text)?;
    Ok(kind.item())
}

/// `(7)`, `('a')`, `(Country='DE',Number=7)`.
fn key(metadata: &ODataMetadata, kind: &Kind, key: &str, text: &str) -> Result<(), String> {
    let names = metadata.keys(&kind.name);
    let read = Parser::new(key, metadata, Kind::unknown()).and_then(|parser| {
        parser.whole(|parser| {
            let mut given = Vec::new();
            parser.list('(', ')', |parser| {
                let named = parser.argument_name();
                if let Some(name) = named
                    && !names.is_empty()
                    && !names.iter().any(|known| known == name)
                {
                    return Err(Fault::Said(format!("The type '{}' has no key property '{name}'.", kind.name)));
                }
                given.push(named.is_some());
                parser.value()
            })?;
            Ok(given)
        })
    });
    let given = read.map_err(|fault| faulty(text, fault))?;
    let is_whole = match given.as_slice() {
        [] => false,
        [false] => names.len() <= 1,
        given => given.iter().all(|is_named| *is_named) && (names.is_empty() || names.len() == given.len()),
    };
    if is_whole { Ok(()) } else { Err(format!("The key in the resource path segment '{text}' is not complete.")) }
}

/// What a function or action gives.
fn called(metadata: &ODataMetadata, operations: &[Operation], arguments: &str, text: &str) -> Result<Kind, String> {
    let returns = operations.iter().find_map(|operation| operation.returns.clone()).unwrap_or_else(Kind::unknown);
    if arguments.is_empty() {
        return Ok(returns);
    }
    if operations.iter().all(|operation| operation.is_action) && !operations.is_empty() {
        return Err(format!("The action '{text}' takes its parameters in the body."));
    }
    let read = Parser::new(arguments, metadata, Kind::unknown()).and_then(|parser| {
        parser.whole(|parser| {
            parser.arguments()?;
            // The key of one of the entities that it gives.
            let has_key = parser.is_mark('(');
            if has_key {
                parser.arguments()?;
            }
            Ok(has_key)
        })
    });
    let has_key = read.map_err(|fault| faulty(text, fault))?;
    Ok(if has_key { returns.item() } else { returns })
}

/// The name of a segment, and what stands in brackets behind it.
fn parts(text: &str) -> (&str, &str) {
    text.find('(').map_or((text, ""), |at| text.split_at(at))
}

fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    let first = chars.next().is_some_and(|c| c.is_alphabetic() || c == '_');
    first && chars.all(|c| c.is_alphanumeric() || c == '_')
}

fn undeclared(segment: &str) -> String {
    format!("The resource path segment '{segment}' is not declared by the API.")
}

fn faulty(segment: &str, fault: Fault) -> String {
    match fault {
        Fault::Said(message) => message,
        Fault::Syntax(at) => {
            let at = at + parts(segment).0.chars().count() + 1;
            format!("The resource path segment '{segment}' has a syntax error at position {at}.")
        }
    }
}

impl<'t> Parser<'t, '_> {
    /// `Name=`, when it stands there.
    fn argument_name(&mut self) -> Option<&'t str> {
        let Some(Lexeme::Name(name)) = self.peek() else { return None };
        self.is_followed_by('=').then(|| {
            self.skip();
            self.skip();
            name
        })
    }

    /// One value of a key.
    fn value(&mut self) -> Result<(), Fault> {
        if self.is_mark(')') || self.is_mark(',') {
            return Err(self.wrong());
        }
        self.expression().map(drop)
    }
}
