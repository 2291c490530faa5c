//! `$apply`: transformations of OData's extension for aggregation.

use super::lexer::Kind as Lexeme;
use super::metadata::Kind;
use super::parser::{Fault, Parser};

/// Transformations, separated by slashes.
pub(super) fn transformations(parser: &mut Parser<'_, '_>) -> Result<(), Fault> {
    parser.deeper(|parser| {
        loop {
            transformation(parser)?;
            if !parser.eat('/') {
                return Ok(());
            }
        }
    })
}

fn transformation(parser: &mut Parser<'_, '_>) -> Result<(), Fault> {
    let name = parser.qualified()?;
    match name.as_str() {
        "identity" => return Ok(()),
        "filter" => inside(parser, |parser| parser.expression().map(drop)),
        "orderby" => inside(parser, |parser| parser.order()),
        "compute" => inside(parser, |parser| parser.computed()),
        "skip" | "top" => inside(parser, |parser| parser.number()),
        "aggregate" => inside(parser, |parser| parser.items(aggregated)),
        "groupby" => inside(parser, grouped),
        "concat" => inside(parser, |parser| parser.items(transformations)),
        "topcount" | "topsum" | "toppercent" | "bottomcount" | "bottomsum" | "bottompercent" => {
            inside(parser, |parser| {
                parser.expression()?;
                parser.expect(',')?;
                parser.expression().map(drop)
            })
        }
        "search" | "expand" | "join" | "outerjoin" | "nest" | "ancestors" | "descendants" | "traverse" => {
            if !parser.is_mark('(') {
                return Err(parser.wrong());
            }
            parser.balanced()
        }
        _ if name.contains('.') => parser.arguments().map(drop),
        _ => return Err(Fault::Said(format!("The transformation '{name}' is not known."))),
    }?;
    if !matches!(name.as_str(), "filter" | "orderby" | "skip" | "top" | "search") {
        // The result has members of its own.
        parser.it = Kind::unknown();
    }
    Ok(())
}

fn inside(
    parser: &mut Parser<'_, '_>,
    read: impl FnOnce(&mut Parser<'_, '_>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    parser.expect('(')?;
    read(parser)?;
    parser.expect(')')
}

/// `Amount with sum as Total`, `$count as Orders`.
fn aggregated(parser: &mut Parser<'_, '_>) -> Result<(), Fault> {
    parser.expression()?;
    while parser.word("with") || parser.word("from") {
        parser.qualified()?;
    }
    if parser.word("as") { parser.name().map(drop) } else { Ok(()) }
}

/// `(Country,rollup(…)),aggregate(…)`.
fn grouped(parser: &mut Parser<'_, '_>) -> Result<(), Fault> {
    parser.list('(', ')', |parser| match parser.peek() {
        Some(Lexeme::Name("rollup")) => {
            parser.skip();
            if parser.is_mark('(') { parser.balanced() } else { Err(parser.wrong()) }
        }
        _ => parser.expression().map(drop),
    })?;
    if parser.eat(',') { transformations(parser) } else { Ok(()) }
}
