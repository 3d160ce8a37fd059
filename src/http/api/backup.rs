//! Operation that returns a backup of the whole database.

use std::io::{self, Read as _};

use bytes::Bytes;
use futures_util::stream::try_unfold;
use poem::{
    Body, IntoResponse, Request, Response,
    http::{StatusCode, header},
};
use poem_openapi::{
    ApiResponse, OpenApi,
    registry::{MetaMediaType, MetaResponse, MetaResponses, Registry},
    types::{Binary, Type},
};

use super::tag::Tag;
use crate::{
    domain::Timestamp,
    http::{
        form::{
            answer::Read,
            auth::{AdminAuth, Session},
        },
        guard::pace::TakesLong,
    },
    service::{
        App,
        backup::{self, Backup},
    },
};

/// Media type of an SQLite database.
const SQLITE: &str = "application/vnd.sqlite3";

/// Number of bytes in a chunk of the backup, which is read and sent at a time.
const PIECE: usize = 256 * 1024;

/// Operations on the whole server.
pub struct AdminApi(pub App);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Administration")]
impl AdminApi {
    /// Download a backup
    ///
    /// Returns a consistent copy of the whole database at the time of the request: one file for
    /// `prediction-api restore`. Writers are not delayed. The server creates the copy in its data folder, which needs
    /// space for it, and then sends it. Another backup at the same time is refused with 503. The connection ends if the
    /// token is revoked or expires meanwhile: the file is complete if it has as many bytes as `Content-Length` says.
    /// Needs: admin.
    #[oai(path = "/admin/backup", method = "get", operation_id = "download_backup")]
    async fn backup(&self, auth: AdminAuth, _time: TakesLong, request: &Request) -> Read<Download> {
        let session = Session::of(request)?;
        Ok(Download(backup::make(&self.0, &auth.0).await?, session))
    }
}

/// Response 200 with a backup, which is streamed while the token stays valid.
struct Download(Backup, Session);

/// Returns a body that streams the backup's bytes, which are read on blocking threads. The body ends early if the token
/// becomes invalid.
fn body(backup: Backup, session: Session) -> Body {
    Body::from_bytes_stream(try_unfold(backup, move |mut backup| {
        let session = session.clone();
        async move {
            session.caller().map_err(io::Error::other)?;
            let read = tokio::task::spawn_blocking(move || {
                let mut piece = vec![0; PIECE];
                let length = backup.read(&mut piece)?;
                piece.truncate(length);
                io::Result::Ok((piece, backup))
            });
            let (piece, backup) = read.await.map_err(io::Error::other)??;
            io::Result::Ok((!piece.is_empty()).then(|| (Bytes::from(piece), backup)))
        }
    }))
}

impl IntoResponse for Download {
    fn into_response(self) -> Response {
        let begun = self.0.begun_at.micros().div_euclid(1_000_000);
        let begun = Timestamp::from_micros(begun * 1_000_000).compact();
        let name = format!("attachment; filename=\"prediction-api-{begun}.db\"");
        Response::builder()
            .status(StatusCode::OK)
            .content_type(SQLITE)
            .header(header::CONTENT_DISPOSITION, name)
            .header(header::CONTENT_LENGTH, self.0.bytes)
            // The backup contains all data, so that proxies must not store it.
            .header(header::CACHE_CONTROL, "no-store")
            .body(body(self.0, self.1))
    }
}

impl ApiResponse for Download {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: vec![MetaResponse {
                description: "The database.",
                status: Some(200),
                status_range: None,
                content: vec![MetaMediaType {
                    content_type: SQLITE,
                    schema: Binary::<Vec<u8>>::schema_ref(),
                }],
                headers: Vec::new(),
            }],
        }
    }

    fn register(_: &mut Registry) {}
}
