//! Posts of predictions for a job.

use std::collections::HashMap;

use uuid::Uuid;

use super::{Contract, arrived::Arrived, direct, withdraw};
use crate::{
    domain::{
        Caller, Error, Gaps, Result, Role, Timestamp, Violations,
        audit::withdrawal,
        prediction::{
            Issue, JobKey, JobPost, PostedPredictions, PostedRun, PredictionCounts, RolePoints, WorkerRun, join,
            runs_of_rows,
        },
        text::Stage,
        track::Track,
    },
    service::{App, alert, counters, health, location},
    store::{
        engine::Transaction,
        prediction::{self, NewPost, NewRun},
    },
};

/// Stores a batch of predictions in one transaction and counts them by result. If any prediction is refused, none is
/// stored. `gaps` decides how predictions without a value are treated. Requires the role worker.
///
/// # Errors
/// Not found: the job. Invalid: the roles, times, values, locations, sources or metrics of the points. Each violation
/// is named.
pub async fn post(app: &App, caller: &Caller, posted: PostedPredictions, gaps: Gaps) -> Result<PredictionCounts> {
    caller.needs(Role::Worker)?;
    let counts = match posted {
        PostedPredictions::ForJob(post) => of_job(app, caller, post, Vec::new(), gaps).await,
        PostedPredictions::PointsOfJob { post, points } => of_job(app, caller, post, points, gaps).await,
        PostedPredictions::RowsOfJob {
            job_id,
            source_version_id,
            rows,
        } => {
            let head = Head {
                job_id,
                source_version_id,
                issue_time: None,
                run: None,
            };
            for_job(app, caller, head, runs_of_rows(rows)?, gaps).await
        }
        PostedPredictions::Direct(points) => direct::post(app, caller, points, 0, gaps).await,
    }?;
    counters::count_predictions(&counts.counts);
    Ok(counts)
}

/// Key of a run: the properties that all points of one forecast run of a job share.
#[derive(Clone, PartialEq, Eq, Hash)]
struct RunKey {
    target: usize,
    location_id: Option<Uuid>,
    issue_time: Timestamp,
    stage: Option<Stage>,
}

/// The members of a post that all its points have in common.
struct Head {
    job_id: Uuid,
    source_version_id: Option<Uuid>,
    issue_time: Option<Timestamp>,
    run: Option<WorkerRun>,
}

async fn of_job(
    app: &App,
    caller: &Caller,
    mut post: JobPost,
    points: Vec<RolePoints>,
    gaps: Gaps,
) -> Result<PredictionCounts> {
    let runs = post.runs(points)?;
    let head = Head {
        job_id: post.job_id,
        source_version_id: post.source_version_id,
        issue_time: post.issue_time,
        run: post.run.map(|run| *run),
    };
    for_job(app, caller, head, runs, gaps).await
}

async fn for_job(
    app: &App,
    caller: &Caller,
    head: Head,
    runs: Vec<PostedRun<JobKey>>,
    gaps: Gaps,
) -> Result<PredictionCounts> {
    let (caller, contracts) = (caller.clone(), app.contracts.clone());
    let clock = app.watch.clone();
    app.write_values(move |tx, now| {
        let id = head.job_id;
        let mut contract = Contract::of_job(&contracts, tx, id, now)?;
        caller.must_see(Some(contract.organisation_id), "job", id)?;
        if let Some(version) = head.source_version_id {
            contract = contract.of_version(&contracts, tx, version, now)?;
        }
        let arrived = Arrived::at(tx, now, &clock)?;
        if let Some(detail) = arrived.too_far_ahead(head.issue_time) {
            return Err(Error::invalid("/issue_time", detail));
        }
        let runs = resolve(tx, &contract, runs, arrived)?;
        let roles = runs.iter().filter_map(|run| contract.role(run.key.target));
        let ends = runs.iter().filter_map(|run| run.points.last());
        // The health of the job follows from the posts of its own version only.
        let watched = match contract.track {
            Track::Main => Some(health::Post::begin(
                tx,
                id,
                &contract.health_cache,
                health::Posted {
                    roles: roles.collect(),
                    until: ends.map(|point| point.valid_time).max(),
                },
                now,
            )?),
            Track::Shadow => None,
        };
        let (mut counts, mut violations) = (PredictionCounts::default(), Violations::default());
        let mut new = Vec::with_capacity(runs.len());
        for run in &runs {
            let key = run.key.clone();
            let gone = || Error::Internal(format!("the contract of the job {id} is missing"));
            let issue = Issue {
                issue_time: key.issue_time,
                available_at: arrived.stamp,
            };
            let series = contract
                .series(key.target, key.location_id, key.stage)
                .ok_or_else(gone)?;
            new.push(NewRun {
                series,
                issue,
                points: &run.points,
                spread: run.spread.as_ref().map(|spread| &spread.numbers),
            });
        }
        let about_alerts = new.iter().map(|run| alert::PostedRun {
            series: &run.series,
            issue_time: run.issue.issue_time,
            points: run.points,
            spread: run.spread,
        });
        let alerts = match contract.alerts.as_slice() {
            [] => None,
            alerts => {
                let cache = Some(&contract.alert_cache);
                Some(alert::Post::begin(tx, alerts, cache, about_alerts.collect(), now)?)
            }
        };
        let about = head.run.map(|run| NewPost {
            organisation_id: contract.organisation_id,
            run,
            token_name: caller.name.clone(),
        });
        let summaries = Some(&contract.summaries);
        let posted = prediction::post(tx, &new, about.as_ref(), gaps, now, summaries)?;
        for (run, posted) in runs.iter().zip(&posted) {
            run.refuse_values(&posted.refused, Gaps::NOTHING_THERE, &mut violations);
            counts += posted;
        }
        violations.into_result()?;
        if let Some(alerts) = alerts {
            alerts.end(tx, &posted)?;
        }
        let is_watched = watched.is_some();
        if let Some(watched) = watched {
            watched.end(tx)?;
        }
        let withdrawn = counts.counts.withdrawn;
        if withdrawn > 0 {
            if is_watched {
                health::reassess(tx, id, now)?;
                contract.invalidate();
            }
            let what = withdrawal(withdrawn, []);
            withdraw::record(tx, &caller, now, (id, contract.organisation_id), what)?;
        }
        Ok(counts)
    })
    .await
}

/// Finds the target, location and issue_time of each posted run, according to the contract.
///
/// # Errors
/// Invalid: points whose role is no target of the job, whose location is not the organisation's, whose issue_time is in
/// the future, or that repeat a valid_time. At most as many violations are returned as a response lists.
fn resolve(
    tx: &Transaction<'_>,
    contract: &Contract,
    runs: Vec<PostedRun<JobKey>>,
    arrived: Arrived,
) -> Result<Vec<PostedRun<RunKey>>> {
    let mut violations = Violations::default();
    let mut owned = HashMap::new();
    let mut resolved = Vec::with_capacity(runs.len());
    for run in runs {
        let target = contract.target(&run.key);
        if let Err((member, detail)) = &target {
            run.refuse(member, detail, &mut violations);
        }
        if let Some(id) = run.key.location_id {
            let is_owned = match owned.get(&id) {
                Some(known) => *known,
                None => {
                    let found = location::is_owned(tx, id, contract.organisation_id)?;
                    *owned.entry(id).or_insert(found)
                }
            };
            if !is_owned {
                let detail = format!("the organisation has no location {id}");
                run.refuse("location_id", &detail, &mut violations);
            }
        }
        if let Some(detail) = arrived.too_far_ahead(run.key.issue_time) {
            run.refuse("issue_time", &detail, &mut violations);
        }
        let Ok(target) = target else { continue };
        run.check_spread(contract.spread(target).as_ref(), &mut violations);
        let key = RunKey {
            target,
            location_id: contract.location(run.key.location_id),
            issue_time: run.key.issue_time.unwrap_or(arrived.issue_time),
            stage: run.key.stage.clone(),
        };
        resolved.push(run.of(key));
    }
    let joined = join(resolved, &mut violations);
    violations.into_result()?;
    Ok(joined)
}
