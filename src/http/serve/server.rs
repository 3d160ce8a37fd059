//! Serves a listener until the server is stopped: accepts, serves and closes connections.
//!
//! The framework's own server is not used. It has no limit of connections, and its only time limit restarts with every
//! byte, so that slow clients can occupy the server. Connections are served by hyper, the HTTP library below the
//! framework, and each request is passed to the framework's endpoint.

use std::{future::Future, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use poem::{
    Endpoint,
    endpoint::ToDynEndpoint,
    http::uri::Scheme,
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};

use super::{
    open::{Counted, Open, Place},
    serving::{Responder, Serving},
    tls::Tls,
};
use crate::{
    http::{
        options::{Limits, Options},
        routes,
    },
    service::{App, Recurring},
};

/// Time that requests have to finish after the server is stopped.
const GRACE: Duration = Duration::from_secs(10);

/// Time to wait after a failed accept before the next one.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// Time in which a connection on a reserved slot must send its request.
const HASTE: Duration = Duration::from_secs(2);

/// Serves the API and all pages on `listener`, encrypted if `tls` is given, until `stop` completes. Then finishes the
/// requests in progress within 10 seconds, and closes the connections.
///
/// # Errors
/// The local address of the listener cannot be read. A failure to accept a connection is no error: the server logs it
/// and tries again.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Tls>,
    app: App,
    options: Options,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let limits = options.limits;
    let endpoint = routes::endpoint(&app, options, tls.is_some());
    run(listener, tls, endpoint, limits, stop).await
}

/// Serves only the metrics, without authentication and TLS, until `stop` completes.
///
/// # Errors
/// The local address of the listener cannot be read. A failure to accept a connection is no error: the server logs it
/// and tries again.
pub async fn serve_metrics(
    listener: TcpListener,
    app: App,
    options: Options,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let limits = options.limits;
    run(listener, None, routes::metrics_endpoint(&app, options), limits, stop).await
}

async fn run(
    listener: TcpListener,
    tls: Option<Tls>,
    endpoint: impl Endpoint<Output = poem::Response> + 'static,
    limits: Limits,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let graceful = GracefulShutdown::new();
    let (end, ended) = watch::channel(());
    let is_encrypted = tls.is_some();
    let server = Server {
        endpoint: Arc::new(ToDynEndpoint(endpoint)),
        tls,
        limits,
        local: listener.local_addr()?,
        open: Open::new(&limits, is_encrypted),
        ended,
    };
    let accepting = async {
        loop {
            let (stream, remote) = accept(&listener).await;
            let place = server.open.place().await;
            server.start(stream, remote, place, graceful.watcher());
        }
    };
    tokio::select! {
        () = stop => {}
        () = accepting => {}
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were not finished in time");
    }
    drop(server);
    // Connections that are still open are closed.
    let _ = end.send(());
    end.closed().await;
    Ok(())
}

static NOT_ACCEPTED: Recurring = Recurring::new();

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                // File descriptors may have run out: an immediate retry would only use the processor.
                if let Some(times) = NOT_ACCEPTED.failed(&error.to_string()) {
                    tracing::warn!(%error, times, "a connection could not be accepted");
                }
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
    }
}

/// Returns the limits of a connection on a reserved slot, which is closed unless it sends a request within two seconds.
fn hasty(limits: Limits) -> Limits {
    Limits {
        idle: limits.idle.min(HASTE),
        header: limits.header.min(HASTE),
        ..limits
    }
}

/// State that all connections share.
struct Server {
    endpoint: Arc<Responder>,
    tls: Option<Tls>,
    limits: Limits,
    local: SocketAddr,
    open: Open,
    ended: watch::Receiver<()>,
}

impl Server {
    /// Serves a connection in a separate task, so that a slow TLS handshake delays no other connection.
    fn start(&self, stream: TcpStream, remote: SocketAddr, place: Place, watcher: Watcher) {
        // `TCP_NODELAY` sends small responses at once. If setting it fails, the client has disconnected, and the next
        // read reports this.
        let _ = stream.set_nodelay(true);
        let limits = match place.is_reserved {
            true => hasty(self.limits),
            false => self.limits,
        };
        let (connection, open) = self.open.add(place);
        let stream = Counted::new(stream, open.clone());
        let serving = Serving {
            endpoint: self.endpoint.clone(),
            connection: connection.clone(),
            open: open.clone(),
            limits,
            local: LocalAddr(self.local.into()),
            remote: RemoteAddr(remote.into()),
            scheme: match self.tls {
                Some(_) => Scheme::HTTPS,
                None => Scheme::HTTP,
            },
        };
        let tls = self.tls.as_ref().map(Tls::acceptor);
        let mut ended = self.ended.clone();
        tokio::spawn(async move {
            let _open = open;
            let mut served = pin!(async {
                let Some(tls) = tls else {
                    return serving.serve(stream, watcher).await;
                };
                let shaken = tokio::time::timeout(serving.limits.header, tls.accept(stream));
                match shaken.await {
                    Ok(Ok(stream)) => serving.serve(stream, watcher).await,
                    Ok(Err(error)) => tracing::debug!(%error, %remote, "no TLS handshake"),
                    Err(_) => tracing::debug!(%remote, "a TLS handshake took too long"),
                }
            });
            loop {
                tokio::select! {
                    biased;
                    () = &mut served => break,
                    // A request that has arrived meanwhile is served.
                    () = connection.unwanted.notified() => if connection.waiting_since().is_some() {
                        break;
                    },
                    _ = ended.changed() => break,
                }
            }
        });
    }
}
