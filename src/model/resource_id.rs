//! Resource ids, full and short.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

/// The id of a resource of API Management: full as Azure writes it, or short as templates and folders do.
///
/// Read forms, each with or without `/workspaces/{name}` before the kind:
///
/// - `/subscriptions/{id}/resourceGroups/{name}/providers/Microsoft.ApiManagement/service/{name}/backends/{name}`
/// - the same behind `https://management.azure.com`
/// - `/backends/{name}` and `backends/{name}`
/// - `/apis` (all of a kind) and `/` or the id of a service (everything), as the scope of a subscription
///
/// Two ids are equal when they differ in case only. Printing gives the text that was read, without the host.
///
/// ```
/// use gatewright::model::ResourceId;
///
/// let id: ResourceId = "/workspaces/sales/apis/orders;rev=2/operations/list".parse()?;
/// assert_eq!((id.workspace(), id.kind(), id.name()), (Some("sales"), "operations", "list"));
/// assert_eq!(id.first(), Some(("apis", Some("orders;rev=2"))));
/// # Ok::<_, gatewright::model::ResourceIdError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ResourceId {
    text: String,
    service: Option<Service>,
    workspace: Option<Span>,
    segments: Vec<(Span, Option<Span>)>,
}

#[derive(Debug, Clone, Copy)]
struct Service {
    subscription: Span,
    resource_group: Span,
    name: Span,
}

type Span = (usize, usize);

/// Why a text is not a resource id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not the id of an API Management resource: {problem}: expected `/{{kind}}/{{name}}` or the full id"
)]
pub struct ResourceIdError {
    text: String,
    problem: &'static str,
}

impl ResourceId {
    /// Reads an id; see the forms above.
    ///
    /// # Errors
    ///
    /// [`ResourceIdError`] when a segment is empty or unfilled (`<name>`, `{name}`), or the resource is of another provider.
    pub fn parse(text: &str) -> Result<Self, ResourceIdError> {
        let fail = |problem| ResourceIdError { text: text.to_owned(), problem };
        let path = strip_host(text.trim());
        let spans = split(path).ok_or_else(|| fail("a segment is empty"))?;
        let word = |span: &Span| path.get(span.0..span.1).unwrap_or_default();
        if spans.iter().any(|span| word(span).starts_with(['<', '{', '['])) {
            return Err(fail("a placeholder is not filled in"));
        }
        let words: Vec<&str> = spans.iter().map(word).collect();
        let is = |index: usize, expected: &str| words.get(index).is_some_and(|w| w.eq_ignore_ascii_case(expected));
        let (service, mut rest) = if is(0, "subscriptions") && is(2, "resourceGroups") {
            if !(is(4, "providers") && is(5, "Microsoft.ApiManagement") && is(6, "service")) {
                return Err(fail("it is of another provider"));
            }
            let [_, subscription, _, resource_group, _, _, _, name, rest @ ..] = spans.as_slice() else {
                return Err(fail("the service has no name"));
            };
            (Some(Service { subscription: *subscription, resource_group: *resource_group, name: *name }), rest)
        } else {
            (None, spans.as_slice())
        };
        let mut workspace = None;
        if let [kind, name, after @ ..] = rest
            && word(kind).eq_ignore_ascii_case("workspaces")
        {
            workspace = Some(*name);
            rest = after;
        }
        let segments = rest.chunks(2).filter_map(|pair| Some((*pair.first()?, pair.get(1).copied()))).collect();
        Ok(Self { text: path.to_owned(), service, workspace, segments })
    }

    /// Whether the id names its service.
    pub fn is_full(&self) -> bool {
        self.service.is_some()
    }

    /// Azure subscription of the service, in a full id.
    pub fn subscription(&self) -> Option<&str> {
        self.service.map(|service| self.word(service.subscription))
    }

    /// Resource group of the service, in a full id.
    pub fn resource_group(&self) -> Option<&str> {
        self.service.map(|service| self.word(service.resource_group))
    }

    /// Name of the service, in a full id.
    pub fn service(&self) -> Option<&str> {
        self.service.map(|service| self.word(service.name))
    }

    /// Name of the workspace.
    pub fn workspace(&self) -> Option<&str> {
        self.workspace.map(|span| self.word(span))
    }

    /// Kind of the resource, such as `backends`; empty when the id names a service or a workspace.
    pub fn kind(&self) -> &str {
        self.segments.last().map_or("", |(kind, _)| self.word(*kind))
    }

    /// Name of the resource; empty when the id names all of a kind (`/apis`), a service or a workspace.
    pub fn name(&self) -> &str {
        self.segments.last().and_then(|(_, name)| *name).map_or("", |name| self.word(name))
    }

    /// Kind and name of the outermost resource inside the service or workspace.
    pub fn first(&self) -> Option<(&str, Option<&str>)> {
        self.segments().next()
    }

    /// Kinds and names from the outside in; only the last name can be missing.
    pub fn segments(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.segments.iter().map(|(kind, name)| (self.word(*kind), name.map(|name| self.word(name))))
    }

    /// The id as it was read, without host.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn word(&self, span: Span) -> &str {
        self.text.get(span.0..span.1).unwrap_or_default()
    }

    /// What two ids are compared by.
    fn words(&self) -> impl Iterator<Item = &str> {
        self.text.split('/').filter(|word| !word.is_empty())
    }
}

impl FromStr for ResourceId {
    type Err = ResourceIdError;

    fn from_str(text: &str) -> Result<Self, ResourceIdError> {
        Self::parse(text)
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for ResourceId {
    fn eq(&self, other: &Self) -> bool {
        let mut others = other.words();
        self.words().all(|word| others.next().is_some_and(|other| word.eq_ignore_ascii_case(other)))
            && others.next().is_none()
    }
}

impl Eq for ResourceId {}

impl Hash for ResourceId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for word in self.words() {
            word.bytes().for_each(|byte| state.write_u8(byte.to_ascii_lowercase()));
            state.write_u8(b'/');
        }
    }
}

fn strip_host(text: &str) -> &str {
    let Some((scheme, rest)) = text.split_once("://") else { return text };
    if !(scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")) {
        return text;
    }
    rest.find('/').and_then(|slash| rest.get(slash..)).unwrap_or("/")
}

/// Where the segments of a path are; nothing when one inside is empty.
fn split(path: &str) -> Option<Vec<Span>> {
    let mut spans = Vec::new();
    let mut start = 0;
    for word in path.split('/') {
        spans.push((start, start + word.len()));
        start += word.len() + 1;
    }
    let is_empty = |span: &Span| span.0 == span.1;
    if spans.first().is_some_and(is_empty) {
        spans.remove(0);
    }
    if spans.last().is_some_and(is_empty) {
        spans.pop();
    }
    (!spans.iter().any(is_empty)).then_some(spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: &str = "/subscriptions/0/resourceGroups/rg1/providers/Microsoft.ApiManagement/service/contoso";

    #[test]
    fn reads_all_forms() {
        for (text, service, workspace, kind, name) in [
            (format!("{SERVICE}/backends/b1"), Some("contoso"), None, "backends", "b1"),
            (format!("https://management.azure.com{SERVICE}/apis/a"), Some("contoso"), None, "apis", "a"),
            (format!("{SERVICE}/workspaces/w/certificates/c"), Some("contoso"), Some("w"), "certificates", "c"),
            (format!("{SERVICE}/"), Some("contoso"), None, "", ""),
            (SERVICE.to_lowercase(), Some("contoso"), None, "", ""),
            ("/backends/b1".into(), None, None, "backends", "b1"),
            ("backends/b1".into(), None, None, "backends", "b1"),
            ("/apis".into(), None, None, "apis", ""),
            ("/apis/".into(), None, None, "apis", ""),
            ("/".into(), None, None, "", ""),
            ("/workspaces/w/backends/b".into(), None, Some("w"), "backends", "b"),
            ("/apis/a;rev=2/operations/o".into(), None, None, "operations", "o"),
            ("/subscriptions/abc".into(), None, None, "subscriptions", "abc"),
        ] {
            let id = ResourceId::parse(&text).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(
                (id.service(), id.workspace(), id.kind(), id.name()),
                (service, workspace, kind, name),
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_with_a_reason() {
        for (text, problem) in [
            ("/backends//b", "a segment is empty"),
            ("/backends/<name>", "a placeholder is not filled in"),
            ("/subscriptions/0/resourceGroups/rg/providers/Microsoft.Web/sites/x", "it is of another provider"),
            ("/subscriptions/0/resourceGroups/rg/providers/Microsoft.ApiManagement/service", "the service has no name"),
        ] {
            assert_eq!(ResourceId::parse(text).unwrap_err().problem, problem, "{text}");
        }
    }

    #[test]
    fn compares_without_regard_to_case() {
        let (a, b) = (ResourceId::parse("/Backends/B1").unwrap(), ResourceId::parse("backends/b1/").unwrap());
        assert_eq!(a, b);
        assert_eq!(std::collections::HashSet::from([a, b]).len(), 1);
        assert_ne!(ResourceId::parse("/backends/b1").unwrap(), ResourceId::parse("/backends/b2").unwrap());
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = ResourceId::parse(&text);
        }

        #[test]
        fn printing_and_parsing_is_the_identity(words in proptest::collection::vec("[a-zA-Z0-9;=.-]{1,8}", 1..9)) {
            let text = format!("/{}", words.join("/"));
            if let Ok(id) = ResourceId::parse(&text) {
                proptest::prop_assert_eq!(id.to_string(), text);
                proptest::prop_assert_eq!(ResourceId::parse(id.as_str()).unwrap(), id);
            }
        }
    }
}
