//! Judges alerts within the transaction that may change them. To judge an alert means to compute its severity anew.

use serde_json::{Value, json};

use crate::{
    domain::{
        Result, Timestamp,
        alert::{
            Alert, AlertEvent, AlertIssue, AlertKey, AlertStanding, AlertStateKind, Cause, FactsOfAlert, Transition,
            TransitionKind, judge, level_name, pass,
        },
        text::Name,
        webhook::{Notice, WebhookEvent},
    },
    service::webhook,
    store::{
        self, alert,
        alert::WatchedAlert,
        clock,
        engine::{Connection, Transaction},
        prediction::{self, SeriesRow},
    },
};
use uuid::Uuid;

/// Judges the alerts that watch a job, after something other than a post has changed the job or its predictions. That is
/// no new issue, so a value that has just passed holds an alert as long as it would without the change. Alerts of a
/// paused job are not judged until it is resumed.
pub fn reassess(tx: &Transaction<'_>, job_id: Uuid, now: Timestamp) -> Result<()> {
    for watched in alert::watching(tx, job_id)? {
        for (key, series) in groups_of_job(tx, &watched, job_id)? {
            if is_asleep(tx, &key)? {
                alert::postpone(tx, watched.alert.id, &key, None)?;
                continue;
            }
            judge_now(tx, &watched, &key, &series, now)?;
        }
    }
    Ok(())
}

/// Stores the changes of the alerts that watch a job which passed times have caused.
pub fn apply_elapsed_time(tx: &Transaction<'_>, job_id: Uuid, now: Timestamp) -> Result<()> {
    for watched in alert::watching(tx, job_id)? {
        for (key, series) in groups_of_job(tx, &watched, job_id)? {
            pass_time(tx, &watched, &key, &series, now)?;
        }
    }
    Ok(())
}

fn groups_of_job(tx: &Connection, watched: &WatchedAlert, job_id: Uuid) -> Result<Vec<(AlertKey, Vec<SeriesRow>)>> {
    let mut groups = prediction::watched_by(tx, &watched.alert, None, Some(job_id))?;
    groups.retain(|(key, _)| key.job_id == Some(job_id));
    Ok(groups)
}

/// Judges an alert for all predictions that it watches, because it was created or changed.
pub fn reassess_alert(tx: &Transaction<'_>, watched: &WatchedAlert, now: Timestamp) -> Result<()> {
    for (key, series) in prediction::watched_by(tx, &watched.alert, None, None)? {
        if !is_asleep(tx, &key)? {
            judge_now(tx, watched, &key, &series, now)?;
        }
    }
    Ok(())
}

/// Stores the changes of an alert that passed times have caused.
pub fn pass_time_of(tx: &Transaction<'_>, watched: &WatchedAlert, now: Timestamp) -> Result<()> {
    for (key, series) in prediction::watched_by(tx, &watched.alert, None, None)? {
        pass_time(tx, watched, &key, &series, now)?;
    }
    Ok(())
}

/// Judges an alert for the predictions of some series, first at the moments that have passed, and then at `now`.
fn judge_now(
    tx: &Transaction<'_>,
    watched: &WatchedAlert,
    key: &AlertKey,
    series: &[SeriesRow],
    now: Timestamp,
) -> Result<()> {
    pass_time(tx, watched, key, series, now)?;
    judge_series(tx, watched, key, series, Cause::Time, now).map(drop)
}

/// Returns whether the job of the predictions is paused.
fn is_asleep(connection: &Connection, key: &AlertKey) -> Result<bool> {
    let Some(id) = key.job_id else { return Ok(false) };
    Ok(store::job::find(connection, id)?.is_some_and(|job| !job.active))
}

/// Judges the alert for a key at each moment until `now` at which time alone changes it, and returns the number of
/// transitions.
pub fn look(tx: &Transaction<'_>, alert_id: Uuid, key: &AlertKey, now: Timestamp) -> Result<usize> {
    let watched = alert::watched(tx, alert_id)?.filter(|watched| watched.alert.active);
    let Some(watched) = watched else {
        alert::put_to_sleep(tx, alert_id)?;
        return Ok(0);
    };
    if is_asleep(tx, key)? {
        alert::postpone(tx, alert_id, key, None)?;
        return Ok(0);
    }
    let found = prediction::watched_by(tx, &watched.alert, Some(key), None)?.pop();
    let series = found.map(|(_, series)| series).unwrap_or_default();
    pass_time(tx, &watched, key, &series, now)
}

/// Judges the alert for the predictions of some series, whose newest issues are read. Returns the state, and the time of the
/// newest issue, unless the rule cannot judge that.
pub fn judge_series(
    tx: &Transaction<'_>,
    watched: &WatchedAlert,
    key: &AlertKey,
    series: &[SeriesRow],
    cause: Cause,
    now: Timestamp,
) -> Result<(AlertStanding, Option<Timestamp>)> {
    let rule = watched.alert.rule();
    let issues = prediction::newest_of(tx, series, &rule, rule.issues as usize, now)?;
    let stored = alert::standing(tx, watched.alert.id, key)?;
    let unit = series.iter().find_map(|row| row.series.unit.clone());
    let standing = settle(tx, watched, (key, unit.as_ref()), stored, &issues, cause, now)?;
    let newest = issues.first().filter(|issue| !issue.points.is_empty());
    Ok((standing, newest.map(|issue| issue.issue_time)))
}

/// Stores the changes of an alert that passed times have caused, if a time has passed, and returns the number of
/// transitions. Does nothing while deadlines are suspended because of the clock.
pub fn pass_time(
    tx: &Transaction<'_>,
    watched: &WatchedAlert,
    key: &AlertKey,
    series: &[SeriesRow],
    now: Timestamp,
) -> Result<usize> {
    let stored = alert::standing(tx, watched.alert.id, key)?;
    let Some(before) = stored.filter(|standing| standing.look_at.is_some_and(|at| at <= now)) else {
        return Ok(0);
    };
    if clock::is_held(tx)? {
        return Ok(0);
    }
    let rule = watched.alert.rule();
    let issues = prediction::newest_of(tx, series, &rule, rule.issues as usize, now)?;
    let unit = series.iter().find_map(|row| row.series.unit.clone());
    let (standing, transitions) = pass(&rule, before, &issues, watched.interval(), now);
    alert::store(tx, watched.alert.id, key, &standing)?;
    for transition in &transitions {
        record(tx, &watched.alert, (key, unit.as_ref()), transition, now)?;
    }
    Ok(transitions.len())
}

/// Judges an alert with its newest issues, stores its state if that changed, and returns the stored state. `of` is the
/// key, and the unit of the metric.
pub fn settle(
    tx: &Transaction<'_>,
    watched: &WatchedAlert,
    of: (&AlertKey, Option<&Name>),
    stored: Option<AlertStanding>,
    issues: &[AlertIssue],
    cause: Cause,
    now: Timestamp,
) -> Result<AlertStanding> {
    let mut before = stored.unwrap_or_else(|| AlertStanding::new(now));
    // A clock that was ahead may have stored it.
    before.since = before.since.min(now);
    let judged = judge(&watched.alert.rule(), before, issues, watched.interval(), cause, now);
    let mut standing = judged.standing;
    // An earlier time may stay: it is found out then that nothing changes. So most posts store nothing.
    let is_early = |kept: Timestamp| kept > now && standing.look_at.is_none_or(|next| kept <= next);
    if let Some(kept) = before.look_at.filter(|kept| is_early(*kept)) {
        standing.look_at = Some(kept);
    }
    if stored != Some(standing) {
        alert::store(tx, watched.alert.id, of.0, &standing)?;
    }
    if let Some(transition) = &judged.transition {
        record(tx, &watched.alert, of, transition, now)?;
    }
    Ok(standing)
}

/// Stores a transition and its message.
fn record(
    tx: &Transaction<'_>,
    alert: &Alert,
    (key, unit): (&AlertKey, Option<&Name>),
    transition: &Transition,
    now: Timestamp,
) -> Result<()> {
    let event = event(alert, key, transition);
    alert::record(tx, alert.id, &event)?;
    if !transition.is_told {
        return Ok(());
    }
    let notice = Notice {
        organisation_id: alert.organisation_id,
        job_id: key.job_id,
        event: match transition.kind() {
            TransitionKind::Raised => WebhookEvent::AlertRaised,
            TransitionKind::Changed => WebhookEvent::AlertChanged,
            TransitionKind::Cleared => WebhookEvent::AlertCleared,
        },
        at: transition.at,
        data: data(tx, alert, unit, (&event, transition.since))?,
    };
    webhook::enqueue(tx, &notice, now)
}

/// Returns a transition as the API shows it.
pub fn event(alert: &Alert, key: &AlertKey, transition: &Transition) -> AlertEvent {
    let facts: &FactsOfAlert = &transition.facts;
    let state = |is_raised| AlertStateKind::of(is_raised, facts.covers_until, transition.at);
    AlertEvent {
        at: transition.at,
        job_id: key.job_id,
        location_id: key.location_id,
        stage: key.stage.clone(),
        previous: state(transition.previous.is_raised()),
        state: state(transition.severity.is_raised()),
        previous_level: level_name(transition.previous, &alert.levels).cloned(),
        level: level_name(transition.severity, &alert.levels).cloned(),
        told: transition.is_told,
        facts: facts.clone(),
    }
}

/// Returns the data of a message about a transition.
fn data(
    connection: &Connection,
    alert: &Alert,
    unit: Option<&Name>,
    (event, since): (&AlertEvent, Timestamp),
) -> Result<Value> {
    let job = event
        .job_id
        .map(|id| store::job::find(connection, id))
        .transpose()?
        .flatten();
    let location = event.location_id.map(|id| store::location::find(connection, id));
    let location = location.transpose()?.flatten();
    let facts = &event.facts;
    let all = json!({
        "alert_id": alert.id,
        "alert_name": alert.name,
        "organisation_id": alert.organisation_id,
        "job_id": event.job_id,
        "job_name": job.map(|job| job.name),
        "location_id": event.location_id,
        "location_name": location.map(|location| location.name),
        "stage": event.stage,
        "metric": alert.metric,
        "unit": unit,
        "when": alert.when,
        "value": alert.value,
        "probability": alert.probability,
        "previous": event.previous,
        "state": event.state,
        "previous_level": event.previous_level,
        "level": event.level,
        "since": since,
        "issue_time": facts.issue_time,
        "source_version": facts.source_version,
        "covers_until": facts.covers_until,
        "first_time": facts.first_time,
        "last_time": facts.last_time,
        "peak": facts.peak,
        "peak_time": facts.peak_time,
        "peak_probability": facts.peak_probability,
    });
    // Members without a value are left out.
    Ok(match all {
        Value::Object(members) => members.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        other => other,
    })
}
