//! A whole gateway: loads a configuration and serves it.
//!
//! `cargo run --example gateway -- [--config PATH [--parameters FILE] [--overrides FILE]] [--listen ADDR] [--workers N] [--management ADDR | --watch]`
//!
//! `--watch` serves the files again whenever they change; a change that cannot be served is told, and the last good one stays.
//! `--parameters` is a parameters file of an ARM template, `--overrides` a file of values laid over the configuration, such
//! as secrets and keys; see `docs/configuration.md`. Both may be given more than once.
//! Without `--config` it serves an embedded sample with a backend in the same process. Prints `listening on http://…`
//! once it serves. `--management` takes changes over the REST contract of Azure API Management (`docs/management.md`) from those
//! who have the token in `GATEWRIGHT_MANAGEMENT_TOKEN`; without that variable one is made and printed. With `--config FOLDER`,
//! and without `--overrides`, each change is kept in the folder before it is answered; the folder is made when it is not there.
//! With the feature `azure`, what the configuration has in Key Vault is fetched and kept fresh;
//! `GATEWRIGHT_KEY_VAULT_EMULATOR=1` lets vaults be anywhere, rather than in the domain that they ask a token for. SIGTERM and Ctrl-C drain:
//! requests under way are finished.

mod management;
mod sample;
mod serve;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

#[cfg(feature = "azure")]
use gatewright::azure::KeyVaultProvider;
use gatewright::backend::{Transport, TransportError};
use gatewright::gateway::{ConfigurationError, ConfigurationWatch, Gateway, KeyVaultSecrets};
use gatewright::load::{Options, Problem};
use gatewright::model::Store;
use gatewright::policy::EngineSettings;

const USAGE: &str = "usage: gateway [--config PATH [--parameters FILE] [--overrides FILE]] [--listen ADDR] [--workers N] [--management ADDR | --watch]";

struct Arguments {
    config: Option<String>,
    options: Options,
    /// Whether something is laid over the configuration.
    has_extras: bool,
    listen: SocketAddr,
    workers: usize,
    management: Option<SocketAddr>,
    is_watched: bool,
}

fn main() -> ExitCode {
    // First of all: where this program transforms for another, it goes no further.
    let settings = match settings() {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = arguments().and_then(|arguments| {
        let mut runtime = match arguments.workers {
            1 => tokio::runtime::Builder::new_current_thread(),
            workers => {
                let mut builder = tokio::runtime::Builder::new_multi_thread();
                builder.worker_threads(workers);
                builder
            }
        };
        let runtime = runtime.enable_all().build().map_err(|error| error.to_string())?;
        runtime.block_on(run(arguments, settings))
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// Stylesheets run in processes of their own.
#[cfg(feature = "libxml")]
fn settings() -> std::io::Result<EngineSettings> {
    let mut settings = EngineSettings::default();
    settings.xsl_workers = Some(gatewright::policy::XslWorkers::of_this_program()?);
    Ok(settings)
}

#[cfg(not(feature = "libxml"))]
fn settings() -> std::io::Result<EngineSettings> {
    Ok(EngineSettings::default())
}

fn arguments() -> Result<Arguments, String> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let listen = SocketAddr::from(([127, 0, 0, 1], 8080));
    let mut found = Arguments {
        config: None,
        options: Options::new(),
        has_extras: false,
        listen,
        workers,
        management: None,
        is_watched: false,
    };
    let mut rest = std::env::args().skip(1);
    while let Some(flag) = rest.next() {
        let mut value = || rest.next().ok_or_else(|| format!("`{flag}` needs a value: {USAGE}"));
        match flag.as_str() {
            "--config" => found.config = Some(value()?),
            "--parameters" => {
                found.options = found.options.parameters_file(value()?);
                found.has_extras = true;
            }
            "--overrides" => {
                found.options = found.options.overrides_file(value()?);
                found.has_extras = true;
            }
            "--listen" => found.listen = address(&value()?)?,
            "--watch" => found.is_watched = true,
            "--management" => found.management = Some(address(&value()?)?),
            "--workers" => {
                let text = value()?;
                let workers = text.parse().ok().filter(|workers| (1..=1024).contains(workers));
                found.workers = workers.ok_or_else(|| format!("`{text}` is not a number from 1 to 1024"))?;
            }
            "--help" | "-h" => return Err(USAGE.to_owned()),
            other => return Err(format!("unknown argument `{other}`: {USAGE}")),
        }
    }
    if found.is_watched && (found.management.is_some() || found.config.is_none()) {
        return Err(
            "`--watch` needs `--config`, and goes without `--management`: one of them changes the configuration"
                .to_owned(),
        );
    }
    Ok(found)
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("`{text}` is not an address such as 127.0.0.1:8080"))
}

async fn run(arguments: Arguments, settings: EngineSettings) -> Result<(), String> {
    let watch = arguments.config.as_ref().filter(|_| arguments.is_watched);
    let watch = watch.map(|path| ConfigurationWatch::new(path, arguments.options.clone()));
    // What is laid over a folder must not end up in it, and a template is not a folder.
    let kept = arguments.config.as_ref().filter(|path| {
        arguments.management.is_some() && !arguments.has_extras && !std::path::Path::new(path).is_file()
    });
    let (folder, loaded) = match (kept, &arguments.config) {
        (Some(path), _) => management::open(path).map(|(folder, loaded)| (Some(folder), loaded))?,
        (None, Some(path)) => (None, arguments.options.load(path).map_err(|problems| problems.to_string())?),
        (None, None) => (None, sample::load().await?),
    };
    for warning in &loaded.warnings {
        eprintln!("warning: {warning}");
    }
    let mut store = loaded.store;
    let transport = transport().map_err(|error| error.to_string())?;
    let secrets = secrets(&transport, &mut store).await;
    let gateway = Gateway::builder().transport(transport).settings(settings).build(&store);
    let gateway = gateway.map_err(|problems| problems.to_string())?;
    let listener = tokio::net::TcpListener::bind(arguments.listen)
        .await
        .map_err(|error| format!("{} cannot be listened on: {error}", arguments.listen))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    if arguments.config.is_some() {
        list(&store, address);
    }
    match (watch, arguments.management, secrets) {
        (Some(mut watch), _, secrets) => {
            if let Some(secrets) = secrets {
                watch = watch.secrets(secrets);
            }
            let gateway = gateway.clone();
            tokio::spawn(async move { gateway.watch(watch, tell).await });
        }
        (None, Some(address), secrets) => management::start(address, gateway.clone(), store, folder, secrets).await?,
        (None, None, Some(secrets)) => {
            let gateway = gateway.clone();
            tokio::spawn(async move { gateway.rotate(store, &secrets, |problem| eprintln!("{problem}")).await });
        }
        (None, None, None) => {}
    }
    println!("listening on http://{address}");
    if arguments.config.is_none() {
        sample::hints(address);
    }
    serve::until_stopped(listener, gateway).await;
    Ok(())
}

/// With the feature `azure`, what the configuration has in Key Vault is fetched.
#[cfg(feature = "azure")]
async fn secrets(transport: &Transport, store: &mut Store) -> Option<Arc<KeyVaultSecrets>> {
    let is_emulated = std::env::var("GATEWRIGHT_KEY_VAULT_EMULATOR").is_ok_and(|text| text == "1");
    let vault = KeyVaultProvider::new(transport, transport.tokens()?.clone()).checks_domain(!is_emulated);
    let secrets = KeyVaultSecrets::new(vault);
    secrets.fill(store).await;
    Some(Arc::new(secrets))
}

#[cfg(not(feature = "azure"))]
async fn secrets(_: &Transport, _: &mut Store) -> Option<Arc<KeyVaultSecrets>> {
    None
}

/// Says what became of a change of the files.
fn tell(outcome: Result<Vec<Problem>, ConfigurationError>) {
    match outcome {
        Ok(warnings) => {
            warnings.iter().for_each(|warning| eprintln!("warning: {warning}"));
            eprintln!("the configuration has changed");
        }
        Err(problems) => eprintln!("the configuration stays as it was, the new one cannot be served:\n{problems}"),
    }
}

/// Says where the first APIs are.
fn list(store: &Store, address: SocketAddr) {
    const MOST: usize = 10;
    let apis = &store.service.apis;
    for (name, entry) in apis.iter().take(MOST) {
        let path = entry.api.path.trim_matches('/');
        eprintln!("API `{name}`: {} operations at http://{address}/{path}", entry.operations.len());
    }
    if apis.len() > MOST {
        eprintln!("and {} more", apis.len() - MOST);
    }
}

/// With the feature `azure`, backends may use the identity of the machine.
fn transport() -> Result<Transport, TransportError> {
    let builder = Transport::builder();
    #[cfg(feature = "azure")]
    let builder = {
        let source = gatewright::azure::AzureIdentity::new(&Transport::new()?);
        builder.tokens(gatewright::identity::TokenCache::new(source))
    };
    builder.build()
}
