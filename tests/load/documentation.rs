//! The samples of `docs/configuration.md` load.

use std::path::Path;

use gatewright::load;

#[test]
fn the_documented_folder_loads() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    let page = std::fs::read_to_string(page).unwrap();
    let mut files = Vec::new();
    let mut path = None;
    let mut text: Option<String> = None;
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("**`") {
            path = rest.split_once('`').map(|(path, _)| path.to_owned());
        } else if line.starts_with("```") {
            match (text.take(), path.take()) {
                (Some(text), Some(path)) => files.push((path, text)),
                (None, Some(named)) => {
                    text = Some(String::new());
                    path = Some(named);
                }
                _ => {}
            }
        } else if let Some(text) = &mut text {
            text.push_str(line);
            text.push('\n');
        }
    }
    assert!(files.len() > 20, "{}", files.len());
    let folder = tempfile::tempdir().unwrap();
    super::write(folder.path(), &files);
    let loaded = load::path(folder.path()).unwrap_or_else(|problems| panic!("{problems}"));
    let warnings: Vec<_> = loaded.warnings.iter().map(|warning| super::below(folder.path(), warning)).collect();
    let in_key_vault = "has its value in Key Vault, which is not read: give it in an override";
    assert_eq!(warnings, [format!("named-values/orders-key.json:1:1: named value `orders-key`: {in_key_vault}")]);
    let store = loaded.store;
    assert_eq!(store.name.as_deref(), Some("contoso"));
    assert_eq!(store.service.apis.get("orders").unwrap().operations.len(), 2);
    assert_eq!(store.service.products.get("gold").unwrap().apis, ["orders"]);
    assert_eq!(store.service.groups.get("partners").unwrap().users, ["ann"]);
    assert!(store.entities(Some("sales")).unwrap().backends.contains("crm"));
    #[cfg(feature = "client")]
    starts(folder.path());
}

/// A gateway starts with the folder, once it has its secret; the sample of an authority is no certificate.
#[cfg(feature = "client")]
fn starts(folder: &Path) {
    let mut store = load::Options::new().named_value("orders-key", "k").load(folder).unwrap().store;
    store.authorities.clear();
    let transport = gatewright::backend::Transport::builder().native_roots(false).build().unwrap();
    let gateway = gatewright::gateway::Gateway::builder().transport(transport).build(&store);
    gateway.unwrap_or_else(|error| panic!("{error}"));
}
