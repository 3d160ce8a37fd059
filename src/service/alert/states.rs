//! Reads the states and transitions of alerts.

use std::collections::HashMap;

use uuid::Uuid;

use super::manage::visible;
use crate::{
    domain::{
        Caller, Result, Timestamp,
        alert::{
            Alert, AlertEvent, AlertIssue, AlertKey, AlertStanding, AlertState, AlertStateKind, facts, level_name,
        },
        page::Listed,
        text::Name,
    },
    service::App,
    store::{
        self,
        alert::{self, StatesFilter},
        engine::Connection,
        prediction,
    },
};

/// Conditions on the states of alerts to list. `None` is no condition.
#[derive(Debug, Clone, Default)]
pub struct StatesQuery {
    /// Organisation of the alerts.
    pub organisation_id: Option<Uuid>,
    /// The alert.
    pub alert_id: Option<Uuid>,
    /// Job of the predictions.
    pub job_id: Option<Uuid>,
    /// Location of the predictions.
    pub location_id: Option<Uuid>,
    /// State.
    pub state: Option<AlertStateKind>,
    /// Last state of the previous page.
    pub after: Option<(Uuid, AlertKey)>,
}

/// A page of states. It may be shorter than the limit although more follow, because some states are known only after
/// their predictions were read.
pub struct StatesPage {
    /// The states.
    pub states: Vec<AlertState>,
    /// Key of the last state that was looked at, if more follow.
    pub next: Option<(Uuid, AlertKey)>,
}

/// Returns the states of one alert.
///
/// # Errors
/// Not found: the alert does not exist, or the caller cannot see it.
pub async fn states(app: &App, caller: &Caller, query: StatesQuery, limit: usize) -> Result<StatesPage> {
    let caller = caller.clone();
    app.read_blocking(move |connection, now| {
        if let Some(id) = query.alert_id {
            visible(connection, &caller, id)?;
        }
        page(connection, query, limit, now)
    })
    .await
}

/// Returns a page of the states of all alerts that the caller can see.
pub async fn list_states(app: &App, caller: &Caller, mut query: StatesQuery, limit: usize) -> Result<StatesPage> {
    query.organisation_id = caller.scope(query.organisation_id)?;
    app.read_blocking(move |connection, now| page(connection, query, limit, now))
        .await
}

fn page(connection: &Connection, query: StatesQuery, limit: usize, now: Timestamp) -> Result<StatesPage> {
    let filter = StatesFilter {
        organisation_id: query.organisation_id,
        alert_id: query.alert_id,
        job_id: query.job_id,
        location_id: query.location_id,
        is_raised: query.state.map(|state| state == AlertStateKind::Raised),
        after: query.after,
    };
    let Listed { items, more } = alert::states(connection, &filter, limit)?;
    let next = items.last().map(|row| (row.alert_id, row.key.clone())).filter(|_| more);
    let mut names = Names::default();
    let mut states = Vec::with_capacity(items.len());
    for row in items {
        let Some(alert) = names.alert(connection, row.alert_id)? else {
            continue;
        };
        let found = prediction::watched_by(connection, &alert, Some(&row.key), None)?.pop();
        let series = found.map(|(_, series)| series).unwrap_or_default();
        let issues = prediction::newest_of(connection, &series, &alert.rule(), 1, now)?;
        let unit = series.iter().find_map(|row| row.series.unit.clone());
        let state = names.state(connection, &alert, (&row.key, unit), &row.standing, &issues, now)?;
        if query.state.is_none_or(|wanted| wanted == state.state) {
            states.push(state);
        }
    }
    Ok(StatesPage { states, next })
}

/// Names of resources that were read already.
#[derive(Default)]
pub(super) struct Names {
    alerts: HashMap<Uuid, Option<Alert>>,
    jobs: HashMap<Uuid, Option<Name>>,
    locations: HashMap<Uuid, Option<Name>>,
}

impl Names {
    fn alert(&mut self, connection: &Connection, id: Uuid) -> Result<Option<Alert>> {
        if let Some(known) = self.alerts.get(&id) {
            return Ok(known.clone());
        }
        let found = alert::find(connection, id)?;
        self.alerts.insert(id, found.clone());
        Ok(found)
    }

    /// Returns a state as the API shows it, at `now`. `of` is the key, and the unit of the metric.
    pub fn state(
        &mut self,
        connection: &Connection,
        alert: &Alert,
        (key, unit): (&AlertKey, Option<Name>),
        standing: &AlertStanding,
        issues: &[AlertIssue],
        now: Timestamp,
    ) -> Result<AlertState> {
        let facts = facts(&alert.rule(), issues, now);
        let job = key.job_id.map(|id| match self.jobs.get(&id) {
            Some(known) => Ok(known.clone()),
            None => store::job::find(connection, id).map(|job| {
                let name = job.map(|job| job.name);
                self.jobs.insert(id, name.clone());
                name
            }),
        });
        let location = key.location_id.map(|id| match self.locations.get(&id) {
            Some(known) => Ok(known.clone()),
            None => store::location::find(connection, id).map(|place| {
                let name = place.map(|place| place.name);
                self.locations.insert(id, name.clone());
                name
            }),
        });
        Ok(AlertState {
            alert_id: alert.id,
            alert: alert.name.clone(),
            job_id: key.job_id,
            job: job.transpose()?.flatten(),
            location_id: key.location_id,
            location: location.transpose()?.flatten(),
            stage: key.stage.clone(),
            metric: alert.metric.clone(),
            unit,
            state: AlertStateKind::of(standing.severity.is_raised(), facts.covers_until, now),
            level: level_name(standing.severity, &alert.levels).cloned(),
            since: standing.since,
            facts,
        })
    }
}

/// Returns a page of the transitions of an alert, newest first. `before` is the number of the last one of the previous
/// page. Also returns the number of the last one of this page, if more follow.
///
/// # Errors
/// Not found: the alert does not exist, or the caller cannot see it.
pub async fn changes(
    app: &App,
    caller: &Caller,
    id: Uuid,
    before: Option<i64>,
    limit: usize,
) -> Result<Listed<(i64, AlertEvent)>> {
    let caller = caller.clone();
    app.read_blocking(move |connection, _| {
        visible(connection, &caller, id)?;
        alert::changes(connection, id, before, limit)
    })
    .await
}
