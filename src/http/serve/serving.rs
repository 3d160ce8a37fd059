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

/// The endpoint that responds to requests.
pub type Responder = dyn DynEndpoint<Output = poem::Response>;

/// Everything that serving one connection needs.
pub struct Serving {
    /// Endpoint of all requests.
    pub endpoint: Arc<Responder>,
    /// State of the connection.
    pub connection: Arc<Connection>,
    /// The connection among the open ones.
    pub open: Arc<OneOpen>,
    /// Limits of the connection.
    pub limits: Limits,
    /// Address of the server.
    pub local: LocalAddr,
    /// Address of the client.
    pub remote: RemoteAddr,
    /// HTTPS if the connection uses TLS.
    pub scheme: Scheme,
}

impl Serving {
    /// Serves the connection until it ends.
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
            // When the clock is set back, the library would repeat its last date.
            .auto_date_header(false)
            .max_headers(limits.headers)
            .max_header_size(limits.header_bytes)
            // Bodies and responses are streamed and need no larger buffer.
            .max_buf_size(limits.header_bytes)
            // `Timed` measures the time: the library's limit would also close connections that only wait.
            .header_read_timeout(None)
            .serve_connection(TokioIo::new(stream), service);
        // These errors are the client's: it closed the connection, or what it sent is not HTTP.
        if let Err(error) = watcher.watch(served).await {
            tracing::debug!(%error, "a connection ended badly");
        }
    }
}

/// Returns the value of the header `Date`. `None` if the clock is before 1970, which counts as no clock (RFC 9110,
/// 6.6.1).
fn date() -> Option<HeaderValue> {
    let now = SystemTime::now();
    now.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    HeaderValue::from_str(&httpdate::fmt_http_date(now)).ok()
}
