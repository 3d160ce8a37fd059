//! Withdrawing the predictions of an issue.

use uuid::Uuid;

use super::{
    Transaction,
    issue::{held, insert_revision},
    remaining,
    series::{SeriesFilter, groups},
};
use crate::domain::{
    Counts, Result, Timestamp,
    prediction::{Issue, Point, PredictionScope, Withdrawal},
};

/// Withdraws what the issue has of the organisation's job, and counts what is withdrawn already as unchanged.
pub fn withdraw(
    tx: &Transaction<'_>,
    organisation_id: Uuid,
    withdrawal: &Withdrawal,
    available_at: Timestamp,
    now: Timestamp,
) -> Result<Counts> {
    let filter = SeriesFilter {
        scope: PredictionScope::Job(withdrawal.job_id),
        metric: &withdrawal.metric,
        stage: &withdrawal.stage,
        source: &None,
        source_version: &None,
    };
    let issue = Issue {
        issue_time: withdrawal.issue_time,
        available_at,
    };
    let mut counts = Counts::default();
    let groups = groups(tx, organisation_id, &filter)?;
    for row in groups.values().flatten() {
        let Some(held) = held(tx, row.id, issue.issue_time, row.series.cutoff(now))? else {
            continue;
        };
        let values = held.values.iter().filter(|(_, value)| value.is_some());
        let withdrawn: Vec<_> = values
            .map(|(time, _)| Point {
                valid_time: *time,
                value: None,
            })
            .collect();
        counts.withdrawn += withdrawn.len() as u64;
        counts.unchanged += (held.values.len() - withdrawn.len()) as u64;
        if !withdrawn.is_empty() {
            insert_revision(tx, row.id, issue, Some(&held), &withdrawn, None)?;
            remaining::update(tx, row.id)?;
        }
    }
    Ok(counts)
}
