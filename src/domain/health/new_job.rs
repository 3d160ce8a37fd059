//! The initial health of a job that has just been set up.

use super::rules::{Standing, Vitals, Watch};
use crate::domain::time::Timestamp;

impl Vitals {
    /// Returns the initial health data to store for a job that is set up at `now`, before anything is posted for it. It
    /// contains one result for the job as a whole, and one for each of its targets.
    pub fn of_new(watch: Watch<'_>, now: Timestamp) -> Self {
        let mut vitals = Self::default();
        let targets = watch.targets.iter().map(|target| Some(target.role.clone()));
        for role in std::iter::once(None).chain(targets) {
            let mut standing = Standing::new(role, now);
            standing.state = vitals.begin(watch, &standing, now);
            vitals.standings.push(standing);
        }
        vitals
    }
}
