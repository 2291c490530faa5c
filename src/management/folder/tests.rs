use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;

use super::super::policy_text;
use super::*;
use crate::model::{
    Api, ApiEntry, Backend, Cache, Certificate, CertificateAuthority, Credentials, Entities, KeyVault, KeyVaultStatus,
    Logger, NamedValue, Operation, Policy, PolicyFormat, PolicyFragment, Product, ProductEntry, Proxy, Subscription,
    User,
};

/// All visible files with their texts.
fn files(root: &Path) -> BTreeMap<String, String> {
    fn look(root: &Path, folder: &Path, found: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            if path.is_dir() {
                look(root, &path, found);
            } else {
                found.insert(relative(root, &path).unwrap(), fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    look(root, root, &mut found);
    found
}

fn document(header: &str) -> Policy {
    Policy::new(format!(
        "<policies><inbound><base /><set-header name=\"{header}\"><value>@(1 < 2 ? \"a\" : \"b\")</value></set-header>\
         </inbound><backend><base /></backend><outbound><base /></outbound><on-error><base /></on-error></policies>"
    ))
}

/// Something of most kinds.
fn store() -> Store {
    let mut store = Store::new();
    store.name = Some("contoso".to_owned());
    let all = &mut store.service;
    all.policy = Some(document("x-global"));
    all.named_values.insert("key", NamedValue::new().value("s3cr3t").secret(true));
    all.backends.insert("Orders", Backend::new("https://orders.internal/api").unwrap());
    all.policy_fragments
        .insert("f", PolicyFragment::new("<fragment><set-method>GET</set-method></fragment>").description("d"));
    let mut api = ApiEntry::new(Api::new("orders").display_name("Orders"));
    api.policy = Some(document("x-api"));
    api.operations.insert("list", Operation::new("GET", "/").into());
    api.operations.insert("get", Operation::new("GET", "/{id}").into());
    api.operations.get_mut("get").unwrap().policy = Some(document("x-operation"));
    all.apis.insert("orders", api.clone());
    api.api.api_revision = Some("2".to_owned());
    all.apis.insert("orders;rev=2", api);
    let mut product = ProductEntry::from(Product::new().display_name("Gold"));
    product.apis.push("orders".to_owned());
    product.api_links.insert("link", "orders".to_owned());
    product.policy = Some(document("x-product"));
    all.products.insert("gold", product);
    all.subscriptions.insert("s", Subscription::new("/products/gold"));
    store.workspaces.get_or_default("empty");
    store.entities_mut(Some("sales")).backends.insert("crm", Backend::new("https://crm.internal").unwrap());
    store
}

/// As text, with policies as people write them, and without where they are written.
fn plain(store: &Store) -> String {
    fn normal(policy: Option<&mut Policy>) {
        if let Some(policy) = policy {
            let value = policy_text::in_format(&policy.value, &PolicyFormat::RawXml);
            *policy = Policy::new(value);
        }
    }
    fn all(entities: &mut Entities) {
        normal(entities.policy.as_mut());
        for (_, fragment) in entities.policy_fragments.iter_mut() {
            fragment.value = policy_text::in_format(&fragment.value, &PolicyFormat::RawXml);
            (fragment.format, fragment.origin) = (Some(PolicyFormat::RawXml), None);
        }
        entities.products.iter_mut().for_each(|(_, product)| normal(product.policy.as_mut()));
        for (_, api) in entities.apis.iter_mut() {
            normal(api.policy.as_mut());
            api.operations.iter_mut().for_each(|(_, operation)| normal(operation.policy.as_mut()));
            api.resolvers.iter_mut().for_each(|(_, resolver)| normal(resolver.policy.as_mut()));
        }
    }
    let mut store = store.clone();
    all(&mut store.service);
    store.workspaces.iter_mut().for_each(|(_, workspace)| all(&mut workspace.entities));
    format!("{store:#?}")
}

fn open(root: &Path) -> (Folder, Store) {
    let (folder, loaded) = Folder::open(root).unwrap();
    assert!(loaded.warnings.iter().all(|warning| warning.to_string().contains("Key Vault")), "{:?}", loaded.warnings);
    (folder, loaded.store)
}

#[test]
fn what_is_saved_is_loaded_again() {
    let temporary = tempfile::tempdir().unwrap();
    let root = &temporary.path().join("new");
    // As a repository begins.
    fs::create_dir_all(root.join(".git")).unwrap();
    fs::write(root.join("README.md"), "notes").unwrap();
    let (mut folder, empty) = open(root);
    assert_eq!(empty, Store::new());
    let store = store();
    folder.save(&store).unwrap();
    drop(folder);
    let (mut folder, loaded) = open(root);
    assert_eq!(plain(&loaded), plain(&store));
    let written = files(root);
    assert!(written["apis/orders/operations/get.xml"].contains("@(1 < 2 ? \"a\""), "{written:#?}");
    assert_eq!(
        written["backends/Orders.json"],
        "{\n    \"protocol\": \"http\",\n    \"url\": \"https://orders.internal/api\"\n}\n"
    );
    let mode = |name: &str| fs::metadata(root.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("named-values/key.json"), mode("subscriptions/s.json")), (0o600, 0o600));
    assert_ne!(mode("backends/Orders.json"), 0o600);
    assert_ne!(mode("apis/orders/policy.xml"), 0o600);

    // Nothing is left of what goes, not even folders.
    folder.save(&Store::new()).unwrap();
    assert_eq!(files(root).into_keys().collect::<Vec<_>>(), ["README.md", "service.json"]);
    assert_eq!(fs::read_dir(root).unwrap().count(), 4);
}

#[test]
fn whatever_may_hold_a_secret_is_private() {
    let temporary = tempfile::tempdir().unwrap();
    let (mut folder, mut store) = open(temporary.path());
    let vault = || KeyVault::new("https://v.vault.azure.net/secrets/n");
    store.authorities.push(CertificateAuthority::new("MIIB").password("p"));
    let all = &mut store.service;
    let backend = || Backend::new("https://b.internal").unwrap();
    all.backends.insert("credentials", backend().credentials(Credentials::new().header("x-key", "k")));
    all.backends.insert("proxy", backend().proxy(Proxy::new("http://proxy:8080").password("p")));
    all.backends.insert("public", backend());
    all.named_values.insert("plain", NamedValue::new().value("v"));
    all.named_values.insert("vault", NamedValue::new().value("given").key_vault(vault()));
    all.certificates.insert("c", Certificate::new().data("MIIB"));
    all.caches.insert("default", Cache::new().connection_string("redis,password=p"));
    all.loggers.insert("l", Logger::new().credential("instrumentationKey", "k"));
    all.users.insert("u", User::new().email("u@example.com"));
    let document = |inbound: &str| Policy::new(format!("<policies><inbound>{inbound}</inbound><backend /></policies>"));
    all.policy = Some(document(r#"<authentication-basic username="u" password="p" />"#));
    all.policy_fragments.insert(
        "f",
        PolicyFragment::new(
            r#"<fragment><set-header name="Authorization"><value>Basic dTpw</value></set-header></fragment>"#,
        ),
    );
    all.policy_fragments.insert("open", PolicyFragment::new("<fragment><set-method>GET</set-method></fragment>"));
    folder.save(&store).unwrap();
    for (name, is_private) in [
        ("service.json", true),
        ("policy.xml", true),
        ("fragments/f.xml", true),
        ("fragments/open.xml", false),
        ("backends/credentials.json", true),
        ("backends/proxy.json", true),
        ("backends/public.json", false),
        ("named-values/plain.json", false),
        ("named-values/vault.json", true),
        ("certificates/c.json", true),
        ("caches/default.json", true),
        ("loggers/l.json", true),
        ("users/u.json", true),
    ] {
        let mode = fs::metadata(temporary.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077 == 0, is_private, "{name}: {mode:o}");
    }
}

/// A link that leads nowhere stands where a folder is to be made.
#[test]
fn a_change_that_fails_half_way_is_taken_back() {
    for is_plain in [true, false] {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path();
        let (name, text) = match is_plain {
            true => ("backends/a.json", "{ // by hand\n \"url\": \"https://a.internal\" }"),
            false => (
                "backends/a/backendInformation.json",
                r#"{"properties": {"url": "https://a.internal", "protocol": "http"}}"#,
            ),
        };
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        let (mut folder, loaded) = Folder::open(root).unwrap();
        let mut store = loaded.store;
        let before = store.clone();
        std::os::unix::fs::symlink("nowhere", root.join("products")).unwrap();
        store.service.backends.insert("a", Backend::new("https://another.internal").unwrap());
        store.service.products.insert("p", Product::new().display_name("P").into());
        assert!(folder.save(&store).is_err());
        assert!(!root.join(OWN).join("journal.json").exists());
        fs::remove_file(root.join("products")).unwrap();
        assert_eq!(files(root).into_iter().collect::<Vec<_>>(), [(name.to_owned(), text.to_owned())]);
        drop(folder);
        let (mut folder, again) = Folder::open(root).unwrap();
        assert_eq!(plain(&again.store), plain(&before));
        folder.save(&store).unwrap();
    }
}

#[test]
fn only_what_has_changed_is_written() {
    let temporary = tempfile::tempdir().unwrap();
    let root = temporary.path();
    let by_hand = [
        ("backends/orders.json", "{ // by hand\n \"url\": \"https://orders.internal/api\" }"),
        ("backends/other/backend.json", "{ \"url\": \"https://other.internal\" }"),
        ("apis/orders/api.json", "{ \"path\": \"orders\" }"),
        ("apis/orders/operations/list.json", "{ \"method\": \"GET\", \"urlTemplate\": \"/\" }"),
        ("apis/orders/operations/get/operation.json", "{ \"method\": \"GET\", \"urlTemplate\": \"/{id}\" }"),
        ("apis/orders/operations/get/policy.xml", &document("x").value),
        ("products/gold.json", "{ \"apis\": [\"orders\"] }"),
        ("products/gold.xml", &document("x").value),
        ("README.md", "notes"),
    ];
    for (name, text) in by_hand {
        fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
        fs::write(root.join(name), text).unwrap();
    }
    let (mut folder, mut store) = open(root);
    store.service.backends.insert("other", Backend::new("https://another.internal").unwrap());
    folder.save(&store).unwrap();
    let written = files(root);
    for (name, text) in by_hand {
        assert_eq!(written[name] == text, name != "backends/other/backend.json", "{name}: {}", written[name]);
    }
    assert_eq!(written.len(), by_hand.len());
    store.service.apis.get_mut("orders").unwrap().operations.remove("get");
    folder.save(&store).unwrap();
    assert!(!root.join("apis/orders/operations/get").exists());
}

#[test]
fn another_layout_is_left_behind() {
    let temporary = tempfile::tempdir().unwrap();
    let root = temporary.path();
    for (name, text) in [
        ("named values/key/namedValueInformation.json", r#"{"properties": {"displayName": "key", "value": "v"}}"#),
        ("apis/orders/apiInformation.json", r#"{"properties": {"path": "orders"}}"#),
        ("apis/orders/notes.txt", "of somebody"),
    ] {
        fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
        fs::write(root.join(name), text).unwrap();
    }
    let (mut folder, loaded) = Folder::open(root).unwrap();
    let mut store = loaded.store;
    store.service.backends.insert("b", Backend::new("https://b.internal").unwrap());
    folder.save(&store).unwrap();
    let names: Vec<String> = files(root).into_keys().collect();
    assert_eq!(names, ["apis/orders/api.json", "apis/orders/notes.txt", "backends/b.json", "named-values/key.json"]);
}

#[test]
fn an_interrupted_change_is_done_again() {
    let (before, after) = (files::of(&Store::new(), &BTreeSet::new()), files::of(&store(), &BTreeSet::new()));
    let (Ok(before), Ok(after)) = (before, after) else { panic!("names are fine") };
    let steps = after.len();
    for done in 0..=steps {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path();
        drop(open(root));
        // As far as it came: the journal, and some of the files.
        commit::note(root, &Change::between(&before, &after)).unwrap();
        let some: Files = after.iter().take(done).map(|(name, text)| (name.clone(), text.clone())).collect();
        for name in some.keys() {
            let single = Files::from([(name.clone(), after[name].clone())]);
            commit::commit(root, &Change::between(&Files::new(), &single)).unwrap();
        }
        let (_, loaded) = open(root);
        assert_eq!(plain(&loaded), plain(&store()), "{done} of {steps}");
        assert!(!root.join(OWN).join("journal.json").exists());
    }
}

#[test]
fn a_journal_does_not_lead_out_of_the_folder() {
    let temporary = tempfile::tempdir().unwrap();
    let root = &temporary.path().join("inner");
    drop(open(root));
    for name in ["../outside.json", "/outside.json", "a/../../outside.json", ""] {
        let text = format!(r#"{{"write": {{"{name}": {{"text": "x", "is_private": false}}}}, "remove": []}}"#);
        fs::write(root.join(OWN).join("journal.json"), text).unwrap();
        assert!(matches!(Folder::open(root), Err(FolderError::Io { .. })), "{name}");
    }
    assert!(!temporary.path().join("outside.json").exists());
}

#[test]
fn what_a_key_vault_gave_is_not_written() {
    let temporary = tempfile::tempdir().unwrap();
    let (mut folder, mut store) = open(temporary.path());
    let vault =
        || KeyVault::new("https://v.vault.azure.net/secrets/n").last_status(KeyVaultStatus::new().code("Success"));
    let value = NamedValue::new().value("c4n4ry").secret(true).key_vault(vault());
    store.service.named_values.insert("n", value);
    store.service.certificates.insert("c", Certificate::new().data("c4n4ry").key_vault(vault()));
    folder.save(&store).unwrap();
    let written = files(temporary.path());
    assert!(written["named-values/n.json"].contains("/secrets/n"));
    assert!(!written.values().any(|text| text.contains("c4n4ry") || text.contains("lastStatus")), "{written:#?}");
}

#[test]
fn only_one_process_writes() {
    let temporary = tempfile::tempdir().unwrap();
    let first = open(temporary.path());
    assert!(matches!(Folder::open(temporary.path()), Err(FolderError::InUse(_))));
    drop(first);
    open(temporary.path());
}

#[test]
fn odd_names() {
    let temporary = tempfile::tempdir().unwrap();
    let (mut folder, _) = open(temporary.path());
    for (name, is_kept) in [
        (".hidden", false),
        ("..", false),
        ("a/b", false),
        ("a\\b", false),
        (&*"x".repeat(241), false),
        ("policy", true),
        ("a.json", true),
        ("a b é", true),
        ("service", true),
    ] {
        let mut store = Store::new();
        store.service.backends.insert(name, Backend::new("https://b.internal").unwrap());
        store.service.products.insert(name, Product::new().into());
        store.service.apis.insert(name, ApiEntry::new(Api::new("p")));
        let saved = folder.save(&store);
        assert_eq!(saved.is_ok(), is_kept, "{name}: {saved:?}");
        if is_kept {
            drop(folder);
            let (again, loaded) = open(temporary.path());
            assert_eq!(plain(&loaded), plain(&store), "{name}");
            folder = again;
        }
    }
}

#[test]
fn a_policy_is_written_as_people_write_it() {
    let temporary = tempfile::tempdir().unwrap();
    let (mut folder, mut store) = open(temporary.path());
    let escaped = document("x").value.replace("1 < 2 ? \"a\" : \"b\"", "1 &lt; 2 ? &quot;a&quot; : &quot;b&quot;");
    store.service.policy = Some(Policy::new(escaped).format(PolicyFormat::Xml));
    folder.save(&store).unwrap();
    assert_eq!(files(temporary.path())["policy.xml"], document("x").value);
}

/// Every configuration of the corpus that loads is written, and loads as the same.
#[test]
fn the_corpus_is_written_and_loaded_again() {
    let Some(corpus) = std::env::var_os("GATEWRIGHT_CORPUS") else {
        return eprintln!("skipped: GATEWRIGHT_CORPUS is not set");
    };
    let mut seen = 0;
    for part in ["apiops", "arm"] {
        let mut waiting = vec![Path::new(&corpus).join(part)];
        while let Some(path) = waiting.pop() {
            if path.is_dir() && !path.join("apis").is_dir() && !path.join("backends").is_dir() {
                waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
                continue;
            }
            if !path.is_dir() && path.extension().is_none_or(|ending| ending != "json") {
                continue;
            }
            let Ok(loaded) = Options::new().load(&path) else { continue };
            let temporary = tempfile::tempdir().unwrap();
            let (mut folder, _) = open(temporary.path());
            match folder.save(&loaded.store) {
                Ok(()) => {}
                Err(error) if error.is_name() => continue,
                Err(error) => panic!("{}: {error}", path.display()),
            }
            drop(folder);
            let again =
                Options::new().load(temporary.path()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert_eq!(plain(&again.store), plain(&loaded.store), "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen > 1, "{seen}");
}
