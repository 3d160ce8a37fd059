//! TLS certificate and key, which are read again when the operator requests a reload.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::SystemTime,
};

use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem::PemObject},
        time_provider::TimeProvider,
    },
};

/// Application protocol that TLS negotiates (ALPN).
const HTTP: &[u8] = b"http/1.1";

/// TLS certificate of the server. Cheap to clone. A reload affects all clones.
#[derive(Clone)]
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    acceptor: Arc<RwLock<TlsAcceptor>>,
}

impl Tls {
    /// Advice in warnings for an operator whose server is reachable without TLS.
    pub const ADVICE: &str = "set tls.certificate and tls.key, or put a reverse proxy with TLS in front";

    /// Reads the certificate with its chain, and its private key, from two PEM files.
    ///
    /// # Errors
    /// A message that names the file and the fault.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, String> {
        let acceptor = acceptor(certificate, key)?;
        Ok(Self {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            acceptor: Arc::new(RwLock::new(acceptor)),
        })
    }

    /// Reads both files again. New connections use the new certificate. If reading fails, the previous certificate
    /// stays in use.
    ///
    /// # Errors
    /// Same as [`Tls::read`].
    pub fn reload(&self) -> Result<(), String> {
        let acceptor = acceptor(&self.certificate, &self.key)?;
        *self.acceptor.write().unwrap_or_else(PoisonError::into_inner) = acceptor;
        Ok(())
    }

    /// Returns the acceptor for the next connection.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let current = self.acceptor.read();
        current.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor, String> {
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unusable("certificate", certificate, &error))?;
    if chain.is_empty() {
        return Err(unusable("certificate", certificate, &"there is none in it"));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable("key", key, &error))?;
    // TLS 1.2 and 1.3 are supported. A builder with a time provider requires an explicit cryptography provider, and
    // `ring` is the only one that the library is built with.
    let provider = Arc::new(ring::default_provider());
    let mut config = ServerConfig::builder_with_details(provider, Arc::new(Since1970))
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            let builder = builder.with_no_client_auth();
            builder.with_single_cert(chain, secret)
        })
        .map_err(|error| unusable("certificate and its key", certificate, &error))?;
    config.alpn_protocols = vec![HTTP.to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// System clock for TLS sessions, which returns 1970 for earlier times. The library's own type panics in this case.
#[derive(Debug)]
struct Since1970;

impl TimeProvider for Since1970 {
    fn current_time(&self) -> Option<UnixTime> {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Some(UnixTime::since_unix_epoch(since.unwrap_or_default()))
    }
}

fn unusable(what: &str, path: &Path, fault: &dyn std::fmt::Display) -> String {
    format!("the {what} in {} cannot be used: {fault}", path.display())
}
