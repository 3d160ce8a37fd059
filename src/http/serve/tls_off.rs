//! Stands in for TLS in an executable that is built without it: no certificate can be read, so no connection is
//! encrypted.

use std::{convert::Infallible, io, path::Path};

/// The certificate, which never exists.
#[derive(Clone)]
pub struct Tls(Infallible);

impl Tls {
    /// The advice for an operator whose server is reached without TLS.
    pub const ADVICE: &str = "put a reverse proxy with TLS in front";

    /// Refuses every certificate.
    ///
    /// # Errors
    /// A line that says what to do instead.
    pub fn read(certificate: &Path, _: &Path) -> Result<Self, String> {
        Err(format!(
            "tls.certificate names {}, but this executable was built without TLS: remove tls.certificate and tls.key, \
             and put a reverse proxy with TLS in front; or use an executable that was built with the feature `tls`",
            certificate.display()
        ))
    }

    /// Never called: there is no certificate.
    ///
    /// # Errors
    /// None.
    pub fn reload(&self) -> Result<(), String> {
        match self.0 {}
    }

    /// Never called: there is no certificate.
    pub(super) fn acceptor(&self) -> Acceptor {
        match self.0 {}
    }
}

/// The acceptor of encrypted connections, which never exists.
pub(super) struct Acceptor(Infallible);

impl Acceptor {
    /// Never called: there is no acceptor.
    pub async fn accept<S>(&self, _: S) -> io::Result<S> {
        match self.0 {}
    }
}
