use std::sync::Arc;

use crate::backend::TransportBuilder;

/// Uses this crypto provider, rather than the process's default or the one that is compiled in.
///
/// ```
/// # #[cfg(feature = "aws-lc-rs")] {
/// use std::sync::Arc;
/// use gatewright::backend::{Transport, tls};
///
/// let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
/// let builder = tls::rustls_0_23::crypto_provider(Transport::builder(), provider);
/// # let _ = builder;
/// # }
/// ```
pub fn crypto_provider(builder: TransportBuilder, provider: Arc<rustls::crypto::CryptoProvider>) -> TransportBuilder {
    builder.provider(provider)
}
