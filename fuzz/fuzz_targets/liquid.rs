//! Liquid templates: any template over any body gives text or an error, within its limits. The first line is the
//! template's body, the rest is the template.
#![no_main]

mod exchange;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (body, template) = text.split_once('\n').unwrap_or(("{}", text));
    if template.contains("]]>") {
        return;
    }
    let set_body = format!("<set-body template=\"liquid\"><![CDATA[{template}]]></set-body>");
    let Some(layer) = exchange::layer(&set_body) else { return };
    let content_type = if body.trim_start().starts_with('<') { "text/xml" } else { "application/json" };
    let (_, text) = exchange::answer(&layer, content_type, body.as_bytes());
    assert!(text.len() <= exchange::LIMIT, "{} bytes", text.len());
});
