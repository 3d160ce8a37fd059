//! Functions that all CSV request bodies share, and functions that write CSV responses.

use uuid::Uuid;

use super::layout::Dialect;

/// Media type of CSV.
pub const CSV: &str = "text/csv";

/// Returns whether a `Content-Type` is CSV, whatever its parameters.
pub fn is_csv(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case(CSV)
}

/// Parses a UUID.
///
/// # Errors
/// The message for the client.
pub fn uuid(text: &str) -> Result<Uuid, &'static str> {
    text.parse().map_err(|_| "must be a UUID")
}

/// Writes the beginning of a CSV response: a byte order mark if the dialect has one, and the header line.
pub fn begin<'a>(out: &mut Vec<u8>, columns: impl IntoIterator<Item = &'a str>, dialect: Dialect) {
    if dialect.bom {
        out.extend_from_slice("\u{feff}".as_bytes());
    }
    record(out, columns.into_iter().map(str::to_owned));
}

/// Returns a text as a cell of a CSV response. If `dialect.guards` is set, an apostrophe is put before a text that a
/// spreadsheet would run as a formula.
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

/// Writes one line of CSV with the necessary quotes. Errors are ignored, because writing to memory does not fail.
pub fn record(out: &mut Vec<u8>, fields: impl IntoIterator<Item = String>) {
    let mut writer = csv::Writer::from_writer(out);
    let _ = writer.write_record(fields).and_then(|()| Ok(writer.flush()?));
}
