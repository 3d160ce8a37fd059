//! Responses with all rows of a window. The rows are read page by page while they are sent, so that a response of any
//! length takes the memory of one page, and holds up no other request.

use std::{future::ready, io, time::Duration};

use bytes::Bytes;
use futures_util::{
    StreamExt,
    stream::{once, try_unfold},
};
use poem::Body;
use serde::Serialize;

use super::{layout::Form, numbers};
use crate::{
    domain::{Error, page::MAX_LIMIT, row_limit::RowLimit, thinning::MAX_THINNED_FROM},
    service::Behalf,
};

/// Pause before a page is read again that found the queue of long reads full, and the number of attempts.
const AGAIN: Duration = Duration::from_millis(500);
const ATTEMPTS: u32 = 60;

/// Rows of a response that are read page by page.
pub trait Pages: Send + 'static {
    /// Reads the next page. Returns its text, and whether it is the last page. After an error, the same page is read again.
    fn next(&mut self) -> impl Future<Output = Result<(Vec<u8>, bool), Error>> + Send;
}

/// Returns a body with all pages. The first page is read before the response begins, so that its errors have a status.
/// After a later error the response ends early, which the client notices as a broken transfer.
///
/// # Errors
/// The error of the first page.
pub async fn whole(mut pages: impl Pages) -> Result<Body, Error> {
    let (first, is_last) = pages.next().await?;
    if is_last {
        return Ok(first.into());
    }
    // The pages are read after the endpoint has returned, and still count as the token's own work.
    let behalf = Behalf::of_this_task();
    let rest = try_unfold(Some((pages, behalf)), async |pages| {
        let Some((mut pages, behalf)) = pages else {
            return Ok(None);
        };
        let read = behalf.run(next(&mut pages)).await;
        let (text, is_last) = read.map_err(cut_short)?;
        Ok(Some((Bytes::from(text), (!is_last).then_some((pages, behalf)))))
    });
    let first = once(ready(Ok::<_, io::Error>(Bytes::from(first))));
    Ok(Body::from_bytes_stream(first.chain(rest)))
}

/// Reads the next page. If too many long reads wait, it waits for half a minute at most, because the client cannot repeat
/// a part of the response.
async fn next(pages: &mut impl Pages) -> Result<(Vec<u8>, bool), Error> {
    for _ in 1..ATTEMPTS {
        match pages.next().await {
            Err(Error::Busy | Error::ShareTaken) => tokio::time::sleep(AGAIN).await,
            read => return read,
        }
    }
    pages.next().await
}

fn cut_short(error: Error) -> io::Error {
    tracing::warn!(%error, "a response with a whole window ended early");
    io::Error::other(error.to_string())
}

/// Returns a part of a JSON array: with the beginning of the array in the first part, and its end in the last one.
pub fn array_part(rows: &[impl Serialize], is_first: bool, is_last: bool) -> Vec<u8> {
    let mut out = numbers::json(&rows);
    if let Some(begin) = out.first_mut().filter(|_| !is_first) {
        *begin = b',';
    }
    if rows.is_empty() && !is_first {
        out.remove(0);
    }
    if !is_last {
        out.pop();
    }
    out
}

/// Amount of rows in a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// A page with at most this number of rows, with a link to the next page.
    Page(usize),
    /// All rows, one page after the other.
    Whole,
}

impl Amount {
    /// Returns the amount by the parameter `limit`. Without it, CSV has all rows, because the programs that read CSV do
    /// not follow links. All rows as series are one page, which has more rows than other pages, because a series is
    /// written as a whole.
    pub fn of(limit: Option<RowLimit>, form: Form) -> Self {
        let default = match form {
            Form::Csv => RowLimit::All,
            Form::Rows | Form::Series => RowLimit::default(),
        };
        match (limit.unwrap_or(default), form) {
            (RowLimit::Page(rows), _) => Self::Page(rows),
            (RowLimit::All, Form::Series) => Self::Page(MAX_THINNED_FROM),
            (RowLimit::All, _) => Self::Whole,
        }
    }

    /// Returns the maximum number of rows of a page whose rows are computed together. `all` means 1,000,000.
    pub fn of_computed(limit: Option<RowLimit>, form: Form) -> usize {
        match Self::of(limit, form) {
            Self::Page(rows) => rows,
            Self::Whole => MAX_THINNED_FROM,
        }
    }

    /// Returns the maximum number of rows that are read at once.
    pub fn rows(self) -> usize {
        match self {
            Self::Page(rows) => rows,
            Self::Whole => MAX_LIMIT,
        }
    }
}
