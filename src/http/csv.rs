//! CSV: bodies of readings, and lines of answers.

use poem::{Request, RequestBody};
use poem_openapi::{
    impl_apirequest_for_payload,
    payload::{ParsePayload, Payload},
    registry::MetaSchemaRef,
    types::Type,
};

use super::{body::read, problem::Problem, reply::CSV};
use crate::domain::{Error, Timestamp, Violations, reading::NewReading};

/// The columns of readings.
const COLUMNS: [&str; 3] = ["sensor_id", "time", "value"];

/// Readings as CSV: a header line with the columns, in any order, and a line for each reading.
pub struct CsvReadings(pub Vec<NewReading>);

impl Payload for CsvReadings {
    const CONTENT_TYPE: &'static str = CSV;

    fn check_content_type(content_type: &str) -> bool {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case(CSV)
    }

    fn schema_ref() -> MetaSchemaRef {
        String::schema_ref()
    }
}

impl ParsePayload for CsvReadings {
    const IS_REQUIRED: bool = true;

    async fn from_request(request: &Request, body: &mut RequestBody) -> poem::Result<Self> {
        Ok(read(request, body, parse).await.map(Self)?)
    }
}

impl_apirequest_for_payload!(CsvReadings);

fn parse(bytes: &[u8]) -> Result<Vec<NewReading>, Problem> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let header = reader.byte_headers().map_err(|error| unreadable(&error))?;
    let place = |column: &str| {
        let mut names = header.iter();
        names.position(|name| name.trim_ascii() == column.as_bytes())
    };
    let places: Option<Vec<_>> = COLUMNS.iter().map(|column| place(column)).collect();
    let Some(places) = places.filter(|_| header.len() == COLUMNS.len()) else {
        let columns = COLUMNS.join(", ");
        let detail = format!("must begin with a line of the columns {columns}");
        return Err(Error::invalid("", detail).into());
    };
    let mut violations = Violations::default();
    let (mut readings, mut record) = (Vec::new(), csv::ByteRecord::new());
    let mut index = 0;
    while reader
        .read_byte_record(&mut record)
        .map_err(|error| unreadable(&error))?
    {
        let line = record.position().map_or(0, csv::Position::line);
        let mut refuse = |member: &str, detail: &str| {
            violations.add(
                format!("/{index}{member}"),
                format!("{detail} (line {line})"),
            );
        };
        if record.len() == COLUMNS.len() {
            let field = |n: usize| {
                str::from_utf8(&record[places[n]])
                    .unwrap_or("\u{fffd}")
                    .trim()
            };
            let sensor_id = field(0)
                .parse()
                .map_err(|_| refuse("/sensor_id", "must be a UUID"));
            let time = Timestamp::parse(field(1)).map_err(|fault| refuse("/time", fault));
            let value = field(2)
                .parse()
                .map_err(|_| refuse("/value", "must be a number"));
            if let (Ok(sensor_id), Ok(time), Ok(value)) = (sensor_id, time, value) {
                readings.push(NewReading {
                    sensor_id,
                    time,
                    value,
                });
            }
        } else {
            let detail = format!("has {} fields, and the header has 3", record.len());
            refuse("", &detail);
        }
        if violations.is_full() {
            break;
        }
        index += 1;
    }
    violations.into_result()?;
    Ok(readings)
}

fn unreadable(error: &csv::Error) -> Problem {
    Error::invalid("", format!("is not CSV: {error}")).into()
}

/// Writes a line. Writing to memory does not fail.
pub fn record<const N: usize>(out: &mut Vec<u8>, fields: [String; N]) {
    let mut writer = csv::Writer::from_writer(out);
    let _ = writer
        .write_record(fields)
        .and_then(|()| Ok(writer.flush()?));
}
