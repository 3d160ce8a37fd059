//! Serving on a listener until told to stop.

use std::{future::Future, io, time::Duration};

use poem::{
    Server,
    http::uri::Scheme,
    listener::Acceptor,
    web::{LocalAddr, RemoteAddr},
};
use tokio::net::{TcpListener, TcpStream};

use super::{Demo, Limits};
use crate::service::App;

/// How long requests in flight may take to finish once the server is told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// How long to wait after a connection could not be accepted.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// Serves the product on `listener`, as a demo if there is one, until `stop` is done; then finishes what is in flight,
/// within 10 seconds.
///
/// # Errors
/// The listener fails.
pub async fn serve(
    listener: TcpListener,
    app: App,
    limits: Limits,
    demo: Option<Demo>,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let endpoint = super::endpoint(&app, limits, demo);
    Server::new_with_acceptor(NoDelay(listener))
        .run_with_graceful_shutdown(endpoint, stop, Some(GRACE))
        .await
}

/// Accepts connections whose small answers go out at once (TCP_NODELAY), which the framework's own do not.
struct NoDelay(TcpListener);

impl Acceptor for NoDelay {
    type Io = TcpStream;

    fn local_addr(&self) -> Vec<LocalAddr> {
        let address = self.0.local_addr().ok();
        address
            .map(|address| LocalAddr(address.into()))
            .into_iter()
            .collect()
    }

    async fn accept(&mut self) -> io::Result<(Self::Io, LocalAddr, RemoteAddr, Scheme)> {
        let (stream, remote) = match self.0.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, say: the framework tries again at once, which would only burn the processor.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_AGAIN).await;
                return Err(error);
            }
        };
        // A client that is gone already shows when it is read from.
        let _ = stream.set_nodelay(true);
        let local = LocalAddr(stream.local_addr()?.into());
        Ok((stream, local, RemoteAddr(remote.into()), Scheme::HTTP))
    }
}
