//! Connection strings of Azure SQL and SQL Server, as .NET writes them.

use std::time::Duration;

use super::{SqlCredential, SqlError};
use crate::secret::Secret;

/// A database of a server, and how it is reached.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct SqlServer {
    /// The name or address.
    pub host: String,
    /// The port; 1433 when the string does not say it.
    pub port: u16,
    /// The database; that of the login without one.
    pub database: Option<String>,
    /// Whether what is sent is encrypted.
    pub encryption: Encryption,
    /// Whether any certificate of the server is taken.
    pub trusts_any_certificate: bool,
    /// The name in the certificate, when it is not the host's.
    pub certificate_host: Option<String>,
    /// Whether the login only reads: `ApplicationIntent=ReadOnly`.
    pub read_only: bool,
    /// What the server is told that the application is called.
    pub application: Option<String>,
    /// How long connecting and signing in may take; 15 s when the string does not say it.
    pub connect_timeout: Duration,
    /// How long a statement may take; 30 s when the string does not say it.
    pub command_timeout: Duration,
}

/// Whether what is sent to a server is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encryption {
    /// `Encrypt=False`: by TLS when the server can, whatever its certificate; not at all otherwise.
    Optional,
    /// `Encrypt=True`, and what holds without it: by TLS.
    #[default]
    Mandatory,
    /// `Encrypt=Strict`: TLS comes first, as TDS 8 has it.
    Strict,
}

/// What a connection string says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConnectionString {
    pub(crate) server: SqlServer,
    pub(crate) credential: Option<SqlCredential>,
}

/// Options of .NET's client that are about itself, and have no effect here.
const WITHOUT_EFFECT: [&str; 31] = [
    "async",
    "asynchronousprocessing",
    "connectionlifetime",
    "connectionreset",
    "connectretrycount",
    "connectretryinterval",
    "columnencryptionsetting",
    "currentlanguage",
    "enlist",
    "failoverpartner",
    "failoverpartnerspn",
    "ipaddresspreference",
    "language",
    "loadbalancetimeout",
    "maxpoolsize",
    "minpoolsize",
    "multipleactiveresultsets",
    "multisubnetfailover",
    "net",
    "network",
    "networklibrary",
    "packetsize",
    "persistsecurityinfo",
    "poolblockingperiod",
    "pooling",
    "replication",
    "serverspn",
    "transactionbinding",
    "transparentnetworkipresolution",
    "typesystemversion",
    "workstationid",
];

impl ConnectionString {
    /// Reads `Server=tcp:contoso.database.windows.net,1433;Initial Catalog=db;User ID=u;Password=p;…`.
    pub(crate) fn parse(text: &str) -> Result<Self, SqlError> {
        let mut host = None;
        let (mut user, mut password) = (None, None);
        let mut server = SqlServer {
            host: String::new(),
            port: 1433,
            database: None,
            encryption: Encryption::Mandatory,
            trusts_any_certificate: false,
            certificate_host: None,
            read_only: false,
            application: None,
            connect_timeout: Duration::from_secs(15),
            command_timeout: Duration::from_secs(30),
        };
        for (name, value) in options(text)? {
            let some = |value: String| Some(value).filter(|value| !value.is_empty());
            match &*name {
                "server" | "datasource" | "address" | "addr" | "networkaddress" => host = Some(value),
                "database" | "initialcatalog" => server.database = some(value),
                "userid" | "uid" | "user" => user = some(value),
                "password" | "pwd" => password = Some(Secret::new(value)),
                "encrypt" => server.encryption = encryption(&value)?,
                "trustservercertificate" => server.trusts_any_certificate = flag("TrustServerCertificate", &value)?,
                "hostnameincertificate" => server.certificate_host = some(value),
                "applicationintent" => server.read_only = value.eq_ignore_ascii_case("readonly"),
                "applicationname" | "app" => server.application = some(value),
                "connecttimeout" | "connectiontimeout" | "timeout" => {
                    server.connect_timeout = seconds("Connect Timeout", &value)?;
                }
                "commandtimeout" => server.command_timeout = seconds("Command Timeout", &value)?,
                // The token is that of `use-managed-identity`.
                "authentication" if is_known_authentication(&value) => {}
                "authentication" => return Err(wrong("`Authentication` is none that is supported")),
                "integratedsecurity" | "trustedconnection" if matches!(flag_of(&value), Some(false)) => {}
                "integratedsecurity" | "trustedconnection" => {
                    return Err(wrong(
                        "`Integrated Security` is not supported: expected `User ID`, or `use-managed-identity`",
                    ));
                }
                known if WITHOUT_EFFECT.contains(&known) => {}
                // The name may be a piece of a password.
                _ => return Err(wrong("it has an option that is not known")),
            }
        }
        let host = host.ok_or_else(|| wrong("it names no server: expected `Server=host,port;…`"))?;
        (server.host, server.port) = host_and_port(&host)?;
        let credential = match (user, password) {
            (Some(user), Some(password)) => Some(SqlCredential::Login { user, password }),
            (None, None) => None,
            _ => return Err(wrong("it has one of `User ID` and `Password`: expected both")),
        };
        Ok(Self { server, credential })
    }
}

fn wrong(what: &str) -> SqlError {
    SqlError::new(format!("the connection string of SQL: {what}"))
}

/// Names in small letters without spaces, and values.
fn options(text: &str) -> Result<Vec<(String, String)>, SqlError> {
    let (mut found, mut rest) = (Vec::new(), text.trim());
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix(';') {
            rest = behind.trim_start();
            continue;
        }
        let (name, behind) = rest.split_once('=').ok_or_else(|| wrong("a part of it has no `=`"))?;
        let name: String = name.chars().filter(|c| !c.is_whitespace() && *c != '_').collect();
        let (value, behind) = value(behind.trim_start())?;
        found.push((name.to_ascii_lowercase(), value));
        rest = behind.trim_start();
    }
    Ok(found)
}

/// One value, and what is behind it. In quotes it may have `;` in it; a doubled quote is one.
fn value(text: &str) -> Result<(String, &str), SqlError> {
    let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        let end = text.find(';').unwrap_or(text.len());
        let (value, behind) = text.split_at(end);
        return Ok((value.trim().to_owned(), behind));
    };
    let (mut value, mut rest) = (String::new(), &text[1..]);
    loop {
        let (inside, behind) = rest.split_once(quote).ok_or_else(|| wrong("a quote in it has no end"))?;
        value.push_str(inside);
        match behind.strip_prefix(quote) {
            Some(more) => {
                value.push(quote);
                rest = more;
            }
            None => return Ok((value, behind)),
        }
    }
}

fn encryption(value: &str) -> Result<Encryption, SqlError> {
    match &*value.to_ascii_lowercase() {
        "strict" => Ok(Encryption::Strict),
        "mandatory" => Ok(Encryption::Mandatory),
        "optional" => Ok(Encryption::Optional),
        other => match flag_of(other) {
            Some(true) => Ok(Encryption::Mandatory),
            Some(false) => Ok(Encryption::Optional),
            None => Err(wrong("`Encrypt` is not `True`, `False` or `Strict`")),
        },
    }
}

fn flag(name: &str, value: &str) -> Result<bool, SqlError> {
    flag_of(value).ok_or_else(|| wrong(&format!("`{name}` is neither `True` nor `False`")))
}

fn flag_of(value: &str) -> Option<bool> {
    match &*value.to_ascii_lowercase() {
        "true" | "yes" | "sspi" => Some(true),
        "false" | "no" => Some(false),
        _ => None,
    }
}

fn seconds(name: &str, value: &str) -> Result<Duration, SqlError> {
    let seconds = value.parse::<u32>().ok().filter(|seconds| *seconds <= 86_400);
    let seconds = seconds.ok_or_else(|| wrong(&format!("`{name}` is no number of seconds up to a day")))?;
    // 0 is for ever, which nothing here is.
    Ok(Duration::from_secs(if seconds == 0 { 86_400 } else { seconds.into() }))
}

fn is_known_authentication(value: &str) -> bool {
    let name: String = value.chars().filter(|c| !c.is_whitespace()).collect();
    matches!(
        &*name.to_ascii_lowercase(),
        "sqlpassword" | "activedirectorymanagedidentity" | "activedirectorymsi" | "activedirectorydefault"
    )
}

/// `tcp:host,port`, `host`, `(local)`, `.`; a named instance needs a port.
fn host_and_port(text: &str) -> Result<(String, u16), SqlError> {
    let text = text.get(..4).filter(|start| start.eq_ignore_ascii_case("tcp:")).map_or(text, |_| &text[4..]).trim();
    let (host, port) = match text.split_once(',') {
        Some((host, port)) => {
            let port = port.trim().parse().map_err(|_| wrong("the port of the server is no number up to 65535"))?;
            (host.trim(), Some(port))
        }
        None => (text, None),
    };
    let (host, port) = match (host.split_once('\\'), port) {
        (Some((host, _)), Some(port)) => (host, port),
        (Some(_), None) => return Err(wrong("the server is a named instance: expected `host,port`")),
        (None, port) => (host, port.unwrap_or(1433)),
    };
    let host = if matches!(host, "." | "(local)") { "localhost" } else { host };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    if host.is_empty() || !host.chars().all(is_name) {
        return Err(wrong("the server is not `host` or `host,port`"));
    }
    Ok((host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> String {
        match ConnectionString::parse(text) {
            Ok(ConnectionString { server: s, credential }) => {
                let credential = match &credential {
                    Some(SqlCredential::Login { user, password }) => format!("{user}/{}", password.expose()),
                    _ => "-".to_owned(),
                };
                let database = s.database.as_deref().unwrap_or("-");
                let (connect, command) = (s.connect_timeout.as_secs(), s.command_timeout.as_secs());
                format!(
                    "{} {} {database} {credential} {:?} {} {connect} {command}",
                    s.host, s.port, s.encryption, s.trusts_any_certificate
                )
            }
            Err(error) => error.to_string().replace("the connection string of SQL: ", "error: "),
        }
    }

    #[test]
    fn the_forms_that_people_write() {
        for (text, expected) in [
            (
                "Server=tcp:contoso.database.windows.net,1433;Initial Catalog=shop;Persist Security Info=False;User ID=u;\
                 Password={p w};MultipleActiveResultSets=False;Encrypt=True;TrustServerCertificate=False;Connection Timeout=30;",
                "contoso.database.windows.net 1433 shop u/{p w} Mandatory false 30 30",
            ),
            (
                "\n Server=tcp:x.database.windows.net,1433;Initial Catalog=shop;\n ",
                "x.database.windows.net 1433 shop - Mandatory false 15 30",
            ),
            (
                "data source=.;UID=sa;PWD=\"a;b\"\"c\";database=d;encrypt=no;Command Timeout=5;app=x",
                "localhost 1433 d sa/a;b\"c Optional false 15 5",
            ),
            ("Server=h,70;Encrypt=Strict;Trust Server Certificate=yes", "h 70 - - Strict true 15 30"),
            ("Server=h\\inst,70;Authentication=Active Directory Managed Identity", "h 70 - - Mandatory false 15 30"),
            ("Server=h\\inst", "error: the server is a named instance: expected `host,port`"),
            ("Server=h,70000", "error: the port of the server is no number up to 65535"),
            ("Server=a b", "error: the server is not `host` or `host,port`"),
            ("Database=d", "error: it names no server: expected `Server=host,port;…`"),
            ("Server=h;User ID=u", "error: it has one of `User ID` and `Password`: expected both"),
            ("Server=h;Encrypt=maybe", "error: `Encrypt` is not `True`, `False` or `Strict`"),
            ("Server=h;Connect Timeout=soon", "error: `Connect Timeout` is no number of seconds up to a day"),
            ("Server=h;Password='x", "error: a quote in it has no end"),
            ("Server=h;x", "error: a part of it has no `=`"),
            ("Server=h;Secret=x", "error: it has an option that is not known"),
            (
                "Server=h;Integrated Security=SSPI",
                "error: `Integrated Security` is not supported: expected `User ID`, or `use-managed-identity`",
            ),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_server_or_an_error_without_the_text(text in "\\PC{0,40}", secret in "[A-Z]{12}") {
            let _ = ConnectionString::parse(&text);
            if let Err(error) = ConnectionString::parse(&format!("Server={text};Password={secret};{secret}=1")) {
                prop_assert!(!error.to_string().contains(&secret));
            }
            let parsed = ConnectionString::parse(&format!("Server=h;User ID=u;Password={secret}")).unwrap();
            let shown = format!("{parsed:?}");
            prop_assert!(!shown.contains(&secret));
        }
    }
}
