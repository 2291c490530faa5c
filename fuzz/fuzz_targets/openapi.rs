//! The OpenAPI importer: any bytes give entities and findings.
#![no_main]

use gatewright::import::{Options, openapi};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    openapi(bytes, &Options::default()).into_entry();
});
