//! Parser of predictions in CSV: the points of one job, or points that name their source.

use poem::Request;
use uuid::Uuid;

use crate::{
    domain::{
        Gaps, PostedValue, Timestamp, Violations,
        prediction::{DirectPoint, JobKey, JobRow, PostedPredictions},
        spread::ByLevel,
        text::{Name, Stage},
        track::Track,
    },
    http::{
        form::{
            csv::uuid,
            csv_body::CsvRows,
            csv_columns::Columns,
            csv_dialect::with_line_feeds,
            csv_spread::SpreadColumn,
            csv_table::{RowLines, Table},
            gaps::gaps_of,
        },
        problem::Problem,
    },
};

const COLUMNS: Columns = Columns {
    required: &["valid_time", "value"],
    optional: &[
        "job_id",
        "source_version_id",
        "role",
        "source",
        "source_version",
        "metric",
        "unit",
        "location_id",
        "issue_time",
        "stage",
        "track",
    ],
    unused: &["available_at", "lead_seconds", "probability"],
    with_spread: true,
};

impl CsvRows for PostedPredictions {
    fn reader(request: &Request) -> impl FnOnce(&[u8]) -> Result<(Self, RowLines), Problem> + Send + 'static {
        let gaps = gaps_of(request);
        move |bytes| parse(bytes, gaps)
    }
}

fn parse(bytes: &[u8], gaps: Gaps) -> Result<(PostedPredictions, RowLines), Problem> {
    let bytes = with_line_feeds(bytes);
    let mut table = Table::open(&bytes, &COLUMNS)?;
    let mut violations = Violations::default();
    let (mut rows, mut points) = (Vec::new(), Vec::new());
    // The job that the first row names. The outer `None` means that no row was read, the inner one that the row names
    // no job.
    let mut job: Option<Option<Uuid>> = None;
    let mut version: Option<Option<Uuid>> = None;
    while table.next(&mut violations)? {
        let named = table.parsed("job_id", uuid, &mut violations);
        if *job.get_or_insert(named) != named {
            let detail = "is another than on the first row: a body is for one job, or for points without a job";
            table.refuse("job_id", detail, &mut violations);
        }
        let made_by = table.parsed("source_version_id", uuid, &mut violations);
        if *version.get_or_insert(made_by) != made_by {
            let detail = "is another than on the first row: a body is for one version";
            table.refuse("source_version_id", detail, &mut violations);
        }
        if made_by.is_some() && named.is_none() {
            let detail = "is for points of a job: give job_id too, or source_version in its place";
            table.refuse("source_version_id", detail, &mut violations);
        }
        let row = Row::read(&table, gaps, &mut violations);
        let Some(valid_time) = row.valid_time else { continue };
        let (quantiles, members) = (row.quantiles, row.members);
        if row.value.is_none() && quantiles.is_none() && members.is_none() {
            continue;
        }
        if named.is_some() {
            rows.push(JobRow {
                key: JobKey {
                    role: row.role,
                    metric: row.metric,
                    unit: row.unit,
                    location_id: row.location_id,
                    issue_time: row.issue_time,
                    stage: row.stage,
                    track: row.track,
                },
                valid_time,
                value: row.value,
                quantiles,
                members,
            });
            continue;
        }
        for (column, is_missing) in [
            ("source", row.source.is_none()),
            ("metric", row.metric.is_none()),
            (
                "location_id",
                row.location_id.is_none() && table.given("location_id").is_none(),
            ),
        ] {
            if is_missing {
                let detail = "is missing: give it, or job_id with role or metric";
                table.refuse(column, detail, &mut violations);
            }
        }
        if row.role.is_some() {
            let detail = "is for points of a job: give job_id too, or metric in its place";
            table.refuse("role", detail, &mut violations);
        }
        if let (Some(source), Some(metric), Some(location_id)) = (row.source, row.metric, row.location_id) {
            points.push(DirectPoint {
                source,
                source_version: row.source_version,
                metric,
                location_id,
                valid_time,
                value: row.value,
                issue_time: row.issue_time,
                stage: row.stage,
                track: row.track,
                quantiles: quantiles.map(Box::new),
                members,
            });
        }
    }
    violations.into_result()?;
    let posted = match job.flatten() {
        Some(job_id) => PostedPredictions::RowsOfJob {
            job_id,
            source_version_id: version.flatten(),
            rows,
        },
        None => PostedPredictions::Direct(points),
    };
    Ok((posted, table.into_lines()))
}

fn track(text: &str) -> Result<Track, &'static str> {
    Track::from_name(text).ok_or("must be main or shadow")
}

/// Parsed cells of one row. A cell that is empty or invalid is `None`.
struct Row {
    role: Option<Name>,
    source: Option<Name>,
    source_version: Option<Name>,
    metric: Option<Name>,
    unit: Option<Name>,
    location_id: Option<Uuid>,
    valid_time: Option<Timestamp>,
    value: Option<PostedValue>,
    quantiles: Option<ByLevel<f64>>,
    members: Option<Vec<f64>>,
    issue_time: Option<Timestamp>,
    stage: Option<Stage>,
    track: Option<Track>,
}

impl Row {
    fn read(table: &Table<'_>, gaps: Gaps, violations: &mut Violations) -> Self {
        let name = |column| table.given(column).map(Name::new);
        if table.given("valid_time").is_none() {
            table.refuse("valid_time", "is missing", violations);
        }
        let (mut quantiles, mut members, mut has_gap) = (Vec::new(), Vec::new(), false);
        for (column, number) in table.spread(violations) {
            match column {
                SpreadColumn::Level(level) => quantiles.push((level, number)),
                SpreadColumn::Member(place) => {
                    if usize::from(place) != members.len() + 1 && !has_gap {
                        has_gap = true;
                        let column = SpreadColumn::Member(u16::try_from(members.len() + 1).unwrap_or(u16::MAX));
                        table.refuse(&column.to_string(), "is missing, and later members are not", violations);
                    }
                    members.push(number);
                }
            }
        }
        let has_numbers = !quantiles.is_empty() || !members.is_empty();
        Self {
            role: name("role"),
            source: name("source"),
            source_version: name("source_version"),
            metric: name("metric"),
            unit: name("unit"),
            location_id: table.parsed("location_id", uuid, violations),
            valid_time: table.parsed("valid_time", Timestamp::parse, violations),
            // A row with quantiles or members may leave its value out.
            value: match table.given("value") {
                None if has_numbers => None,
                _ => table.value("value", gaps, violations),
            },
            quantiles: (!quantiles.is_empty()).then_some(ByLevel(quantiles)),
            members: (!members.is_empty()).then_some(members),
            issue_time: table.parsed("issue_time", Timestamp::parse, violations),
            stage: table.given("stage").map(Stage::new),
            track: table.parsed("track", track, violations),
        }
    }
}
