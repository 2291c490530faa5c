//! The shape of policy documents that imports make.

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
