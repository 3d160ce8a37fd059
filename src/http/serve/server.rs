//! Serving on a listener until told to stop: who gets a connection, and until when.
//!
//! The framework's own server has neither limits of time nor of connections; so connections are served by the HTTP
//! library that is below it, each with the framework's endpoint.

use std::{
    convert::Infallible,
    future::Future,
    io,
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    time::{Duration, SystemTime},
};

use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::TokioIo,
    server::graceful::{GracefulShutdown, Watcher},
};
use poem::{
    Endpoint,
    endpoint::{DynEndpoint, ToDynEndpoint},
    http::{HeaderValue, header, uri::Scheme},
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use super::{
    connection::{Answered, Connection, Timed},
    open::{Counted, OneOpen, Open, Place},
    tls::Tls,
};
use crate::{
    http::{
        context::OnlyProbes,
        guard::share::Turn,
        options::{Limits, Options},
        routes,
    },
    service::{App, Recurring},
};

/// How long requests in flight may take to finish once the server is told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// How long to wait after a connection could not be accepted.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// How long a connection on a reserved place may take to ask.
const HASTE: Duration = Duration::from_secs(2);

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
    let endpoint = routes::endpoint(&app, options, tls.is_some());
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

/// The limits of a connection on a reserved place: it has something to ask at once, or goes.
fn hasty(limits: Limits) -> Limits {
    Limits {
        idle: limits.idle.min(HASTE),
        header: limits.header.min(HASTE),
        ..limits
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
    /// Serves a connection on a task of its own: a slow handshake holds nobody up.
    fn start(&self, stream: TcpStream, remote: SocketAddr, place: Place, watcher: Watcher) {
        // Small answers go out at once. A client that is gone already shows when it is read from.
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

/// What serves one connection.
struct Serving {
    endpoint: Arc<Responder>,
    connection: Arc<Connection>,
    open: Arc<OneOpen>,
    limits: Limits,
    local: LocalAddr,
    remote: RemoteAddr,
    scheme: Scheme,
}

impl Serving {
    async fn serve(self, stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, watcher: Watcher) {
        let Self {
            endpoint,
            connection,
            open,
            limits,
            local,
            remote,
            scheme,
        } = self;
        let stream = Timed::new(stream, connection.clone(), limits);
        let service = service_fn(|request: Request<Incoming>| {
            let served = connection.serve();
            open.head_is_over();
            let endpoint = endpoint.clone();
            let request = (request, local.clone(), remote.clone(), scheme.clone());
            let mut request = poem::Request::from(request);
            let may_ask = open.may_ask();
            if !may_ask {
                request.set_data(OnlyProbes);
            }
            async move {
                let mut response: Response<_> = endpoint.get_response(request).await.into();
                if let Some(date) = date() {
                    response.headers_mut().insert(header::DATE, date);
                }
                if !may_ask {
                    let close = HeaderValue::from_static("close");
                    response.headers_mut().insert(header::CONNECTION, close);
                }
                let turn = response.extensions_mut().remove::<Arc<Turn>>();
                Ok::<_, Infallible>(response.map(|body| Answered::new(body, served, turn)))
            }
        });
        let served = http1::Builder::new()
            // The library goes on with the date that it wrote last when the clock goes back.
            .auto_date_header(false)
            .max_headers(limits.headers)
            .max_header_size(limits.header_bytes)
            // Nor does it need more for bodies and answers, which come and go piece by piece.
            .max_buf_size(limits.header_bytes)
            // The stream keeps the time: the library's limit would close connections that only wait.
            .header_read_timeout(None)
            .serve_connection(TokioIo::new(stream), service);
        // What fails here is the client's: it went away, or what it sent is no HTTP.
        if let Err(error) = watcher.watch(served).await {
            tracing::debug!(%error, "a connection ended badly");
        }
    }
}

/// The header `Date`; a clock before 1970 is no clock (RFC 9110, 6.6.1).
fn date() -> Option<HeaderValue> {
    let now = SystemTime::now();
    now.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    HeaderValue::from_str(&httpdate::fmt_http_date(now)).ok()
}
