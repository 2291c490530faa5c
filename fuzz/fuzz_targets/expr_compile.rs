//! The expression compiler: any text gives an expression or diagnostics whose places lie within it.
#![no_main]

use std::sync::LazyLock;

use gatewright::expr::{Expression, Library};
use libfuzzer_sys::fuzz_target;

static LIBRARIES: LazyLock<[Library; 2]> = LazyLock::new(|| [Library::strict(), Library::lenient()]);

fuzz_target!(|source: &str| {
    for library in &*LIBRARIES {
        if let Err(errors) = Expression::compile(source, library) {
            assert!(errors.iter().count() > 0);
            for error in &errors {
                assert!(error.span.start <= error.span.end && error.span.end <= source.len(), "{error:?}");
            }
        }
    }
});
