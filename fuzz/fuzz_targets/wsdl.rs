//! The WSDL importer in both forms: any bytes give entities and findings. A zero byte ends a document that the first one
//! may import.
#![no_main]

mod imported;

use gatewright::import::{SoapForm, SourceFile, WsdlOptions, wsdl, wsdl_with_files};
use imported::check;
use libfuzzer_sys::fuzz_target;

const PATHS: [&str; 4] = ["main.wsdl", "a.xsd", "b.xsd", "c.wsdl"];

fuzz_target!(|bytes: &[u8]| {
    let mut options = WsdlOptions::default();
    let imported = wsdl(bytes, &options);
    check(&imported);
    imported.into_entry();
    options.any_endpoint = true;
    options.form = SoapForm::Rest;
    let parts: Vec<_> = bytes.splitn(PATHS.len(), |byte| *byte == 0).collect();
    let files: Vec<_> = PATHS.iter().zip(&parts).map(|(path, bytes)| SourceFile { path, bytes }).collect();
    let main = parts.first().copied().unwrap_or_default();
    let imported = wsdl_with_files(main, &files, &options);
    check(&imported);
    imported.into_entry();
});
