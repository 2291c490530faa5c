//! The management surface, on an address of its own.

use std::net::SocketAddr;

use gatewright::gateway::Gateway;
use gatewright::model::Store;

/// Where the token of those who may change the configuration is.
#[cfg(feature = "management")]
const TOKEN: &str = "GATEWRIGHT_MANAGEMENT_TOKEN";

/// Serves changes of the gateway's configuration from now on.
#[cfg(feature = "management")]
pub async fn start(address: SocketAddr, gateway: Gateway, store: Store) -> Result<(), String> {
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
    let management = Management::new(gateway, store, BearerToken::new(token.trim()));
    tokio::spawn(crate::serve::forever(listener, management));
    println!("management on http://{address}");
    Ok(())
}

/// This build has no management surface.
#[cfg(not(feature = "management"))]
pub async fn start(_: SocketAddr, _: Gateway, _: Store) -> Result<(), String> {
    Err("`--management` needs the feature `management`: run with `--features management`".to_owned())
}
