//! The ceilings: the best that the framework can reach without any other work. They run as a process of their own, like
//! the product.

use std::{fs, io, path::Path};

use bytes::Bytes;
use poem::{
    Route, Server,
    http::uri::Scheme,
    listener::Acceptor,
    web::{LocalAddr, RemoteAddr},
};
use poem_openapi::{
    ApiResponse, OpenApi, OpenApiService,
    payload::{Binary, Json},
};
use prediction_api::domain::{Counts, prediction::PostedPredictions};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Builder,
};

use crate::Outcome;

/// Argument that makes this program serve the ceilings. The file with the response's bytes follows it.
pub const ARGUMENT: &str = "--ceiling";

/// Path that returns the bytes.
pub const ANSWER_PATH: &str = "/answer";

/// Serves the ceilings on a free port, which it prints, until it is killed.
pub fn serve(answer: &Path) -> Outcome<()> {
    let ceiling = Ceiling {
        answer: fs::read(answer)?.into(),
    };
    Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("http://{}", listener.local_addr()?);
        let routes = Route::new().nest("/", OpenApiService::new(ceiling, "", ""));
        Server::new_with_acceptor(NoDelay(listener)).run(routes).await?;
        Ok(())
    })
}

struct Ceiling {
    answer: Bytes,
}

#[derive(ApiResponse)]
enum Answer {
    /// Bytes of JSON, which are not copied.
    #[oai(status = 200, content_type = "application/json")]
    Bytes(Binary<Bytes>),
}

#[OpenApi]
impl Ceiling {
    /// Returns the same bytes from memory, without requiring a token.
    #[oai(path = "/answer", method = "get")]
    async fn answer(&self) -> Answer {
        Answer::Bytes(Binary(self.answer.clone()))
    }

    /// Parses predictions by the library's parser, and drops them.
    #[oai(path = "/api/v1/predictions", method = "post")]
    async fn parse(&self, body: Binary<Bytes>) -> poem::Result<Json<Counts>> {
        let text = str::from_utf8(&body).map_err(poem::error::BadRequest)?;
        let posted = serde_json::from_str(text).map_err(poem::error::BadRequest)?;
        let stored = match posted {
            PostedPredictions::ForJob(post) => {
                let in_series = post
                    .series
                    .iter()
                    .map(|series| series.values.iter().map(Vec::len).sum::<usize>());
                post.predictions.len() + in_series.sum::<usize>()
            }
            PostedPredictions::RowsOfJob { rows, .. } => rows.len(),
            PostedPredictions::PointsOfJob { points, .. } => points.iter().map(|role| role.points.len()).sum(),
            PostedPredictions::Direct(points) => points.len(),
        };
        Ok(Json(Counts {
            stored: stored as u64,
            ..Counts::default()
        }))
    }
}

/// Accepts connections with TCP_NODELAY, like the product. Otherwise small responses would wait for the client.
struct NoDelay(TcpListener);

impl Acceptor for NoDelay {
    type Io = TcpStream;

    fn local_addr(&self) -> Vec<LocalAddr> {
        let address = self.0.local_addr().ok();
        let address = address.map(|address| LocalAddr(address.into()));
        address.into_iter().collect()
    }

    async fn accept(&mut self) -> io::Result<(Self::Io, LocalAddr, RemoteAddr, Scheme)> {
        let (stream, remote) = self.0.accept().await?;
        stream.set_nodelay(true)?;
        let local = LocalAddr(stream.local_addr()?.into());
        Ok((stream, local, RemoteAddr(remote.into()), Scheme::HTTP))
    }
}
