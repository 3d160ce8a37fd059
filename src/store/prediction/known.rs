//! Summary of all runs of a series, stored in the row of the series.

use uuid::Uuid;

use super::{revision::Revision, series::SeriesId};
use crate::{
    domain::{
        Result, Timestamp,
        health::LastPost,
        prediction::{Issue, Series},
        text::Stage,
        track::Track,
    },
    store::{
        engine::{Connection, Row, RowResult, ToSql, Transaction, params_from_iter},
        set::{self, Many, Texts},
    },
};

/// Maximum number of series that one statement finds or changes.
const MOST: usize = 64;

/// Columns of a summary, in the table `s`.
pub const SUMMARY: &str = "s.fresh_issue, s.newest_arrival, s.last_issue, s.newest_issue, s.covers_until, s.ends_at,
    s.shortest_lead, s.longest_lead, s.newest_available_at";

/// Summary of all runs of a series. A post updates it in memory and stores it once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Known {
    /// The last fresh issue and its arrival by the machine's clock. An issue is fresh if it is new and later than the
    /// fresh issue before.
    pub last_fresh: LastPost,
    /// Latest issue time of all runs, withdrawn or not.
    pub last_issue: Timestamp,
    newest_issue: Timestamp,
    /// Last valid_time with a value that is not withdrawn.
    covers_until: Timestamp,
    ends_at: Timestamp,
    shortest_lead: i64,
    longest_lead: i64,
    newest_available_at: Timestamp,
}

impl Known {
    /// Reads a row that begins with [`SUMMARY`]. It reads by position: each post reads a summary, and each read by name
    /// compares the names of columns.
    pub fn from_columns(row: &Row<'_>) -> RowResult<Self> {
        Ok(Self {
            last_fresh: LastPost {
                issue_time: row.get(0)?,
                arrival: row.get(1)?,
            },
            last_issue: row.get(2)?,
            newest_issue: row.get(3)?,
            covers_until: row.get(4)?,
            ends_at: row.get(5)?,
            shortest_lead: row.get(6)?,
            longest_lead: row.get(7)?,
            newest_available_at: row.get(8)?,
        })
    }

    /// Creates the summary of a series with its first run.
    pub fn new(issue: Issue, run: &Revision) -> Self {
        let (shortest_lead, longest_lead) = run.leads();
        Self {
            last_fresh: LastPost {
                issue_time: issue.issue_time,
                arrival: issue.available_at,
            },
            last_issue: issue.issue_time,
            newest_issue: issue.issue_time,
            covers_until: run.valid_to,
            ends_at: run.valid_to,
            shortest_lead,
            longest_lead,
            newest_available_at: issue.available_at,
        }
    }

    /// Extends the summary by a run of the series. `fresh` is the arrival by the machine's clock if the run's issue is
    /// fresh, and otherwise `None`.
    pub fn add(&mut self, run: &Revision, fresh: Option<Timestamp>) {
        let (shortest, longest) = run.leads();
        if let Some(arrival) = fresh {
            self.last_fresh.issue_time = run.issue.issue_time;
            self.last_fresh.arrival = self.last_fresh.arrival.max(arrival);
        }
        self.last_issue = self.last_issue.max(run.issue.issue_time);
        self.newest_issue = self.newest_issue.max(run.issue.issue_time);
        self.covers_until = self.covers_until.max(run.valid_to);
        self.ends_at = self.ends_at.max(run.valid_to);
        self.shortest_lead = self.shortest_lead.min(shortest);
        self.longest_lead = self.longest_lead.max(longest);
        self.newest_available_at = self.newest_available_at.max(run.issue.available_at);
    }

    /// Returns the values of [`COLUMNS`].
    fn values(&self) -> [&dyn ToSql; COLUMNS.len()] {
        [
            &self.last_fresh.issue_time,
            &self.last_fresh.arrival,
            &self.last_issue,
            &self.newest_issue,
            &self.covers_until,
            &self.ends_at,
            &self.shortest_lead,
            &self.longest_lead,
            &self.newest_available_at,
        ]
    }
}

/// The columns of a summary, which a run can change.
const COLUMNS: [&str; 9] = [
    "fresh_issue",
    "newest_arrival",
    "last_issue",
    "newest_issue",
    "covers_until",
    "ends_at",
    "shortest_lead",
    "longest_lead",
    "newest_available_at",
];

/// The key of a series: its version, job, location, metric, stage, track and organisation.
pub type Key<'a> = (Uuid, Option<Uuid>, Option<Uuid>, &'a str, &'a str, Track, Uuid);

/// Returns the key of the series.
pub fn key(series: &Series) -> Key<'_> {
    (
        series.source_version_id,
        series.job_id,
        series.location_id,
        series.metric.as_str(),
        stage_text(series),
        series.track,
        series.organisation_id,
    )
}

/// The forms of the statement that finds series, by which of job and location their keys have.
static FIND: [Texts; 4] = [const { Texts::new() }; 4];

/// Looks up the series with these keys. Calls `found` with the key, the number and the summary of each series that is
/// stored.
pub fn find(connection: &Connection, keys: &[Key<'_>], mut found: impl FnMut(&Key<'_>, i64, Known)) -> Result<()> {
    for (form, texts) in FIND.iter().enumerate() {
        let of_form: Vec<_> = keys.iter().filter(|key| form_of(key) == form).collect();
        find_form(connection, form, texts, &of_form, &mut found)?;
    }
    Ok(())
}

/// Returns the index in [`FIND`] and [`KEYS`] of the form for a key.
fn form_of((_, job, location, ..): &Key<'_>) -> usize {
    2 * usize::from(job.is_none()) + usize::from(location.is_none())
}

fn find_form(
    connection: &Connection,
    form: usize,
    texts: &Texts,
    keys: &[&Key<'_>],
    found: &mut impl FnMut(&Key<'_>, i64, Known),
) -> Result<()> {
    for part in set::parts(keys, MOST) {
        let sql = texts.of(part.len(), |count| find_sql(form, count));
        let mut statement = connection.prepare_cached(&sql)?;
        let values = part
            .into_iter()
            .flat_map(|(version, job, location, metric, stage, track, organisation)| {
                let given = |id: &'_ Option<Uuid>| id.is_some();
                let all: [(&dyn ToSql, bool); 7] = [
                    (version, true),
                    (job, given(job)),
                    (location, given(location)),
                    (metric, true),
                    (stage, true),
                    (track, true),
                    (organisation, true),
                ];
                all.into_iter()
                    .filter_map(|(value, is_given)| is_given.then_some(value))
            });
        let mut rows = statement.query(params_from_iter(values))?;
        while let Some(row) = rows.next()? {
            let text = |column: usize| -> RowResult<_> { row.get_text(column) };
            let key = (
                row.get(10)?,
                row.get(11)?,
                row.get(12)?,
                text(13)?,
                text(14)?,
                row.get(15)?,
                row.get(16)?,
            );
            found(&key, row.get(9)?, Known::from_columns(&row)?);
        }
    }
    Ok(())
}

/// Returns whether a run of the issue is stored.
pub fn has_issue(connection: &Connection, series: &Series, issue_time: Timestamp) -> Result<bool> {
    let mut stored = None;
    find(connection, &[key(series)], |_, id, _| stored = Some(id))?;
    let Some(id) = stored else {
        return Ok(false);
    };
    let mut statement = connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM runs WHERE
            series_id = (SELECT id FROM series WHERE id = ?1 AND organisation_id = ?2)
            /*postgres AND organisation_id = ?2 */ AND issue_time = ?3)",
    )?;
    Ok(statement.query_row((id, series.organisation_id, issue_time), |row| row.get(0))?)
}

/// Conditions that select the series of a key: with job and location, without location, without job, without both. They
/// are written one by one because PostgreSQL searches no index by `IS NOT DISTINCT FROM`.
const KEYS: [&str; 4] = [KEY, WITHOUT_LOCATION, WITHOUT_JOB, WITHOUT_BOTH];
const KEY: &str = "(s.source_version_id = ?1 AND s.job_id = ?2 AND s.location_id = ?3
    AND s.metric = ?4 AND s.stage = ?5 AND s.track = ?6 AND s.organisation_id = ?7)";
const WITHOUT_LOCATION: &str = "(s.source_version_id = ?1 AND s.job_id = ?2 AND s.location_id IS NULL
    AND s.metric = ?3 AND s.stage = ?4 AND s.track = ?5 AND s.organisation_id = ?6)";
const WITHOUT_JOB: &str = "(s.source_version_id = ?1 AND s.job_id IS NULL AND s.location_id = ?2
    AND s.metric = ?3 AND s.stage = ?4 AND s.track = ?5 AND s.organisation_id = ?6)";
const WITHOUT_BOTH: &str = "(s.source_version_id = ?1 AND s.job_id IS NULL AND s.location_id IS NULL
    AND s.metric = ?2 AND s.stage = ?3 AND s.track = ?4 AND s.organisation_id = ?5)";

/// Numbers of parameters of each of [`KEYS`].
const WIDTHS: [usize; 4] = [7, 6, 6, 5];

fn find_sql(form: usize, count: usize) -> String {
    let keys = set::repeated(KEYS[form], WIDTHS[form], count, " OR ");
    format!(
        "SELECT {SUMMARY}, s.id, s.source_version_id, s.job_id, s.location_id, s.metric, s.stage, s.track, s.organisation_id
            FROM series s WHERE {keys}"
    )
}

/// Returns SQLite's query plans for finding `count` series, one for each form of keys.
#[cfg(test)]
pub fn plans(connection: &Connection, count: usize) -> Vec<String> {
    let plan = |form: usize| {
        let mut statement = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {}", find_sql(form, count)))
            .unwrap();
        let values = (0..WIDTHS[form] * count).map(|_| None::<i64>);
        let steps = statement.query_map(params_from_iter(values), |row| row.get::<_, String>("detail"));
        steps.unwrap().map(|step| step.unwrap()).collect::<Vec<_>>().join("; ")
    };
    (0..KEYS.len()).map(plan).collect()
}

const ROW: &str =
    "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)";

static INSERT: Texts = Texts::new();

/// Stores new series and returns their numbers in the same order.
pub fn insert(tx: &Transaction<'_>, new: &[(&Series, Known)]) -> Result<Vec<i64>> {
    let mut ids: Vec<i64> = Vec::with_capacity(new.len());
    for part in set::exact_parts(new, MOST) {
        let sql = INSERT.of(part.len(), |count| {
            let rows = set::repeated(ROW, 22, count, ", ");
            format!(
                "INSERT INTO series (organisation_id, source_id, source_version_id, job_id, location_id, metric, stage, track,
                    unit, source_name, version_label, retention_hours, spread, fresh_issue, newest_arrival, last_issue,
                    newest_issue, covers_until, ends_at, shortest_lead, longest_lead, newest_available_at)
                    VALUES {rows} RETURNING id"
            )
        });
        let stages: Vec<_> = part.iter().map(|(series, _)| stage_text(series)).collect();
        let values = part.iter().zip(&stages).flat_map(|((series, known), stage)| {
            let of: [&dyn ToSql; 13] = [
                &series.organisation_id,
                &series.source_id,
                &series.source_version_id,
                &series.job_id,
                &series.location_id,
                &series.metric,
                stage,
                &series.track,
                &series.unit,
                &series.source_name,
                &series.version_label,
                &series.retention_hours,
                &series.spread,
            ];
            of.into_iter().chain(known.values())
        });
        let mut statement = tx.prepare_cached(&sql)?;
        for id in statement.query_map(params_from_iter(values), |row| row.get("id"))? {
            ids.push(id?);
        }
    }
    // The numbers ascend in the order of the rows; RETURNING may return them in another order.
    ids.sort_unstable();
    Ok(ids)
}

static UPDATE: Many = Many::update(|count| {
    // Each series has eleven parameters: its number, its organisation and nine values.
    let assign = |(column, name): (usize, &str)| {
        if count == 1 {
            return format!("{name} = ?{}", column + 3);
        }
        let values = set::repeated(&format!("WHEN ?1 THEN ?{}", column + 3), 11, count, " ");
        format!("{name} = CASE id {values} ELSE {name} END")
    };
    let assigned = COLUMNS
        .into_iter()
        .enumerate()
        .map(assign)
        .collect::<Vec<_>>()
        .join(", ");
    let [ids, organisations] = ["?1", "?2"].map(|piece| set::repeated(piece, 11, count, ", "));
    format!("UPDATE series SET {assigned} WHERE id IN ({ids}) AND organisation_id IN ({organisations})")
});

/// Stores the changed summaries in the rows of their series.
pub fn update(tx: &Transaction<'_>, changed: &[(SeriesId, Known)]) -> Result<()> {
    UPDATE.store(tx, changed, |(series, known)| {
        let [fresh, arrival, last, newest, covers, ends, shortest, longest, available] = known.values();
        [
            &series.id,
            &series.organisation_id,
            fresh,
            arrival,
            last,
            newest,
            covers,
            ends,
            shortest,
            longest,
            available,
        ]
    })
}

/// Returns the stage as the column stores it: an empty text for a series without a stage.
fn stage_text(series: &Series) -> &str {
    series.stage.as_ref().map_or("", Stage::as_str)
}
