//! Callers with client certificates: axum behind rustls, and `validate-client-certificate` on its routes.
//!
//! `cargo run --example client_certificates` makes an authority and a certificate, serves, and calls itself.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use gatewright::Body;
use gatewright::forward::ClientCertificate;
use gatewright::policy::{Document, Environment, PolicyLayer, Scope};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tower::Service;

const POLICY: &str = r#"<policies>
    <inbound>
        <validate-client-certificate validate-revocation="false">
            <identities><identity common-name="jane" /></identities>
        </validate-client-certificate>
        <set-header name="X-Caller"><value>@(context.Request.Certificate.Subject)</value></set-header>
    </inbound>
    <backend><forward-request /></backend>
</policies>"#;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Serves one connection: what the handshake found goes into the extensions of each request.
async fn serve(tls: tokio_rustls::TlsAcceptor, stream: TcpStream, app: Router) -> Result<(), Error> {
    let stream = tls.accept(stream).await?;
    // The verifier has followed the chain to the authority: whoever is here is trusted.
    let shown = stream.get_ref().1.peer_certificates().and_then(|certificates| {
        let (leaf, chain) = certificates.split_first()?;
        Some(ClientCertificate::new(leaf.to_vec()).chain(chain.iter().map(|der| der.to_vec())).trusted())
    });
    let service = hyper::service::service_fn(move |mut request: http::Request<hyper::body::Incoming>| {
        if let Some(shown) = &shown {
            request.extensions_mut().insert(shown.clone());
        }
        app.clone().call(request)
    });
    Builder::new(TokioExecutor::new()).serve_connection_with_upgrades(TokioIo::new(stream), service).await
}

/// A certificate for a name, signed by the authority, with its key.
fn certificate(
    name: &str,
    authority: &Issuer<'_, KeyPair>,
) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(vec![name.to_owned()])?;
    params.distinguished_name.push(DnType::CommonName, name);
    let certificate = params.signed_by(&key, authority)?.der().clone();
    Ok((certificate, PrivateKeyDer::try_from(key.serialize_der())?))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let mut roots = RootCertStore::empty();
    roots.add(params.self_signed(&key)?.der().clone())?;
    let (roots, authority) = (Arc::new(roots), Issuer::new(params, key));

    let document = Document::compile("orders.xml", POLICY, Scope::Api, &Environment::new())?;
    let hello = get(|headers: http::HeaderMap| async move { format!("hello {:?}\n", headers.get("x-caller")) });
    let app = Router::new().route("/", hello).layer(PolicyLayer::new([document]));

    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    // Callers without a certificate come through, and the policy answers them.
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider.clone());
    let (own, own_key) = certificate("localhost", &authority)?;
    let config = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier.allow_unauthenticated().build()?)
        .with_single_cert(vec![own], own_key)?;
    let tls = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(tls.clone(), stream, app.clone()));
        }
    });

    for name in [Some("jane"), Some("joe"), None] {
        let client = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots.clone());
        let client = match name {
            Some(name) => {
                let (certificate, key) = certificate(name, &authority)?;
                client.with_client_auth_cert(vec![certificate], key)?
            }
            None => client.with_no_client_auth(),
        };
        let stream = TcpStream::connect(address).await?;
        let stream =
            tokio_rustls::TlsConnector::from(Arc::new(client)).connect("localhost".try_into()?, stream).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let response =
            sender.send_request(http::Request::get("/").header("host", "localhost").body(Body::empty())?).await?;
        let status = response.status();
        let text = Body::new(response.into_body()).collect(1000).await?;
        let text = String::from_utf8_lossy(text.as_bytes().map_or(&[][..], |bytes| bytes)).trim_end().to_owned();
        println!("{name:?}: {status} {text}");
    }
    Ok(())
}
