//! The set-up of a job: gathers what the request names, has the domain decide, and applies the plan.

mod apply;

use super::App;
use crate::{
    domain::{
        Caller, Result,
        job_setup::{Fresh, Inquiry, JobSetup, JobSetupAnswer, decide},
    },
    store::job_setup::gather,
};

/// Sets a job up (managers; an unknown organisation is created for admins). With `dry_run` it returns the same answer and
/// writes nothing. The answer's `created` has the job itself if it was created.
///
/// # Errors
/// Invalid: with every rule that is broken. Conflict: a name or id is taken by something that differs.
pub async fn set_up(app: &App, caller: &Caller, setup: JobSetup, dry_run: bool) -> Result<JobSetupAnswer> {
    let inquiry = Inquiry::admit(caller, setup)?;
    if dry_run {
        let plan = app.read_blocking(move |connection, now| {
            let found = gather(connection, &inquiry, now)?;
            decide(&inquiry, &found, Fresh::at(now))
        });
        return Ok(plan.await?.answer());
    }
    app.write_catalogue(move |tx, now| {
        let found = gather(tx, &inquiry, now)?;
        let plan = decide(&inquiry, &found, Fresh::at(now))?;
        apply::apply(tx, &inquiry.caller, &plan, now)?;
        Ok(plan.answer())
    })
    .await
}
