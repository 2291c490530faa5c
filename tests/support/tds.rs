//! A peer that speaks TDS 7.4 and 8 as SQL Server does: prelogin, TLS in packets or before them, LOGIN7 with a password or a
//! token, RPC of `sp_executesql` with typed parameters, results of several types, errors. What statements give is a test's.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex};

use rustls::{ServerConfig, ServerConnection};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::TestServer;

const END: u8 = 1;
const RESET: u8 = 8;

/// How a peer encrypts.
#[derive(Clone)]
pub enum Encrypts {
    Never,
    /// TLS whose handshake is in packets.
    Tls(Arc<ServerConfig>),
    /// TLS that comes first.
    Strict(Arc<ServerConfig>),
}

/// Who may sign in.
#[derive(Clone)]
pub enum Login {
    Password(&'static str, &'static str),
    Token(&'static str),
}

/// A statement as it arrived.
#[derive(Clone, Debug)]
pub struct Statement {
    pub text: String,
    pub declared: String,
    pub parameters: Vec<(String, Value)>,
    /// Whether the session was to begin as new.
    pub resets: bool,
}

impl Statement {
    pub fn value(&self, name: &str) -> Value {
        self.parameters.iter().find(|(known, _)| known == name).map_or(Value::Null, |(_, value)| value.clone())
    }
}

/// The types that results have.
#[derive(Clone, Copy)]
pub enum Type {
    Int,
    BigInt,
    Bit,
    Float,
    /// `decimal(10,2)`.
    Decimal,
    /// `nvarchar(4000)`.
    Text,
    /// `nvarchar(max)`.
    LongText,
    /// `varbinary(8000)`.
    Binary,
    /// `datetime2(7)`: days since the year 1 and 100 ns.
    DateTime2,
    /// `datetime`: days since 1900 and 300ths of a second.
    DateTime,
    Guid,
}

/// What a peer answers to a statement.
pub enum Answer {
    /// Results, one after the other: columns and rows.
    Results(Vec<(Vec<(&'static str, Type)>, Vec<Vec<Value>>)>),
    Error(i32, &'static str),
    /// Bytes of a message, whatever they are.
    Raw(Vec<u8>),
    /// Rows without an end.
    Endless,
    /// Nothing, ever.
    Silence,
    /// The end of the connection.
    Leaves,
}

/// A server that signs in and answers.
pub struct SqlPeer {
    server: TestServer,
    said: Arc<Mutex<Vec<Statement>>>,
    /// Each connection has one for as long as it is served.
    hang_up: Arc<Notify>,
}

impl SqlPeer {
    pub async fn start<F>(encrypts: Encrypts, login: Login, answers: F) -> Self
    where
        F: Fn(&Statement) -> Answer + Send + Sync + 'static,
    {
        let (said, answers) = (Arc::<Mutex<Vec<Statement>>>::default(), Arc::new(answers));
        let (log, hang_up) = (Arc::clone(&said), Arc::<Notify>::default());
        let ends = Arc::clone(&hang_up);
        let server = TestServer::raw(move |stream| {
            let (encrypts, login, answers, log, ends) =
                (encrypts.clone(), login.clone(), Arc::clone(&answers), Arc::clone(&log), Arc::clone(&ends));
            async move {
                // A client that leaves ends it.
                tokio::select! {
                    _ = serve(stream, encrypts, login, &*answers, &log) => {}
                    () = ends.notified() => {}
                }
                drop(ends);
            }
        })
        .await;
        Self { server, said, hang_up }
    }

    pub fn port(&self) -> u16 {
        self.server.address().port()
    }

    pub fn connections(&self) -> usize {
        self.server.connections()
    }

    /// Ends the connections that there are.
    pub fn hang_up(&self) {
        self.hang_up.notify_waiters();
    }

    /// Whether a connection is served: beside this one, and the one that new connections get.
    pub fn is_serving(&self) -> bool {
        Arc::strong_count(&self.hang_up) > 2
    }

    pub fn said(&self) -> Vec<Statement> {
        self.said.lock().unwrap().clone()
    }
}

async fn serve(
    stream: TcpStream,
    encrypts: Encrypts,
    login: Login,
    answers: &(impl Fn(&Statement) -> Answer + ?Sized),
    log: &Mutex<Vec<Statement>>,
) -> io::Result<()> {
    let mut channel = Channel { stream, tls: None };
    if let Encrypts::Strict(config) = &encrypts {
        channel.shake(config.clone(), false).await?;
        assert_eq!(channel.tls.as_ref().unwrap().alpn_protocol(), Some(&b"tds/8.0"[..]));
    }
    let (kind, _, asked) = channel.message().await?;
    assert_eq!(kind, 0x12, "a prelogin comes first");
    let wish = option(&asked, 1).expect("an encryption")[0];
    let can = matches!(encrypts, Encrypts::Tls(_));
    let mut options: Vec<(u8, &[u8])> = vec![(0, &[16, 0, 0x10, 0, 0, 0]), (1, if can { &[1] } else { &[2] })];
    if option(&asked, 6) == Some(&[1]) {
        options.push((6, &[1]));
    }
    let (mut table, mut data) = (Vec::new(), Vec::new());
    for (token, value) in &options {
        let offset = (options.len() * 5 + 1 + data.len()) as u16;
        table.push(*token);
        table.extend(offset.to_be_bytes());
        table.extend((value.len() as u16).to_be_bytes());
        data.extend_from_slice(value);
    }
    table.push(0xff);
    table.extend(data);
    channel.send(4, &table).await?;
    match (&encrypts, wish) {
        (Encrypts::Tls(config), 1) => channel.shake(config.clone(), true).await?,
        // The client asked for what is not to be had: it has to leave.
        (Encrypts::Never, 1) | (Encrypts::Tls(_), _) => return Ok(()),
        (Encrypts::Strict(_), wish) => assert_eq!(wish, 3),
        _ => {}
    }
    let (kind, _, asked) = channel.message().await?;
    assert_eq!(kind, 0x10, "a login comes next");
    if !signs_in(&asked, &login) {
        let mut out = error(18456, 14, "Login failed for user 'x'.");
        out.extend(done(0xfd, 2, 0));
        return channel.send(4, &out).await;
    }
    let mut out = vec![0xad];
    let name: Vec<u8> = utf16("Microsoft SQL Server");
    out.extend((10 + name.len() as u16).to_le_bytes());
    out.push(1);
    out.extend([0x74, 0, 0, 4, (name.len() / 2) as u8]);
    out.extend(name);
    out.extend([16, 0, 0x10, 0]);
    if matches!(login, Login::Token(_)) {
        out.extend([0xae, 2, 0, 0, 0, 0, 0xff]);
    }
    out.extend(done(0xfd, 0, 0));
    channel.send(4, &out).await?;
    loop {
        let (kind, status, asked) = channel.message().await?;
        assert_eq!(kind, 3, "statements are calls");
        let statement = call(&asked, status & RESET != 0);
        log.lock().unwrap().push(statement.clone());
        match answers(&statement) {
            Answer::Results(results) => {
                let mut out = Vec::new();
                for (columns, rows) in &results {
                    metadata(&mut out, columns);
                    for row in rows {
                        out.push(0xd1);
                        columns.iter().zip(row).for_each(|((_, kind), value)| cell(&mut out, *kind, value));
                    }
                    out.extend(done(0xff, 0x11, rows.len() as u64));
                }
                out.extend([0x79, 0, 0, 0, 0]);
                out.extend(done(0xfe, 0, 0));
                channel.send(4, &out).await?;
            }
            Answer::Error(number, message) => {
                let mut out = error(number, 16, message);
                out.extend(done(0xfe, 2, 0));
                channel.send(4, &out).await?;
            }
            Answer::Raw(bytes) => channel.send(4, &bytes).await?,
            Answer::Endless => {
                let mut out = Vec::new();
                metadata(&mut out, &[("n", Type::Text)]);
                channel.packet(4, 0, &out).await?;
                let mut row = vec![0xd1];
                cell(&mut row, Type::Text, &json!("x".repeat(1000)));
                loop {
                    channel.packet(4, 0, &row).await?;
                }
            }
            Answer::Silence => std::future::pending().await,
            Answer::Leaves => return Ok(()),
        }
    }
}

/// A connection, encrypted or not.
struct Channel {
    stream: TcpStream,
    tls: Option<ServerConnection>,
}

impl Channel {
    async fn read(&mut self, n: usize) -> io::Result<Vec<u8>> {
        let mut out = vec![0; n];
        let Some(tls) = &mut self.tls else {
            self.stream.read_exact(&mut out).await?;
            return Ok(out);
        };
        let mut filled = 0;
        while filled < n {
            match tls.reader().read(&mut out[filled..]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => filled += read,
                Err(_) => {
                    let mut raw = vec![0; 4096];
                    let read = self.stream.read(&mut raw).await?;
                    feed(tls, &raw[..read])?;
                }
            }
        }
        Ok(out)
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(tls) = &mut self.tls else { return self.stream.write_all(bytes).await };
        tls.writer().write_all(bytes)?;
        let mut raw = Vec::new();
        while tls.wants_write() {
            tls.write_tls(&mut raw)?;
        }
        self.stream.write_all(&raw).await
    }

    /// A whole message: its type, the status of its first packet, its payload.
    async fn message(&mut self) -> io::Result<(u8, u8, Vec<u8>)> {
        let (mut first, mut payload) = (None, Vec::new());
        loop {
            let header = self.read(8).await?;
            let (kind, status) = *first.get_or_insert((header[0], header[1]));
            let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
            payload.extend(self.read(length - 8).await?);
            if header[1] & END != 0 {
                return Ok((kind, status, payload));
            }
        }
    }

    async fn packet(&mut self, kind: u8, status: u8, payload: &[u8]) -> io::Result<()> {
        let mut out = vec![kind, status];
        out.extend((payload.len() as u16 + 8).to_be_bytes());
        out.extend([0, 0, 1, 0]);
        out.extend_from_slice(payload);
        self.write(&out).await
    }

    async fn send(&mut self, kind: u8, payload: &[u8]) -> io::Result<()> {
        let chunks: Vec<_> = payload.chunks(4000).collect();
        for (i, chunk) in chunks.iter().enumerate() {
            self.packet(kind, u8::from(i + 1 == chunks.len()), chunk).await?;
        }
        Ok(())
    }

    /// The server's side of a handshake, in packets or not.
    async fn shake(&mut self, config: Arc<ServerConfig>, wrapped: bool) -> io::Result<()> {
        let mut tls = ServerConnection::new(config).map_err(io::Error::other)?;
        while tls.is_handshaking() || tls.wants_write() {
            let mut raw = Vec::new();
            while tls.wants_write() {
                tls.write_tls(&mut raw)?;
            }
            if !raw.is_empty() {
                match wrapped {
                    true => self.send(0x12, &raw).await?,
                    false => self.stream.write_all(&raw).await?,
                }
                continue;
            }
            if wrapped {
                let (kind, _, payload) = self.message().await?;
                assert_eq!(kind, 0x12);
                feed(&mut tls, &payload)?;
            } else {
                let mut raw = vec![0; 4096];
                let read = self.stream.read(&mut raw).await?;
                feed(&mut tls, &raw[..read])?;
            }
        }
        self.tls = Some(tls);
        Ok(())
    }
}

fn feed(tls: &mut ServerConnection, mut raw: &[u8]) -> io::Result<()> {
    if raw.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    while !raw.is_empty() {
        tls.read_tls(&mut raw)?;
        tls.process_new_packets().map_err(io::Error::other)?;
    }
    Ok(())
}

fn option(payload: &[u8], token: u8) -> Option<&[u8]> {
    payload.chunks(5).take_while(|option| option[0] != 0xff).find(|option| option[0] == token).map(|option| {
        let (start, length) = (u16::from_be_bytes([option[1], option[2]]), u16::from_be_bytes([option[3], option[4]]));
        &payload[usize::from(start)..usize::from(start + length)]
    })
}

fn u16_at(bytes: &[u8], at: usize) -> usize {
    usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]))
}

fn text_of(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes.chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    String::from_utf16(&units).unwrap()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn signs_in(login: &[u8], expected: &Login) -> bool {
    let field = |at: usize| {
        let (start, count) = (u16_at(login, at), u16_at(login, at + 2));
        login[start..start + count * 2].to_vec()
    };
    match expected {
        Login::Password(user, password) => {
            let shown: Vec<u8> = field(44).iter().map(|byte| (byte ^ 0xa5).rotate_left(4)).collect();
            text_of(&field(40)) == *user && text_of(&shown) == *password
        }
        Login::Token(token) => {
            let at = u16_at(login, 56);
            let at = u32::from_le_bytes(login[at..at + 4].try_into().unwrap()) as usize;
            assert_eq!(login[at], 2, "the extension is a token");
            let length = u32::from_le_bytes(login[at + 6..at + 10].try_into().unwrap()) as usize;
            // The client says that it was told a token is needed.
            login[at + 5] & 1 == 1 && text_of(&login[at + 10..at + 10 + length]) == *token
        }
    }
}

/// Reads a call of `sp_executesql`.
fn call(payload: &[u8], resets: bool) -> Statement {
    let headers = u32::from_le_bytes(payload[..4].try_into().unwrap()) as usize;
    let mut rest = Rest(&payload[headers..]);
    let length = rest.u16();
    let name = if length == 0xffff { format!("#{}", rest.u16()) } else { text_of(rest.take(length * 2)) };
    assert!(matches!(&*name, "sp_executesql" | "#10"), "{name}");
    rest.take(2);
    let mut parameters = Vec::new();
    while !rest.0.is_empty() {
        let length = usize::from(rest.take(1)[0]);
        let name = text_of(rest.take(length * 2));
        rest.take(1);
        parameters.push((name, rest.value()));
    }
    let mut named = |name: &str| {
        let at = parameters.iter().position(|(known, _)| known == name)?;
        parameters.remove(at).1.as_str().map(str::to_owned)
    };
    let text = named("@stmt").expect("a statement");
    let declared = named("@params").unwrap_or_default();
    Statement { text, declared, parameters, resets }
}

/// What is left of a message.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, n: usize) -> &'a [u8] {
        let (taken, behind) = self.0.split_at(n);
        self.0 = behind;
        taken
    }

    fn u16(&mut self) -> usize {
        u16_at(self.take(2), 0)
    }

    /// A type and its value; bytes are a text in hex.
    fn value(&mut self) -> Value {
        match self.take(1)[0] {
            0x1f => Value::Null,
            kind @ (0x26 | 0x68 | 0x6d) => {
                self.take(1);
                let length = usize::from(self.take(1)[0]);
                let bytes = self.take(length);
                let mut whole = [if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { 0xff } else { 0 }; 8];
                whole[..length].copy_from_slice(bytes);
                match (kind, length) {
                    (_, 0) => Value::Null,
                    (0x68, _) => json!(bytes[0] != 0),
                    (0x6d, 8) => json!(f64::from_le_bytes(whole)),
                    (0x6d, _) => panic!("a float of {length} bytes"),
                    _ => json!(i64::from_le_bytes(whole)),
                }
            }
            kind @ (0xe7 | 0xa5) => {
                let most = self.u16();
                if kind == 0xe7 {
                    self.take(5);
                }
                let bytes = match most {
                    0xffff => {
                        let total = u64::from_le_bytes(self.take(8).try_into().unwrap());
                        if total == u64::MAX {
                            return Value::Null;
                        }
                        let mut all = Vec::new();
                        loop {
                            let length = u32::from_le_bytes(self.take(4).try_into().unwrap()) as usize;
                            if length == 0 {
                                break all;
                            }
                            all.extend_from_slice(self.take(length));
                        }
                    }
                    _ => match self.u16() {
                        0xffff => return Value::Null,
                        length => self.take(length).to_vec(),
                    },
                };
                match kind {
                    0xe7 => json!(text_of(&bytes)),
                    _ => json!(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
                }
            }
            other => panic!("a parameter of the type {other:#x}"),
        }
    }
}

fn error(number: i32, class: u8, message: &str) -> Vec<u8> {
    let (text, server) = (utf16(message), utf16("peer"));
    let mut body = number.to_le_bytes().to_vec();
    body.extend([1, class]);
    body.extend((text.len() as u16 / 2).to_le_bytes());
    body.extend(text);
    body.push((server.len() / 2) as u8);
    body.extend(server);
    body.push(0);
    body.extend(1_u32.to_le_bytes());
    let mut out = vec![0xaa];
    out.extend((body.len() as u16).to_le_bytes());
    out.extend(body);
    out
}

fn done(token: u8, status: u16, rows: u64) -> Vec<u8> {
    let mut out = vec![token];
    out.extend(status.to_le_bytes());
    out.extend([0, 0]);
    out.extend(rows.to_le_bytes());
    out
}

fn metadata(out: &mut Vec<u8>, columns: &[(&str, Type)]) {
    out.push(0x81);
    out.extend((columns.len() as u16).to_le_bytes());
    for (name, kind) in columns {
        out.extend([0, 0, 0, 0, 9, 0]);
        let collation = [9, 4, 0xd0, 0, 0x34];
        match kind {
            Type::Int => out.extend([0x26, 4]),
            Type::BigInt => out.extend([0x26, 8]),
            Type::Bit => out.extend([0x68, 1]),
            Type::Float => out.extend([0x6d, 8]),
            Type::Decimal => out.extend([0x6a, 9, 10, 2]),
            Type::Text => {
                out.extend([0xe7, 0x40, 0x1f]);
                out.extend(collation);
            }
            Type::LongText => {
                out.extend([0xe7, 0xff, 0xff]);
                out.extend(collation);
            }
            Type::Binary => out.extend([0xa5, 0x40, 0x1f]),
            Type::DateTime2 => out.extend([0x2a, 7]),
            Type::DateTime => out.extend([0x6f, 8]),
            Type::Guid => out.extend([0x24, 16]),
        }
        let name = utf16(name);
        out.push((name.len() / 2) as u8);
        out.extend(name);
    }
}

fn cell(out: &mut Vec<u8>, kind: Type, value: &Value) {
    let bytes: Option<Vec<u8>> = match kind {
        _ if value.is_null() => None,
        Type::Int => Some((value.as_i64().unwrap() as i32).to_le_bytes().to_vec()),
        Type::BigInt => Some(value.as_i64().unwrap().to_le_bytes().to_vec()),
        Type::Bit => Some(vec![u8::from(value.as_bool().unwrap())]),
        Type::Float => Some(value.as_f64().unwrap().to_le_bytes().to_vec()),
        Type::Decimal => {
            let cents = value.as_i64().unwrap();
            let mut bytes = vec![u8::from(cents >= 0)];
            bytes.extend(cents.unsigned_abs().to_le_bytes());
            Some(bytes)
        }
        Type::Text | Type::LongText => Some(utf16(value.as_str().unwrap())),
        Type::Binary => Some(value.as_str().unwrap().as_bytes().to_vec()),
        Type::DateTime2 => {
            let (days, ticks) = (value[0].as_u64().unwrap(), value[1].as_u64().unwrap());
            let mut bytes = ticks.to_le_bytes()[..5].to_vec();
            bytes.extend(&days.to_le_bytes()[..3]);
            Some(bytes)
        }
        Type::DateTime => {
            let mut bytes = (value[0].as_i64().unwrap() as i32).to_le_bytes().to_vec();
            bytes.extend((value[1].as_u64().unwrap() as u32).to_le_bytes());
            Some(bytes)
        }
        Type::Guid => Some(vec![0xAB; 16]),
    };
    match (kind, bytes) {
        (Type::LongText, None) => out.extend(u64::MAX.to_le_bytes()),
        (Type::LongText, Some(bytes)) => {
            out.extend((bytes.len() as u64).to_le_bytes());
            // In two chunks.
            for chunk in bytes.chunks(bytes.len() / 2 + 2) {
                out.extend((chunk.len() as u32).to_le_bytes());
                out.extend_from_slice(chunk);
            }
            out.extend([0; 4]);
        }
        (Type::Text | Type::Binary, None) => out.extend([0xff, 0xff]),
        (Type::Text | Type::Binary, Some(bytes)) => {
            out.extend((bytes.len() as u16).to_le_bytes());
            out.extend(bytes);
        }
        (_, None) => out.push(0),
        (_, Some(bytes)) => {
            out.push(bytes.len() as u8);
            out.extend(bytes);
        }
    }
}
