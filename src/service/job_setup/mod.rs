//! The set-up of a job: gathers the resources that the request names, lets the domain decide, and applies the plan.

mod apply;

use super::App;
use crate::{
    domain::{
        Caller, Error, Result,
        job_setup::{Fresh, Inquiry, JobSetup, JobSetupAnswer, decide},
    },
    store::job_setup::gather,
};

/// Sets up a job (managers; an unknown organisation is created for admins). With `dry_run` it returns the same response
/// and writes nothing. The response's `created` contains the job itself if it was created.
///
/// # Errors
/// Invalid: names every broken rule. Conflict: a name or id is taken by a resource that differs.
pub async fn set_up(app: &App, caller: &Caller, setup: JobSetup, dry_run: bool) -> Result<JobSetupAnswer> {
    let inquiry = Inquiry::admit(caller, setup)?;
    // A faulty form is refused whatever there is, so that it waits for no writer either.
    let is_faulty = !inquiry.form.violations.is_empty();
    if dry_run || is_faulty {
        let plan = app.read_blocking(move |connection, now| {
            let found = gather(connection, &inquiry, now)?;
            decide(&inquiry, &found, Fresh::at(now))
        });
        let plan = plan.await?;
        if is_faulty {
            return Err(Error::Internal("a set-up of a faulty form was planned".to_owned()));
        }
        return Ok(plan.answer());
    }
    app.write_catalogue(move |tx, now| {
        let found = gather(tx, &inquiry, now)?;
        let plan = decide(&inquiry, &found, Fresh::at(now))?;
        apply::apply(tx, &inquiry.caller, &plan, now)?;
        Ok(plan.answer())
    })
    .await
}
