//! Serves one connection: passes each of its requests to the endpoint and sends the response.

use std::{convert::Infallible, sync::Arc, time::SystemTime};

use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{rt::TokioIo, server::graceful::Watcher};
use poem::{
    Endpoint as _,
    endpoint::DynEndpoint,
    http::{HeaderValue, header, uri::Scheme},
    web::{LocalAddr, RemoteAddr},
};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    connection::{Answered, Connection},
    open::OneOpen,
    timed::Timed,
};
use crate::http::{context::OnlyProbes, guard::share::Turn, options::Limits};

/// Endpoint that responds to all requests.
pub type Responder = dyn DynEndpoint<Output = poem::Response>;

/// Everything that serving one connection needs.
pub struct Serving {
    /// Endpoint of all requests.
    pub endpoint: Arc<Responder>,
    /// State of the connection.
    pub connection: Arc<Connection>,
    /// Entry of the connection among the open connections.
    pub open: Arc<OneOpen>,
    /// Limits of the connection.
    pub limits: Limits,
    /// Address of the server.
    pub local: LocalAddr,
    /// Address of the client.
    pub remote: RemoteAddr,
    /// Scheme of the requests: HTTPS if the connection uses TLS, otherwise HTTP.
    pub scheme: Scheme,
}

impl Serving {
    /// Serves the requests on the connection until it is closed. `watcher` ends it after the current request when the
    /// server stops.
    pub async fn serve(self, stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, watcher: Watcher) {
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
            // The library's own `Date` would stay the same after the clock is set back.
            .auto_date_header(false)
            .max_headers(limits.headers)
            .max_header_size(limits.header_bytes)
            // Bodies and responses are streamed and need no larger buffer.
            .max_buf_size(limits.header_bytes)
            // `Timed` applies this time limit. The library's own would also close idle connections.
            .header_read_timeout(None)
            .serve_connection(TokioIo::new(stream), service);
        // The client causes these errors: it closed the connection, or sent something other than HTTP.
        if let Err(error) = watcher.watch(served).await {
            tracing::debug!(%error, "a connection ended badly");
        }
    }
}

/// Returns the value of the header `Date`. `None` if the clock is before 1970: such a clock counts as none (RFC 9110,
/// section 6.6.1).
fn date() -> Option<HeaderValue> {
    let now = SystemTime::now();
    now.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    HeaderValue::from_str(&httpdate::fmt_http_date(now)).ok()
}
