//! Predictions: workers post them for their organisation's jobs, everyone in the organisation reads them.

use std::collections::{BTreeMap, HashMap, hash_map::Entry};

use uuid::Uuid;

use super::{App, job, location};
use crate::{
    domain::{
        Caller, Error, Result, Role, Timestamp, Violations,
        contract::OutputRole,
        page::Listed,
        prediction::{
            MAX_POINTS, Point, Prediction, PredictionCounts, PredictionPoint, PredictionPost,
            PredictionQuery, PredictionScope,
        },
        text::Name,
    },
    store::{
        self, Connection,
        prediction::{self, Issue, Series},
    },
};

/// How far a worker's clock may be ahead of the server's, in hours: enough for a mistaken time zone.
const MAX_AHEAD_HOURS: i64 = 24;

/// Keeps what a worker predicted for a job: the whole batch, or nothing.
///
/// # Errors
/// Not found: the job. Invalid: the roles, times, values or locations of the points, each named.
pub async fn post(
    app: &App,
    caller: &Caller,
    mut post: PredictionPost,
) -> Result<PredictionCounts> {
    caller.needs(Role::Worker)?;
    check_form(&mut post)?;
    let caller = caller.clone();
    app.write(move |tx, now| {
        let job = job::visible(tx, &caller, post.job_id)?;
        let gone = || Error::Internal(format!("the contract of the job {} is gone", job.id));
        let version = store::source_version::find(tx, job.source_version_id)?.ok_or_else(gone)?;
        let source = store::source::find(tx, version.source_id)?.ok_or_else(gone)?;
        let targets = &version.output_roles;
        let location = match job.given_location_id {
            Some(given) => Some(given),
            None => store::job::bound_location(tx, job.id)?,
        };
        check_issue_time(post.issue_time, now)?;
        check_points(
            tx,
            &post.predictions,
            targets,
            job.organisation_id,
            location,
        )?;
        let issue = Issue {
            issue_time: post.issue_time.unwrap_or(now),
            available_at: now,
            retention_hours: source.retention_hours,
        };
        let mut counts = PredictionCounts::default();
        for ((role, location_id), points) in runs(post.predictions, location) {
            let target = &targets[role_index(targets, &role).ok_or_else(gone)?];
            let series = Series {
                organisation_id: job.organisation_id,
                source_id: source.id,
                source_version_id: version.id,
                job_id: Some(job.id),
                location_id,
                metric: target.metric.clone(),
                stage: post.stage.clone(),
                unit: target.unit.clone(),
                source_name: source.name.clone(),
                version_label: version.version.clone(),
            };
            counts += prediction::post(tx, &series, issue, &points)?;
        }
        Ok(counts)
    })
    .await
}

/// The newest issue of each metric, source, stage and valid_time that the query asks for, in the order of their keys.
///
/// # Errors
/// Not found: the job or location, unless predictions for it are still kept.
pub async fn list(
    app: &App,
    caller: &Caller,
    query: PredictionQuery,
) -> Result<Listed<Prediction>> {
    let caller = caller.clone();
    app.scan(move |connection, now| {
        let organisation = owner(connection, &caller, query.scope)?;
        prediction::newest(connection, organisation, &query, now)
    })
    .await
}

/// Whose the predictions for a job or location are.
fn owner(connection: &Connection, caller: &Caller, scope: PredictionScope) -> Result<Uuid> {
    let (what, id) = match scope {
        PredictionScope::Location(id) => ("location", id),
        PredictionScope::Job(id) => ("job", id),
    };
    let registered = match scope {
        PredictionScope::Location(_) => {
            store::location::find(connection, id)?.map(|location| location.organisation_id)
        }
        PredictionScope::Job(_) => store::job::find(connection, id)?.map(|job| job.organisation_id),
    };
    // The job or location may be gone, and its id another's by now: what was predicted for it is still its owner's.
    let owner = match caller.organisation_id {
        Some(own) if registered == Some(own) => Some(own),
        Some(own) => prediction::is_known(connection, scope, own)?.then_some(own),
        None => match registered {
            Some(owner) => Some(owner),
            None => prediction::owner(connection, scope)?,
        },
    };
    owner.ok_or(Error::NotFound { what, id })
}

fn check_form(post: &mut PredictionPost) -> Result<()> {
    let mut violations = Violations::default();
    if let Some(stage) = &mut post.stage {
        stage.check(&mut violations, "/stage");
    }
    if post.predictions.is_empty() {
        violations.add("/predictions", "has no points");
    }
    if post.predictions.len() > MAX_POINTS {
        violations.add(
            "/predictions",
            format!("has more than {MAX_POINTS} points: post them in parts"),
        );
    }
    violations.into_result()
}

/// Refuses an issue_time in the future: as the newest issue it would hide every later one, and nothing could remove it.
fn check_issue_time(issue_time: Option<Timestamp>, now: Timestamp) -> Result<()> {
    let latest = now.plus_hours(MAX_AHEAD_HOURS);
    match issue_time {
        Some(issue_time) if issue_time > latest => Err(Error::invalid(
            "/issue_time",
            format!("is in the future: at most {latest} is taken now"),
        )),
        _ => Ok(()),
    }
}

/// Refuses points whose role is no target, whose value is not finite, whose location is not the organisation's, or
/// that repeat a valid_time; as many as one answer names.
fn check_points(
    connection: &Connection,
    points: &[PredictionPoint],
    targets: &[OutputRole],
    organisation: Uuid,
    job_location: Option<Uuid>,
) -> Result<()> {
    let mut violations = Violations::default();
    let (mut seen, mut owned) = (BTreeMap::new(), HashMap::new());
    for (index, point) in points.iter().enumerate() {
        let at = |member: &str| format!("/predictions/{index}/{member}");
        if role_index(targets, &point.role).is_none() {
            let known: Vec<_> = targets.iter().map(|target| target.role.as_str()).collect();
            violations.add(
                at("role"),
                format!(
                    "is no output role of the job, which has: {}",
                    known.join(", ")
                ),
            );
        }
        if !point.value.is_finite() {
            violations.add(at("value"), "must be a finite number");
        }
        if let Some(id) = point.location_id {
            let is_owned = match owned.entry(id) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(new) => {
                    *new.insert(location::is_owned(connection, id, organisation)?)
                }
            };
            if !is_owned {
                let detail = format!("the organisation has no location {id}");
                violations.add(at("location_id"), detail);
            }
        }
        let location_id = point.location_id.or(job_location);
        let key = (&point.role, location_id, point.valid_time);
        if let Some(first) = seen.insert(key, index) {
            violations.add(
                at("valid_time"),
                format!("is there twice: see the point {first}"),
            );
        }
        if violations.is_full() {
            break;
        }
    }
    violations.into_result()
}

fn role_index(targets: &[OutputRole], role: &Name) -> Option<usize> {
    targets.iter().position(|target| target.role == *role)
}

/// The points by role and location, each run in the order of its valid times.
fn runs(
    points: Vec<PredictionPoint>,
    job_location: Option<Uuid>,
) -> BTreeMap<(Name, Option<Uuid>), Vec<Point>> {
    let mut runs: BTreeMap<_, BTreeMap<Timestamp, f64>> = BTreeMap::new();
    for point in points {
        let key = (point.role, point.location_id.or(job_location));
        runs.entry(key)
            .or_default()
            .insert(point.valid_time, point.value);
    }
    runs.into_iter()
        .map(|(key, points)| {
            let points = points
                .into_iter()
                .map(|(valid_time, value)| Point { valid_time, value });
            (key, points.collect())
        })
        .collect()
}
