//! Parser of readings in CSV.

use poem::Request;
use uuid::Uuid;

use crate::{
    domain::{Gaps, Timestamp, Violations, reading::NewReading},
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
};

/// Columns of a table whose sensor is named by the query parameter.
const OF_ONE_SENSOR: Columns = Columns {
    required: &["time", "value"],
    optional: &[SENSOR],
    unused: &["available_at"],
};

impl CsvRows for Vec<NewReading> {
    fn reader(request: &Request) -> impl FnOnce(&[u8]) -> Result<(Self, RowLines), Problem> + Send + 'static {
        let (sensor, gaps) = (sensor_of(request), gaps_of(request));
        move |bytes| parse(bytes, sensor, gaps)
    }
}

/// Returns the sensor of all rows, which the query parameter `sensor_id` names. `None` if it is absent or invalid.
fn sensor_of(request: &Request) -> Option<Uuid> {
    let query = request.params::<Vec<(String, String)>>().ok()?;
    let sensor = query.into_iter().find(|(name, _)| name == SENSOR)?;
    sensor.1.parse().ok()
}

fn parse(bytes: &[u8], sensor: Option<Uuid>, gaps: Gaps) -> Result<(Vec<NewReading>, RowLines), Problem> {
    let columns = if sensor.is_some() { &OF_ONE_SENSOR } else { &COLUMNS };
    let bytes = with_line_feeds(bytes);
    let mut table = Table::open(&bytes, columns)?;
    let (mut readings, mut violations) = (Vec::new(), Violations::default());
    while table.next(&mut violations)? {
        let named = table.parsed(SENSOR, uuid, &mut violations);
        match (named, sensor) {
            (Some(named), Some(sensor)) if named != sensor => {
                table.refuse(SENSOR, "is not the sensor that the query names", &mut violations);
            }
            (None, None) if table.given(SENSOR).is_none() => {
                table.refuse(SENSOR, "must be a UUID", &mut violations);
            }
            _ => {}
        }
        let time = table.parsed("time", Timestamp::parse, &mut violations);
        if table.given("time").is_none() {
            table.refuse("time", "is missing", &mut violations);
        }
        let value = table.value("value", gaps, &mut violations);
        if let (Some(sensor_id), Some(time), Some(value)) = (named.or(sensor), time, value) {
            readings.push(NewReading { sensor_id, time, value });
        }
    }
    violations.into_result()?;
    Ok((readings, table.into_lines()))
}
