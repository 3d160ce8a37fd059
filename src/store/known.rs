//! What was committed, known by heart for a moment: the tokens and jobs that requests ask for over and over.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::domain::Timestamp;

/// How long something is known, in microseconds: a second. What this process changes is forgotten at once; this is for
/// what another process does, such as the command line that revokes a token.
const KNOWN_FOR: u64 = 1_000_000;

/// How much is known at most; then it begins anew.
const MOST: usize = 10_000;

/// What was read by its keys, until something is written that may change it.
pub struct Known<K, V> {
    changes: Arc<AtomicU64>,
    held: Arc<RwLock<Held<K, V>>>,
}

struct Held<K, V> {
    at: u64,
    values: HashMap<K, (V, Timestamp)>,
}

impl<K, V> Clone for Known<K, V> {
    fn clone(&self) -> Self {
        Self {
            changes: self.changes.clone(),
            held: self.held.clone(),
        }
    }
}

impl<K: Eq + Hash, V: Clone> Known<K, V> {
    /// Knows until `changes` moves on, which it does behind a commit and before its callers are answered.
    pub(super) fn new(changes: Arc<AtomicU64>) -> Self {
        let held = Held {
            at: 0,
            values: HashMap::new(),
        };
        Self {
            changes,
            held: Arc::new(RwLock::new(held)),
        }
    }

    /// The value of the key: known, or what `read` answers.
    ///
    /// # Errors
    /// What `read` answers.
    pub fn get<E>(&self, key: K, now: Timestamp, read: impl FnOnce() -> Result<V, E>) -> Result<V, E> {
        // Before the read: what is committed during it is not known by it.
        let at = self.changes.load(Ordering::Acquire);
        if let Some(known) = self.known(&key, at, now) {
            return Ok(known);
        }
        let value = read()?;
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if held.at < at || held.values.len() >= MOST {
            held.at = held.at.max(at);
            held.values.clear();
        }
        if held.at == at {
            held.values.insert(key, (value.clone(), now));
        }
        Ok(value)
    }

    fn known(&self, key: &K, at: u64, now: Timestamp) -> Option<V> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let (value, since) = held.values.get(key).filter(|_| held.at == at)?;
        // A clock that was set back is no reason to know it for longer.
        (now.micros().abs_diff(since.micros()) < KNOWN_FOR).then(|| value.clone())
    }
}
