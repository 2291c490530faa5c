//! Which API and operation an element of `rate-limit` or `quota` is about, and what its counter is called.

use super::super::compile::Compiler;
use super::super::facts::Facts;
use super::super::spec::{Attribute, Child, Scope};
use crate::xml::Element;

pub(crate) const ID: Attribute = Attribute::optional("id", "the id of an API or operation", "");
pub(crate) const NAME: Attribute = Attribute::optional("name", "the display name of an API or operation", "");

/// What calls a limit counts.
#[derive(Clone, Debug)]
pub(crate) enum Subject {
    /// All that the document is about.
    All,
    /// Those of one API.
    Api(Named),
    /// Those of one operation, of one API or of any.
    Operation(Option<Named>, Named),
}

/// An entity by its id, or else by its display name.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    id: Option<Box<str>>,
    name: Option<Box<str>>,
}

/// A limit for each subject of an element.
#[derive(Debug)]
pub(crate) struct Rules<T> {
    scope: Scope,
    rules: Vec<(Subject, T)>,
}

/// The parts of the key of a counter: the subscription, the document's scope and what it is attached to, where in the
/// element the limit stands, API, operation.
pub(crate) type Parts<'a> = [&'a str; 7];

impl<T> Rules<T> {
    /// Reads `element` and the `api` and `operation` elements in it; `rule` reads what limits one of them.
    pub(crate) fn compile(
        compiler: &mut Compiler<'_>,
        element: &Element,
        [api, operation]: [&Child; 2],
        mut rule: impl FnMut(&mut Compiler<'_>, &Element) -> Option<T>,
    ) -> Self {
        let mut rules = Vec::new();
        rules.extend(rule(compiler, element).map(|rule| (Subject::All, rule)));
        let mut operation_of = |compiler: &mut Compiler<'_>, of: Option<&Named>, element: &Element| {
            compiler.check_child(operation, element);
            let named = Named::compile(compiler, element)?;
            Some((Subject::Operation(of.cloned(), named), rule(compiler, element)?))
        };
        let mut apis = Vec::new();
        for child in element.elements() {
            match &*child.name {
                "operation" => rules.extend(operation_of(compiler, None, child)),
                "api" => {
                    compiler.check_child(api, child);
                    let Some(named) = Named::compile(compiler, child) else { continue };
                    let operations = child.elements().filter(|child| &*child.name == "operation");
                    for child in operations {
                        rules.extend(operation_of(compiler, Some(&named), child));
                    }
                    apis.push((named, child));
                }
                _ => {}
            }
        }
        for (named, child) in apis {
            rules.extend(rule(compiler, child).map(|rule| (Subject::Api(named), rule)));
        }
        Self { scope: compiler.scope, rules }
    }

    /// The rules that hold for a request, with the keys of their counters; none without a subscription.
    pub(crate) fn holding<'a>(&'a self, facts: &'a Facts) -> impl Iterator<Item = (&'a T, Parts<'a>)> + Clone {
        let subscription = facts.subscription.as_ref();
        let api = facts.api.as_ref().map_or("", |api| &*api.id);
        let operation = facts.operation.as_ref().map_or("", |operation| &*operation.id);
        let (first, second) = match self.scope {
            Scope::Global => ("", ""),
            Scope::Workspace => (facts.workspace.as_ref().map_or("", |workspace| &*workspace.0), ""),
            Scope::Product => (facts.product.as_ref().map_or("", |product| &*product.id), ""),
            Scope::Api => (api, ""),
            Scope::Operation => (api, operation),
        };
        let scope = self.scope.name();
        subscription.into_iter().flat_map(move |subscription| {
            self.rules.iter().filter(|(subject, _)| subject.is_about(facts)).map(move |(subject, rule)| {
                let (place, api, operation) = match subject {
                    Subject::All => ("", "", ""),
                    Subject::Api(_) => ("api", api, ""),
                    Subject::Operation(None, _) => ("operation", api, operation),
                    Subject::Operation(Some(_), _) => ("api/operation", api, operation),
                };
                (rule, [&*subscription.id, scope, first, second, place, api, operation])
            })
        })
    }
}

impl Subject {
    fn is_about(&self, facts: &Facts) -> bool {
        let is_api = |named: &Named| facts.api.as_ref().is_some_and(|api| named.is(&api.id, &api.name));
        match self {
            Self::All => true,
            Self::Api(api) => is_api(api),
            Self::Operation(api, operation) => {
                let is_it = |facts: &Facts| facts.operation.as_ref().is_some_and(|it| operation.is(&it.id, &it.name));
                api.as_ref().is_none_or(is_api) && is_it(facts)
            }
        }
    }
}

impl Named {
    fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        let id = compiler.constant::<String>(element, &ID).map(Into::into);
        let name = compiler.constant::<String>(element, &NAME).map(Into::into);
        if id.is_none() && name.is_none() {
            let message = format!("`{}` has neither `id` nor `name`: it needs one of them", element.name);
            compiler.error(element.span.start, message);
            return None;
        }
        Some(Self { id, name })
    }

    fn is(&self, id: &str, name: &str) -> bool {
        match (&self.id, &self.name) {
            (Some(known), _) => known.eq_ignore_ascii_case(id),
            (None, Some(known)) => **known == *name,
            (None, None) => false,
        }
    }
}
