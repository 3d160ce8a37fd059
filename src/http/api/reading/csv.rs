//! Parser of readings in CSV.

use poem::Request;
use uuid::Uuid;

use crate::{
    domain::{Gaps, Timestamp, Violation, Violations, reading::ReadingCreation, sensor_reading::SensorReadingCreation},
    http::{
        form::{
            csv::uuid,
            csv_body::CsvRows,
            csv_columns::Columns,
            csv_dialect::with_line_feeds,
            csv_table::{RowLines, Table},
            gaps::gaps_of,
        },
        problem::Problem,
    },
};

/// Name of the column, and of the query parameter, that contains the sensor's id.
const SENSOR: &str = "sensor_id";

/// Columns of a table whose rows name their sensor.
const COLUMNS: Columns = Columns {
    required: &[SENSOR, "time", "value"],
    optional: &[],
    unused: &["available_at"],
    with_spread: false,
};

/// Columns of a table whose sensor is named by the query parameter.
const OF_ONE_SENSOR: Columns = Columns {
    required: &["time", "value"],
    optional: &[SENSOR],
    unused: &["available_at"],
    with_spread: false,
};

impl CsvRows for Vec<ReadingCreation> {
    fn reader(request: &Request) -> impl FnOnce(&[u8]) -> Result<(Self, RowLines), Problem> + Send + 'static {
        let (sensor, gaps) = (sensor_of(request), gaps_of(request));
        move |bytes| parse(bytes, sensor, gaps)
    }
}

/// Rows of a table that is posted to one sensor.
pub struct SensorRows(pub Vec<SensorReadingCreation>);

impl CsvRows for SensorRows {
    fn reader(request: &Request) -> impl FnOnce(&[u8]) -> Result<(Self, RowLines), Problem> + Send + 'static {
        // The path is /sensors/{id}/readings. One without a valid id is refused before the body is read.
        let sensor = request.uri().path().rsplit('/').nth(1).and_then(|id| id.parse().ok());
        let gaps = gaps_of(request);
        move |bytes| {
            let (rows, lines) = parse(bytes, sensor.or(Some(Uuid::nil())), gaps)?;
            let of_sensor = |row: ReadingCreation| SensorReadingCreation {
                time: Some(row.time),
                value: row.value,
            };
            Ok((Self(rows.into_iter().map(of_sensor).collect()), lines))
        }
    }
}

/// Returns the sensor of all rows, which the query parameter `sensor_id` names. `None` if it is absent or invalid.
fn sensor_of(request: &Request) -> Option<Uuid> {
    let query = request.params::<Vec<(String, String)>>().ok()?;
    let sensor = query.into_iter().find(|(name, _)| name == SENSOR)?;
    sensor.1.parse().ok()
}

fn parse(bytes: &[u8], sensor: Option<Uuid>, gaps: Gaps) -> Result<(Vec<ReadingCreation>, RowLines), Problem> {
    let bytes = with_line_feeds(bytes);
    let mut table = Table::open(&bytes, columns(sensor))?;
    let (mut readings, mut violations) = (Vec::new(), Violations::default());
    while table.next(&mut violations)? {
        readings.extend(row(&table, sensor, gaps, &mut violations));
    }
    violations.into_result()?;
    Ok((readings, table.into_lines()))
}

fn columns(sensor: Option<Uuid>) -> &'static Columns {
    if sensor.is_some() { &OF_ONE_SENSOR } else { &COLUMNS }
}

/// Returns the reading of the current row. `None` if it is invalid; then the errors are added to `violations`.
fn row(table: &Table<'_>, sensor: Option<Uuid>, gaps: Gaps, violations: &mut Violations) -> Option<ReadingCreation> {
    let named = table.parsed(SENSOR, uuid, violations);
    match (named, sensor) {
        (Some(named), Some(sensor)) if named != sensor => {
            table.refuse(SENSOR, "is not the sensor that the request names", violations);
        }
        (None, None) if table.given(SENSOR).is_none() => {
            table.refuse(SENSOR, "must be a UUID", violations);
        }
        _ => {}
    }
    let time = table.parsed("time", Timestamp::parse, violations);
    if table.given("time").is_none() {
        table.refuse("time", "is missing", violations);
    }
    let value = table.value("value", gaps, violations);
    let (sensor_id, time, value) = (named.or(sensor)?, time?, value?);
    Some(ReadingCreation { sensor_id, time, value })
}

/// The rows of a table of readings, with their lines in the file.
#[derive(Debug, Default)]
pub struct ReadingRows {
    /// Readings of the valid rows, each with its line.
    pub valid: Vec<(u64, ReadingCreation)>,
    /// Reasons why the other rows are invalid, each with its line.
    pub invalid: Vec<(u64, Vec<Violation>)>,
}

/// Reads a table of any length. In contrast to a request, invalid rows do not end the reading. `sensor` is the sensor of
/// all rows, if they name none.
///
/// # Errors
/// The table has no valid header line, or is not CSV.
pub fn read_csv(bytes: &[u8], sensor: Option<Uuid>, gaps: Gaps) -> Result<ReadingRows, String> {
    let bytes = with_line_feeds(bytes);
    let mut table = Table::open(&bytes, columns(sensor)).map_err(|problem| reasons(&problem))?;
    let mut rows = ReadingRows::default();
    loop {
        let mut violations = Violations::default();
        let has_row = table.try_next(&mut violations).map_err(|problem| reasons(&problem))?;
        if !has_row && violations.is_empty() {
            return Ok(rows);
        }
        let line = table.line();
        let reading = has_row.then(|| row(&table, sensor, gaps, &mut violations)).flatten();
        match reading.filter(|_| violations.is_empty()) {
            Some(reading) => rows.valid.push((line, reading)),
            None => rows.invalid.push((line, violations.into_vec())),
        }
    }
}

fn reasons(problem: &Problem) -> String {
    match problem.errors() {
        [] => problem.detail().to_owned(),
        errors => errors
            .iter()
            .map(|error| error.detail.as_str())
            .collect::<Vec<_>>()
            .join("; "),
    }
}
