//! Reads the children of an element that describes a request.

use http::Method;

use super::super::compile::Compiler;
use super::super::setting::Setting;
use super::super::statements::authentication_basic::AuthenticationBasic;
use super::super::statements::authentication_certificate::AuthenticationCertificate;
use super::super::statements::authentication_managed_identity::AuthenticationManagedIdentity;
use super::super::statements::include_fragment;
use super::super::statements::proxy::Proxy;
use super::super::statements::set_backend_service::SetBackendService;
use super::super::statements::set_body::SetBody;
use super::super::statements::set_header::SetHeader;
use super::address::absolute;
use super::{CHILDREN, Change, METHOD, To, URL};
use crate::xml::Element;

/// What the children of an element say, those of fragments among them.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) url: Option<To>,
    pub(super) method: Option<Method>,
    pub(super) changes: Vec<Change>,
    /// Whether something is wrong with one of them.
    pub(super) is_broken: bool,
}

impl Parts {
    pub(super) fn read(&mut self, compiler: &mut Compiler<'_>, element: &Element, has_backend: bool) {
        if &*element.name == "fragment" {
            compiler.counts(element, CHILDREN);
        }
        for child in element.elements() {
            if compiler.is_resolver && *child.name == *include_fragment::SPEC.element {
                let read = include_fragment::inside(compiler, child, |inner| {
                    inner.is_fragment = true;
                    let document = inner.document;
                    self.read(inner, &document.root, has_backend);
                });
                self.is_broken |= read.is_none();
                continue;
            }
            let Some(known) = CHILDREN.iter().find(|known| *known.element == *child.name) else {
                if child.name.starts_with("authentication-token") {
                    let message = "it is retired: use `authentication-managed-identity`";
                    compiler.note(child.span.start, message.to_owned());
                } else if compiler.is_fragment {
                    let message = format!("`{}` cannot stand in `http-request`", child.name);
                    compiler.error(child.span.start, message);
                    self.is_broken = true;
                }
                continue;
            };
            compiler.check_child(known, child);
            let change = match known.element {
                "set-url" => {
                    self.url = to(compiler, child, has_backend);
                    self.is_broken |= self.url.is_none();
                    continue;
                }
                "set-method" => {
                    self.method = fixed_method(compiler, child);
                    self.is_broken |= self.method.is_none();
                    continue;
                }
                "set-header" => SetHeader::compile(compiler, child).map(Change::Header),
                "set-body" => SetBody::compile(compiler, child).map(Change::Body),
                "set-backend-service" => backend(compiler, child).map(Change::Backend),
                "authentication-basic" => AuthenticationBasic::compile(compiler, child).map(Change::Basic),
                "authentication-certificate" => {
                    AuthenticationCertificate::compile(compiler, child).map(Change::Certificate)
                }
                "authentication-managed-identity" => {
                    AuthenticationManagedIdentity::compile(compiler, child).map(Change::Identity)
                }
                _ => Proxy::compile(compiler, child).map(Change::Proxy),
            };
            self.is_broken |= change.is_none();
            self.changes.extend(change);
        }
    }
}

/// The URL; a literal is parsed now. Next to a `set-backend-service` only its path and query count.
fn to(compiler: &mut Compiler<'_>, element: &Element, has_backend: bool) -> Option<To> {
    match compiler.text::<String>(element, true, URL)? {
        Setting::Constant(text) => {
            let rooted = if has_backend && text.starts_with('/') { format!("http://backend{text}") } else { text };
            match absolute(&rooted) {
                Ok(Ok(uri)) => Some(To::Constant(uri)),
                _ => {
                    let message = format!("the text of `set-url` is `{rooted}`: expected {URL}");
                    compiler.error(element.inner.start, message);
                    None
                }
            }
        }
        computed => Some(To::Computed(computed)),
    }
}

fn backend(compiler: &mut Compiler<'_>, element: &Element) -> Option<SetBackendService> {
    let backend = SetBackendService::compile(compiler, element)?;
    if backend.resolves_again() {
        let message = "`sf-resolve-condition` of `set-backend-service` has no effect here: the request is sent once";
        compiler.warning(element.span.start, message.to_owned());
    }
    Some(backend)
}

fn fixed_method(compiler: &mut Compiler<'_>, element: &Element) -> Option<Method> {
    let Setting::Constant(text) = compiler.text::<String>(element, false, METHOD)? else { return None };
    match text.parse() {
        Ok(method) => Some(method),
        Err(_) => {
            compiler.error(element.inner.start, format!("the text of `set-method` is `{text}`: expected {METHOD}"));
            None
        }
    }
}
