//! The OpenAPI importer: any bytes give entities and findings, and what is kept as text can be read.
#![no_main]

mod imported;

use gatewright::import::{Options, openapi};
use imported::check;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let imported = openapi(bytes, &Options::default());
    for schema in &imported.schemas {
        assert!(schema.properties.document.as_ref().is_some_and(|document| document.is_object()));
    }
    for operation in &imported.operations {
        let operation = &operation.properties;
        let request = operation.request.iter().flat_map(|request| &request.representations);
        let responses = operation.responses.iter().flat_map(|response| &response.representations);
        for examples in request.chain(responses).filter_map(|representation| representation.examples.as_ref()) {
            assert!(examples.is_object());
        }
    }
    check(&imported);
    imported.into_entry();
});
