//! Parser of predictions in newline-delimited JSON: a stream of points of any length, which is stored in parts while it
//! arrives.
//!
//! A part is stored in one transaction. It ends when a limit of points, runs, bytes or seconds is reached, or when the
//! token's memory limit is reached. The token is validated again for each part.

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

use tokio::time::{Duration, Instant};

use crate::{
    domain::{
        Error, Gaps,
        prediction::{DirectPoint, MAX_POINTS, MAX_RUNS, PredictionCounts},
    },
    http::{
        form::{auth::Session, body_bytes::buffer, json_lines, json_text},
        guard::{pace, share::Buffered},
        problem::Problem,
    },
    service::{App, prediction},
};

/// Maximum number of points of a part. A part also ends at [`MAX_RUNS`] runs.
const PART: usize = 20_000;

/// Maximum number of numbers of a point, with its quantiles or members. Longer points are refused when their part is stored.
const MOST_OF_POINT: usize = 1000;

/// Maximum size of a part's lines, in bytes.
const PART_BYTES: usize = 8 * 1024 * 1024;

/// Time after which a part is stored while bytes arrive. Points do not wait longer, and a revoked token is noticed
/// within this time.
const PART_TIME: Duration = Duration::from_secs(10);

/// Time that a stream waits for memory that other requests use, and below it the time between two attempts.
const WAIT_FOR_MEMORY: Duration = Duration::from_secs(20);
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// Maximum length of a line, in bytes.
const MAX_LINE: usize = 64 * 1024;

/// Request body with one point in each line, which is read while it is stored.
pub struct Lines {
    body: poem::Body,
    session: Session,
    buffered: Buffered,
}

impl Payload for Lines {
    const CONTENT_TYPE: &'static str = json_lines::TYPE;

    fn check_content_type(content_type: &str) -> bool {
        json_lines::is_lines(content_type)
    }

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
        Ok(Self {
            body: poem::Body::from_request(request, body).await?,
            session: Session::of(request)?,
            buffered: buffer(request)?,
        })
    }
}

impl_apirequest_for_payload!(Lines);

/// Stores the points of a stream and returns the counts of the stored values.
///
/// # Errors
/// The problem of the first part that was not stored, with the number of lines and values that were stored before.
pub async fn keep(app: &App, lines: Lines, gaps: Gaps) -> Result<PredictionCounts, Problem> {
    let mut kept = Kept {
        app,
        session: lines.session,
        gaps,
        buffered: lines.buffered,
        counts: PredictionCounts::default(),
        part: Vec::new(),
        numbers: 0,
        runs: HashSet::new(),
        hasher: RandomState::new(),
        part_bytes: 0,
        part_since: Instant::now(),
        lines: 0,
        lines_kept: 0,
        place: 0,
    };
    match kept.all(lines.body.into_bytes_stream()).await {
        Ok(()) => Ok(kept.counts),
        Err(problem) => {
            let problem = problem.with_counts(kept.counts.counts);
            Err(match kept.lines_kept {
                0 => problem,
                lines => problem.with_more(&format!(
                    "the {lines} lines before this part are stored, and can be sent again"
                )),
            })
        }
    }
}

struct Kept<'a> {
    app: &'a App,
    session: Session,
    gaps: Gaps,
    /// Counter of the stream's bytes in memory, whether parsed or not.
    buffered: Buffered,
    counts: PredictionCounts,
    /// Points that were parsed and are not stored yet.
    part: Vec<DirectPoint>,
    /// Number of numbers of the part's points.
    numbers: usize,
    /// Hashes of the runs in the part. Their number is that of the distinct runs.
    runs: HashSet<u64>,
    hasher: RandomState,
    /// Number of bytes of the part's lines.
    part_bytes: usize,
    part_since: Instant,
    /// Number of lines with points that were parsed since the start of the stream.
    lines: usize,
    lines_kept: usize,
    /// Number of the current line, counted from 1 and including empty lines. 0 before the first line.
    place: usize,
}

impl Kept<'_> {
    async fn all(&mut self, bytes: impl Stream<Item = std::io::Result<Bytes>> + Send) -> Result<(), Problem> {
        let mut bytes = std::pin::pin!(bytes);
        let mut rest = BytesMut::new();
        while let Some(more) = bytes.next().await {
            let more = more.map_err(|error| pace::unreadable(&error))?;
            self.hold(more.len(), rest.len()).await?;
            rest.extend_from_slice(&more);
            while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let line = rest.split_to(end + 1);
                self.line(&line)?;
                if self.is_full() {
                    self.keep(rest.len()).await?;
                }
            }
            if rest.len() > MAX_LINE {
                self.place += 1;
                let detail = format!("is longer than {MAX_LINE} bytes");
                return Err(self.refused(&detail));
            }
            if self.part_since.elapsed() >= PART_TIME {
                self.keep(rest.len()).await?;
            }
        }
        self.line(&rest)?;
        if !self.part.is_empty() {
            self.keep(0).await?;
        }
        if self.lines == 0 {
            // An empty stream is refused in the same way as an empty array.
            let caller = self.session.caller()?;
            self.counts += prediction::post_lines(self.app, &caller, Vec::new(), 0, self.gaps).await?;
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.part.len() >= PART
            || self.numbers >= MAX_POINTS - MOST_OF_POINT
            || self.runs.len() >= MAX_RUNS
            || self.part_bytes >= PART_BYTES
    }

    /// Counts `more` bytes that have arrived. `rest` is the number of bytes that are not parsed yet. If the memory
    /// limit is reached, stores the current part to free its memory, and then waits until other requests free theirs.
    /// They cannot be waiting for this stream, because it no longer has a part in memory.
    ///
    /// # Errors
    /// 429 or 503 if there is not enough memory within 20 seconds, and the problems of storing the part.
    async fn hold(&mut self, more: usize, rest: usize) -> Result<(), Problem> {
        let Err(refused) = self.buffered.grow(more) else {
            return Ok(());
        };
        if !self.part.is_empty() {
            self.keep(rest).await?;
        }
        let until = Instant::now() + WAIT_FOR_MEMORY;
        while self.buffered.grow(more).is_err() {
            if Instant::now() >= until {
                return Err(refused);
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
        Ok(())
    }

    fn line(&mut self, mut line: &[u8]) -> Result<(), Problem> {
        if self.place == 0 {
            line = json_text::utf8(line)?;
        }
        self.place += 1;
        self.part_bytes += line.len();
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        let point: DirectPoint = json_lines::parse_line(line, self.gaps, self.lines, self.place)?;
        self.runs.insert(self.hasher.hash_one(point.run()));
        self.numbers += point.numbers().count();
        self.part.push(point);
        self.lines += 1;
        Ok(())
    }

    /// Validates the token and stores the current part. `rest` is the number of unparsed bytes that stay in memory.
    ///
    /// # Errors
    /// 401 if the token is no longer valid, and the problems of the points.
    async fn keep(&mut self, rest: usize) -> Result<(), Problem> {
        let caller = self.session.caller()?;
        let part = std::mem::take(&mut self.part);
        self.runs.clear();
        self.numbers = 0;
        if !part.is_empty() {
            let first = self.lines_kept;
            self.counts += prediction::post_lines(self.app, &caller, part, first, self.gaps).await?;
            self.lines_kept = self.lines;
        }
        self.buffered.shrink_to(rest);
        self.part_bytes = 0;
        self.part_since = Instant::now();
        Ok(())
    }

    /// Returns the problem (422) of the current line.
    fn refused(&self, detail: &str) -> Problem {
        let detail = format!("{detail} (line {})", self.place);
        Error::invalid(format!("/{}", self.lines), detail).into()
    }
}
