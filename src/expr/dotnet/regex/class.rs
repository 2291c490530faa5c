//! Character classes and escapes of single characters.

use super::super::chars;
use super::super::exception::Result;
use super::options::Options;
use super::parser::Parser;
use super::set::Set;

/// Classes may nest this deep, by subtraction.
const MAX_DEPTH: usize = 100;

/// The class after its `[`.
pub(super) fn class(parser: &mut Parser<'_>) -> Result<Set> {
    nested(parser, 0)
}

fn nested(parser: &mut Parser<'_>, depth: usize) -> Result<Set> {
    if depth > MAX_DEPTH {
        return parser.error("Sets are nested too deeply.");
    }
    let negated = parser.eat('^');
    let mut set = Set::default();
    let mut ranges = Vec::new();
    let mut subtracted = None;
    let mut first = true;
    loop {
        let Some(c) = parser.peek() else { return parser.error("Unterminated [] set.") };
        if c == ']' && !first {
            parser.at += 1;
            break;
        }
        first = false;
        if c == '[' && parser.peek_at(1) == Some(':') && posix(parser) {
            continue;
        }
        if c == '-' && parser.peek_at(1) == Some('[') && (!ranges.is_empty() || set != Set::default()) {
            parser.at += 2;
            subtracted = Some(nested(parser, depth + 1)?);
            if parser.peek() != Some(']') {
                return parser.error("A subtraction must be the last element in a character class.");
            }
            continue;
        }
        if c == '\\' {
            parser.at += 1;
            if let Some(escaped) = class_escape(parser)? {
                let is_range = parser.peek() == Some('-') && !matches!(parser.peek_at(1), None | Some(']' | '['));
                if is_range {
                    return parser.error("Cannot include class in character range.");
                }
                set = set.union(&escaped);
                continue;
            }
            parser.at -= 1;
        }
        let start = member(parser)?;
        let mut end = start;
        if parser.peek() == Some('-') && !matches!(parser.peek_at(1), None | Some(']')) {
            let subtraction = parser.peek_at(1) == Some('[');
            if !subtraction {
                parser.at += 1;
                end = range_end(parser)?;
            }
        }
        if end < start {
            return parser.error("[x-y] range in reverse order.");
        }
        ranges.push((start, end));
    }
    if parser.has(Options::IGNORE_CASE) {
        let folded: Vec<_> = ranges
            .iter()
            .flat_map(|&(start, end)| start..=end)
            .flat_map(|unit| [chars::to_lower(unit), chars::to_upper(unit)])
            .map(|unit| (unit, unit))
            .collect();
        ranges.extend(folded);
    }
    set = set.union(&Set::from_ranges(ranges));
    if negated {
        set = set.negate();
    }
    Ok(subtracted.map_or_else(|| set.clone(), |other| set.subtract(&other)))
}

fn range_end(parser: &mut Parser<'_>) -> Result<u16> {
    if parser.peek() == Some('\\') {
        parser.at += 1;
        if class_escape(parser)?.is_some() {
            return parser.error("Cannot include class in character range.");
        }
        parser.at -= 1;
    }
    member(parser)
}

/// Skips `[:name:]`, which .NET ignores.
fn posix(parser: &mut Parser<'_>) -> bool {
    let start = parser.at;
    parser.at += 2;
    parser.word();
    if parser.eat(':') && parser.eat(']') {
        return true;
    }
    parser.at = start;
    false
}

fn member(parser: &mut Parser<'_>) -> Result<u16> {
    if parser.eat('\\') {
        return match parser.peek() {
            None => parser.error("Illegal \\ at end of pattern."),
            Some('b') => {
                parser.at += 1;
                Ok(8)
            }
            Some(_) => char_escape(parser),
        };
    }
    let Some(&unit) = parser.pattern.get(parser.at) else { return parser.error("Unterminated [] set.") };
    parser.at += 1;
    Ok(unit)
}

/// `\d`, `\w`, `\s`, `\p{…}` and their opposites, after the backslash; nothing when it is another escape.
pub(super) fn class_escape(parser: &mut Parser<'_>) -> Result<Option<Set>> {
    let ecma = parser.has(Options::ECMA_SCRIPT);
    let Some(letter) = parser.peek() else { return Ok(None) };
    let set = match letter {
        'd' | 'D' => Set::digits(ecma),
        'w' | 'W' => Set::word(ecma),
        's' | 'S' => Set::space(ecma),
        'p' | 'P' => {
            parser.at += 1;
            property(parser)?
        }
        _ => return Ok(None),
    };
    if !matches!(letter, 'p' | 'P') {
        parser.at += 1;
    }
    Ok(Some(if letter.is_ascii_uppercase() { set.negate() } else { set }))
}

fn property(parser: &mut Parser<'_>) -> Result<Set> {
    if !parser.eat('{') {
        return parser.error("Malformed \\p{X} character escape.");
    }
    let mut name = String::new();
    while let Some(c) = parser.peek().filter(|&c| c != '}') {
        name.push(c);
        parser.at += 1;
    }
    if !parser.eat('}') {
        return parser.error("Incomplete \\p{X} character escape.");
    }
    match Set::named(&name) {
        Some(set) => Ok(set),
        None => parser.error(format!("Unknown property '{name}'.")),
    }
}

/// An escape of one character, after the backslash.
pub(super) fn char_escape(parser: &mut Parser<'_>) -> Result<u16> {
    let Some(letter) = parser.peek() else { return parser.error("Illegal \\ at end of pattern.") };
    if ('0'..='7').contains(&letter) {
        return Ok(octal(parser));
    }
    parser.at += 1;
    Ok(match letter {
        'a' => 7,
        'b' => 8,
        'e' => 27,
        'f' => 12,
        'n' => 10,
        'r' => 13,
        't' => 9,
        'v' => 11,
        'x' => hexadecimal(parser, 2)?,
        'u' => hexadecimal(parser, 4)?,
        'c' => {
            let Some(control) = parser.peek() else { return parser.error("Missing control character.") };
            parser.at += 1;
            match control.to_ascii_uppercase() {
                upper @ '@'..='_' => upper as u16 - 64,
                _ => return parser.error("Unrecognized control character."),
            }
        }
        other if other == '_' || other.is_alphanumeric() => {
            return parser.error(format!("Unrecognized escape sequence \\{other}."));
        }
        _ => parser.pattern[parser.at - 1],
    })
}

fn octal(parser: &mut Parser<'_>) -> u16 {
    let most = if parser.has(Options::ECMA_SCRIPT) && parser.peek().is_some_and(|c| c > '3') { 2 } else { 3 };
    let mut value = 0;
    for _ in 0..most {
        let Some(digit) = parser.peek().and_then(|c| c.to_digit(8)) else { break };
        value = value * 8 + digit as u16;
        parser.at += 1;
    }
    value & 0xFF
}

fn hexadecimal(parser: &mut Parser<'_>, count: usize) -> Result<u16> {
    let mut value = 0;
    for _ in 0..count {
        let Some(digit) = parser.peek().and_then(|c| c.to_digit(16)) else {
            return parser.error("Insufficient hexadecimal digits.");
        };
        value = value << 4 | digit as u16;
        parser.at += 1;
    }
    Ok(value)
}
