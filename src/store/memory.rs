//! What was read of the catalogue, remembered until the catalogue changes.
//!
//! It serves the writer's transactions only, and holds exactly there: the writer counts every change of the catalogue,
//! every request that was undone and everything that another process wrote, and a count that differs empties it.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::engine::Transaction;
use crate::domain::Result;

/// How much is remembered at most; then it begins anew.
const MOST: usize = 10_000;

/// What was read by its keys.
pub struct Memory<K, V> {
    changes: Arc<AtomicU64>,
    held: Arc<Mutex<Held<K, V>>>,
}

struct Held<K, V> {
    at: u64,
    values: HashMap<K, Arc<V>>,
}

impl<K, V> Clone for Memory<K, V> {
    fn clone(&self) -> Self {
        Self {
            changes: self.changes.clone(),
            held: self.held.clone(),
        }
    }
}

impl<K: Eq + Hash, V> Memory<K, V> {
    /// Remembers until `changes` moves on.
    pub(super) fn new(changes: Arc<AtomicU64>) -> Self {
        let held = Held {
            at: 0,
            values: HashMap::new(),
        };
        Self {
            changes,
            held: Arc::new(Mutex::new(held)),
        }
    }

    /// The value of the key: remembered, or what `read` answers.
    ///
    /// # Errors
    /// What `read` answers.
    pub fn get(&self, _: &Transaction<'_>, key: K, read: impl FnOnce() -> Result<V>) -> Result<Arc<V>> {
        let at = self.changes.load(Ordering::Acquire);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.at != at || held.values.len() >= MOST {
            held.at = at;
            held.values.clear();
        }
        if let Some(known) = held.values.get(&key) {
            return Ok(known.clone());
        }
        let value = Arc::new(read()?);
        held.values.insert(key, value.clone());
        Ok(value)
    }
}
