//! The SQL of feeds. The hash of a feed's secret is not part of [`Feed`] and is read by a separate function.

use uuid::Uuid;

use super::{
    conflict::{OnTaken, id_taken, name_taken},
    engine::{Connection, OptionalExtension, Row, RowResult, Transaction, Unique},
    filter::Filter,
    row::{FromRow, Json},
};
use crate::domain::{
    Error, Page, Result, Timestamp,
    feed::{Feed, FeedKind, FeedProblem, TopicFilter},
    page::Listed,
    text::Name,
};

const SELECT: &str = "SELECT f.id, f.organisation_id, f.name, f.kind, f.topic, f.active, f.mappings, f.created_at,
    f.updated_at, f.revision, s.last_message_at, s.last_stored_at, s.problem_at, s.problem
    FROM feeds f LEFT JOIN feed_states s ON s.feed_id = f.id";

impl FromRow for Feed {
    fn from_row(row: &Row<'_>) -> RowResult<Self> {
        let Json(mappings) = row.get("mappings")?;
        let at: Option<Timestamp> = row.get("problem_at")?;
        let detail: Option<String> = row.get("problem")?;
        Ok(Self {
            id: row.get("id")?,
            organisation_id: row.get("organisation_id")?,
            name: row.get("name")?,
            kind: row.get("kind")?,
            topic: row.get("topic")?,
            active: row.get("active")?,
            mappings,
            last_message_at: row.get("last_message_at")?,
            last_stored_at: row.get("last_stored_at")?,
            last_problem: at.zip(detail).map(|(at, detail)| FeedProblem { at, detail }),
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
            revision: row.get("revision")?,
        })
    }
}

/// Returns the feed with the id. `None` if it does not exist.
pub fn find(connection: &Connection, id: Uuid) -> Result<Option<Feed>> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} WHERE f.id = ?1"))?;
    Ok(statement.query_row([id], Feed::from_row).optional()?)
}

/// What authenticates the requests of a feed.
pub struct FeedAccess {
    /// Name of the feed.
    pub name: Name,
    /// Organisation of the feed.
    pub organisation_id: Uuid,
    /// SHA-256 of the secret. `None` if the feed has no secret.
    pub hash: Option<[u8; 32]>,
}

/// Returns what authenticates the requests of a feed. `None` if it does not exist.
pub fn find_access(connection: &Connection, id: Uuid) -> Result<Option<FeedAccess>> {
    let sql = "SELECT name, organisation_id, hash FROM feeds WHERE id = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let access = |row: &Row<'_>| {
        Ok(FeedAccess {
            name: row.get("name")?,
            organisation_id: row.get("organisation_id")?,
            hash: row.get("hash")?,
        })
    };
    Ok(statement.query_row([id], access).optional()?)
}

/// Returns a page of feeds in the order of their ids. The other parameters restrict the list if they are given.
pub fn list(
    connection: &Connection,
    organisation_id: Option<Uuid>,
    kind: Option<FeedKind>,
    name: Option<String>,
    page: Page,
) -> Result<Listed<Feed>> {
    Filter::default()
        .equal("f.organisation_id", &organisation_id)
        .equal("f.kind", &kind)
        .equal("f.name", &name)
        .page(connection, SELECT, "f.id", &page)
}

/// Returns the active feeds of the kind mqtt, in the order of their ids.
pub fn subscribed(connection: &Connection) -> Result<Vec<Feed>> {
    let sql = format!("{SELECT} WHERE f.kind = ?1 AND f.active ORDER BY f.id");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([FeedKind::Mqtt], Feed::from_row)?;
    Ok(rows.collect::<RowResult<_>>()?)
}

/// Returns the topic filters of the active feeds of the kind mqtt.
pub fn topics(connection: &Connection) -> Result<Vec<TopicFilter>> {
    let sql = "SELECT topic FROM feeds WHERE kind = ?1 AND active AND topic IS NOT NULL ORDER BY id";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([FeedKind::Mqtt], |row| row.get("topic"))?;
    Ok(rows.collect::<RowResult<_>>()?)
}

/// Returns the id of a feed that maps messages to the sensor, which belongs to the organisation. `None` if there is
/// none.
///
/// The mappings are stored as JSON, in which the id of a sensor has one spelling.
pub fn any_with_sensor(connection: &Connection, organisation_id: Uuid, sensor_id: Uuid) -> Result<Option<Uuid>> {
    let sql = format!("{SELECT} WHERE f.organisation_id = ?1 AND f.mappings LIKE ?2 ORDER BY f.id");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query((organisation_id, format!("%{sensor_id}%")))?;
    while let Some(row) = rows.next()? {
        let feed = Feed::from_row(&row)?;
        // A condition may compare with the same text.
        if feed.mappings.iter().any(|mapping| mapping.sensor_id == sensor_id) {
            return Ok(Some(feed.id));
        }
    }
    Ok(None)
}

/// Inserts a feed with the hash of its secret.
///
/// # Errors
/// [`Error::Conflict`] if the id is taken, or the name is taken in the organisation.
pub fn insert(tx: &Transaction<'_>, feed: &Feed, hash: Option<[u8; 32]>) -> Result<()> {
    let Feed {
        id, organisation_id, ..
    } = feed;
    tx.prepare_cached(
        "INSERT INTO feeds (id, organisation_id, name, kind, topic, active, mappings, hash, created_at, updated_at,
            revision) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?
    .execute((
        id,
        organisation_id,
        &feed.name,
        feed.kind,
        &feed.topic,
        feed.active,
        Json(&feed.mappings),
        hash,
        feed.created_at,
        feed.updated_at,
        feed.revision,
    ))
    .on_taken(tx, |unique| match unique {
        Unique::FeedId => {
            let own = "SELECT 1 FROM feeds WHERE id = ?1 AND organisation_id = ?2";
            id_taken(tx, "feed", *id, own, (id, organisation_id))
        }
        _ => taken(tx, feed),
    })?;
    tx.prepare_cached("INSERT INTO feed_states (feed_id) VALUES (?1)")?
        .execute([id])?;
    Ok(())
}

/// Stores the changed fields of a feed.
///
/// # Errors
/// [`Error::Conflict`] if the name is taken in the organisation.
pub fn update(tx: &Transaction<'_>, feed: &Feed) -> Result<()> {
    tx.prepare_cached(
        "UPDATE feeds SET name = ?2, topic = ?3, active = ?4, mappings = ?5, updated_at = ?6, revision = ?7
            WHERE id = ?1",
    )?
    .execute((
        feed.id,
        &feed.name,
        &feed.topic,
        feed.active,
        Json(&feed.mappings),
        feed.updated_at,
        feed.revision,
    ))
    .on_taken(tx, |_| taken(tx, feed))?;
    Ok(())
}

/// Replaces the hash of the feed's secret.
pub fn set_hash(tx: &Transaction<'_>, id: Uuid, hash: [u8; 32]) -> Result<()> {
    tx.prepare_cached("UPDATE feeds SET hash = ?2 WHERE id = ?1")?
        .execute((id, hash))?;
    Ok(())
}

/// What has arrived at a feed in one transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrival {
    /// Time of the last message.
    pub last_message_at: Timestamp,
    /// Time of the last message that had a reading.
    pub last_stored_at: Option<Timestamp>,
    /// Last fault of a message.
    pub problem: Option<FeedProblem>,
}

/// Stores what has arrived at a feed. What `arrival` does not have stays as it is.
pub fn set_arrival(tx: &Transaction<'_>, id: Uuid, arrival: &Arrival) -> Result<()> {
    let problem = arrival.problem.as_ref();
    tx.prepare_cached(
        "INSERT INTO feed_states (feed_id, last_message_at, last_stored_at, problem_at, problem)
            VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (feed_id) DO UPDATE SET last_message_at = excluded.last_message_at,
            last_stored_at = coalesce(excluded.last_stored_at, feed_states.last_stored_at),
            problem_at = coalesce(excluded.problem_at, feed_states.problem_at),
            problem = coalesce(excluded.problem, feed_states.problem)",
    )?
    .execute((
        id,
        arrival.last_message_at,
        arrival.last_stored_at,
        problem.map(|problem| problem.at),
        problem.map(|problem| &problem.detail),
    ))?;
    Ok(())
}

/// Deletes a feed.
pub fn delete(tx: &Transaction<'_>, id: Uuid) -> Result<()> {
    tx.prepare_cached("DELETE FROM feeds WHERE id = ?1")?.execute([id])?;
    Ok(())
}

fn taken(tx: &Transaction<'_>, feed: &Feed) -> Result<Error> {
    let Feed {
        organisation_id, name, ..
    } = feed;
    let holder: (Uuid, &Name) = (*organisation_id, name);
    let sql = "SELECT id FROM feeds WHERE organisation_id = ?1 AND name = ?2";
    name_taken(tx, "feed", name, sql, holder)
}
