//! Stores the resources that a set-up creates.

use crate::{
    domain::{
        Caller, Result, Timestamp,
        job_setup::{Made, Plan},
    },
    service::{audit, health, source},
    store::{self, clock, engine::Transaction},
};

/// Creates the resources of the plan, in the plan's order, with their audit entries. The database checks that ids and
/// names are unique, so if another transaction has taken one since the plan was made, the result is the same conflict.
pub(super) fn apply(tx: &Transaction<'_>, caller: &Caller, plan: &Plan, now: Timestamp) -> Result<()> {
    let trail = audit::by(tx, caller, now);
    for made in &plan.made {
        match made {
            Made::Organisation(made) => {
                store::organisation::insert(tx, made)?;
                trail.created(made)?;
            }
            Made::Source(made) => {
                store::source::insert(tx, made).map_err(|error| source::hide_unseen(tx, caller, error))?;
                trail.created(made)?;
            }
            Made::SourceVersion(made) => {
                store::source_version::insert(tx, made)?;
                trail.created(made)?;
            }
            Made::Sensor(made) => {
                store::sensor::insert(tx, made)?;
                trail.created(made)?;
            }
            Made::Location(made) => {
                store::location::insert(tx, made)?;
                trail.created(made)?;
            }
            Made::Job(made) => {
                store::job::insert(tx, made)?;
                // The first entry also counts for the time before it. A later one is that of another job with the same
                // id, before which the history of the earlier one counts.
                let at = match store::job::has_history(tx, made)? {
                    false => now,
                    true => clock::stamp(tx, now)?,
                };
                store::job::enter(tx, made, at, &caller.name, None)?;
                health::reassess(tx, made.id, now)?;
                trail.created(made)?;
            }
        }
    }
    Ok(())
}
