//! Cached feeds: what is needed to accept a message, and to store its readings.

use std::{collections::HashMap, sync::Arc};

use uuid::Uuid;

use crate::{
    domain::{Caller, Result, Role, Timestamp, feed::Feed, sensor::Sensor},
    store::{
        self, Cache, Db, Freshness,
        engine::{Connection, Transaction},
        feed,
    },
};

/// Caches of feeds.
pub struct Caches {
    pub(super) callers: Cache<Uuid, FeedCaller>,
    pub(super) routes: Cache<Uuid, Option<Arc<Route>>>,
    /// Active feeds of the kind mqtt. There is one value.
    subscribed: Cache<(), Arc<Vec<Route>>>,
}

impl Caches {
    /// Creates empty caches of the database.
    pub fn of(db: &Db) -> Self {
        Self {
            callers: db.catalogue_cache(Freshness::Second),
            routes: db.catalogue_cache(Freshness::Exact),
            subscribed: db.catalogue_cache(Freshness::Exact),
        }
    }

    /// Returns the active feeds of the kind mqtt.
    pub(super) fn subscribed(&self, tx: &Transaction<'_>, now: Timestamp) -> Result<Arc<Vec<Route>>> {
        self.subscribed.get((), now, || {
            let routes = feed::subscribed(tx)?.into_iter().map(|feed| Route::of(tx, feed));
            routes.collect::<Result<_>>().map(Arc::new)
        })
    }
}

/// The caller that a feed's secret authenticates, with the SHA-256 of the secret.
#[derive(Clone)]
pub(super) struct FeedCaller {
    /// Caller, whose id and name are those of the feed.
    pub caller: Caller,
    /// SHA-256 of the secret. `None` if the feed has no secret.
    pub hash: Option<[u8; 32]>,
}

impl FeedCaller {
    /// Reads the caller of a feed. `None` if the feed does not exist.
    pub fn read(connection: &Connection, id: Uuid) -> Result<Option<Self>> {
        let Some(found) = feed::find_access(connection, id)? else {
            return Ok(None);
        };
        let caller = Caller {
            id,
            name: found.name,
            role: Role::Viewer,
            organisation_id: Some(found.organisation_id),
            expires_at: None,
            limited_to: None,
        };
        let hash = found.hash;
        Ok(Some(Self { caller, hash }))
    }
}

/// A feed with the sensors of its mappings.
pub(super) struct Route {
    /// Feed.
    pub feed: Feed,
    /// Sensors by their ids.
    pub sensors: HashMap<Uuid, Sensor>,
}

impl Route {
    /// Reads a feed. `None` if it does not exist.
    pub fn read(connection: &Connection, id: Uuid) -> Result<Option<Self>> {
        let found = feed::find(connection, id)?;
        found.map(|feed| Self::of(connection, feed)).transpose()
    }

    /// Reads the sensors of a feed.
    fn of(connection: &Connection, feed: Feed) -> Result<Self> {
        let ids: Vec<_> = feed.mappings.iter().map(|mapping| mapping.sensor_id).collect();
        let sensors = store::sensor::find_all(connection, &ids)?.into_iter();
        let sensors = sensors.filter(|sensor| sensor.organisation_id == feed.organisation_id);
        let sensors = sensors.map(|sensor| (sensor.id, sensor)).collect();
        Ok(Self { feed, sensors })
    }

    /// Returns whether the feed receives the messages of a topic.
    pub fn matches(&self, topic: &str) -> bool {
        self.feed.topic.as_ref().is_some_and(|filter| filter.matches(topic))
    }
}
