//! Newline-delimited JSON: points in a stream of any length, kept part by part as they come.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use poem::{FromRequest, Request, RequestBody};
use poem_openapi::{
    impl_apirequest_for_payload,
    payload::{ParsePayload, Payload},
    registry::{MetaSchemaRef, Registry},
    types::Type,
};

use crate::{
    domain::{
        Caller, Counts, Error,
        prediction::{DirectPoint, MAX_RUNS},
    },
    http::{pace, problem::Problem},
    service::{App, prediction},
};

/// How many points are kept at a time, in one transaction, unless they are of [`MAX_RUNS`] runs already.
const PART: usize = 20_000;

/// The longest line, in bytes.
const MAX_LINE: usize = 64 * 1024;

/// A body of one point a line.
pub struct Lines(poem::Body);

impl Payload for Lines {
    const CONTENT_TYPE: &'static str = "application/x-ndjson";

    fn schema_ref() -> MetaSchemaRef {
        DirectPoint::schema_ref()
    }

    fn register(registry: &mut Registry) {
        DirectPoint::register(registry);
    }
}

impl ParsePayload for Lines {
    const IS_REQUIRED: bool = true;

    async fn from_request(request: &Request, body: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self(poem::Body::from_request(request, body).await?))
    }
}

impl_apirequest_for_payload!(Lines);

/// Keeps the points of the lines.
///
/// # Errors
/// The problem of the first part that is not kept, which says how many lines before it are.
pub async fn keep(app: &App, caller: &Caller, lines: Lines) -> Result<Counts, Problem> {
    let mut kept = Kept {
        app,
        caller,
        counts: Counts::default(),
        part: Vec::new(),
        runs: HashSet::new(),
        hasher: RandomState::new(),
        lines: 0,
        lines_kept: 0,
        place: 0,
    };
    match kept.all(lines.0.into_bytes_stream()).await {
        Ok(()) => Ok(kept.counts),
        Err(problem) if kept.lines_kept == 0 => Err(problem),
        Err(problem) => Err(problem.with_more(&format!(
            "the {} lines before this part are kept, and can be sent again",
            kept.lines_kept
        ))),
    }
}

struct Kept<'a> {
    app: &'a App,
    caller: &'a Caller,
    counts: Counts,
    /// What is read and not kept yet.
    part: Vec<DirectPoint>,
    /// The runs that it is of, by their hashes.
    runs: HashSet<u64>,
    hasher: RandomState,
    /// How many lines with points were read.
    lines: usize,
    lines_kept: usize,
    /// How many lines there were, empty ones included.
    place: usize,
}

impl Kept<'_> {
    async fn all(
        &mut self,
        bytes: impl Stream<Item = std::io::Result<Bytes>> + Send,
    ) -> Result<(), Problem> {
        let mut bytes = std::pin::pin!(bytes);
        let mut rest = BytesMut::new();
        while let Some(more) = bytes.next().await {
            let more = more.map_err(|error| pace::unreadable(&error))?;
            rest.extend_from_slice(&more);
            while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let line = rest.split_to(end + 1);
                self.line(&line).await?;
            }
            if rest.len() > MAX_LINE {
                self.place += 1;
                let detail = format!("is longer than {MAX_LINE} bytes");
                return Err(self.refused(&detail));
            }
        }
        self.line(&rest).await?;
        if !self.part.is_empty() || self.lines_kept == 0 {
            self.keep().await?;
        }
        Ok(())
    }

    async fn line(&mut self, line: &[u8]) -> Result<(), Problem> {
        self.place += 1;
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        match serde_json::from_slice::<DirectPoint>(line) {
            Ok(point) => {
                self.runs.insert(self.hasher.hash_one(point.run()));
                self.part.push(point);
            }
            Err(error) => {
                let text = error.to_string();
                let said = text
                    .rsplit_once(" at line ")
                    .map_or(&*text, |(said, _)| said);
                return Err(self.refused(said));
            }
        }
        self.lines += 1;
        if self.part.len() == PART || self.runs.len() == MAX_RUNS {
            self.keep().await?;
        }
        Ok(())
    }

    async fn keep(&mut self) -> Result<(), Problem> {
        let part = std::mem::take(&mut self.part);
        self.runs.clear();
        let first = self.lines_kept;
        self.counts += prediction::post_lines(self.app, self.caller, part, first).await?;
        self.lines_kept = self.lines;
        Ok(())
    }

    /// The problem of the line that is read now.
    fn refused(&self, detail: &str) -> Problem {
        let detail = format!("{detail} (line {})", self.place);
        Error::invalid(format!("/{}", self.lines), detail).into()
    }
}
