//! CPU time that backends add to a proxy.

use std::process::Command;

use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::process::Process;
use crate::{Fault, median};

const CONNECTIONS: usize = 64;

pub type Connection = SendRequest<Empty<Bytes>>;

pub async fn connect(address: &str) -> Result<Connection, Fault> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

/// Asks once; the status of the answer.
pub async fn ask(connection: &mut Connection) -> Result<u16, Fault> {
    connection.ready().await?;
    let request = Request::builder()
        .uri("/b128")
        .header(header::HOST, "gateway.example.com")
        .header(header::USER_AGENT, "bench/1.0")
        .header(header::ACCEPT, "*/*")
        .body(Empty::new())?;
    let response = connection.send_request(request).await?;
    let status = response.status().as_u16();
    response.into_body().collect().await?;
    Ok(status)
}

/// Starts this program in a role.
pub fn start(role: &str, origins: &[&str], more: &[&str]) -> Result<Process, Fault> {
    let mut command = Command::new(std::env::current_exe()?);
    Process::start(command.args(["--role", role, "--origins", &origins.join(",")]).args(more))
}

pub async fn compare(rounds: usize, requests: usize) -> Result<(), Fault> {
    let origin = start("origin", &[], &[])?;
    let same = [origin.address.as_str(); 4];
    let roles = ["hand", "single", "pool"];
    let peers = roles.iter().map(|role| start(role, &same, &[])).collect::<Result<Vec<_>, _>>()?;
    let mut runs = vec![Vec::new(); peers.len()];
    for round in 0..rounds {
        // The order changes, so that whatever slows the machine down hits all.
        for turn in 0..peers.len() {
            let peer = (round + turn) % peers.len();
            runs[peer].push(run(&peers[peer], requests).await?);
        }
    }
    println!("{rounds} rounds, {requests} requests a run, {CONNECTIONS} connections, GET 128 bytes");
    println!("{:58} {:>9} {:>22}", "CPU µs for each request (median)", "µs", "ratio (least, most)");
    for (peer, title) in
        ["a proxy by hand", "one entity with a breaker", "a pool of four with breakers"].iter().enumerate()
    {
        let ratios: Vec<_> = runs[peer].iter().zip(&runs[0]).map(|(own, base)| own / base).collect();
        let (least, most) = ratios.iter().fold((f64::MAX, 0_f64), |(a, b), r| (a.min(*r), b.max(*r)));
        let (cpu, ratio) = (median(runs[peer].iter().copied()), median(ratios));
        let aim = if peer == 0 { "" } else { "aim 1.05" };
        println!("{title:58} {cpu:>9.1} {ratio:>7.3} ({least:.3}, {most:.3})   {aim}");
    }
    println!();
    Ok(())
}

async fn run(peer: &Process, requests: usize) -> Result<f64, Fault> {
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(connect(&peer.address).await?);
    }
    let connections = send(connections, 10).await?;
    let before = peer.cpu_time()?;
    let share = requests.div_ceil(CONNECTIONS);
    send(connections, share).await?;
    Ok((peer.cpu_time()? - before) as f64 / 1000.0 / (share * CONNECTIONS) as f64)
}

async fn send(connections: Vec<Connection>, each: usize) -> Result<Vec<Connection>, Fault> {
    let mut running = JoinSet::new();
    for mut connection in connections {
        running.spawn(async move {
            for _ in 0..each {
                match ask(&mut connection).await? {
                    200 => {}
                    status => return Err(Fault::from(format!("the peer answered {status}"))),
                }
            }
            Ok(connection)
        });
    }
    running.join_all().await.into_iter().collect()
}
