//! The management surface, on an address of its own.

use std::net::SocketAddr;
use std::sync::Arc;

use gatewright::gateway::{Gateway, KeyVaultSecrets};
use gatewright::load::Loaded;
#[cfg(feature = "management")]
pub use gatewright::management::Folder;
use gatewright::model::Store;

/// Where the token of those who may change the configuration is.
#[cfg(feature = "management")]
const TOKEN: &str = "GATEWRIGHT_MANAGEMENT_TOKEN";

/// Opens a folder that changes are kept in.
#[cfg(feature = "management")]
pub fn open(path: &str) -> Result<(Folder, Loaded), String> {
    Folder::open(path).map_err(|error| error.to_string())
}

/// Serves changes of the gateway's configuration from now on.
#[cfg(feature = "management")]
pub async fn start(
    address: SocketAddr,
    gateway: Gateway,
    store: Store,
    folder: Option<Folder>,
    secrets: Option<Arc<KeyVaultSecrets>>,
) -> Result<(), String> {
    use gatewright::management::{BearerToken, Management};

    let token = match std::env::var(TOKEN) {
        Ok(token) if !token.trim().is_empty() => token,
        _ => {
            let mut bytes = [0; 24];
            gatewright::random::Random::system().fill(&mut bytes);
            let token: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            println!("management token: {token}");
            token
        }
    };
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .map_err(|error| format!("{address} cannot be listened on: {error}"))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let mut management = Management::new(gateway, store, BearerToken::new(token.trim()));
    match folder {
        Some(folder) => management = management.folder(folder),
        None => println!("changes are kept in memory alone"),
    }
    if let Some(secrets) = secrets {
        management = management.key_vault(secrets);
        let rotated = management.clone();
        tokio::spawn(async move { rotated.rotate().await });
    }
    tokio::spawn(crate::serve::forever(listener, management));
    println!("management on http://{address}");
    Ok(())
}

/// There is nothing that keeps changes.
#[cfg(not(feature = "management"))]
pub struct Folder;

#[cfg(not(feature = "management"))]
pub fn open(_: &str) -> Result<(Folder, Loaded), String> {
    Err(MISSING.to_owned())
}

/// This build has no management surface.
#[cfg(not(feature = "management"))]
pub async fn start(
    _: SocketAddr,
    _: Gateway,
    _: Store,
    _: Option<Folder>,
    _: Option<Arc<KeyVaultSecrets>>,
) -> Result<(), String> {
    Err(MISSING.to_owned())
}

#[cfg(not(feature = "management"))]
const MISSING: &str = "`--management` needs the feature `management`: run with `--features management`";
