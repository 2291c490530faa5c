//! Liquid templates between JSON and SOAP envelopes, and the policy document that holds them.

use super::definitions::Soap;
use super::fields::{Content, Field};
use crate::import::generated::{escape, policy_text};

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// What makes text safe inside a JSON string: backslashes, quotes and the control characters that XML may have are
/// escaped, backslashes first. Patterns are regular expressions, what replaces them is not.
const ESCAPED: &str =
    r#" | Replace: '\\', '\\' | Replace: '"', '\"' | Replace: '\r', '\r' | Replace: '\n', '\n' | Replace: '\t', '\t'"#;

/// Text that is not made longer than it may be.
struct Text {
    text: String,
    most: usize,
    is_full: bool,
}

impl Text {
    fn new(most: usize) -> Self {
        Self { text: String::new(), most, is_full: false }
    }

    fn push(&mut self, piece: &str) {
        self.is_full |= self.text.len() + piece.len() > self.most;
        if !self.is_full {
            self.text.push_str(piece);
        }
    }

    fn finish(self) -> Option<String> {
        (!self.is_full).then_some(self.text)
    }
}

/// The policy document of an operation; none when it is longer than `most` bytes.
pub(super) fn policy(
    path: &str,
    action: &str,
    soap: Soap,
    operation: &str,
    request: Option<&Field<'_>>,
    response: Option<&Field<'_>>,
    most: usize,
) -> Option<String> {
    let envelope = envelope(soap, operation, request, most)?;
    let json = json(response, most.checked_sub(envelope.len())?)?;
    Some(policy_text(&inbound(path, action, soap, &envelope), &outbound(soap, &json))).filter(|text| text.len() <= most)
}

fn inbound(path: &str, action: &str, soap: Soap, envelope: &str) -> String {
    let content_type = match soap {
        Soap::V11 => "text/xml".to_owned(),
        Soap::V12 => format!("application/soap+xml; action=\"{action}\""),
    };
    let action = match soap {
        Soap::V11 => header("SOAPAction", &format!("\"{action}\"")),
        Soap::V12 => String::new(),
    };
    format!(
        "        <rewrite-uri template=\"{}\" copy-unmatched-params=\"false\" />\n{action}        \
         <set-body template=\"liquid\">{envelope}</set-body>\n{}",
        escape(path),
        header("Content-Type", &content_type),
    )
}

fn header(name: &str, value: &str) -> String {
    format!(
        "        <set-header name=\"{name}\" exists-action=\"override\">\n            \
         <value>{}</value>\n        </set-header>\n",
        escape(value)
    )
}

/// The SOAP envelope of a request: values come from the JSON body.
fn envelope(soap: Soap, operation: &str, request: Option<&Field<'_>>, most: usize) -> Option<String> {
    let namespace = match soap {
        Soap::V11 => "http://schemas.xmlsoap.org/soap/envelope/",
        Soap::V12 => "http://www.w3.org/2003/05/soap-envelope",
    };
    let mut text = Text::new(most);
    text.push(&format!("<soap:Envelope xmlns:soap=\"{namespace}\""));
    let root = request.map(|field| field.namespace).filter(|namespace| !namespace.is_empty());
    if let Some(namespace) = root {
        text.push(&format!(" xmlns=\"{}\"", escape(namespace)));
    }
    if request.is_some_and(has_nillable) {
        text.push(&format!(" xmlns:xsi=\"{XSI}\""));
    }
    text.push("><soap:Body>");
    match request {
        Some(field) => {
            let path = member("body", &field.json_name());
            element(field, &path, root.unwrap_or_default(), 0, &mut text);
        }
        None => text.push(&format!("<{operation} />")),
    }
    text.push("</soap:Body></soap:Envelope>");
    text.finish()
}

fn has_nillable(field: &Field<'_>) -> bool {
    field.is_nillable
        || match &field.content {
            Content::Fields(fields) => fields.iter().any(has_nillable),
            Content::Scalar(_) => false,
        }
}

/// An element whose value is at `path` of the JSON body.
fn element(field: &Field<'_>, path: &str, default: &str, depth: usize, text: &mut Text) {
    if text.is_full {
        return;
    }
    let name = field.name;
    let declaration =
        if field.namespace == default { String::new() } else { format!(" xmlns=\"{}\"", escape(field.namespace)) };
    let is_conditional = depth > 0 && (field.is_optional || field.is_nillable) && !field.is_repeated;
    if is_conditional {
        text.push(&format!("{{% if {path} %}}"));
    }
    text.push(&format!("<{name}{declaration}"));
    match &field.content {
        Content::Fields(fields) if fields.is_empty() => text.push(" />"),
        Content::Fields(fields) => {
            text.push(">");
            match field.item() {
                Some(item) => {
                    let variable = variable(depth);
                    text.push(&format!("{{% for {variable} in {path} -%}}"));
                    element(item, &variable, field.namespace, depth + 1, text);
                    text.push("{% endfor -%}");
                }
                None => {
                    for child in fields {
                        if text.is_full {
                            break;
                        }
                        element(child, &member(path, &child.json_name()), field.namespace, depth + 1, text);
                    }
                }
            }
            text.push(&format!("</{name}>"));
        }
        Content::Scalar("string") => text.push(&format!(">{{{{{path} | Escape}}}}</{name}>")),
        Content::Scalar(_) => text.push(&format!(">{{{{{path}}}}}</{name}>")),
    }
    if is_conditional {
        if field.is_nillable {
            text.push(&format!("{{% else %}}<{name}{declaration} xsi:nil=\"true\" />"));
        }
        text.push("{% endif %}");
    }
}

/// The path to a member; in brackets when its name is more than a word.
fn member(path: &str, name: &str) -> String {
    let is_word = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-')) && !name.ends_with('-');
    if is_word { format!("{path}.{name}") } else { format!("{path}['{name}']") }
}

/// The variable of a loop: each level has its own.
fn variable(depth: usize) -> String {
    if depth <= 1 { "item".to_owned() } else { format!("item{depth}") }
}

/// The template of the JSON that a response becomes.
fn json(response: Option<&Field<'_>>, most: usize) -> Option<String> {
    let Some(field) = response else { return Some("{}".to_owned()) };
    let mut text = Text::new(most);
    text.push(&format!("{{ \"{}\": ", field.json_name()));
    value(field, &member("body.envelope.body", field.name), 0, &mut text);
    text.push(" }");
    text.finish()
}

fn outbound(soap: Soap, body: &str) -> String {
    let (code, message) = match soap {
        Soap::V11 => ("faultcode", "faultstring"),
        Soap::V12 => ("code.value", "reason.text"),
    };
    let is_fine = escape("@(context.Response.StatusCode < 400)");
    let old_body = escape("@(context.Response.Body.As<string>(preserveContent: true))");
    let is_empty = escape(IS_EMPTY);
    let invalid = escape(INVALID);
    format!(
        r#"        <choose>
            <when condition="{is_fine}">
                <set-body template="liquid">{body}</set-body>
            </when>
            <otherwise>
                <set-variable name="old-body" value="{old_body}" />
                <set-body template="liquid">{{"error": {{"code": "{{{{body.envelope.body.fault.{code}{ESCAPED}}}}}", "message": "{{{{body.envelope.body.fault.{message}{ESCAPED}}}}}"}}}}</set-body>
                <choose>
                    <when condition="{is_empty}">
                        <set-body>{invalid}</set-body>
                    </when>
                </choose>
            </otherwise>
        </choose>
{}"#,
        header("Content-Type", "application/json"),
    )
}

/// Whether the fault part found neither code nor message.
const IS_EMPTY: &str = r#"@{
                        var error = context.Response.Body.As<JObject>(preserveContent: true)["error"];
                        return string.IsNullOrEmpty((string)error["code"]) && string.IsNullOrEmpty((string)error["message"]);
                    }"#;

/// The body that stands for a response that is no SOAP fault.
const INVALID: &str = r#"@{
                            var oldBody = (string)context.Variables["old-body"];
                            var message = "The error response body was not a valid SOAP error response. ";
                            message += string.IsNullOrEmpty(oldBody) ? "The response body was empty." : "The response body was: '" + oldBody + "'.";
                            return new JObject(new JProperty("error", new JObject(new JProperty("code", "InvalidErrorResponseBody"), new JProperty("message", message)))).ToString();
                        }"#;

/// The JSON value of an element at `path` of the response.
fn value(field: &Field<'_>, path: &str, depth: usize, text: &mut Text) {
    if text.is_full {
        return;
    }
    let is_conditional = depth > 0 && (field.is_optional || field.is_nillable) && !field.is_repeated;
    if is_conditional {
        text.push(&format!("{{% if {path} %}}"));
    }
    match &field.content {
        Content::Scalar("string") => text.push(&format!("\"{{{{{path}{ESCAPED}}}}}\"")),
        Content::Scalar(_) => text.push(&format!("{{{{{path}}}}}")),
        Content::Fields(fields) => match field.item() {
            Some(item) => {
                let variable = variable(depth);
                text.push(&format!("[ {{% JSONArrayFor {variable} in {} -%}}", member(path, item.name)));
                value(item, &variable, depth + 1, text);
                text.push("{% endJSONArrayFor -%} ]");
            }
            None => {
                text.push("{ ");
                for (index, child) in fields.iter().enumerate() {
                    if text.is_full {
                        break;
                    }
                    let comma = if index == 0 { "" } else { ", " };
                    text.push(&format!("{comma}\"{}\": ", child.json_name()));
                    value(child, &member(path, child.name), depth + 1, text);
                }
                text.push(" }");
            }
        },
    }
    if is_conditional {
        text.push("{% else %} null {% endif %}");
    }
}
