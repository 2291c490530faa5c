//! The shape of policy documents that imports make, and what of a document may stand in them.

use super::finding::Findings;

/// A document that inherits everything and adds statements (indented by eight spaces, one a line) to two sections.
pub(super) fn policy_text(inbound: &str, outbound: &str) -> String {
    format!(
        "<policies>\n    <inbound>\n        <base />\n{inbound}    </inbound>\n    \
         <backend>\n        <base />\n    </backend>\n    \
         <outbound>\n        <base />\n{outbound}    </outbound>\n    \
         <on-error>\n        <base />\n    </on-error>\n</policies>\n"
    )
}

/// Text for an attribute in double quotes or for element content.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Whether a text of a description stands for itself in a policy: no named value, Liquid or expression begins in it.
///
/// Otherwise whoever writes the description could send secrets of the service to a host of theirs.
pub(super) fn is_literal(text: &str) -> bool {
    !["{{", "{%", "@(", "@{"].iter().any(|mark| text.contains(mark)) && !text.chars().any(char::is_control)
}

/// A path and query in which no expression begins. `@` means the same escaped; what else begins with a brace does not.
pub(super) fn without_expressions(path: &str) -> String {
    path.replace("@(", "%40(").replace("@{", "%40{")
}

/// A path and query without placeholders.
pub(super) fn literal_path(path: &str) -> String {
    without_expressions(path).replace('{', "%7B").replace('}', "%7D")
}

/// The URL of a backend, unless a named value would be put into it.
pub(super) fn literal_url(url: Option<String>, pointer: &str, findings: &mut Findings) -> Option<String> {
    let url = url?;
    if !url.contains("{{") {
        return Some(url);
    }
    findings.refuse("unsafe-text", pointer, format!("`{{{{` in `{url}` would put a named value into the URL"));
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_is_more_than_text() {
        for (text, is_plain) in [
            ("", true),
            ("http://tempuri.org/IService/Do?a={b}&c=d@e", true),
            ("urn:{{key}}", false),
            ("{%raw%}", false),
            ("@(context)", false),
            ("a@{return 1;}", false),
            ("a\nb", false),
        ] {
            assert_eq!(is_literal(text), is_plain, "{text}");
        }
        assert_eq!(without_expressions("/@{name}/{id}"), "/%40{name}/{id}");
        assert_eq!(literal_path("/a/{{b}}@(c)"), "/a/%7B%7Bb%7D%7D%40(c)");
    }
}
