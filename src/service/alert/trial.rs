//! Trials of alerts: what an alert would have said about the predictions that have arrived.

use super::{judge::event, manage::resolve, states::Names};
use crate::{
    domain::{
        Caller, Error, Result, Role,
        alert::{Alert, AlertTrial, AlertTrialAnswer, Replay},
    },
    service::App,
    store::{self, alert::WatchedAlert, engine::Connection, prediction},
};

/// Default length of a trial, in hours: 366 days.
const LENGTH: i64 = 366 * 24;

/// Tries an alert on the predictions that have arrived, as they arrived, and returns what it would have said. Nothing is
/// stored. Requires the role manager.
///
/// # Errors
/// Invalid: the request breaks a rule, or what it watches does not exist.
pub async fn attempt(app: &App, caller: &Caller, trial: AlertTrial) -> Result<AlertTrialAnswer> {
    caller.needs(Role::Manager)?;
    let (from, as_of) = (trial.from, trial.as_of);
    let mut new = trial.alert();
    let rule = new.check()?;
    let caller = caller.clone();
    app.read_blocking(move |connection, now| {
        let until = as_of.unwrap_or(now).min(now);
        let from = from.unwrap_or_else(|| until.plus_hours(-LENGTH));
        if from >= until {
            return Err(Error::invalid("/from", "must be before the end of the trial"));
        }
        let of = resolve(connection, &caller, &new, &rule)?;
        let alert = new.make(rule.clone(), of, now);
        let interval_minutes = interval_minutes(connection, &alert)?;
        let watched = WatchedAlert {
            alert,
            interval_minutes,
        };
        let alert = &watched.alert;
        let mut answer = AlertTrialAnswer {
            from,
            as_of: until,
            arrivals: 0,
            raised: 0,
            cleared: 0,
            messages: 0,
            changes: Vec::new(),
            states: Vec::new(),
        };
        let mut names = Names::default();
        for (key, series) in prediction::watched_by(connection, alert, None, None)? {
            let mut replay = Replay::new(&rule, watched.interval(), from);
            for arrival in prediction::arrivals(connection, &series, &rule, from, until, now)? {
                answer.arrivals += 1;
                replay.add(arrival?);
            }
            let (standing, issues, transitions) = replay.end(until);
            answer
                .changes
                .extend(transitions.iter().map(|transition| event(alert, &key, transition)));
            let unit = series.iter().find_map(|row| row.series.unit.clone());
            let state = names.state(connection, alert, (&key, unit), &standing, &issues, until)?;
            answer.states.push(state);
        }
        answer.changes.sort_by_key(|change| change.at);
        for change in &answer.changes {
            let (was, is) = (change.previous.is_raised(), change.state.is_raised());
            answer.raised += u64::from(is && !was);
            answer.cleared += u64::from(was && !is);
            answer.messages += u64::from(change.told);
        }
        Ok(answer)
    })
    .await
}

/// Returns the expected interval of the issues that an alert watches, in minutes.
fn interval_minutes(connection: &Connection, alert: &Alert) -> Result<Option<i64>> {
    let source = match (alert.source_id, alert.job_id) {
        (Some(id), _) => Some(id),
        (None, Some(id)) => {
            let job = store::job::find(connection, id)?;
            let version = job.map(|job| store::source_version::find(connection, job.source_version_id));
            version.transpose()?.flatten().map(|version| version.source_id)
        }
        (None, None) => None,
    };
    let source = source
        .map(|id| store::source::find(connection, id))
        .transpose()?
        .flatten();
    Ok(source.and_then(|source| source.expected_interval_minutes))
}
