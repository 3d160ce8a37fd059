//! Opens the addresses of the server, and prepares its TLS certificate, metrics and limits.

use std::{
    io::{self, IsTerminal},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
};

use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use super::{Failure, Outcome, logging};
use crate::{
    config::{self, Settings},
    http::{BadProxy, Limits, Metrics, Options, Origins, Proxies, Tls},
};

/// Number of file descriptors that are not available for connections. The database, its threads and the log need them.
const SPARE_FILES: u64 = 128;

/// The bound addresses of the server, and the options for serving them. The addresses are bound before any file is
/// created, so that an address in use is reported first.
pub struct Listening {
    /// Listener of the server.
    pub listener: TcpListener,
    /// Address that the listener is bound to.
    pub address: SocketAddr,
    /// URL path under which everything is served. Empty for none.
    pub base_path: String,
    /// Certificate and key for TLS. `None` means plain HTTP.
    pub tls: Option<Tls>,
    /// Listener for the separate address of the metrics. `None` if the API serves the metrics.
    pub metrics: Option<TcpListener>,
    /// Limits, allowed origins, trusted proxies and metrics of the HTTP server.
    pub options: Options,
    /// Registry of the server's metrics.
    pub counted: Metrics,
}

impl Listening {
    /// Binds the addresses in the settings, reads the certificate, installs the registry of metrics and raises the
    /// limit of open files.
    ///
    /// # Errors
    /// A line that names the address, certificate or setting that cannot be used, and the reason.
    pub async fn new(settings: &Settings) -> Result<Self, Failure> {
        let config::Tls { certificate, key } = &settings.tls;
        let tls = (!certificate.as_os_str().is_empty()).then(|| Tls::read(certificate, key));
        let tls = tls.transpose()?;
        let listener = listen(&settings.listen, "--listen").await?;
        let address = listener
            .local_addr()
            .map_err(|error| Failure(format!("cannot listen: {error}")))?;
        let metrics = match settings.metrics.listen.as_str() {
            "" => None,
            apart => Some(listen(apart, "metrics.listen").await?),
        };
        let counted = Metrics::install(settings.metrics.job_arrivals)?;
        logging::describe_metrics();
        let options = Options {
            limits: Limits {
                connections: affordable(settings.limits.connections),
                ..Limits::from(&settings.limits)
            },
            origins: Origins::new(&settings.cors.origins),
            metrics: metrics.is_none().then(|| counted.clone()),
            demo: None,
            proxies: proxies(settings).map_err(|bad| format!("{} {}", bad.key, bad.fault))?,
        };
        Ok(Self {
            listener,
            address,
            base_path: settings.base_path.clone(),
            tls,
            metrics,
            options,
            counted,
        })
    }

    /// Returns the URL of the server for a client on this machine. A wildcard address such as `0.0.0.0` cannot be
    /// opened in a browser, so it is replaced by the loopback address.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}{}", reachable(self.address), self.base_path)
    }

    /// Logs warnings if other machines can reach the server without TLS, or the metrics without a token.
    pub fn warn(&self) {
        if self.tls.is_none() && !self.address.ip().is_loopback() {
            tracing::warn!(
                address = %self.address,
                "other machines can reach this address without TLS, and tokens are sent in plain text: {}",
                Tls::ADVICE
            );
        }
        let apart = self.metrics.as_ref().and_then(|listener| listener.local_addr().ok());
        if let Some(address) = apart.filter(|address| !address.ip().is_loopback()) {
            tracing::warn!(
                %address,
                "other machines can read the metrics of all organisations at metrics.listen without a token"
            );
        }
    }
}

/// Reloads the certificate at each SIGHUP. Without a certificate the server ignores the signal, except when it runs in
/// a terminal: there SIGHUP ends the server, because the signal means that the terminal was closed.
///
/// # Errors
/// The signal cannot be watched.
pub fn reload_on_hangup(tls: Option<&Tls>) -> Outcome {
    let tls = tls.cloned();
    if tls.is_none() && io::stdin().is_terminal() {
        return Ok(());
    }
    let mut hangup =
        signal(SignalKind::hangup()).map_err(|error| Failure(format!("cannot watch for signals: {error}")))?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            match tls.as_ref().map(Tls::reload) {
                None => tracing::info!("there is no certificate to read again"),
                Some(Ok(())) => tracing::info!("the certificate was read again"),
                Some(Err(error)) => tracing::error!(
                    error,
                    "the certificate could not be read again: the old one stays in use"
                ),
            }
        }
    });
    Ok(())
}

/// Returns the base path and the trusted reverse proxies of the settings.
///
/// # Errors
/// The setting with an invalid value.
pub fn proxies(settings: &Settings) -> Result<Proxies, BadProxy> {
    Proxies::new(&settings.base_path, &settings.trusted_proxies)
}

/// Returns the address at which this machine reaches a server that listens on `address`.
pub fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// Returns an address with its host, which is this machine's own if it is missing.
pub fn with_host(address: &str) -> String {
    match address.strip_prefix(':') {
        Some(port) => format!("127.0.0.1:{port}"),
        None => address.to_owned(),
    }
}

async fn listen(address: &str, setting: &str) -> Result<TcpListener, Failure> {
    let full = with_host(address);
    TcpListener::bind(&full).await.map_err(|error| {
        Failure(match error.kind() {
            io::ErrorKind::AddrInUse => {
                format!("cannot listen on {full}: another program uses that port; choose another with {setting}")
            }
            _ => format!("cannot listen on {full}: {error}; give it as ADDRESS:PORT with {setting}"),
        })
    })
}

/// Raises the process's limit of open files to the largest allowed value. Returns the number of connections that the
/// limit suffices for, at most `connections`, and logs a warning if it is smaller.
fn affordable(connections: usize) -> usize {
    let mut files = getrlimit(Resource::Nofile);
    files.current = files.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, files) {
        tracing::warn!(%error, "the limit of open files could not be raised");
    }
    let Some(most) = getrlimit(Resource::Nofile).current else {
        return connections;
    };
    let most = usize::try_from(most.saturating_sub(SPARE_FILES).max(1)).unwrap_or(usize::MAX);
    if most < connections {
        tracing::warn!(
            connections,
            affordable = most,
            "the system permits fewer connections than limits.connections: raise its limit of open files"
        );
    }
    most.min(connections)
}
