//! The callers behind the tokens that were used a moment ago.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use crate::domain::{Caller, Timestamp};

/// How long a token is known by heart, in microseconds: a second. The server's own changes empty the cache at once; this is for a token that
/// another process revokes, which is the command line.
const KNOWN_FOR: u64 = 1_000_000;

/// How many are known by heart at most; then it begins anew.
const MOST: usize = 10_000;

/// Callers by the hashes of their secrets.
#[derive(Default)]
pub struct TokenCache(RwLock<Known>);

#[derive(Default)]
struct Known {
    /// Moves on whenever the cache is emptied.
    generation: u64,
    callers: HashMap<[u8; 32], (Caller, Timestamp)>,
}

impl TokenCache {
    /// The caller, if it was looked up a moment before `now`.
    pub fn get(&self, hash: &[u8; 32], now: Timestamp) -> Option<Caller> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let (caller, since) = known.callers.get(hash)?;
        // A clock that was set back is no reason to know it for longer.
        (now.micros().abs_diff(since.micros()) < KNOWN_FOR).then(|| caller.clone())
    }

    /// What [`TokenCache::put`] wants to know: asked before the token is looked up.
    pub fn generation(&self) -> u64 {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .generation
    }

    /// Remembers a caller that was looked up at `now`, unless the cache was emptied since `generation`: what was looked up may be over.
    pub fn put(&self, hash: [u8; 32], caller: &Caller, now: Timestamp, generation: u64) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.generation != generation {
            return;
        }
        if known.callers.len() >= MOST {
            known.callers.clear();
        }
        known.callers.insert(hash, (caller.clone(), now));
    }

    /// Forgets all.
    pub fn clear(&self) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.generation += 1;
        known.callers.clear();
    }
}
