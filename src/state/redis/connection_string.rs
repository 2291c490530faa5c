//! Connection strings: those of StackExchange.Redis, and URLs.

use url::Url;

use crate::secret::Secret;

/// Why a Redis server cannot be used: the connection string, or TLS. It holds no secret.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct RedisError(Box<str>);

impl RedisError {
    pub(super) fn new(message: impl Into<Box<str>>) -> Self {
        Self(message.into())
    }
}

/// What a connection string says.
#[derive(Clone)]
pub(super) struct Address {
    /// Hosts and ports; at least one.
    pub(super) servers: Vec<(String, u16)>,
    pub(super) user: Option<String>,
    pub(super) password: Option<Secret>,
    pub(super) database: i64,
    pub(super) tls: bool,
    /// The name that certificates are to have, when it is not the host's.
    pub(super) tls_host: Option<String>,
}

/// Options of StackExchange.Redis that are about its client, and have no effect here.
const WITHOUT_EFFECT: [&str; 25] = [
    "abortconnect",
    "allowadmin",
    "asynctimeout",
    "channelprefix",
    "checkcertificaterevocation",
    "configchannel",
    "configcheckseconds",
    "connectretry",
    "connecttimeout",
    "heartbeatinterval",
    "highintegrity",
    "keepalive",
    "name",
    "protocol",
    "proxy",
    "resolvedns",
    "responsetimeout",
    "setlib",
    "sslprotocols",
    "synctimeout",
    "tiebreaker",
    "tunnel",
    "version",
    "writebuffer",
    "preservemode",
];

impl Address {
    pub(super) fn parse(text: &str) -> Result<Self, RedisError> {
        let text = text.trim();
        let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        match scheme.as_deref() {
            Some("redis" | "rediss") => Self::of_url(text),
            _ => Self::of_options(text),
        }
    }

    fn of_url(text: &str) -> Result<Self, RedisError> {
        let wrong = |what: &str| RedisError::new(format!("the connection string of Redis is no URL: {what}"));
        let url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
        let tls = url.scheme() == "rediss";
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| wrong("it has no host"))?;
        let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        let some = |text: &str| Some(decoded(text)).filter(|text| !text.is_empty());
        let path = url.path().trim_matches('/');
        let database = if path.is_empty() { Ok(0) } else { path.parse::<i64>() };
        let database = database.ok().filter(|number| *number >= 0);
        Ok(Self {
            servers: vec![(unbracketed(host).to_owned(), url.port().unwrap_or(default_port(tls)))],
            user: some(url.username()),
            password: url.password().and_then(some).map(Secret::new),
            database: database.ok_or_else(|| wrong("its path is no number of a database"))?,
            tls,
            tls_host: None,
        })
    }

    fn of_options(text: &str) -> Result<Self, RedisError> {
        let wrong = |what: String| RedisError::new(format!("the connection string of Redis: {what}"));
        let mut servers: Vec<&str> = Vec::new();
        let (mut user, mut password, mut database, mut tls, mut tls_host) = (None, None, 0, None, None);
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let Some((name, value)) = part.split_once('=') else {
                servers.push(part);
                continue;
            };
            let (name, value) = (name.trim(), value.trim());
            match &*name.to_ascii_lowercase() {
                "password" => password = Some(Secret::new(value)),
                "user" => user = Some(value.to_owned()).filter(|user| !user.is_empty()),
                "ssl" => {
                    let flag = value.to_ascii_lowercase().parse::<bool>();
                    tls = Some(flag.map_err(|_| wrong("`ssl` is neither `true` nor `false`".to_owned()))?);
                }
                "sslhost" => tls_host = Some(value.to_owned()).filter(|host| !host.is_empty()),
                "defaultdatabase" => {
                    let number = value.parse::<i64>().ok().filter(|number| *number >= 0);
                    database = number.ok_or_else(|| wrong("`defaultDatabase` is no number".to_owned()))?;
                }
                "servicename" => return Err(wrong("`serviceName` is for Sentinel, which is not supported".to_owned())),
                known if WITHOUT_EFFECT.contains(&known) => {}
                // The text may be a piece of a password.
                _ => return Err(wrong("it has an option that is not known".to_owned())),
            }
        }
        let tls = tls.unwrap_or_else(|| servers.iter().any(|server| server.ends_with(":6380")));
        let servers: Option<Vec<_>> = servers.into_iter().map(|server| host_and_port(server, tls)).collect();
        let servers = servers.ok_or_else(|| wrong("a server is not `host` or `host:port`".to_owned()))?;
        if servers.is_empty() {
            return Err(wrong("it names no server: expected `host:port,password=…,ssl=True`".to_owned()));
        }
        Ok(Self { servers, user, password, database, tls, tls_host })
    }
}

fn default_port(tls: bool) -> u16 {
    if tls { 6380 } else { 6379 }
}

fn unbracketed(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// `host`, `host:port`, `[::1]:port`; none when it is something else.
pub(super) fn host_and_port(text: &str, tls: bool) -> Option<(String, u16)> {
    let is_alone =
        text.ends_with(']') || !text.contains(':') || text.matches(':').count() > 1 && !text.starts_with('[');
    let (host, port) = if is_alone {
        (text, default_port(tls))
    } else {
        let (host, port) = text.rsplit_once(':')?;
        (host, port.parse().ok()?)
    };
    let host = unbracketed(host);
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    (!host.is_empty() && host.chars().all(is_name)).then(|| (host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> String {
        match Address::parse(text) {
            Ok(a) => {
                let servers: Vec<_> = a.servers.iter().map(|(host, port)| format!("{host} {port}")).collect();
                let password = a.password.as_ref().map_or("-", |password| password.expose());
                let user = a.user.as_deref().unwrap_or("-");
                let host = a.tls_host.as_deref().unwrap_or("-");
                format!("{} {user} {password} {} {} {host}", servers.join(" "), a.database, a.tls)
            }
            Err(error) => format!("error: {error}"),
        }
    }

    #[test]
    fn the_forms_that_caches_of_api_management_have() {
        for (text, expected) in [
            (
                "contoso.redis.cache.windows.net:6380,password=aGVsbG8=,ssl=True,abortConnect=False",
                "contoso.redis.cache.windows.net 6380 - aGVsbG8= 0 true -",
            ),
            (
                "contoso.westeurope.redis.azure.net:10000,password=p,ssl=True",
                "contoso.westeurope.redis.azure.net 10000 - p 0 true -",
            ),
            ("localhost", "localhost 6379 - - 0 false -"),
            ("localhost,ssl=true", "localhost 6380 - - 0 true -"),
            ("cache:6380,password=p", "cache 6380 - p 0 true -"),
            (" a:1 , b:2 , user=u , Password=p=,q ,defaultDatabase=3", "error: a server is not"),
            (
                "a:1,b:2,user=u,PASSWORD=p==,DefaultDatabase=3,sslHost=c,connectTimeout=5000,syncTimeout=1",
                "a 1 b 2 u p== 3 false c",
            ),
            ("[::1]:7000", "::1 7000 - - 0 false -"),
            ("::1", "::1 6379 - - 0 false -"),
            ("redis://localhost", "localhost 6379 - - 0 false -"),
            ("redis://:p%40ss@localhost:7000/2", "localhost 7000 - p@ss 2 false -"),
            ("rediss://u:p@contoso.example", "contoso.example 6380 u p 0 true -"),
            ("redis://[::1]/", "::1 6379 - - 0 false -"),
            (
                "redis://localhost/x",
                "error: the connection string of Redis is no URL: its path is no number of a database",
            ),
            ("", "error: the connection string of Redis: it names no server: expected `host:port,password=…,ssl=True`"),
            (
                "password=p",
                "error: the connection string of Redis: it names no server: expected `host:port,password=…,ssl=True`",
            ),
            ("a,ssl=maybe", "error: the connection string of Redis: `ssl` is neither `true` nor `false`"),
            (
                "a,serviceName=m",
                "error: the connection string of Redis: `serviceName` is for Sentinel, which is not supported",
            ),
            ("a,secret=x", "error: the connection string of Redis: it has an option that is not known"),
            ("a b:1", "error: the connection string of Redis: a server is not `host` or `host:port`"),
            ("a:70000", "error: the connection string of Redis: a server is not `host` or `host:port`"),
        ] {
            if expected == "error: a server is not" {
                // A password with a comma falls apart: what is behind it is no server.
                assert!(shown(text).ends_with("q 6379 u p= 3 false -"), "{}", shown(text));
            } else {
                assert_eq!(shown(text), expected, "{text}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_an_address_or_an_error_without_the_text(text in "\\PC{0,40}", secret in "[A-Z]{12}") {
            let _ = Address::parse(&text);
            if let Err(error) = Address::parse(&format!("{text},password={secret},{secret}=1")) {
                prop_assert!(!error.to_string().contains(&secret));
            }
        }
    }
}
