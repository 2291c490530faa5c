//! Decides whether a request may use an API: subscription keys, products and scopes.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};
use std::hint::black_box;

use http::{HeaderMap, HeaderName, Uri};

use super::query;
use crate::secret::Secret;

/// The header that holds the subscription key, unless an API says otherwise.
pub const KEY_HEADER: HeaderName = HeaderName::from_static("ocp-apim-subscription-key");
/// The query parameter that holds the subscription key, unless an API says otherwise.
pub const KEY_QUERY: &str = "subscription-key";

/// What an API asks of its callers. Revisions of one API share it.
#[derive(Clone, Debug)]
pub struct ApiAccess {
    /// Whether a call needs a key.
    pub requires_subscription: bool,
    /// The header that is looked at for the key.
    pub key_header: HeaderName,
    /// The query parameter that is looked at for the key when the header is absent or empty.
    pub key_query: String,
    /// The products that contain the API, by index.
    pub products: Vec<usize>,
    /// The workspace that the API is in, by index.
    pub workspace: Option<usize>,
}

impl Default for ApiAccess {
    /// A key is required, under the usual names; no product contains the API.
    fn default() -> Self {
        Self {
            requires_subscription: true,
            key_header: KEY_HEADER,
            key_query: KEY_QUERY.to_owned(),
            products: Vec::new(),
            workspace: None,
        }
    }
}

/// What a product asks of callers of its APIs.
#[derive(Clone, Copy, Debug)]
pub struct ProductAccess {
    /// Whether a call needs a key; a product that needs none is open.
    pub requires_subscription: bool,
}

/// A pair of keys, and what they open.
#[derive(Clone, Debug)]
pub struct SubscriptionAccess {
    /// The primary and the secondary key. An empty one opens nothing.
    pub keys: [Option<Secret>; 2],
    /// What the keys open.
    pub scope: SubscriptionScope,
    /// Whether the state of the subscription is `active`.
    pub is_active: bool,
}

/// What a subscription opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubscriptionScope {
    /// All APIs; the built-in all-access subscription too.
    AllApis,
    /// All APIs of a workspace, by index.
    Workspace(usize),
    /// One API, by index.
    Api(usize),
    /// All APIs of a product, by index.
    Product(usize),
}

/// In what name a request goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// The subscription of the key, by index.
    pub subscription: Option<usize>,
    /// Whether the key is the secondary one.
    pub used_secondary_key: bool,
    /// The product in whose context the request runs, by index.
    pub product: Option<usize>,
}

/// Why a request may not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// There is no key, and the API needs one.
    KeyNotFound,
    /// There is a key that opens nothing, or not this API.
    KeyInvalid,
}

/// Two subscriptions, by index, that share a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyConflict {
    /// The one that the key opens.
    pub first: usize,
    /// The one that it does not.
    pub second: usize,
}

/// Who may use which API: products and subscriptions, by the hash of their keys.
pub struct AccessTable {
    apis: Vec<ApiEntry>,
    subscriptions: Vec<Subscription>,
    hasher: RandomState,
    keys: HashMap<u64, Vec<Key>, BuildHasherDefault<AsIs>>,
}

struct ApiEntry {
    access: ApiAccess,
    open_product: Option<usize>,
}

struct Subscription {
    scope: SubscriptionScope,
    is_active: bool,
}

struct Key {
    secret: Secret,
    subscription: usize,
    is_secondary: bool,
}

impl AccessTable {
    /// Makes a table; all are known by their places in the lists.
    ///
    /// # Errors
    ///
    /// All pairs of subscriptions that share a key.
    pub fn new(
        apis: Vec<ApiAccess>,
        products: &[ProductAccess],
        subscriptions: Vec<SubscriptionAccess>,
    ) -> Result<Self, Vec<KeyConflict>> {
        let is_open = |product: &usize| products.get(*product).is_some_and(|product| !product.requires_subscription);
        let apis = apis.into_iter().map(|access| {
            let open_product = access.products.iter().copied().find(is_open);
            ApiEntry { access, open_product }
        });
        let (apis, hasher) = (apis.collect(), RandomState::new());
        let mut table = Self { apis, subscriptions: Vec::new(), hasher, keys: HashMap::default() };
        let mut conflicts = Vec::new();
        for (index, SubscriptionAccess { keys, scope, is_active }) in subscriptions.into_iter().enumerate() {
            table.subscriptions.push(Subscription { scope, is_active });
            for (secret, is_secondary) in keys.into_iter().zip([false, true]) {
                let Some(secret) = secret.filter(|secret| !secret.expose().is_empty()) else { continue };
                match table.lookup(secret.expose().as_bytes()).map(|key| key.subscription) {
                    Some(first) if first != index => conflicts.push(KeyConflict { first, second: index }),
                    Some(_) => {}
                    None => {
                        let hash = table.hasher.hash_one(secret.expose().as_bytes());
                        table.keys.entry(hash).or_default().push(Key { secret, subscription: index, is_secondary });
                    }
                }
            }
        }
        if conflicts.is_empty() { Ok(table) } else { Err(conflicts) }
    }

    /// Whether a request may use an API, by index, and in what name.
    ///
    /// # Errors
    ///
    /// [`Denial`] when there is no key and the API needs one, or when the key does not open the API, even if the API
    /// needs none.
    pub fn check(&self, api: usize, uri: &Uri, headers: &HeaderMap) -> Result<Grant, Denial> {
        let Some(ApiEntry { access, open_product }) = self.apis.get(api) else { return Err(Denial::KeyInvalid) };
        let Some(text) = find_key(access, uri, headers) else {
            return match open_product {
                None if access.requires_subscription => Err(Denial::KeyNotFound),
                product => Ok(Grant { product: *product, ..Grant::default() }),
            };
        };
        let key = self.lookup(&text).ok_or(Denial::KeyInvalid)?;
        let subscription = self.subscriptions.get(key.subscription).filter(|subscription| subscription.is_active);
        let product = match subscription.ok_or(Denial::KeyInvalid)?.scope {
            SubscriptionScope::AllApis => None,
            SubscriptionScope::Workspace(workspace) if access.workspace == Some(workspace) => None,
            SubscriptionScope::Api(only) if only == api => None,
            SubscriptionScope::Product(product) if access.products.contains(&product) => Some(product),
            _ => return Err(Denial::KeyInvalid),
        };
        Ok(Grant { subscription: Some(key.subscription), used_secondary_key: key.is_secondary, product })
    }

    /// The header and the query parameter that are looked at for the key of an API.
    pub fn key_names(&self, api: usize) -> Option<(&HeaderName, &str)> {
        self.apis.get(api).map(|entry| (&entry.access.key_header, &*entry.access.key_query))
    }

    /// How long this takes tells nothing of the keys: they are found by a keyed hash, and compared in constant time.
    fn lookup(&self, text: &[u8]) -> Option<&Key> {
        let same = |key: &&Key| is_same(key.secret.expose().as_bytes(), text);
        self.keys.get(&self.hasher.hash_one(text))?.iter().find(same)
    }
}

impl fmt::Debug for AccessTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessTable").field("subscriptions", &self.subscriptions.len()).finish_non_exhaustive()
    }
}

impl Denial {
    /// The code of the error: `context.LastError.Reason`.
    pub fn reason(self) -> &'static str {
        match self {
            Self::KeyNotFound => "SubscriptionKeyNotFound",
            Self::KeyInvalid => "SubscriptionKeyInvalid",
        }
    }

    /// The text of `context.LastError.Message`.
    pub fn message(self) -> &'static str {
        match self {
            Self::KeyNotFound => {
                "Access denied due to missing subscription key. Make sure to include subscription key when making \
                 requests to this API."
            }
            Self::KeyInvalid => {
                "Access denied due to invalid subscription key. Make sure to provide a valid key for an active \
                 subscription."
            }
        }
    }

    /// The text that the caller gets, which is not quite the same.
    pub fn public_message(self) -> &'static str {
        match self {
            Self::KeyNotFound => {
                "Access denied due to missing subscription key. Make sure to include subscription key when making \
                 requests to an API."
            }
            Self::KeyInvalid => self.message(),
        }
    }
}

/// The key in a request: the first value of the header, or that of the query parameter when the header is absent or
/// empty.
fn find_key<'r>(access: &ApiAccess, uri: &'r Uri, headers: &'r HeaderMap) -> Option<Cow<'r, [u8]>> {
    let header = headers.get(&access.key_header).map(|value| value.as_bytes()).filter(|value| !value.is_empty());
    header.map(Cow::Borrowed).or_else(|| {
        let value = query::values(uri.query()?, &access.key_query).next().filter(|value| !value.is_empty())?;
        Some(match value {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        })
    })
}

fn is_same(left: &[u8], right: &[u8]) -> bool {
    let difference = left.iter().zip(right).fold(0, |sum, (a, b)| black_box(sum | (a ^ b)));
    left.len() == right.len() && difference == 0
}

/// Takes what is a hash already.
#[derive(Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// APIs: 0 in product 0, 1 in products 0 and 1 (open), 2 without a product, 3 as 2 but free, 4 as 0 but free.
    fn table() -> AccessTable {
        let api = |requires_subscription, products: &[usize], workspace| ApiAccess {
            requires_subscription,
            products: products.to_vec(),
            workspace,
            ..ApiAccess::default()
        };
        let apis = vec![
            api(true, &[0], None),
            api(true, &[0, 1], None),
            api(true, &[], Some(0)),
            api(false, &[], None),
            api(false, &[0], None),
        ];
        let products = [ProductAccess { requires_subscription: true }, ProductAccess { requires_subscription: false }];
        let subscription = |key: &str, scope, is_active| SubscriptionAccess {
            keys: [Some(key.into()), Some(format!("{key}-2").into())],
            scope,
            is_active,
        };
        let subscriptions = vec![
            subscription("all", SubscriptionScope::AllApis, true),
            subscription("product", SubscriptionScope::Product(0), true),
            subscription("api", SubscriptionScope::Api(2), true),
            subscription("stopped", SubscriptionScope::AllApis, false),
            subscription("workspace", SubscriptionScope::Workspace(0), true),
        ];
        AccessTable::new(apis, &products, subscriptions).unwrap()
    }

    fn check(api: usize, key: Option<&str>) -> Result<(Option<usize>, Option<usize>), Denial> {
        let mut headers = HeaderMap::new();
        headers.extend(key.map(|key| (KEY_HEADER, HeaderValue::from_str(key).unwrap())));
        table().check(api, &Uri::from_static("/"), &headers).map(|grant| (grant.subscription, grant.product))
    }

    #[test]
    fn decides_by_key_product_and_scope() {
        use Denial::{KeyInvalid, KeyNotFound};
        let cases = [
            (0, None, Err(KeyNotFound)),
            (0, Some(""), Err(KeyNotFound)),
            (0, Some("nonsense"), Err(KeyInvalid)),
            (0, Some("ALL"), Err(KeyInvalid)),
            (0, Some("all"), Ok((Some(0), None))),
            (0, Some("all-2"), Ok((Some(0), None))),
            (0, Some("product"), Ok((Some(1), Some(0)))),
            (0, Some("api"), Err(KeyInvalid)),
            (0, Some("stopped"), Err(KeyInvalid)),
            (0, Some("workspace"), Err(KeyInvalid)),
            (1, None, Ok((None, Some(1)))),
            (1, Some("product"), Ok((Some(1), Some(0)))),
            (1, Some("nonsense"), Err(KeyInvalid)),
            (2, Some("api"), Ok((Some(2), None))),
            (2, Some("product"), Err(KeyInvalid)),
            (2, Some("workspace"), Ok((Some(4), None))),
            (3, None, Ok((None, None))),
            (3, Some("nonsense"), Err(KeyInvalid)),
            (3, Some("stopped"), Err(KeyInvalid)),
            (3, Some("all"), Ok((Some(0), None))),
            (4, None, Ok((None, None))),
            (4, Some("product"), Ok((Some(1), Some(0)))),
            (9, Some("all"), Err(KeyInvalid)),
        ];
        for (api, key, expected) in cases {
            assert_eq!(check(api, key), expected, "API {api}, key {key:?}");
        }
    }

    #[test]
    fn the_query_is_looked_at_only_without_a_header() {
        let table = table();
        let cases = [
            (None, "/?subscription-key=all", true),
            (None, "/?x=1&Subscription-Key=a%6cl", true),
            (None, "/?subscription-key=", false),
            (Some(""), "/?subscription-key=all", true),
            (Some("nonsense"), "/?subscription-key=all", false),
            (Some("all"), "/?subscription-key=nonsense", true),
        ];
        for (header, uri, allowed) in cases {
            let mut headers = HeaderMap::new();
            headers.extend(header.map(|key| (KEY_HEADER, HeaderValue::from_static(key))));
            assert_eq!(table.check(0, &Uri::from_static(uri), &headers).is_ok(), allowed, "{header:?} {uri}");
        }
    }

    #[test]
    fn says_which_of_both_keys_was_used() {
        let secondary = |key: &'static str| {
            let headers = HeaderMap::from_iter([(KEY_HEADER, HeaderValue::from_static(key))]);
            table().check(0, &Uri::from_static("/"), &headers).map(|grant| grant.used_secondary_key)
        };
        assert_eq!((secondary("all"), secondary("all-2")), (Ok(false), Ok(true)));
    }

    #[test]
    fn two_subscriptions_do_not_share_a_key() {
        let subscription = |keys: [&str; 2]| SubscriptionAccess {
            keys: keys.map(|key| Some(key.into())),
            scope: SubscriptionScope::AllApis,
            is_active: true,
        };
        let conflict = AccessTable::new(vec![], &[], vec![subscription(["a", "a"]), subscription(["b", "a"])]);
        assert_eq!(conflict.err(), Some(vec![KeyConflict { first: 0, second: 1 }]));
        assert!(AccessTable::new(vec![], &[], vec![subscription(["", ""]), subscription(["", ""])]).is_ok());
    }

    #[test]
    fn keys_do_not_print() {
        assert!(!format!("{:?}", table()).contains("product"));
    }
}
