//! The Function App importer: any files give entities and findings. A zero byte ends a file, its first byte says which.
#![no_main]

mod imported;

use gatewright::import::{FunctionAppOptions, Options, SourceFile, function_app, function_app_with_definition};
use imported::check;
use libfuzzer_sys::fuzz_target;

const PATHS: [&str; 6] =
    ["A/function.json", "b/function.json", "host.json", "functions.metadata", "functions.json", "template.json"];

fuzz_target!(|bytes: &[u8]| {
    let parts = bytes.split(|byte| *byte == 0).filter_map(<[u8]>::split_first);
    let files: Vec<_> =
        parts.map(|(path, bytes)| SourceFile { path: PATHS[usize::from(*path) % PATHS.len()], bytes }).collect();
    let mut options = FunctionAppOptions::default();
    let imported = function_app(&files, &options);
    check(&imported);
    imported.into_entry();
    options.every_method = true;
    options.app = Some("app".to_owned());
    let imported = function_app(&files, &options);
    check(&imported);
    imported.into_entry();
    let imported = function_app_with_definition(&files, bytes, &Options::default(), &options);
    check(&imported);
    imported.into_entry();
});
