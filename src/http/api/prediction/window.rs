//! Reads all predictions of a window, page by page.

use crate::{
    domain::{
        AskedWindow, Error,
        prediction::{PredictionQuery, Predictions},
    },
    http::form::auth::Session,
    service::{App, prediction},
};

/// Predictions of a window that are read page by page. All pages show the moment of the first page.
pub struct WholeWindow {
    /// Application that reads them.
    pub app: App,
    /// Token of the request. A token that is revoked meanwhile reads no further page.
    pub session: Session,
    /// Window of valid times.
    pub asked: AskedWindow,
    /// Query of the next page.
    pub query: PredictionQuery,
}

impl WholeWindow {
    /// Reads the next page, and returns whether it is the last one.
    ///
    /// # Errors
    /// Unauthenticated: the token is no longer valid. The errors of [`prediction::list`].
    pub async fn read(&mut self) -> Result<(Predictions, bool), Error> {
        let caller = self.session.caller()?;
        let (mut found, window) = prediction::list(&self.app, &caller, self.asked, self.query.clone()).await?;
        self.asked = AskedWindow {
            from: Some(window.from),
            to: Some(window.to),
        };
        self.query.as_of = found.as_of;
        self.query.after = found.last.take();
        let is_last = self.query.after.is_none();
        Ok((found, is_last))
    }
}
