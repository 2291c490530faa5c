//! The WSDL importer in both forms: any bytes give entities and findings.
#![no_main]

use gatewright::import::{SoapForm, WsdlOptions, wsdl};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut options = WsdlOptions::default();
    wsdl(bytes, &options).into_entry();
    options.form = SoapForm::Rest;
    wsdl(bytes, &options).into_entry();
});
