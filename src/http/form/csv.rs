//! CSV: bodies of readings, and the lines of answers.

use poem::{Request, RequestBody};
use poem_openapi::{
    impl_apirequest_for_payload,
    payload::{ParsePayload, Payload},
    registry::MetaSchemaRef,
    types::Type,
};

use uuid::Uuid;

use super::{
    body::read,
    csv_table::{Columns, RowLines, Table, with_line_feeds},
    gaps::gaps_of,
    layout::Dialect,
    reply::CSV,
};
use crate::{
    domain::{Gaps, Timestamp, Violations, reading::NewReading},
    http::problem::Problem,
};

/// The column, and the query parameter, that names the sensor.
const SENSOR: &str = "sensor_id";

/// The columns of readings.
const COLUMNS: Columns = Columns {
    required: &[SENSOR, "time", "value"],
    optional: &[],
    unused: &["available_at"],
};

/// The columns of readings of a sensor that the query names.
const OF_ONE_SENSOR: Columns = Columns {
    required: &["time", "value"],
    optional: &[SENSOR],
    unused: &["available_at"],
};

/// Readings as CSV: a header line with the columns, in any order, and a line for each reading.
pub struct CsvReadings(pub Vec<NewReading>, pub RowLines);

impl Payload for CsvReadings {
    const CONTENT_TYPE: &'static str = CSV;

    fn check_content_type(content_type: &str) -> bool {
        is_csv(content_type)
    }

    fn schema_ref() -> MetaSchemaRef {
        String::schema_ref()
    }
}

impl ParsePayload for CsvReadings {
    const IS_REQUIRED: bool = true;

    async fn from_request(request: &Request, body: &mut RequestBody) -> poem::Result<Self> {
        let (sensor, gaps) = (sensor_of(request), gaps_of(request));
        Ok(read(request, body, move |bytes| parse(bytes, sensor, gaps))
            .await
            .map(|(readings, lines)| Self(readings, lines))?)
    }
}

impl_apirequest_for_payload!(CsvReadings);

/// Whether a body's media type is that of CSV.
pub fn is_csv(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case(CSV)
}

/// The sensor that the query names for all rows.
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

/// Reads an id.
pub fn uuid(text: &str) -> Result<Uuid, &'static str> {
    text.parse().map_err(|_| "must be a UUID")
}

/// Begins a CSV answer with its header line.
pub fn begin<const N: usize>(out: &mut Vec<u8>, columns: [&str; N], dialect: Dialect) {
    if dialect.bom {
        out.extend_from_slice("\u{feff}".as_bytes());
    }
    record(out, columns.map(str::to_owned));
}

/// A text as a cell. A spreadsheet runs a cell that begins with one of these characters as a formula.
pub fn cell(text: String, dialect: Dialect) -> String {
    const FORMULA: [char; 10] = [
        '=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ];
    if dialect.guards && text.starts_with(FORMULA) {
        format!("'{text}")
    } else {
        text
    }
}

/// Writes a line. Writing to memory does not fail.
pub fn record<const N: usize>(out: &mut Vec<u8>, fields: [String; N]) {
    let mut writer = csv::Writer::from_writer(out);
    let _ = writer.write_record(fields).and_then(|()| Ok(writer.flush()?));
}
