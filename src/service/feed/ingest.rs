//! Messages that arrive by HTTP.

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::{
    arrival::{Arrived, store},
    route::{Caches, FeedCaller, Route},
};
use crate::{
    domain::{
        Caller, Counts, Error, Result, Timestamp,
        feed::{MessageAnswer, share_id},
        token::hash,
    },
    service::{App, counters},
    store::{self, engine::Transaction},
};

const REFUSED: Error = Error::Unauthenticated("the feed is unknown, or its secret is another one");

/// Returns the caller whose feed has this id and this secret. Secrets are cached, so one that another process
/// replaced is accepted for up to a second more.
///
/// # Errors
/// [`Error::Unauthenticated`] if the feed does not exist, or has another secret.
pub fn authenticate(app: &App, id: Uuid, secret: &str) -> Result<Caller> {
    let found = app.feeds.callers.get(id, app.now(), || {
        app.read_inline(|connection, _| FeedCaller::read(connection, id)?.ok_or(REFUSED))
    })?;
    if found.hash != Some(hash(secret)) {
        return Err(REFUSED);
    }
    store::called_by(share_id(id));
    Ok(found.caller)
}

/// Maps a message of a feed to readings, and stores them in one transaction. The caller has been authenticated by the
/// secret of the feed.
///
/// # Errors
/// Conflict: the feed is inactive. Unauthenticated: the feed was deleted meanwhile.
pub async fn ingest(app: &App, id: Uuid, message: Value) -> Result<MessageAnswer> {
    let (feeds, at) = (app.feeds.clone(), app.now());
    let (answer, counts) = app
        .write_values(move |tx, now| {
            let route = active(tx, &feeds, id, now)?;
            one(tx, &route, Ok(&message), at, now)
        })
        .await?;
    counters::count_readings(&counts);
    counters::count_message("http", Some(&answer));
    Ok(answer)
}

/// Notes that a message of a feed cannot be read. `detail` describes the fault.
///
/// # Errors
/// Conflict: the feed is inactive. Unauthenticated: the feed was deleted meanwhile.
pub async fn refuse(app: &App, id: Uuid, detail: String) -> Result<()> {
    let (feeds, at) = (app.feeds.clone(), app.now());
    app.write_values(move |tx, now| {
        let route = active(tx, &feeds, id, now)?;
        one(tx, &route, Err(&detail), at, now)
    })
    .await?;
    counters::count_message("http", None);
    Ok(())
}

fn active(tx: &Transaction<'_>, feeds: &Caches, id: Uuid, now: Timestamp) -> Result<Arc<Route>> {
    let route = feeds
        .routes
        .get(id, now, || Route::read(tx, id).map(|route| route.map(Arc::new)))?;
    let route = route.ok_or(REFUSED)?;
    if !route.feed.active {
        let detail = "the feed is inactive: activate it with PUT /api/v1/feeds/{id}";
        return Err(Error::conflict(detail, id));
    }
    Ok(route)
}

fn one(
    tx: &Transaction<'_>,
    route: &Route,
    content: std::result::Result<&Value, &str>,
    at: Timestamp,
    now: Timestamp,
) -> Result<(MessageAnswer, Counts)> {
    let arrived = Arrived {
        route,
        topic: None,
        content,
        at,
        is_retained: false,
    };
    let (answers, counts) = store(tx, &[arrived], now)?;
    let mut answer = answers.into_iter().next().unwrap_or_default();
    answer.add(&counts);
    Ok((answer, counts))
}
