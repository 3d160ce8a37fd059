//! A cache of the summaries of series, so that most posts on PostgreSQL read nothing.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use uuid::Uuid;

use super::known::Known;
use crate::domain::{
    prediction::Series,
    text::{Name, Stage},
};

/// The number of series at which the cache is emptied before more are stored. There may be a cache for each of 10,000
/// contracts, and an entry takes about 250 bytes.
pub const MOST: usize = 64;

/// Summaries of the series of one version of a job, with the numbers of the series. Only the writer uses them, within
/// its transactions. The owner drops them when anything but a post may have changed a series.
#[derive(Default)]
pub struct Summaries(Mutex<HashMap<Key, (i64, Known)>>);

/// The properties in which the series of one version of a job differ.
type Key = (Name, Option<Uuid>, Option<Stage>);

impl Summaries {
    /// Returns the number and the summary of the series. `None` if they are not cached.
    pub fn get(&self, series: &Series) -> Option<(i64, Known)> {
        self.lock().get(&key(series)).copied()
    }

    /// Stores the numbers and the summaries of series. `None` removes a series.
    pub fn store<'s>(&self, found: impl Iterator<Item = (&'s Series, Option<(i64, Known)>)>) {
        let mut summaries = self.lock();
        for (series, found) in found {
            match found {
                Some(found) => {
                    if summaries.len() >= MOST {
                        summaries.clear();
                    }
                    summaries.insert(key(series), found);
                }
                None => {
                    summaries.remove(&key(series));
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, (i64, Known)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(series: &Series) -> Key {
    (series.metric.clone(), series.location_id, series.stage.clone())
}
