//! The service of one connection: the requests that come on it, each answered by the endpoint.

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

/// The service of one connection.
pub struct Serving {
    pub endpoint: Arc<Responder>,
    pub connection: Arc<Connection>,
    pub open: Arc<OneOpen>,
    pub limits: Limits,
    pub local: LocalAddr,
    pub remote: RemoteAddr,
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
