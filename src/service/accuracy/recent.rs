//! How far the predictions of each job were off in the last days, for the metrics.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{read::pooled, select};
use crate::{
    domain::{
        Error, Page, Result, Timestamp,
        job::JobFilter,
        prediction::PredictionScope,
        text::Name,
        verification::{AccuracyQuery, LeadEdges, RecentAccuracy},
    },
    service::{App, token::operator},
    store::{self, engine::Connection},
};

/// Number of days that are looked at.
const DAYS: i64 = 7;

/// Number of jobs that are listed at a time.
const JOBS: usize = 1000;

/// Returns the accuracy of the active jobs whose predictions are measured. Jobs are read one after the other, each with a
/// snapshot of its own, so that the read of many jobs holds nothing up.
///
/// # Errors
/// The database cannot be read.
pub async fn recent(app: &App) -> Result<Vec<RecentAccuracy>> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let filter = JobFilter {
            active: Some(true),
            ..JobFilter::default()
        };
        let page = Page { after, limit: JOBS };
        let jobs = app.read_unmapped(move |connection, now| store::job::list(connection, &filter, page, now));
        let jobs = jobs.await?;
        for id in &jobs.items {
            let id = *id;
            let of_job = app.read_unmapped(move |connection, now| of_job(connection, id, now));
            match of_job.await {
                Ok(scores) => found.extend(scores),
                // Several sensors measure it, or its units differ. Whoever requests its accuracy learns that.
                Err(Error::BadParameter(_)) => {}
                Err(error) => return Err(error),
            }
        }
        after = jobs.items.last().copied();
        if !jobs.more {
            return Ok(found);
        }
    }
}

fn of_job(connection: &Connection, id: Uuid, now: Timestamp) -> Result<Vec<RecentAccuracy>> {
    let Some(job) = store::job::find(connection, id)? else {
        return Ok(Vec::new());
    };
    let Some(version) = store::source_version::find(connection, job.source_version_id)? else {
        return Ok(Vec::new());
    };
    let metrics: BTreeSet<&Name> = version.output_roles.iter().map(|role| &role.metric).collect();
    let mut found = Vec::new();
    for metric in metrics {
        let query = AccuracyQuery {
            source_versions: vec![version.id.to_string()],
            edges: LeadEdges::ahead(),
            without_late: true,
            pool: true,
            ..AccuracyQuery::of(metric.as_str(), vec![PredictionScope::Job(id)])
        };
        let window = query.asked.ending(now, DAYS)?;
        let groups = select::groups(connection, &operator(), &query)?;
        if groups.iter().all(|group| group.truths.is_empty()) {
            continue;
        }
        for row in pooled(connection, &query, window, &groups, now)? {
            if let Some(mae) = row.mae {
                found.push(RecentAccuracy {
                    job_id: id,
                    job: job.name.clone(),
                    metric: row.metric,
                    unit: row.unit,
                    stage: row.stage,
                    mae,
                    pairs: row.pairs,
                });
            }
        }
    }
    Ok(found)
}
