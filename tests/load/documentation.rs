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
    assert_eq!(warnings, Vec::<String>::new());
    let store = loaded.store;
    assert_eq!(store.name.as_deref(), Some("contoso"));
    assert_eq!(store.service.apis.get("orders").unwrap().operations.len(), 2);
    assert_eq!(store.service.products.get("gold").unwrap().apis, ["orders"]);
    assert_eq!(store.service.groups.get("partners").unwrap().users, ["ann"]);
    assert!(store.entities(Some("sales")).unwrap().backends.contains("crm"));
}
