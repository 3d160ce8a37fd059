//! The promotion of a job: one of its versions on trial becomes its version.

use serde_json::json;
use uuid::Uuid;

use super::{
    App, audit, health,
    job_view::{answer, visible},
    webhook,
};
use crate::{
    domain::{
        Caller, Error, Result, Role, Timestamp,
        job::{Job, JobRecord},
        patch::Expected,
        shadow::{self, Promotion, Shadow},
        source::Source,
        text::{Name, Note},
        webhook::{Notice, WebhookEvent},
    },
    store::{
        self, clock,
        engine::{Connection, Transaction},
        job,
    },
};

/// Pins a job to one of its shadows, in one transaction, and returns the job. The bindings stay as they are. The previous
/// version becomes a shadow unless the promotion says otherwise. Does nothing if the job is pinned to the version
/// already, whatever state is expected, so that a promotion can be repeated. Requires the role manager.
///
/// # Errors
/// Not found: the job. Stale: the job is in another state than expected. Invalid: the version is no shadow of the job.
pub async fn promote(app: &App, caller: &Caller, id: Uuid, expected: Expected, promotion: Promotion) -> Result<Job> {
    caller.needs(Role::Manager)?;
    promotion.check()?;
    let caller = caller.clone();
    app.write_catalogue(move |tx, now| {
        let before = visible(tx, &caller, id)?;
        let version_id = promotion.source_version_id;
        if version_id == before.source_version_id {
            return answer(tx, before, now);
        }
        expected.check(id, before.revision)?;
        let shadows = job::shadows(tx, id)?;
        let mut shadows = shadows.iter();
        let new = shadows
            .find(|shadow| shadow.source_version_id == version_id)
            .ok_or_else(|| not_on_trial(id, version_id))?;
        let previous = before.source_version_id;
        let mut found = before.clone().touched(now);
        found.source_version_id = version_id;
        let note = promotion.note.as_ref();
        health::with_reassessment(tx, &[id], now, || {
            enqueue(tx, &before, new, note, now)?;
            job::update(tx, &found)?;
            job::delete_shadow(tx, id, version_id)?;
            if promotion.keep_previous {
                job::insert_shadow(tx, id, previous, now)?;
            }
            job::enter(tx, &found, clock::stamp(tx, now)?, &caller.name, note.map(Note::as_str))
        })?;
        let added = Some(previous).filter(|_| promotion.keep_previous);
        let trail = shadow::trail(added, Some(version_id), note);
        audit::by(tx, &caller, now).changed_and(&before, &found, trail)?;
        answer(tx, found, now)
    })
    .await
}

fn not_on_trial(job_id: Uuid, version_id: Uuid) -> Error {
    let detail =
        format!("is no version on trial in the job: begin with PUT /api/v1/jobs/{job_id}/shadows/{version_id}");
    Error::invalid("/source_version_id", detail)
}

/// Enqueues the messages to webhooks about the promotion of a job to `new`. `job` is the job before it.
fn enqueue(tx: &Transaction<'_>, job: &JobRecord, new: &Shadow, note: Option<&Note>, now: Timestamp) -> Result<()> {
    let (source, label) = previous(tx, job)?;
    let mut data = json!({
        "job_id": job.id,
        "job_name": job.name,
        "organisation_id": job.organisation_id,
        "source_id": source.id,
        "source_name": source.name,
        "previous_source_version_id": job.source_version_id,
        "previous_source_version": label,
        "source_version_id": new.source_version_id,
        "source_version": new.source_version,
    });
    if let Some(note) = note {
        data["note"] = json!(note);
    }
    let notice = Notice {
        organisation_id: job.organisation_id,
        job_id: Some(job.id),
        event: WebhookEvent::JobPromoted,
        at: now,
        data,
    };
    webhook::enqueue(tx, &notice, now)
}

/// Returns the source of a job, and the label of the version that the job is pinned to.
fn previous(connection: &Connection, job: &JobRecord) -> Result<(Source, Name)> {
    let gone = || Error::Internal(format!("the version of the job {} is gone", job.id));
    let version = store::source_version::find(connection, job.source_version_id)?.ok_or_else(gone)?;
    let source = store::source::find(connection, version.source_id)?.ok_or_else(gone)?;
    Ok((source, version.version))
}
