//! Keys that stand in a document: `issuer-signing-keys`, `issuer-signing-tokens`, `decryption-keys`.

use super::super::certificates;
use super::super::compile::Compiler;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Child, Content};
use crate::jwt::{DecryptionKey, Key, KeyError};
use crate::xml::Element;

const ID: Attribute = Attribute::optional("id", "the `kid` of tokens that are signed with it", "none");
const CERTIFICATE: Attribute = Attribute::optional("certificate-id", "the id of a certificate", "none");
const MODULUS: Attribute = Attribute::optional("n", "the modulus of an RSA key, base64url", "none");
const EXPONENT: Attribute = Attribute::optional("e", "the exponent of an RSA key, base64url", "none");
const TEXT: Content = Content::Text { expressions: false };
const SIGNING_KEY: Child = Child::new("key", "0..n", TEXT).attributes(&[ID, CERTIFICATE, MODULUS, EXPONENT]);
const TOKEN: Child = Child::new("token", "0..n", TEXT);
const DECRYPTION_KEY: Child = Child::new("key", "1..n", TEXT).attributes(&[ID, CERTIFICATE]);
pub(crate) const SIGNING_KEYS: Child = Child::new("issuer-signing-keys", "0..1", Content::Elements(&[SIGNING_KEY]));
pub(crate) const SIGNING_TOKENS: Child = Child::new("issuer-signing-tokens", "0..1", Content::Elements(&[TOKEN]));
pub(crate) const DECRYPTION_KEYS: Child = Child::new("decryption-keys", "0..1", Content::Elements(&[DECRYPTION_KEY]));

/// A key shorter than this can be guessed; the library of API Management refuses it.
const SHORTEST_SECRET: usize = 16;

/// The keys in `issuer-signing-keys` or `issuer-signing-tokens`; none when one of them is wrong.
pub(crate) fn signing_keys(compiler: &mut Compiler<'_>, parent: &Element) -> Option<Vec<Key>> {
    let is_tokens = &*parent.name == SIGNING_TOKENS.element;
    let (known, child) = if is_tokens { (&SIGNING_TOKENS, &TOKEN) } else { (&SIGNING_KEYS, &SIGNING_KEY) };
    compiler.check_child(known, parent);
    all(parent, child, |element| {
        compiler.check_child(child, element);
        if is_tokens { legacy_token(compiler, element) } else { signing_key(compiler, element) }
    })
}

/// The keys in `decryption-keys`; none when one of them is wrong.
pub(crate) fn decryption_keys(compiler: &mut Compiler<'_>, parent: &Element) -> Option<Vec<DecryptionKey>> {
    compiler.check_child(&DECRYPTION_KEYS, parent);
    if parent.elements().next().is_none() {
        compiler.error(parent.span.start, "`decryption-keys` has no `key`: it needs one or more".to_owned());
    }
    all(parent, &DECRYPTION_KEY, |element| {
        compiler.check_child(&DECRYPTION_KEY, element);
        decryption_key(compiler, element)
    })
}

fn all<T>(parent: &Element, child: &Child, mut read: impl FnMut(&Element) -> Option<T>) -> Option<Vec<T>> {
    let elements = parent.elements().filter(|element| *element.name == *child.element);
    let read: Vec<Option<T>> = elements.map(&mut read).collect();
    read.into_iter().collect()
}

fn signing_key(compiler: &mut Compiler<'_>, element: &Element) -> Option<Key> {
    let id = compiler.constant::<String>(element, &ID);
    let has = |attribute: &Attribute| element.attribute(attribute.name).is_some();
    let text = text(compiler, element)?;
    let (has_certificate, has_numbers) = (has(&CERTIFICATE), has(&MODULUS) && has(&EXPONENT));
    let key = match (has_certificate, has_numbers, text.is_empty()) {
        (true, false, true) => {
            let name = compiler.constant::<String>(element, &CERTIFICATE)?;
            Key::of_certificate(certificates::named(compiler, element.span.start, &name)?.certificate.raw())
        }
        (false, true, true) => {
            let modulus = compiler.constant::<String>(element, &MODULUS);
            Key::rsa(&modulus?, &compiler.constant::<String>(element, &EXPONENT)?)
        }
        (false, false, false) if !has(&MODULUS) && !has(&EXPONENT) => Key::secret(&text),
        _ => {
            let message = "`key` needs one of `certificate-id`, `n` with `e`, and a text";
            compiler.error(element.span.start, message.to_owned());
            return None;
        }
    };
    let key = key.map_err(|problem| wrong(compiler, element, &problem)).ok()?;
    if key.secret_size().is_some_and(|size| size < SHORTEST_SECRET) {
        let message = format!("the text of `key` is a secret of less than {SHORTEST_SECRET} bytes: it can be guessed");
        compiler.warning(element.span.start, message);
    }
    Some(key.named(id.as_deref()))
}

fn legacy_token(compiler: &mut Compiler<'_>, element: &Element) -> Option<Key> {
    let text = text(compiler, element)?;
    let key = Key::of_certificate_text(&text);
    key.map_err(|problem| wrong(compiler, element, &problem)).ok()
}

fn decryption_key(compiler: &mut Compiler<'_>, element: &Element) -> Option<DecryptionKey> {
    let text = text(compiler, element)?;
    let Some(attribute) = element.attribute(CERTIFICATE.name) else {
        return DecryptionKey::secret(&text).map_err(|problem| wrong(compiler, element, &problem)).ok();
    };
    let at = attribute.span.start;
    if !text.is_empty() {
        compiler.error(element.span.start, "`key` has both of `certificate-id` and a text: expected one".to_owned());
        return None;
    }
    if !cfg!(feature = "aws-lc-rs") {
        let message = "`certificate-id` of `decryption-keys` needs a build with the feature `aws-lc-rs`";
        compiler.error(at, message.to_owned());
        return None;
    }
    let name = compiler.constant::<String>(element, &CERTIFICATE)?;
    let opened = certificates::named(compiler, at, &name)?;
    let key = opened.private_key.and_then(|key| DecryptionKey::rsa(&key));
    if key.is_none() {
        compiler.error(at, format!("certificate `{name}` has no private RSA key of 2048 bits or more"));
    }
    key
}

fn text(compiler: &mut Compiler<'_>, element: &Element) -> Option<String> {
    match compiler.text::<String>(element, false, "base64")? {
        Setting::Constant(text) => Some(text),
        Setting::Expression(_) => None,
    }
}

/// What is wrong with a key; not the key.
fn wrong(compiler: &mut Compiler<'_>, element: &Element, problem: &KeyError) {
    compiler.error(element.span.start, format!("`{}` cannot be used: {problem}", element.name));
}
