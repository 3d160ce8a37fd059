//! Serves a listener until the server is to stop: accepts connections, and closes them.
//!
//! The framework's own server has no limit of connections, and every byte resets its one time limit, so that it does not
//! stop a slow client. Connections are served by the HTTP library below it, each with the framework's endpoint.

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

/// Time that requests have to finish once the server is to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Time to wait after a connection could not be accepted.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// Time that a connection on a reserved place has to send its request.
const HASTE: Duration = Duration::from_secs(2);

/// Serves the product on `listener`, encrypted if there is a certificate, until `stop` is done; then finishes the
/// requests under way, within 10 seconds.
///
/// # Errors
/// The address of the listener cannot be read. A listener that fails to accept a connection is tried again.
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

/// Serves only the metrics, without asking for a token, until `stop` is done.
///
/// # Errors
/// The address of the listener cannot be read. A listener that fails to accept a connection is tried again.
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

/// Returns the limits of a connection on a reserved place: it must send a request at once, or is closed.
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
    /// Serves a connection in a task of its own, so that a slow handshake delays no other connection.
    fn start(&self, stream: TcpStream, remote: SocketAddr, place: Place, watcher: Watcher) {
        // Small responses are sent at once. If this fails, the client is gone, and the next read reports it.
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
