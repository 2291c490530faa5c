//! The Logic App importer, and that of web apps: any bytes give entities and findings.
#![no_main]

use gatewright::import::{LogicAppOptions, WebAppOptions, logic_app, web_app};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    logic_app(bytes, &LogicAppOptions::default()).into_entry();
    web_app(bytes, None, &WebAppOptions::default()).into_entry();
    web_app(b"", Some(bytes), &WebAppOptions::default()).into_entry();
});
