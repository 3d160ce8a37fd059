//! Reads all pairs of a window, page by page.

use super::csv;
use crate::{
    domain::{
        AskedWindow, Error,
        verification::{AccuracyQuery, PairsCursor},
    },
    http::form::{
        auth::Session,
        layout::Dialect,
        whole::{Pages, array_part},
    },
    service::{App, accuracy},
};

/// Pairs of a window that are read page by page. All pages show the moment of the first page.
pub struct WholePairs {
    /// Application that reads them.
    pub app: App,
    /// Token of the request. A token that is revoked meanwhile reads no further page.
    pub session: Session,
    /// Query of the next page.
    pub query: AccuracyQuery,
    /// Pair after which the next page begins.
    pub after: Option<PairsCursor>,
    /// Dialect of CSV. `None` for JSON.
    pub dialect: Option<Dialect>,
    /// Whether the next page is the first one.
    pub is_first: bool,
}

impl Pages for WholePairs {
    async fn next(&mut self) -> Result<(Vec<u8>, bool), Error> {
        let caller = self.session.caller()?;
        if self.query.as_of.is_none() {
            self.query.as_of = Some(accuracy::moment(&self.app)?);
        }
        let (found, next) = accuracy::pairs(&self.app, &caller, self.query.clone(), self.after.clone()).await?;
        if let Some(next) = &next {
            self.query.asked = AskedWindow {
                from: Some(next.from),
                to: Some(next.to),
            };
        }
        let is_last = next.is_none();
        let text = match self.dialect {
            Some(dialect) => csv::pairs(&found, dialect, self.is_first),
            None => array_part(&found, self.is_first, is_last),
        };
        self.is_first = false;
        self.after = next;
        Ok((text, is_last))
    }
}
