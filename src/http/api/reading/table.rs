//! Writes readings as CSV and as JSON.

use crate::{
    domain::reading::Reading,
    http::form::{
        csv::{begin, record},
        layout::Dialect,
    },
};

/// Returns readings as CSV. `is_first` adds the header line.
pub fn csv_of(readings: &[Reading], is_first: bool) -> Vec<u8> {
    table(readings, is_first.then(Dialect::default))
}

/// Returns readings as CSV. With a dialect it begins as the dialect says, with the header line.
pub fn table(readings: &[Reading], dialect: Option<Dialect>) -> Vec<u8> {
    let mut out = Vec::with_capacity(64 + readings.len() * 100);
    if let Some(dialect) = dialect {
        begin(&mut out, ["sensor_id", "time", "value", "available_at"], dialect);
    }
    for reading in readings {
        let value = serde_json::to_string(&reading.value).unwrap_or_default();
        let (time, available_at) = (reading.time.to_string(), reading.available_at.to_string());
        record(&mut out, [reading.sensor_id.to_string(), time, value, available_at]);
    }
    out
}
