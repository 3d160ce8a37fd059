//! Turns of long reads: a limited number run at once, their tokens take turns, and one token leaves a slot to the
//! others. A read whose client has disconnected, or whose time is over, stops and leaves the queue.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use metrics::counter;
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{
    backup::Stop,
    rota::{Owner, Rota},
};
use crate::domain::{Error, Result};

/// Counts reads that were stopped, or left the queue, because their client had disconnected.
pub const STOPPED: &str = "prediction_api_scans_stopped_total";

/// The number of steps of SQLite's machine between two checks whether to go on: well below a millisecond.
const STEPS: i32 = 1000;

/// The slots for long reads and the queue for them.
pub struct Turns(Mutex<State>);

struct State {
    running: Running,
    waiting: Rota<Waiting>,
    number: u64,
}

/// The reads that have a slot.
struct Running {
    slots: usize,
    count: usize,
    of: HashMap<Owner, usize>,
}

struct Waiting {
    number: u64,
    turn: oneshot::Sender<Turn>,
}

/// A slot of a read, which is free again when this is dropped.
pub struct Turn {
    turns: Arc<Turns>,
    owner: Owner,
}

/// A place in the queue, which is free again when this is dropped.
struct Place<'a> {
    turns: &'a Turns,
    owner: Owner,
    number: u64,
}

impl Turns {
    /// Makes `slots` for reads that run, and `places` for those that wait.
    pub fn new(slots: usize, places: usize) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            running: Running {
                slots,
                count: 0,
                of: HashMap::new(),
            },
            waiting: Rota::new(places),
            number: 0,
        })))
    }

    /// Waits for a slot.
    ///
    /// # Errors
    /// [`Error::Busy`] if too many wait, [`Error::ShareTaken`] if too many of the owner wait.
    pub async fn take(self: &Arc<Self>, owner: Owner) -> Result<Turn> {
        let (number, turn) = {
            let mut state = self.lock();
            if state.waiting.len() == 0 && state.running.may_start(owner) {
                state.running.start(owner);
                drop(state);
                return Ok(self.turn(owner));
            }
            let (sender, turn) = oneshot::channel();
            state.number += 1;
            let number = state.number;
            state.waiting.push(owner, Waiting { number, turn: sender })?;
            (number, turn)
        };
        // The owner may have a slot left although others, which have none left, wait.
        self.hand_out();
        let _place = Place {
            turns: self,
            owner,
            number,
        };
        turn.await.map_err(|_| Error::Unavailable("it is closing".to_owned()))
    }

    /// Returns how many reads run, and how many wait.
    pub fn load(&self) -> (usize, usize) {
        let state = self.lock();
        (state.running.count, state.waiting.len())
    }

    /// Hands free slots to reads that wait.
    fn hand_out(self: &Arc<Self>) {
        while let Some((owner, waiting)) = self.lock().next() {
            // If it does not wait any more, the turn is dropped, which hands it to the next.
            let _ = waiting.turn.send(self.turn(owner));
        }
    }

    fn turn(self: &Arc<Self>, owner: Owner) -> Turn {
        Turn {
            turns: self.clone(),
            owner,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Starts the next read that waits, if a slot is free for it.
    fn next(&mut self) -> Option<(Owner, Waiting)> {
        let running = &self.running;
        let (owner, waiting) = self.waiting.pop(|owner| running.may_start(owner))?;
        self.running.start(owner);
        Some((owner, waiting))
    }
}

impl Running {
    /// Returns whether the owner may have one more slot: the last one is for others.
    fn may_start(&self, owner: Owner) -> bool {
        let own = self.of.get(&owner).copied().unwrap_or(0);
        self.count < self.slots && own < self.slots.saturating_sub(1).max(1)
    }

    fn start(&mut self, owner: Owner) {
        self.count += 1;
        *self.of.entry(owner).or_default() += 1;
    }

    fn end(&mut self, owner: Owner) {
        self.count -= 1;
        if let Some(own) = self.of.get_mut(&owner) {
            *own -= 1;
            if *own == 0 {
                self.of.remove(&owner);
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.lock().running.end(self.owner);
        self.turns.hand_out();
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let number = self.number;
        let mut state = self.turns.lock();
        let before = state.waiting.len();
        state.waiting.remove(self.owner, |waiting| waiting.number == number);
        if state.waiting.len() < before {
            counter!(STOPPED).increment(1);
        }
    }
}

/// Makes the connection's statements stop when `stop` is set, until the returned value is dropped.
pub fn watch<'a>(connection: &'a Connection, stop: &Stop) -> Result<Watched<'a>> {
    let stop = stop.clone();
    connection.progress_handler(STEPS, Some(move || stop.is_set()))?;
    Ok(Watched(connection))
}

/// A connection whose statements can be stopped.
pub struct Watched<'a>(&'a Connection);

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.0.progress_handler(0, None::<fn() -> bool>) {
            tracing::error!(%error, "a connection would go on to stop its reads");
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const GREEDY: Owner = Some(Uuid::from_u128(1));
    const OTHER: Owner = Some(Uuid::from_u128(2));

    #[tokio::test]
    async fn one_owner_leaves_a_slot_to_others() {
        let turns = Turns::new(3, 16);
        let first = turns.take(GREEDY).await.unwrap();
        let _second = turns.take(GREEDY).await.unwrap();
        let mut third = Box::pin(turns.take(GREEDY));
        assert!(futures_util::poll!(&mut third).is_pending());
        // Others pass the owner that has to wait for itself.
        let _other = turns.take(OTHER).await.unwrap();
        assert_eq!(turns.load(), (3, 1));
        drop(first);
        assert!(futures_util::poll!(&mut third).is_ready());
    }

    #[tokio::test]
    async fn who_goes_away_leaves_the_queue_and_its_turn() {
        let turns = Turns::new(1, 16);
        let running = turns.take(GREEDY).await.unwrap();
        let mut gone = Box::pin(turns.take(GREEDY));
        let mut waiting = Box::pin(turns.take(OTHER));
        assert!(futures_util::poll!(&mut gone).is_pending());
        assert!(futures_util::poll!(&mut waiting).is_pending());
        assert_eq!(turns.load(), (1, 2));
        drop(gone);
        assert_eq!(turns.load(), (1, 1));
        // This one gets its turn, and is dropped before it notices.
        drop(running);
        drop(waiting);
        assert_eq!(turns.load(), (0, 0));
    }
}
