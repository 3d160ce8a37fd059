//! Reads all readings of a sensor's window, page by page.

use uuid::Uuid;

use super::table::table;
use crate::{
    domain::{Error, Timestamp, reading::ReadingQuery},
    http::form::{
        auth::Session,
        layout::Dialect,
        whole::{Pages, array_part},
    },
    service::{App, reading},
};

/// Readings of a window that are read page by page. All pages show the moment of the first page.
pub struct WholeWindow {
    /// Application that reads them.
    pub app: App,
    /// Token of the request. A token that is revoked meanwhile reads no further page.
    pub session: Session,
    /// Sensor of the readings.
    pub sensor: Uuid,
    /// Query of the next page.
    pub query: ReadingQuery,
    /// Dialect of CSV. `None` for JSON.
    pub dialect: Option<Dialect>,
    /// Whether the next page is the first one.
    pub is_first: bool,
}

impl Pages for WholeWindow {
    async fn next(&mut self) -> Result<(Vec<u8>, bool), Error> {
        let caller = self.session.caller()?;
        let (_, listed, as_of) = reading::list(&self.app, &caller, self.sensor, self.query).await?;
        self.query.as_of = as_of;
        if let Some(last) = listed.items.last() {
            self.query.from = Some(Timestamp::from_micros(last.time.micros() + 1));
        }
        let text = match self.dialect {
            Some(dialect) => table(&listed.items, self.is_first.then_some(dialect)),
            None => array_part(&listed.items, self.is_first, !listed.more),
        };
        self.is_first = false;
        Ok((text, !listed.more))
    }
}
