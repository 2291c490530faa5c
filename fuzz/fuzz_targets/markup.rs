//! XML and JSON bodies: whatever comes gives JSON and XML that are well-formed, or an error.
#![no_main]

mod exchange;

use std::sync::LazyLock;

use gatewright::policy::PolicyLayer;
use http::StatusCode;
use libfuzzer_sys::fuzz_target;

static TO_JSON: LazyLock<[PolicyLayer; 2]> = LazyLock::new(|| {
    ["direct", "javascript-friendly"].map(|kind| {
        let convert = format!("<xml-to-json kind=\"{kind}\" apply=\"always\" consider-accept-header=\"false\" />");
        exchange::layer(&convert).expect("a document")
    })
});

static TO_XML: LazyLock<PolicyLayer> = LazyLock::new(|| {
    let convert = "<json-to-xml apply=\"always\" consider-accept-header=\"false\" namespace-separator=\":\" \
                   namespace-prefix=\"xmlns\" attribute-block-name=\"#attrs\" attribute-prefix=\"@\" />";
    exchange::layer(convert).expect("a document")
});

fuzz_target!(|body: &[u8]| {
    for to_json in &*TO_JSON {
        let (status, json) = exchange::answer(to_json, "text/xml", body);
        // Without a body there is nothing to convert.
        if status == StatusCode::OK && !json.is_empty() {
            serde_json::from_str::<serde::de::IgnoredAny>(&json).unwrap_or_else(|error| panic!("{error}: {json}"));
        }
    }
    let (status, xml) = exchange::answer(&TO_XML, "application/json", body);
    if status == StatusCode::OK && !xml.is_empty() {
        let (status, _) = exchange::answer(&TO_JSON[0], "text/xml", xml.as_bytes());
        // What nests deeper than is read is refused, but it is well-formed.
        assert!(status == StatusCode::OK || xml.matches('<').count() > 256, "{xml}");
    }
});
