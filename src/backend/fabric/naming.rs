//! What the naming service of a cluster answers, and the address that is chosen from it.

use serde_json::{Map, Value};

use crate::forward::{BaseUrl, ReplicaRole};

/// Where the replicas or instances of one partition are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Partition {
    pub(super) id: String,
    pub(super) keys: Keys,
    pub(super) version: String,
    replicas: Vec<Replica>,
}

/// Which keys a partition serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Keys {
    Singleton,
    Range(i64, i64),
    Named(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Replica {
    kind: ReplicaKind,
    address: Address,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReplicaKind {
    Stateless,
    Primary,
    Secondary,
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Address {
    /// By the name of the listener.
    Listeners(Vec<(String, String)>),
    Plain(String),
}

/// Why an answer gives no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NamingError {
    #[error("the naming service answered with something that is not a partition: {0}")]
    Malformed(&'static str),
    #[error("the partition has no {0}")]
    NoReplica(&'static str),
    #[error("there is no listener `{wanted}`: found {found}")]
    NoListener { wanted: String, found: String },
    #[error("the service listens at `{0}`, which is not HTTP")]
    NotHttp(String),
}

impl Partition {
    /// Reads the answer of `ResolvePartition`; names in any case.
    pub(super) fn parse(json: &[u8]) -> Result<Self, NamingError> {
        let answer: Value = serde_json::from_slice(json).map_err(|_| NamingError::Malformed("it is not JSON"))?;
        let answer = answer.as_object().ok_or(NamingError::Malformed("it is not an object"))?;
        let information = get(answer, "PartitionInformation").and_then(Value::as_object);
        let information = information.ok_or(NamingError::Malformed("`PartitionInformation` is missing"))?;
        let endpoints = get(answer, "Endpoints").and_then(Value::as_array);
        let endpoints = endpoints.ok_or(NamingError::Malformed("`Endpoints` are missing"))?;
        Ok(Self {
            id: text(information, "Id").unwrap_or_default().to_owned(),
            keys: Keys::parse(information)?,
            version: text(answer, "Version").unwrap_or_default().to_owned(),
            replicas: endpoints.iter().filter_map(Value::as_object).filter_map(Replica::parse).collect(),
        })
    }

    /// Where its replicas listen, as far as that is HTTP.
    pub(super) fn addresses(&self) -> impl Iterator<Item = BaseUrl> + '_ {
        let texts = self.replicas.iter().flat_map(|replica| replica.address.texts());
        texts.filter_map(|text| BaseUrl::parse(text).ok())
    }

    /// A key that it serves; none for a singleton.
    pub(super) fn key(&self) -> Option<String> {
        match &self.keys {
            Keys::Singleton => None,
            Keys::Range(low, _) => Some(low.to_string()),
            Keys::Named(name) => Some(name.clone()),
        }
    }

    /// Whether the partition serves a key.
    pub(super) fn serves(&self, key: Option<&str>) -> bool {
        match (&self.keys, key) {
            (Keys::Singleton, None) => true,
            (Keys::Range(low, high), Some(key)) => key.parse().is_ok_and(|key| (*low..=*high).contains(&key)),
            (Keys::Named(name), Some(key)) => name == key,
            _ => false,
        }
    }

    /// The base URL of a replica of that role, or of any instance of a stateless service; `turn` tells which of several.
    ///
    /// Without a listener's name it is the one with the empty name, or the only one there is.
    pub(super) fn choose(
        &self,
        role: ReplicaRole,
        listener: Option<&str>,
        turn: usize,
    ) -> Result<BaseUrl, NamingError> {
        let fits = |replica: &&Replica| match replica.kind {
            ReplicaKind::Stateless => true,
            ReplicaKind::Primary => role == ReplicaRole::Primary,
            ReplicaKind::Secondary => role == ReplicaRole::Secondary,
            ReplicaKind::Other => false,
        };
        let fitting: Vec<_> = self.replicas.iter().filter(fits).collect();
        let mut problem = NamingError::NoReplica(match role {
            ReplicaRole::Primary => "primary replica and no instance",
            ReplicaRole::Secondary => "secondary replica and no instance",
        });
        let (before, from) = fitting.split_at(turn.checked_rem(fitting.len()).unwrap_or_default());
        for replica in from.iter().chain(before) {
            let address = replica.address.of(listener);
            match address.and_then(|url| BaseUrl::parse(url).map_err(|_| NamingError::NotHttp(url.to_owned()))) {
                Ok(url) => return Ok(url),
                Err(error) => problem = error,
            }
        }
        Err(problem)
    }
}

impl Keys {
    fn parse(information: &Map<String, Value>) -> Result<Self, NamingError> {
        let number = |name| match get(information, name) {
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(value) => value.as_i64(),
            None => None,
        };
        match text(information, "ServicePartitionKind").unwrap_or_default().to_ascii_lowercase().as_str() {
            "singleton" => Ok(Self::Singleton),
            "int64range" => match (number("LowKey"), number("HighKey")) {
                (Some(low), Some(high)) => Ok(Self::Range(low, high)),
                _ => Err(NamingError::Malformed("`LowKey` or `HighKey` is missing")),
            },
            "named" => text(information, "Name")
                .map(|name| Self::Named(name.to_owned()))
                .ok_or(NamingError::Malformed("`Name` of the partition is missing")),
            _ => Err(NamingError::Malformed("`ServicePartitionKind` is not known")),
        }
    }
}

impl Replica {
    fn parse(endpoint: &Map<String, Value>) -> Option<Self> {
        let kind = match text(endpoint, "Kind")?.to_ascii_lowercase().as_str() {
            "stateless" => ReplicaKind::Stateless,
            "statefulprimary" => ReplicaKind::Primary,
            "statefulsecondary" => ReplicaKind::Secondary,
            _ => ReplicaKind::Other,
        };
        Some(Self { kind, address: Address::parse(text(endpoint, "Address")?) })
    }
}

impl Address {
    /// JSON in a text, as Reliable Services have it, or else a URL.
    fn parse(text: &str) -> Self {
        let parsed: Option<Value> = serde_json::from_str(text).ok();
        let listeners = parsed.as_ref().and_then(Value::as_object).and_then(|address| get(address, "Endpoints"));
        let Some(listeners) = listeners.and_then(Value::as_object) else { return Self::Plain(text.trim().to_owned()) };
        let listeners = listeners.iter().filter_map(|(name, url)| Some((name.clone(), url.as_str()?.to_owned())));
        Self::Listeners(listeners.collect())
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        let (plain, listeners) = match self {
            Self::Plain(text) => (Some(text.as_str()), &[][..]),
            Self::Listeners(listeners) => (None, &listeners[..]),
        };
        plain.into_iter().chain(listeners.iter().map(|(_, url)| url.as_str()))
    }

    fn of(&self, listener: Option<&str>) -> Result<&str, NamingError> {
        let listeners = match self {
            Self::Plain(url) if listener.is_none_or(str::is_empty) => return Ok(url),
            Self::Plain(_) => &[][..],
            Self::Listeners(listeners) => listeners,
        };
        let wanted = listener.unwrap_or_default();
        let found = listeners.iter().find(|(name, _)| name == wanted);
        match (found, listeners) {
            (Some((_, url)), _) => Ok(url),
            (None, [(_, url)]) if listener.is_none() => Ok(url),
            _ => {
                let names: Vec<_> = listeners.iter().map(|(name, _)| format!("`{name}`")).collect();
                let found = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                Err(NamingError::NoListener { wanted: wanted.to_owned(), found })
            }
        }
    }
}

/// The code in `{"Error":{"Code":"FABRIC_E_…"}}`.
pub(super) fn error_code(json: &[u8]) -> Option<String> {
    let answer: Value = serde_json::from_slice(json).ok()?;
    let error = get(answer.as_object()?, "Error")?.as_object()?;
    let code = text(error, "Code")?;
    let is_code = code.len() <= 80 && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    is_code.then(|| code.to_owned())
}

fn get<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| object.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    get(object, name)?.as_str()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn partition(information: Value, endpoints: Value) -> Partition {
        let answer = json!({ "name": "fabric:/a/s", "partitionINFORMATION": information, "Endpoints": endpoints, "version": "1:2" });
        Partition::parse(answer.to_string().as_bytes()).unwrap()
    }

    fn singleton(endpoints: Value) -> Partition {
        partition(json!({ "ServicePartitionKind": "Singleton", "Id": "p" }), endpoints)
    }

    #[test]
    fn serves_the_keys_of_its_kind() {
        let range = json!({ "ServicePartitionKind": "Int64Range", "LowKey": "-9223372036854775808", "HighKey": "-1" });
        let named = json!({ "ServicePartitionKind": "Named", "Name": "eu" });
        let partitions = [singleton(json!([])), partition(range, json!([])), partition(named, json!([]))];
        let cases = [
            (None, [true, false, false]),
            (Some("-1"), [false, true, false]),
            (Some("0"), [false, false, false]),
            (Some("-9223372036854775808"), [false, true, false]),
            (Some("9223372036854775808"), [false, false, false]),
            (Some("eu"), [false, false, true]),
            (Some("EU"), [false, false, false]),
        ];
        for (key, expected) in cases {
            assert_eq!(partitions.each_ref().map(|partition| partition.serves(key)), expected, "{key:?}");
        }
    }

    #[test]
    fn chooses_by_role_and_listener() {
        let listeners = |all: Value| json!({ "Endpoints": all }).to_string();
        let stateful = singleton(json!([
            { "Kind": "StatefulSecondary", "Address": listeners(json!({ "": "http://s1/", "admin": "http://s1:9/x/" })) },
            { "Kind": "StatefulPrimary", "Address": listeners(json!({ "": "http://p/a/b", "admin": "http://p:9" })) },
            { "Kind": "StatefulSecondary", "Address": listeners(json!({ "": "http://s2" })) },
            { "Kind": "Invalid", "Address": "http://never" },
        ]));
        let one =
            singleton(json!([{ "Kind": "Stateless", "Address": "{\"Endpoints\":{\"web\":\"http:\\/\\/i1:80\\/\"}}" }]));
        let two = singleton(json!([
            { "Kind": "Stateless", "Address": listeners(json!({ "a": "net.tcp://i1:1", "b": "http://i1" })) },
            { "Kind": "Stateless", "Address": listeners(json!({ "a": "http://i2" })) },
        ]));
        let plain = singleton(json!([{ "Kind": "Stateless", "Address": "http://10.0.0.4:30003/" }]));
        let odd = singleton(json!([{ "Kind": "Stateless", "Address": "10.0.0.4:30003+guid" }]));
        let (primary, secondary) = (ReplicaRole::Primary, ReplicaRole::Secondary);
        let cases = [
            (&stateful, primary, None, 0, Ok("http://p/a/b")),
            (&stateful, primary, Some("admin"), 5, Ok("http://p:9")),
            (&stateful, primary, Some("none"), 0, Err("there is no listener `none`: found ``, `admin`")),
            (&stateful, secondary, None, 0, Ok("http://s1")),
            (&stateful, secondary, None, 1, Ok("http://s2")),
            (&stateful, secondary, None, 2, Ok("http://s1")),
            // The second has no such listener, so the first is taken in its turn too.
            (&stateful, secondary, Some("admin"), 1, Ok("http://s1:9/x")),
            (&one, primary, None, 0, Ok("http://i1")),
            (&one, secondary, Some("web"), 0, Ok("http://i1")),
            (&one, primary, Some(""), 0, Err("there is no listener ``: found `web`")),
            (&two, primary, Some("a"), 0, Ok("http://i2")),
            (&plain, primary, None, 0, Ok("http://10.0.0.4:30003")),
            (&plain, primary, Some("web"), 0, Err("there is no listener `web`: found none")),
            (&odd, primary, None, 0, Err("the service listens at `10.0.0.4:30003+guid`, which is not HTTP")),
        ];
        for (number, (partition, role, listener, turn, expected)) in cases.into_iter().enumerate() {
            let got = partition.choose(role, listener, turn);
            let got = got.map(|url| url.to_string()).map_err(|error| error.to_string());
            assert_eq!(got, expected.map(str::to_owned).map_err(str::to_owned), "case {number}");
        }
        let error = singleton(json!([])).choose(secondary, None, 0).unwrap_err().to_string();
        assert_eq!(error, "the partition has no secondary replica and no instance");
    }

    #[test]
    fn says_what_is_wrong_with_an_answer() {
        for (answer, problem) in [
            ("", "it is not JSON"),
            ("[]", "it is not an object"),
            ("{}", "`PartitionInformation` is missing"),
            ("{\"PartitionInformation\":{}}", "`Endpoints` are missing"),
            ("{\"PartitionInformation\":{},\"Endpoints\":[]}", "`ServicePartitionKind` is not known"),
        ] {
            assert_eq!(Partition::parse(answer.as_bytes()), Err(NamingError::Malformed(problem)), "{answer}");
        }
        assert_eq!(error_code(br#"{"Error":{"Code":"FABRIC_E_TIMEOUT"}}"#).as_deref(), Some("FABRIC_E_TIMEOUT"));
        assert_eq!(error_code(br#"{"Error":{"Code":"s3cr3t"}}"#), None);
    }

    proptest! {
        #[test]
        fn never_panics(json in "\\PC*", address in "\\PC*", listener in proptest::option::of("[a-z]{0,2}"), turn: usize) {
            let _ = (Partition::parse(json.as_bytes()), error_code(json.as_bytes()));
            let partition = singleton(json!([{ "Kind": "Stateless", "Address": address }]));
            let _ = partition.choose(ReplicaRole::Primary, listener.as_deref(), turn);
        }
    }
}
