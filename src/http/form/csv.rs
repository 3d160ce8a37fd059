//! Parts that all CSV bodies share, and the lines of CSV responses.

use uuid::Uuid;

use super::layout::Dialect;

/// Media type of CSV.
pub const CSV: &str = "text/csv";

/// Returns whether a body's media type is that of CSV.
pub fn is_csv(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case(CSV)
}

/// Reads an id.
pub fn uuid(text: &str) -> Result<Uuid, &'static str> {
    text.parse().map_err(|_| "must be a UUID")
}

/// Begins a CSV response with its header line.
pub fn begin<const N: usize>(out: &mut Vec<u8>, columns: [&str; N], dialect: Dialect) {
    if dialect.bom {
        out.extend_from_slice("\u{feff}".as_bytes());
    }
    record(out, columns.map(str::to_owned));
}

/// Returns a text as a cell. If the dialect guards, an apostrophe precedes a text that a spreadsheet would run as a
/// formula.
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
