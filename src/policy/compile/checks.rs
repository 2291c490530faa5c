//! What a policy's specification says of its element: where it may stand, its attributes and children.

use std::sync::Arc;

use super::{Compiler, Read, near, one_of};
use crate::policy::spec::{Attribute, Child, Content, Scope, Section, Sections, Spec};
use crate::xml::{Element, Space};

impl Compiler<'_> {
    /// Checks an element against what its policy declares.
    pub(crate) fn check(&mut self, spec: &Spec, element: &Element) {
        // What belongs to GraphQL resolvers says so itself.
        let is_elsewhere = spec.sections == Sections::of(&[]);
        if self.knows_section && !spec.sections.contains(self.section) && !is_elsewhere {
            let places = one_of(spec.sections.iter().map(Section::name));
            let message = format!("`{}` is not allowed in `{}`: it belongs in {places}", spec.element, self.section);
            self.strict(element.span.start, message);
            self.vendor_text(Some(element), "Policy section is not allowed in the specified scope");
        }
        if !spec.scopes.contains(self.scope) && !is_elsewhere {
            let places = one_of(spec.scopes.iter().map(Scope::name));
            let message = format!(
                "`{}` is not allowed in a document of scope `{}`: its scopes are {places}",
                spec.element, self.scope
            );
            self.strict(element.span.start, message);
            self.vendor_text(Some(element), "Policy scope is not allowed in the specified section");
        }
        if spec.once {
            if self.seen_once.contains(&(self.section, spec.element)) {
                let message = format!("a second `{}`: `{}` may have one", spec.element, self.section);
                self.strict(element.span.start, message);
            }
            self.seen_once.push((self.section, spec.element));
        }
        self.attributes(element, spec.attributes, true);
        self.content(element, spec.content);
    }

    /// Checks a child element against what its policy declares.
    pub(crate) fn check_child(&mut self, child: &Child, element: &Element) {
        self.attributes(element, child.attributes, child.is_policy);
        if child.is_policy {
            self.id(element);
        }
        self.content(element, child.content);
    }

    pub(super) fn content(&mut self, element: &Element, content: Content) {
        match content {
            Content::Nothing => {
                self.child_elements(element);
                if let Some(child) = element.elements().next() {
                    let message =
                        format!("`{}` has no child elements: `{}` cannot stand in it", element.name, child.name);
                    self.error(child.span.start, message);
                }
            }
            Content::Text { .. } => {
                if let Some(child) = element.elements().next() {
                    let message = format!("`{}` holds text: `{}` cannot stand in it", element.name, child.name);
                    self.error(child.span.start, message);
                }
            }
            Content::TextOrElements(_) if element.elements().next().is_none() => {}
            Content::Elements(children) | Content::TextOrElements(children) => {
                self.child_elements(element);
                for child in element.elements() {
                    if children.iter().all(|known| *known.element != *child.name) {
                        let places = one_of(children.iter().map(|known| known.element));
                        let message = format!("`{}` cannot stand in `{}`: expected {places}", child.name, element.name);
                        self.error(child.span.start, message);
                    }
                }
                self.counts(element, children);
            }
            Content::Policies | Content::Verbatim => {}
        }
    }

    /// Reports children that stand twice where once is allowed.
    pub(crate) fn counts(&mut self, element: &Element, children: &[Child]) {
        for known in children.iter().filter(|known| known.is_single()) {
            if let Some(second) = element.elements().filter(|child| *child.name == *known.element).nth(1) {
                let message = format!("a second `{}`: `{}` may have one", known.element, element.name);
                self.error(second.span.start, message);
            }
        }
    }

    pub(super) fn attributes(&mut self, element: &Element, known: &[Attribute], has_id: bool) {
        for attribute in &element.attributes {
            if known.iter().any(|known| *known.name == *attribute.name) || (has_id && &*attribute.name == "id") {
                continue;
            }
            let hint = near(&attribute.name, known.iter().map(|known| known.name))
                .map_or(String::new(), |name| format!(": did you mean `{name}`?"));
            let message = format!("`{}` has no attribute `{}`{hint}", element.name, attribute.name);
            self.strict(attribute.span.start, message);
            self.vendor_text(Some(element), &format!("The '{}' attribute is not declared.", attribute.name));
        }
        for known in known.iter().filter(|known| known.required && element.attribute(known.name).is_none()) {
            let message = format!("`{}` needs the attribute `{}`: {}", element.name, known.name, known.kind);
            self.error(element.span.start, message);
        }
    }

    /// Reports a Backend entity that is not known.
    pub(crate) fn backend(&mut self, offset: usize, id: &str) {
        let known = &self.environment.backends;
        if known.as_ref().is_none_or(|known| known.contains(&id.to_ascii_lowercase())) {
            return;
        }
        if self.environment.takes_as_given() {
            self.note(offset, format!("backend `{id}` is taken as given"));
        } else {
            self.error(offset, format!("backend `{id}` is not defined"));
        }
    }

    pub(crate) fn no_attributes(&mut self, element: &Element) {
        self.attributes(element, &[], false);
    }

    /// Reports text where only elements belong.
    pub(super) fn child_elements(&mut self, element: &Element) {
        if let Some(text) = element.stray_text(self.document) {
            let raw = text.raw(self.document);
            let start = text.span().start + (raw.len() - raw.trim_start().len());
            let shown: String = raw.trim().chars().take(40).collect();
            self.error(start, format!("text `{shown}` stands between the elements of `{}`", element.name));
        }
    }

    pub(super) fn id(&mut self, element: &Element) -> Option<Arc<str>> {
        match self.read(&element.attribute("id")?.value, Space::Keep, "id")? {
            Read::Literal(id) => Some(id.into()),
            Read::Given => None,
            Read::Expression(_) => {
                self.error(element.span.start, "`id` does not take an expression".to_owned());
                None
            }
        }
    }
}
