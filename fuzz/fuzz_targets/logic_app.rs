//! The Logic App importer, and that of web apps: any bytes give entities and findings.
#![no_main]

mod imported;

use gatewright::import::{LogicAppOptions, WebAppOptions, logic_app, web_app};
use imported::check;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let imported = logic_app(bytes, &LogicAppOptions::default());
    check(&imported);
    imported.into_entry();
    let imported = web_app(bytes, None, &WebAppOptions::default());
    check(&imported);
    imported.into_entry();
    let imported = web_app(b"", Some(bytes), &WebAppOptions::default());
    check(&imported);
    imported.into_entry();
});
