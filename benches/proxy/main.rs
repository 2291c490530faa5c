//! `examples/gateway` against a proxy written by hand on hyper and hyper-util, in one run on loopback.
//!
//! What counts is the ratio of CPU time for each request. The aims are 1.10 for passing through, and 1.15 for gateway
//! work. See `docs/performance.md`.
//!
//! ```text
//! cargo build --release --example gateway && cargo bench --bench proxy
//! cargo bench --bench proxy -- --rounds 15 --requests 40000 --gateway PATH
//! cargo bench --bench proxy -- --write-config FOLDER --origin HOST:PORT
//! ```

#![allow(clippy::disallowed_methods)] // a measurement reads the system's clock

mod by_hand;
mod job;
mod load;
mod origin;
mod process;

use std::convert::Infallible;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::HttpService;
use hyper_util::rt::{TokioIo, TokioTimer};
use load::{Load, Scenario};
use process::Process;
use tokio::net::TcpListener;

const CONNECTIONS: usize = 64;

type Fault = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    match argument("--role").as_deref() {
        Some(role) => local.block_on(&runtime, serve(role)),
        None => match argument("--write-config") {
            Some(folder) => write_config(Path::new(&folder), &argument("--origin").ok_or("no `--origin HOST:PORT`")?),
            None => local.block_on(&runtime, compare()),
        },
    }
}

fn argument(name: &str) -> Option<String> {
    std::env::args().skip_while(|argument| argument != name).nth(1)
}

fn number(name: &str, default: usize) -> Result<usize, Fault> {
    argument(name).map_or(Ok(default), |text| text.parse().map_err(|_| format!("`{name} {text}` is no number").into()))
}

async fn serve(role: &str) -> Result<(), Fault> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let origin = || argument("--origin").ok_or("no `--origin HOST:PORT`");
    match role {
        "origin" => origin::serve(listener).await,
        "hand" => by_hand::serve(listener, origin()?.parse()?, None).await,
        "hand-work" => by_hand::serve(listener, origin()?.parse()?, Some(by_hand::Work::new())).await,
        _ => return Err(format!("there is no role `{role}`").into()),
    }
    Ok(())
}

/// Serves each connection with a service of its own.
async fn accept<S, B>(listener: TcpListener, service: impl Fn() -> S)
where
    S: HttpService<Incoming, ResBody = B, Error = Infallible> + 'static,
    S: hyper::service::Service<Request<Incoming>, Response = Response<B>>,
    B: Body + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let _ = stream.set_nodelay(true);
        let connection =
            http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service());
        tokio::task::spawn_local(connection);
    }
}

fn write_config(folder: &Path, origin: &str) -> Result<(), Fault> {
    job::write_pass_through(&folder.join("plain"), origin)?;
    job::write_work(&folder.join("work"), origin)?;
    Ok(())
}

async fn compare() -> Result<(), Fault> {
    // Without `--bench` (`cargo test --all-targets`) it only shows that everything works.
    let measure = std::env::args().any(|argument| argument == "--bench");
    let rounds = number("--rounds", if measure { 21 } else { 1 })?.max(1);
    let requests = number("--requests", if measure { 8_000 } else { 640 })?.max(CONNECTIONS);
    let me = std::env::current_exe()?;
    let gateway = argument("--gateway").map_or_else(|| beside(&me), PathBuf::from);
    if !gateway.exists() {
        let build = "cargo build --release --example gateway";
        return Err(format!("{} is missing: build it with `{build}`", gateway.display()).into());
    }
    let origin = Process::start(Command::new(&me).args(["--role", "origin"]))?;
    let folder = tempfile::tempdir()?;
    write_config(folder.path(), &origin.address)?;
    let by_hand = |role| Process::start(Command::new(&me).args(["--role", role, "--origin", &origin.address]));
    let ours = |config| {
        let arguments = ["--listen", "127.0.0.1:0", "--workers", "1", "--config"];
        Process::start(Command::new(&gateway).args(arguments).arg(folder.path().join(config)))
    };
    println!("{rounds} rounds, {requests} requests a run, {CONNECTIONS} connections\n");
    println!(
        "{:34} {:>9} {:>9} {:>22} {:>20}",
        "CPU µs for each request (median)", "by hand", "gateway", "ratio (least, most)", "requests/s"
    );
    for (title, scenario, peers, aim) in [
        ("pass-through, GET 128 bytes", Scenario::PassThrough, [by_hand("hand")?, ours("plain")?], 1.10),
        ("gateway work, 1,000 operations", Scenario::Work, [by_hand("hand-work")?, ours("work")?], 1.15),
    ] {
        if scenario == Scenario::Work {
            for peer in &peers {
                Load::connect(&peer.address, 1).await?.send(Scenario::UnknownKey, 10).await?;
            }
        }
        let (mut runs, mut ratios) = ([Vec::new(), Vec::new()], Vec::new());
        for round in 0..rounds {
            // The order alternates, so that whatever slows the machine down hits both.
            for peer in [round % 2, 1 - round % 2] {
                runs[peer].push(run(&peers[peer], scenario, requests).await?);
            }
            ratios.push(runs[1][round].cpu / runs[0][round].cpu);
        }
        let [cpu, rate] =
            [|run: &Run| run.cpu, |run: &Run| run.rate].map(|f| runs.each_ref().map(|r| median(r.iter().map(f))));
        let (least, most) = ratios.iter().fold((f64::MAX, 0_f64), |(a, b), r| (a.min(*r), b.max(*r)));
        let ratio = median(ratios);
        let rates = format!("{:.0} / {:.0}", rate[0], rate[1]);
        println!(
            "{title:34} {:>9.1} {:>9.1} {ratio:>7.3} ({least:.3}, {most:.3}) {rates:>16}   aim {aim:.2}",
            cpu[0], cpu[1]
        );
    }
    Ok(())
}

/// One run of one peer: CPU time in µs for each request, and requests for each second.
struct Run {
    cpu: f64,
    rate: f64,
}

async fn run(peer: &Process, scenario: Scenario, requests: usize) -> Result<Run, Fault> {
    let mut load = Load::connect(&peer.address, CONNECTIONS).await?;
    load.send(scenario, requests / 20).await?;
    let (cpu, start) = (peer.cpu_time()?, Instant::now());
    load.send(scenario, requests).await?;
    let (cpu, time) = (peer.cpu_time()? - cpu, start.elapsed());
    let requests = requests.div_ceil(CONNECTIONS) as f64 * CONNECTIONS as f64;
    Ok(Run { cpu: cpu as f64 / 1000.0 / requests, rate: requests / time.as_secs_f64() })
}

fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The example's place beside the folder of this program.
fn beside(me: &Path) -> PathBuf {
    me.parent().unwrap_or(Path::new(".")).join("../examples/gateway")
}
