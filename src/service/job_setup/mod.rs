//! The set-up of a job together with the resources that it needs, in one request. The operation reads the resources
//! that the request names, a function of `domain` decides which to create, and the resulting plan is applied.

mod apply;

use super::App;
use crate::{
    domain::{
        Caller, Error, Result,
        job_setup::{Fresh, Inquiry, JobSetup, JobSetupAnswer, decide},
    },
    store::job_setup::gather,
};

/// Sets up a job: creates the job and the resources that the request describes, unless they exist. Requires the role
/// manager, or the role admin if the organisation does not exist. With `dry_run` it returns the same response and
/// writes nothing. The response lists the created resources in `created`, including the job if it was created.
///
/// # Errors
/// Invalid: each violation of a rule is named. Conflict: a name or id is taken by a resource that differs.
pub async fn set_up(app: &App, caller: &Caller, setup: JobSetup, dry_run: bool) -> Result<JobSetupAnswer> {
    let inquiry = Inquiry::admit(caller, setup)?;
    // A request with faults of format is refused in any case, so it is handled by a read, which does not wait for the
    // writer.
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
