//! What every import must be: policies that the engine takes, and no named values in them but the importer's own.

use gatewright::import::Imported;
use gatewright::secret::references;

/// Checks policies and URLs of an import.
pub fn check(imported: &Imported) {
    let own: Vec<_> = imported.named_values.iter().filter_map(|value| value.name.as_deref()).collect();
    for policy in &imported.policies {
        let text = &policy.properties.value;
        for found in references(text) {
            // What begins so is Liquid's.
            let is_liquid = ["body.", "item"].iter().any(|start| found.name.starts_with(start));
            assert!(own.contains(&found.name) || is_liquid, "`{}` in {text}", found.name);
        }
    }
    let urls = imported.backends.iter().map(|backend| &backend.properties.url);
    for url in urls.chain([&imported.api.properties.service_url]).flatten() {
        assert_eq!(references(url).count(), 0, "{url}");
    }
    #[cfg(feature = "policy")]
    compile(imported, &own);
}

#[cfg(feature = "policy")]
fn compile(imported: &Imported, own: &[&str]) {
    use gatewright::policy::{Document, Environment, Scope};
    use gatewright::secret::NamedValues;

    let backends = imported.backends.iter().filter_map(|backend| backend.name.as_deref());
    let values = own.iter().fold(NamedValues::new(), |values, name| values.secret(*name, "value"));
    let environment = Environment::new().named_values(values).backends(backends);
    for policy in &imported.policies {
        let text = &policy.properties.value;
        assert!(gatewright::xml::parse(text).is_ok(), "{text}");
        let scope = if policy.operation.is_some() { Scope::Operation } else { Scope::Api };
        if let Err(error) = Document::compile("policy.xml", text, scope, &environment) {
            assert!(!imported.accepted, "{error}: {text}");
        }
    }
}
