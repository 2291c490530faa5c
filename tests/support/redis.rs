//! Redis servers that tests start and stop: one, or a cluster.

#![allow(clippy::disallowed_methods)] // a server is a process: there is nothing but time to wait for

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server on a port of 127.0.0.1; dropping it kills it.
pub struct RedisServer {
    pub port: u16,
    options: Vec<String>,
    /// For `redis-cli`: the password, or TLS.
    pub client: Vec<String>,
    folder: tempfile::TempDir,
    process: Option<Child>,
}

/// The program that tests start: `redis-server`, or what `GATEWRIGHT_REDIS_SERVER` names, such as `valkey-server`.
fn program() -> std::ffi::OsString {
    std::env::var_os("GATEWRIGHT_REDIS_SERVER").unwrap_or_else(|| "redis-server".into())
}

/// Whether `redis-server` is installed; says how to install it when it is not. With `GATEWRIGHT_REDIS=required`, as
/// `tests/run.sh` sets it, it must be.
pub fn is_installed() -> bool {
    let found = Command::new(program()).arg("--version").stdout(Stdio::null()).status().is_ok();
    if !found {
        assert!(std::env::var_os("GATEWRIGHT_REDIS").is_none(), "redis-server is not installed");
        eprintln!("skipped: redis-server is not installed (apt-get install redis-server)");
    }
    found
}

/// A port that is free now, with room for the port of a cluster's bus above it.
pub fn free_port() -> u16 {
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if port < 50_000 {
            return port;
        }
    }
}

impl RedisServer {
    /// Starts a server with more options, such as `--requirepass secret`.
    pub fn start(options: &[&str]) -> Self {
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        let folder = tempfile::tempdir().unwrap();
        let mut server = Self { port: free_port(), options, client: Vec::new(), folder, process: None };
        server.launch();
        server
    }

    /// Starts it again, on the same port; nothing is left of what it kept.
    pub fn launch(&mut self) {
        let mut command = Command::new(program());
        let is_tls = self.options.iter().any(|option| option == "--tls-port");
        if !is_tls {
            command.args(["--port", &self.port.to_string()]);
        }
        let options = self.options.iter().map(|option| option.replace("{port}", &self.port.to_string()));
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"]).arg(self.folder.path());
        command.args(options.collect::<Vec<_>>()).stdout(Stdio::null()).stderr(Stdio::null());
        self.process = Some(command.spawn().unwrap());
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < deadline, "redis-server does not start");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Kills it, as `kill -9` does.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// The answer of the server to a command.
    pub fn command(&self, words: &[&str]) -> String {
        let mut command = Command::new("redis-cli");
        command.args(["-p", &self.port.to_string()]).args(&self.client).args(words);
        let output = command.output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Three servers that are a cluster.
pub fn cluster() -> Vec<RedisServer> {
    let start = || RedisServer::start(&["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"]);
    let servers: Vec<_> = (0..3).map(|_| start()).collect();
    for (server, slots) in servers.iter().zip([["0", "5460"], ["5461", "10922"], ["10923", "16383"]]) {
        assert_eq!(server.command(&["CLUSTER", "ADDSLOTSRANGE", slots[0], slots[1]]), "OK");
        assert_eq!(server.command(&["CLUSTER", "MEET", "127.0.0.1", &servers[0].port.to_string()]), "OK");
    }
    let deadline = Instant::now() + Duration::from_secs(20);
    let is_ready = |server: &RedisServer| {
        let info = server.command(&["CLUSTER", "INFO"]);
        info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
    };
    while !servers.iter().all(is_ready) {
        assert!(Instant::now() < deadline, "the cluster does not form");
        std::thread::sleep(Duration::from_millis(20));
    }
    servers
}
