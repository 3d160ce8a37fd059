//! The requests that share a commit: all that come within a few milliseconds, up to 256. A token whose requests take
//! longer than that joins no group of others.

use std::{collections::HashSet, time::Duration};

use super::{queue::Queue, request::Request};
use crate::store::{sqlite::rota::Owner, stopwatch::Stopwatch};

/// The number of requests in a group at most, so that the first does not wait long for the last.
pub const GROUP: usize = 256;

/// The time after which a group takes no further request, because those that it has wait for the commit. Where a commit
/// takes longer than this, a group may take as long as the commit before, up to [`LONGEST_GROUP`], so that slow disks
/// are not flushed for too little.
pub const GROUP_TIME: Duration = Duration::from_millis(5);
const LONGEST_GROUP: Duration = Duration::from_millis(50);

/// The requests of one commit.
pub struct Group<'a> {
    /// Requests that were taken from the queue, with their owners.
    pub requests: Vec<(Owner, Box<dyn Request>)>,
    /// Queue that further requests are taken from.
    pub queue: &'a Queue,
    /// Measurements of earlier groups.
    pub pace: &'a mut Pace,
    /// Time since the group began.
    pub begun: Stopwatch,
}

/// Measurements of earlier groups.
#[derive(Default)]
pub struct Pace {
    /// The owners whose last request took longer than a group may take.
    slow: HashSet<Owner>,
    /// The time that the last commit took.
    pub flush: Duration,
}

impl Pace {
    /// Returns the time for which a group takes requests.
    fn group_time(&self) -> Duration {
        self.flush.clamp(GROUP_TIME, LONGEST_GROUP)
    }
}

impl Group<'_> {
    /// Returns the request of that number, or takes it from the queue if the group may have one more.
    pub fn get(&mut self, number: usize) -> Option<&mut Box<dyn Request>> {
        if number == self.requests.len() && number < GROUP && self.begun.elapsed() < self.pace.group_time() {
            let slow = &self.pace.slow;
            let next = self.queue.next(|owner| !slow.contains(&owner));
            self.requests.extend(next);
        }
        self.requests.get_mut(number).map(|(_, request)| request)
    }

    /// Records the time that the last request took.
    pub fn took(&mut self, time: Duration) {
        let Some((owner, _)) = self.requests.last() else {
            return;
        };
        let slow = &mut self.pace.slow;
        if time < GROUP_TIME {
            slow.remove(owner);
        } else {
            if slow.len() >= GROUP {
                slow.clear();
            }
            slow.insert(*owner);
        }
    }

    /// Takes as many requests as a group may have, to fail them at once.
    pub fn fill(&mut self) {
        let more = std::iter::from_fn(|| self.queue.next(|_| true)).take(GROUP - self.requests.len());
        self.requests.extend(more);
    }
}
