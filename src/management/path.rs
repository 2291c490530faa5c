//! The path of a call: which service, and where in it.

use percent_encoding::percent_decode_str;

/// The path of a call, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    /// The id of the service as the caller writes it: `/subscriptions/…/service/{name}`.
    pub service_id: String,
    /// Name of the service.
    pub service: String,
    /// Name of the workspace, when something in it is meant.
    pub workspace: Option<String>,
    /// Kinds and names from the outside in, and perhaps an action; empty for the service itself.
    pub segments: Vec<String>,
}

impl Path {
    /// None when the path is not below a service of API Management.
    pub fn parse(path: &str) -> Option<Self> {
        let path = path.strip_prefix('/')?;
        let path = path.strip_suffix('/').unwrap_or(path);
        let words =
            path.split('/').map(|word| percent_decode_str(word).decode_utf8().ok().map(|word| word.into_owned()));
        let words: Vec<String> = words.collect::<Option<_>>()?;
        let [subscriptions, subscription, groups, group, providers, provider, service, name, rest @ ..] = &*words
        else {
            return None;
        };
        let fixed = [
            (subscriptions, "subscriptions"),
            (groups, "resourceGroups"),
            (providers, "providers"),
            (provider, "Microsoft.ApiManagement"),
            (service, "service"),
        ];
        let is_service = fixed.iter().all(|(word, expected)| word.eq_ignore_ascii_case(expected));
        if !is_service || words.iter().any(String::is_empty) {
            return None;
        }
        let (workspace, segments) = match rest {
            [kind, workspace, more @ ..] if kind.eq_ignore_ascii_case("workspaces") && !more.is_empty() => {
                (Some(workspace.clone()), more)
            }
            _ => (None, rest),
        };
        Some(Self {
            service_id: format!(
                "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.ApiManagement/service/{name}"
            ),
            service: name.clone(),
            workspace,
            segments: segments.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SERVICE: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiManagement/service/contoso";

    #[test]
    fn paths() {
        for (path, workspace, segments) in [
            ("", None, &[][..]),
            ("/", None, &[]),
            ("/apis/orders%3Brev=2", None, &["apis", "orders;rev=2"]),
            ("/workspaces", None, &["workspaces"]),
            ("/Workspaces/w", None, &["Workspaces", "w"]),
            ("/workspaces/w/apis/a/operations/o", Some("w"), &["apis", "a", "operations", "o"]),
        ] {
            let found = Path::parse(&format!("{SERVICE}{path}")).unwrap();
            assert_eq!((found.workspace.as_deref(), found.service_id.as_str()), (workspace, SERVICE), "{path}");
            assert_eq!(found.segments, segments, "{path}");
        }
        assert!(Path::parse(&SERVICE.to_uppercase()).is_some());
        for path in ["", "/", "/subscriptions/s", "/x", "//", &SERVICE.replace("contoso", "")] {
            assert_eq!(Path::parse(path), None, "{path}");
        }
        assert_eq!(Path::parse(&format!("{SERVICE}/apis//x")), None);
        assert_eq!(Path::parse(&format!("{SERVICE}/apis/%ff")), None);
    }

    proptest! {
        #[test]
        fn no_path_is_too_odd(path in ".*") {
            let _ = Path::parse(&path);
            let _ = Path::parse(&format!("{SERVICE}/{path}"));
        }
    }
}
