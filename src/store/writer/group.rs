//! The requests that are committed together: all requests that arrive within a few milliseconds, up to 256. A token
//! whose last request took longer than that does not join a group of other tokens. Its next request begins a group.

use std::{collections::HashSet, time::Duration};

use super::{queue::Queue, request::Request};
use crate::store::{rota::Owner, stopwatch::Stopwatch};

/// The maximum number of requests in a group. It limits how long the first request waits for the last.
pub const GROUP: usize = 256;

/// The minimum time during which a group takes further requests. If the last commit took longer, the group takes
/// requests for that long, but at most for [`LONGEST_GROUP`], so that each flush of a slow disk is shared by more
/// requests.
pub const GROUP_TIME: Duration = Duration::from_millis(5);
const LONGEST_GROUP: Duration = Duration::from_millis(50);

/// The requests that are committed together, while they are collected.
pub struct Group<'a> {
    /// The requests that were taken from the queue, each with its owner.
    pub requests: Vec<(Owner, Box<dyn Request>)>,
    /// The queue from which further requests are taken.
    pub queue: &'a Queue,
    /// Measurements of earlier groups.
    pub pace: &'a mut Pace,
    /// A stopwatch that was started when the group began.
    pub begun: Stopwatch,
}

/// Measurements of earlier groups.
#[derive(Default)]
pub struct Pace {
    /// The owners whose last request took [`GROUP_TIME`] or longer.
    slow: HashSet<Owner>,
    /// The time that the last successful commit took.
    pub flush: Duration,
}

impl Pace {
    /// Returns the time during which a group takes further requests.
    fn group_time(&self) -> Duration {
        self.flush.clamp(GROUP_TIME, LONGEST_GROUP)
    }
}

impl Group<'_> {
    /// Returns the request with the index `number`. If it is the next one, takes it from the queue, provided that the
    /// group may have one more. `None` if there is no such request.
    pub fn get(&mut self, number: usize) -> Option<&mut Box<dyn Request>> {
        if number == self.requests.len() && number < GROUP && self.begun.elapsed() < self.pace.group_time() {
            let slow = &self.pace.slow;
            let next = self.queue.next(|owner| !slow.contains(&owner));
            self.requests.extend(next);
        }
        self.requests.get_mut(number).map(|(_, request)| request)
    }

    /// Records the time that the last request of the group took. This decides whether its owner may join later groups.
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

    /// Takes as many requests from the queue as a group may have, after it is known that the commit fails. So all of
    /// them fail at once instead of one group after the other.
    pub fn fill(&mut self) {
        let more = std::iter::from_fn(|| self.queue.next(|_| true)).take(GROUP - self.requests.len());
        self.requests.extend(more);
    }
}
