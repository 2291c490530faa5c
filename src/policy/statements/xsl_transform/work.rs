//! The side of `xsl-transform` that is a process of its own: reads what to transform, and answers it.

use std::collections::HashMap;
use std::io::{self, BufReader, BufWriter, Read, Write};

use roxmltree::Document;

use super::engine::Compiled;
use super::stylesheet::output_of;

/// What a worker says first. Whatever a program wrote before it is no answer.
pub(super) const READY: &[u8; 8] = b"\0xsl-1\0\n";

/// How many stylesheets a worker keeps.
const STYLESHEETS: usize = 64;

/// Answers until there is nothing more to read; `memory` is what it may take, in bytes.
pub(super) fn serve(memory: u64) -> io::Result<()> {
    bound(memory)?;
    let (mut input, mut output) = (BufReader::new(io::stdin().lock()), BufWriter::new(io::stdout().lock()));
    output.write_all(READY)?;
    output.flush()?;
    let mut known = HashMap::new();
    while let Some(stylesheet) = part(&mut input)? {
        let xml = text(&mut input)?;
        let count = number(&mut input)?.unwrap_or_default();
        let parameters = (0..count).map(|_| Ok((text(&mut input)?, text(&mut input)?)));
        let parameters = parameters.collect::<io::Result<Vec<_>>>()?;
        let (sign, answer) = match transform(&mut known, stylesheet, &xml, &parameters) {
            Ok(answer) => (b'+', answer),
            Err(problem) => (b'-', problem.into_bytes()),
        };
        output.write_all(&[sign])?;
        output.write_all(&(answer.len() as u64).to_le_bytes())?;
        output.write_all(&answer)?;
        output.flush()?;
    }
    Ok(())
}

fn transform(
    known: &mut HashMap<Vec<u8>, Compiled>,
    stylesheet: Vec<u8>,
    xml: &str,
    parameters: &[(String, String)],
) -> Result<Vec<u8>, String> {
    if !known.contains_key(&stylesheet) {
        let text = String::from_utf8(stylesheet.clone()).map_err(|error| error.to_string())?;
        let output = output_of(&Document::parse(&text).map_err(|error| error.to_string())?);
        if known.len() >= STYLESHEETS {
            known.clear();
        }
        known.insert(stylesheet.clone(), Compiled::new(text, output)?);
    }
    match known.get_mut(&stylesheet) {
        Some(compiled) => compiled.transform(xml, parameters),
        None => Err("The stylesheet is gone.".to_owned()),
    }
}

/// Bounds the memory of this process.
#[cfg(unix)]
fn bound(memory: u64) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};

    // On Linux what is mapped of files does not count, so that a large program is no different from a small one.
    let resource = if cfg!(target_os = "linux") { Resource::Data } else { Resource::As };
    Ok(setrlimit(resource, Rlimit { current: Some(memory), maximum: Some(memory) })?)
}

#[cfg(not(unix))]
fn bound(_: u64) -> io::Result<()> {
    Ok(())
}

/// A length of eight bytes; none at the end of the input.
fn number(input: &mut impl Read) -> io::Result<Option<u64>> {
    let mut bytes = [0; 8];
    match input.read_exact(&mut bytes) {
        Ok(()) => Ok(Some(u64::from_le_bytes(bytes))),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

/// A length, and as many bytes; none at the end of the input.
fn part(input: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let Some(length) = number(input)? else { return Ok(None) };
    let mut bytes = Vec::new();
    input.take(length).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 == length).then_some(bytes))
}

fn text(input: &mut impl Read) -> io::Result<String> {
    let bytes = part(input)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    String::from_utf8(bytes).map_err(io::Error::other)
}
