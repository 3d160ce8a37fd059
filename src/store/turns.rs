//! Limits the number of long reads that run at the same time. Further reads wait in a queue, in which the tokens take
//! turns. One token cannot have all slots if there are several. A read leaves the queue if its client disconnects.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use metrics::counter;
use tokio::sync::oneshot;

use super::rota::{Owner, Rota};
use crate::domain::{Error, Result};

/// The name of the metric that counts reads that were stopped, or left the queue, because their client had
/// disconnected.
pub const STOPPED: &str = "prediction_api_scans_stopped_total";

/// The slots for long reads, and the queue of reads that wait for a slot.
pub struct Turns(Mutex<State>);

struct State {
    running: Running,
    waiting: Rota<Waiting>,
    number: u64,
}

/// The counts of reads that have a slot.
struct Running {
    slots: usize,
    count: usize,
    of: HashMap<Owner, usize>,
}

struct Waiting {
    number: u64,
    turn: oneshot::Sender<Turn>,
}

/// A slot that a read has. Dropping it frees the slot.
pub struct Turn {
    turns: Arc<Turns>,
    owner: Owner,
}

/// A read's place in the queue. Dropping it removes the read from the queue.
struct Place<'a> {
    turns: &'a Turns,
    owner: Owner,
    number: u64,
}

impl Turns {
    /// Creates `slots` slots for reads that run, and a queue for at most `places` reads that wait.
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

    /// Waits for a slot for a read of `owner`, the token that sent the request. Dropping the future leaves the queue.
    ///
    /// # Errors
    /// [`Error::Busy`] if the queue is full, [`Error::ShareTaken`] if the owner's reads take half of the queue,
    /// [`Error::Unavailable`] if the server is closing.
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
        // The waiting reads may all be of owners that may not have another slot. Then this owner gets a free slot
        // before them.
        self.hand_out();
        let _place = Place {
            turns: self,
            owner,
            number,
        };
        turn.await.map_err(|_| Error::Unavailable("it is closing".to_owned()))
    }

    /// Returns the number of reads that run and the number of reads that wait.
    pub fn load(&self) -> (usize, usize) {
        let state = self.lock();
        (state.running.count, state.waiting.len())
    }

    /// Gives the free slots to reads that wait.
    fn hand_out(self: &Arc<Self>) {
        loop {
            // The lock is released before the slot is sent: a slot that nobody takes is dropped here, which locks again.
            let next = self.lock().next();
            let Some((owner, waiting)) = next else {
                return;
            };
            // If the read no longer waits, the `Turn` is dropped, and its slot goes to the next read.
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
    /// Takes the next read that may have a slot from the queue, and counts it as running. `None` if no slot is free or
    /// no read may have one.
    fn next(&mut self) -> Option<(Owner, Waiting)> {
        let running = &self.running;
        let (owner, waiting) = self.waiting.pop(|owner| running.may_start(owner))?;
        self.running.start(owner);
        Some((owner, waiting))
    }
}

impl Running {
    /// Returns whether a slot is free and the owner may have one more. If there are several slots, one owner can have
    /// all except one.
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

    #[tokio::test]
    async fn a_slot_for_a_read_that_is_just_going_away_is_free_again() {
        let turns = Turns::new(1, 16);
        let running = turns.take(GREEDY).await.unwrap();
        // The client of this read has disconnected, and its place is not removed yet.
        let (turn, _) = oneshot::channel();
        turns.lock().waiting.push(OTHER, Waiting { number: 0, turn }).unwrap();
        // On a thread of its own, so that a thread that waits for itself fails the test and does not hang it.
        let ended = tokio::task::spawn_blocking(move || drop(running));
        tokio::time::timeout(std::time::Duration::from_secs(10), ended)
            .await
            .expect("the slot was given to nobody, and was not freed")
            .unwrap();
        assert_eq!(turns.load(), (0, 0));
    }
}
