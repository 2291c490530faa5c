//! Two gateways on two ports that share one limit, by way of Redis. It starts `redis-server` itself, when that is installed.
//!
//! `cargo run --features redis --example redis_limits -- [--serve] [--redis 'host:6380,password=…,ssl=True']`; with `--serve`
//! it goes on until it is stopped.

use std::process::Stdio;
use std::time::Duration;

use axum::Router;
use gatewright::gateway::Gateway;
use gatewright::model::{Api, ApiEntry, Operation, Policy, Store};
use gatewright::state::{OnFailure, Redis};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

type Fault = Box<dyn std::error::Error + Send + Sync>;

const LIMITED: &str = r#"<policies><inbound>
    <rate-limit-by-key calls="5" renewal-period="60" counter-key="@(context.Request.IpAddress)" remaining-calls-header-name="X-Left" />
    <return-response><set-body>welcome</set-body></return-response>
</inbound><backend><base /></backend><outbound /><on-error /></policies>"#;

#[tokio::main]
async fn main() -> Result<(), Fault> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let given = arguments.iter().position(|argument| argument == "--redis").and_then(|at| arguments.get(at + 1));
    let server = if given.is_some() { None } else { start().await };
    let Some(connection) = given.or(server.as_ref().map(|(address, _)| address)) else {
        println!("redis-server is not installed: `apt-get install redis-server`, or name one with `--redis`");
        return Ok(());
    };
    let mut api = ApiEntry::new(Api::new("shop").subscription_required(false));
    api.operations.insert("get", Operation::new("GET", "/").into());
    api.policy = Some(Policy::new(LIMITED));
    let mut store = Store::new();
    store.service.apis.insert("shop", api);
    // While Redis does not answer, each gateway counts by itself.
    let redis = Redis::new(connection)?.timeout(Duration::from_millis(200)).on_failure(OnFailure::Local);
    let mut addresses = Vec::new();
    for _ in 0..2 {
        let gateway = Gateway::builder().redis(&redis.stores()?).build(&store)?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        addresses.push(listener.local_addr()?.to_string());
        let app = Router::new().fallback_service(gateway).into_make_service_with_connect_info::<std::net::SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, app).await });
    }
    println!("5 calls a minute, through two gateways:");
    for address in addresses.iter().cycle().take(8) {
        println!("http://{address}/shop/ {}", get(address).await?);
    }
    println!("\ntry another limit, a second `counter-key`, `cache-lookup`, or stopping redis-server with `--serve`");
    if arguments.iter().any(|argument| argument == "--serve") {
        std::future::pending::<()>().await;
    }
    Ok(())
}

/// The status of a GET, and how many calls are left.
async fn get(address: &str) -> Result<String, Fault> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(format!("GET /shop/ HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let left = answer.lines().find_map(|line| line.strip_prefix("x-left: ")).unwrap_or("?");
    Ok(format!("{}, {left} left", answer.lines().next().unwrap_or_default()))
}

/// Starts a server on a free port, which ends with us; none when none is installed.
async fn start() -> Option<(String, Child)> {
    let address = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).ok()?;
    let mut command = Command::new("redis-server");
    command.args(["--port", &address.port().to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
    let server = command.stdout(Stdio::null()).kill_on_drop(true).spawn().ok()?;
    while TcpStream::connect(address).await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Some((address.to_string(), server))
}
