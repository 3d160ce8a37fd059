//! Replacement of the module `tls` in an executable that is built without the feature `tls`. No certificate can be
//! read, so that no connection is encrypted.

use std::{convert::Infallible, io, path::Path};

/// TLS certificate, of which no value can exist.
#[derive(Clone)]
pub struct Tls(Infallible);

impl Tls {
    /// Advice in warnings for an operator whose server is reachable without TLS.
    pub const ADVICE: &str = "put a reverse proxy with TLS in front";

    /// Returns an error for every certificate.
    ///
    /// # Errors
    /// A message that explains what to do instead.
    pub fn read(certificate: &Path, _: &Path) -> Result<Self, String> {
        Err(format!(
            "tls.certificate names {}, but this executable was built without TLS: remove tls.certificate and tls.key, \
             and put a reverse proxy with TLS in front; or use an executable that was built with the feature `tls`",
            certificate.display()
        ))
    }

    /// Never called, because no certificate can exist.
    ///
    /// # Errors
    /// None.
    pub fn reload(&self) -> Result<(), String> {
        match self.0 {}
    }

    /// Never called, because no certificate can exist.
    pub(super) fn acceptor(&self) -> Acceptor {
        match self.0 {}
    }
}

/// Acceptor of encrypted connections, of which no value can exist.
pub(super) struct Acceptor(Infallible);

impl Acceptor {
    /// Never called, because no acceptor can exist.
    pub async fn accept<S>(&self, _: S) -> io::Result<S> {
        match self.0 {}
    }
}
