//! What resources of an account are called: in URLs, and in signatures.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::cosmos::CosmosError;

/// What needs no escape in a segment of a path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The items of one container.
pub(super) struct Container {
    /// `dbs/DATABASE/colls/CONTAINER`, as signatures have it.
    link: String,
    /// The same, as URLs have it.
    path: String,
}

/// One resource, or a feed of them.
pub(super) struct Address {
    /// The type that is signed: `docs` or `colls`.
    pub(super) kind: &'static str,
    /// The link that is signed.
    pub(super) link: String,
    /// The path of the URL, from `/`.
    pub(super) path: String,
}

impl Container {
    pub(super) fn new(database: &str, container: &str) -> Result<Self, CosmosError> {
        check("database", database)?;
        check("container", container)?;
        let encoded = |text| utf8_percent_encode(text, SEGMENT);
        Ok(Self {
            link: format!("dbs/{database}/colls/{container}"),
            path: format!("/dbs/{}/colls/{}", encoded(database), encoded(container)),
        })
    }

    /// The container itself.
    pub(super) fn definition(&self) -> Address {
        Address { kind: "colls", link: self.link.clone(), path: self.path.clone() }
    }

    /// All items.
    pub(super) fn items(&self) -> Address {
        Address { kind: "docs", link: self.link.clone(), path: format!("{}/docs", self.path) }
    }

    /// One item.
    pub(super) fn item(&self, id: &str) -> Result<Address, CosmosError> {
        check("item", id)?;
        let encoded = utf8_percent_encode(id, SEGMENT);
        let (link, path) = (format!("{}/docs/{id}", self.link), format!("{}/docs/{encoded}", self.path));
        Ok(Address { kind: "docs", link, path })
    }
}

/// Refuses a name that would be another resource's address, or none.
fn check(what: &str, name: &str) -> Result<(), CosmosError> {
    let is_other = matches!(name, "" | "." | "..") || name.contains(['/', '\\', '?', '#']) || name.len() > 1023;
    // The name may be a caller's.
    if is_other || name.chars().any(char::is_control) {
        return Err(CosmosError::new(format!("the name of the {what} is none that Cosmos DB can have")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_in_paths_alone() {
        let container = Container::new("my db", "c").unwrap();
        let item = container.item("a b;é%").unwrap();
        assert_eq!(item.path, "/dbs/my%20db/colls/c/docs/a%20b%3B%C3%A9%25");
        assert_eq!(item.link, "dbs/my db/colls/c/docs/a b;é%");
        assert_eq!(
            (container.items().path, container.definition().kind),
            ("/dbs/my%20db/colls/c/docs".into(), "colls")
        );
    }

    #[test]
    fn a_name_is_one_segment() {
        for name in ["", ".", "..", "a/b", "a\\b", "a?b", "a#b", "a\r\nb", &"x".repeat(1024)] {
            assert!(Container::new("d", "c").unwrap().item(name).is_err(), "{name:?}");
            assert!(Container::new(name, "c").is_err() && Container::new("d", name).is_err());
        }
    }
}
