//! Connects with TLS, as the setting `sslmode` demands.

use std::sync::Arc;

use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls::{
    self, CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};

use super::{
    errors::Error,
    options::{Options, SslMode},
    wait::{Later, mover},
};

/// Connects, and returns the client and the work that moves the connection's bytes.
///
/// # Errors
/// The server cannot be reached, refuses the user, or its certificate is not trusted.
pub async fn connect(config: &Config, options: &Options) -> Result<(tokio_postgres::Client, Later), Error> {
    let mode = options.ssl_mode()?;
    if mode == SslMode::Disable {
        let (client, connection) = config.connect(NoTls).await.map_err(Error::Database)?;
        return Ok((client, mover(connection)));
    }
    let tls = MakeRustlsConnect::new(client_config(mode, options)?);
    let (client, connection) = config.connect(tls).await.map_err(Error::Database)?;
    Ok((client, mover(connection)))
}

fn client_config(mode: SslMode, options: &Options) -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let setting = |error: rustls::Error| Error::Setting(format!("TLS cannot be used: {error}"));
    let has_file = !options.ca_file.as_os_str().is_empty();
    // As in PostgreSQL's own programs, a given authority is used even if the mode does not demand one.
    let verifier = match mode {
        SslMode::VerifyCa | SslMode::VerifyFull => Some(chain(options, &provider)?),
        SslMode::Require if has_file => Some(chain(options, &provider)?),
        _ => None,
    };
    let checks_name = mode == SslMode::VerifyFull;
    let verifier = Verifier {
        chain: verifier,
        checks_name,
        provider: provider.clone(),
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(setting)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(config)
}

/// Returns the verifier of certificates' chains, by the authorities of the file or of the system.
fn chain(options: &Options, provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, Error> {
    let mut roots = RootCertStore::empty();
    let file = &options.ca_file;
    if file.as_os_str().is_empty() {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    } else {
        let wrong = |why: String| Error::Setting(format!("storage.ca_file {}: {why}", file.display()));
        let certificates = CertificateDer::pem_file_iter(file).map_err(|error| wrong(error.to_string()))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
            roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
        }
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|error| {
            Error::Setting(format!(
                "no certificate authority is trusted: {error}; set storage.ca_file"
            ))
        })
}

/// Verifies a server's certificate as far as the mode demands.
#[derive(Debug)]
struct Verifier {
    /// `None` if any certificate is accepted.
    chain: Option<Arc<WebPkiServerVerifier>>,
    checks_name: bool,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(chain) = &self.chain else {
            return Ok(ServerCertVerified::assertion());
        };
        match chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // The chain is verified before the name.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.checks_name => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
