//! Serving on a listener until told to stop: who gets a connection, and until when.
//!
//! The framework's own server has neither limits of time nor of connections; so connections are served by the HTTP
//! library that is below it, each with the framework's endpoint.

use std::{
    collections::HashMap,
    convert::Infallible,
    future::Future,
    io,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::TokioIo,
    server::graceful::{GracefulShutdown, Watcher},
};
use poem::{
    Endpoint,
    endpoint::{DynEndpoint, ToDynEndpoint},
    http::uri::Scheme,
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};

use super::{
    Limits, Options,
    connection::{Answered, Connection, Timed},
    metrics::OpenConnection,
    tls::Tls,
};
use crate::service::{App, Recurring};

/// How long requests in flight may take to finish once the server is told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// How long to wait after a connection could not be accepted.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

type Responder = dyn DynEndpoint<Output = poem::Response>;

/// Serves the product on `listener`, encrypted if there is a certificate, until `stop` is done; then finishes what is in
/// flight, within 10 seconds.
///
/// # Errors
/// None yet: a listener that fails is tried again.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Tls>,
    app: App,
    options: Options,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let limits = options.limits;
    let endpoint = super::endpoint(&app, options, tls.is_some());
    run(listener, tls, endpoint, limits, stop).await
}

/// Serves only the metrics, without asking for a token, until `stop` is done.
///
/// # Errors
/// None yet: a listener that fails is tried again.
pub async fn serve_metrics(
    listener: TcpListener,
    app: App,
    options: Options,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let limits = options.limits;
    run(
        listener,
        None,
        super::metrics_endpoint(&app, options),
        limits,
        stop,
    )
    .await
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
    let server = Server {
        endpoint: Arc::new(ToDynEndpoint(endpoint)),
        tls,
        limits,
        local: listener.local_addr()?,
        open: Open::default(),
        ended,
    };
    let places = Arc::new(Semaphore::new(limits.connections));
    let accepting = async {
        loop {
            let (stream, remote) = accept(&listener).await;
            let place = server.place(&places).await;
            server.start(stream, remote, place, graceful.watcher());
        }
    };
    tokio::select! {
        () = stop => {}
        () = accepting => {}
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some requests were not finished in time");
    }
    drop(server);
    // Whoever is still there is cut off.
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
                // Out of file descriptors, say: to try again at once would only burn the processor.
                if let Some(times) = NOT_ACCEPTED.failed(&error.to_string()) {
                    tracing::warn!(%error, times, "a connection could not be accepted");
                }
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
    }
}

/// What all connections share.
struct Server {
    endpoint: Arc<Responder>,
    tls: Option<Tls>,
    limits: Limits,
    local: SocketAddr,
    open: Open,
    ended: watch::Receiver<()>,
}

impl Server {
    /// A place for one more connection. If there is none, the one that has waited longest for a request has to go.
    async fn place(&self, places: &Arc<Semaphore>) -> OwnedSemaphorePermit {
        loop {
            if let Ok(place) = places.clone().try_acquire_owned() {
                return place;
            }
            self.close_longest_waiting();
            let freed = tokio::time::timeout(ACCEPT_AGAIN, places.clone().acquire_owned());
            if let Ok(Ok(place)) = freed.await {
                return place;
            }
        }
    }

    fn close_longest_waiting(&self) {
        let open = self.open.all();
        let waiting = open
            .values()
            .filter_map(|connection| Some((connection.waiting_since()?, connection)));
        if let Some((_, longest)) = waiting.min_by_key(|(since, _)| *since) {
            longest.unwanted.notify_one();
        }
    }

    /// Serves a connection on a task of its own: a slow handshake holds nobody up.
    fn start(
        &self,
        stream: TcpStream,
        remote: SocketAddr,
        place: OwnedSemaphorePermit,
        watcher: Watcher,
    ) {
        // Small answers go out at once. A client that is gone already shows when it is read from.
        let _ = stream.set_nodelay(true);
        let (connection, open) = self.open.add(place);
        let serving = Serving {
            endpoint: self.endpoint.clone(),
            connection: connection.clone(),
            limits: self.limits,
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
                    // Unless a request has come meanwhile.
                    () = connection.unwanted.notified() => if connection.waiting_since().is_some() {
                        break;
                    },
                    _ = ended.changed() => break,
                }
            }
        });
    }
}

/// The connections that are open.
#[derive(Clone, Default)]
struct Open {
    next: Arc<AtomicU64>,
    connections: Arc<Mutex<HashMap<u64, Arc<Connection>>>>,
}

/// A connection among those that are open, and its place. Dropped when it ends.
struct OneOpen {
    id: u64,
    all: Open,
    _counted: OpenConnection,
    _place: OwnedSemaphorePermit,
}

impl Open {
    fn add(&self, place: OwnedSemaphorePermit) -> (Arc<Connection>, OneOpen) {
        let connection = Arc::new(Connection::new());
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        self.all().insert(id, connection.clone());
        let one = OneOpen {
            id,
            all: self.clone(),
            _counted: OpenConnection::new(),
            _place: place,
        };
        (connection, one)
    }

    fn all(&self) -> MutexGuard<'_, HashMap<u64, Arc<Connection>>> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OneOpen {
    fn drop(&mut self) {
        self.all.all().remove(&self.id);
    }
}

/// What serves one connection.
struct Serving {
    endpoint: Arc<Responder>,
    connection: Arc<Connection>,
    limits: Limits,
    local: LocalAddr,
    remote: RemoteAddr,
    scheme: Scheme,
}

impl Serving {
    async fn serve(
        self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        watcher: Watcher,
    ) {
        let Self {
            endpoint,
            connection,
            limits,
            local,
            remote,
            scheme,
        } = self;
        let stream = Timed::new(stream, connection.clone(), limits);
        let service = service_fn(|request: Request<Incoming>| {
            let served = connection.serve();
            let endpoint = endpoint.clone();
            let request = (request, local.clone(), remote.clone(), scheme.clone()).into();
            async move {
                let response: Response<_> = endpoint.get_response(request).await.into();
                Ok::<_, Infallible>(response.map(|body| Answered::new(body, served)))
            }
        });
        let served = http1::Builder::new()
            .max_headers(limits.headers)
            .max_header_size(limits.header_bytes)
            // The stream keeps the time: the library's limit would close connections that only wait.
            .header_read_timeout(None)
            .serve_connection(TokioIo::new(stream), service);
        // What fails here is the client's: it went away, or what it sent is no HTTP.
        if let Err(error) = watcher.watch(served).await {
            tracing::debug!(%error, "a connection ended badly");
        }
    }
}
