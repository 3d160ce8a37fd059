//! Parser of CSV tables, in the dialects that exporters and spreadsheets write.
//!
//! The header line names the columns and determines their separator: a comma, a semicolon or a tab. Blank lines and
//! lines that begin with `#` are skipped. Line numbers count all lines of the file, so that an error names the line
//! that an editor shows.

use csv::ByteRecord;

use super::{
    csv_columns::{Column, Columns, SpreadPlaces, places_of},
    csv_dialect::{delimiter_of, directive, header_line},
    csv_number::number,
    csv_spread::{SpreadColumn, cell_pointer},
    json_text::utf8,
};
use crate::{
    domain::{Error, Gaps, PostedValue, Violations},
    http::problem::Problem,
};

/// Maximum number of columns. The error for a longer header line does not list its columns, because such a list would
/// take many times the size of the body.
const MOST_COLUMNS: usize = 500;

/// CSV table that is read row by row. [`Table::next`] reads a row, and the other functions return the cells of this
/// current row.
pub struct Table<'a> {
    bytes: &'a [u8],
    reader: csv::Reader<&'a [u8]>,
    /// Offset in bytes at which the reader begins, after a line such as `sep=;`.
    start: usize,
    record: ByteRecord,
    /// Columns that are read, with their indexes in the header line.
    places: Vec<Column>,
    spread: SpreadPlaces,
    width: usize,
    delimiter: u8,
    /// Line number of the current row in the file, counted from 1.
    lines: u64,
    counted: usize,
    /// Number of rows that were read, including the current one.
    rows: usize,
    lines_of_rows: RowLines,
}

impl<'a> Table<'a> {
    /// Reads the header line of a table with these columns.
    ///
    /// # Errors
    /// 400 if the body is UTF-16. 422 if it is not CSV, has too many columns, or if columns are missing, repeated or
    /// unknown.
    pub fn open(bytes: &'a [u8], columns: &Columns) -> Result<Self, Problem> {
        let bytes = utf8(bytes)?;
        let (directive, start) = directive(bytes);
        let delimiter = directive.unwrap_or_else(|| delimiter_of(header_line(&bytes[start..])));
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .comment(Some(b'#'))
            .delimiter(delimiter)
            .from_reader(&bytes[start..]);
        let mut table = Self {
            bytes,
            reader,
            start,
            record: ByteRecord::new(),
            places: Vec::new(),
            spread: Vec::new(),
            width: 0,
            delimiter,
            lines: 1,
            counted: 0,
            rows: 0,
            lines_of_rows: RowLines::default(),
        };
        table.read()?;
        if table.record.len() > MOST_COLUMNS {
            let detail = format!("must have at most {MOST_COLUMNS} columns");
            return Err(Error::invalid("", detail).into());
        }
        (table.places, table.spread) = places_of(&table.record, columns)?;
        table.lines_of_rows.spread = table.spread.iter().map(|(column, _)| *column).collect();
        table.width = table.record.len();
        Ok(table)
    }

    /// Reads the next valid row. Returns `false` after the last row, and if `violations` is full. Rows that are not
    /// UTF-8, or have more or fewer cells than the header line, are skipped and added to `violations`. Additional empty
    /// cells are allowed.
    ///
    /// # Errors
    /// 422 if the body is not CSV.
    pub fn next(&mut self, violations: &mut Violations) -> Result<bool, Problem> {
        while !violations.is_full() {
            let before = self.rows;
            if self.try_next(violations)? {
                return Ok(true);
            }
            if self.rows == before {
                return Ok(false);
            }
        }
        Ok(false)
    }

    /// Reads the next row, and returns whether it is valid. If it is not, it is added to `violations`. After the last
    /// row, returns `false` and adds nothing.
    ///
    /// # Errors
    /// 422 if the body is not CSV.
    pub fn try_next(&mut self, violations: &mut Violations) -> Result<bool, Problem> {
        if !self.read()? {
            return Ok(false);
        }
        self.rows += 1;
        self.lines_of_rows.lines.push(self.lines);
        if let Some(at) = self.record.iter().position(|cell| str::from_utf8(cell).is_err()) {
            let column = self.places.iter().find(|(_, place)| *place == Some(at));
            let column = column.map_or("", |(name, _)| name);
            self.refuse(column, "is not UTF-8: save the file as UTF-8", violations);
            return Ok(false);
        }
        let mut more = self.record.iter().skip(self.width);
        if self.record.len() >= self.width && more.all(is_blank) {
            return Ok(true);
        }
        let (cells, width) = (self.record.len(), self.width);
        let separator = match self.delimiter {
            b'\t' => "a tab".to_owned(),
            other => format!("{:?}", char::from(other)),
        };
        let detail = format!("has {cells} fields, and the header has {width} (the separator is {separator})");
        self.refuse("", &detail, violations);
        Ok(false)
    }

    /// Returns the line number of the current row in the file, counted from 1.
    pub fn line(&self) -> u64 {
        self.lines
    }

    /// Reads the next record that is not blank. Returns `false` at the end.
    fn read(&mut self) -> Result<bool, Problem> {
        loop {
            match self.reader.read_byte_record(&mut self.record) {
                Ok(false) => return Ok(false),
                Ok(true) => {}
                Err(error) => return Err(Error::invalid("", format!("is not CSV: {error}")).into()),
            }
            let offset = self.record.position().map(csv::Position::byte);
            self.count_lines(offset);
            if !self.record.iter().all(is_blank) {
                return Ok(true);
            }
        }
    }

    /// Updates the line number to that of the record that the reader found. `offset` is the end of the previous record.
    /// Line breaks, blank lines and comments may follow before the record begins.
    fn count_lines(&mut self, offset: Option<u64>) {
        let offset = offset.and_then(|offset| usize::try_from(offset).ok());
        let mut at = self.start + offset.unwrap_or_default();
        while let Some(byte) = self.bytes.get(at) {
            match byte {
                b'\r' | b'\n' => at += 1,
                b'#' => {
                    let rest = &self.bytes[at..];
                    let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
                    at += end.unwrap_or(rest.len());
                }
                _ => break,
            }
        }
        let breaks = (self.counted..at).filter(|at| {
            let next = self.bytes.get(at + 1);
            self.bytes[*at] == b'\n' || (self.bytes[*at] == b'\r' && next != Some(&b'\n'))
        });
        self.lines += breaks.count() as u64;
        self.counted = self.counted.max(at);
    }

    fn place(&self, column: &str) -> Option<usize> {
        self.places.iter().find(|(name, _)| *name == column)?.1
    }

    /// Returns the current row's text in a column, without surrounding spaces. Empty if the table has no such column.
    pub fn text(&self, column: &str) -> &str {
        let cell = self.place(column).and_then(|at| self.record.get(at));
        str::from_utf8(cell.unwrap_or_default()).unwrap_or_default().trim()
    }

    /// Returns the current row's text in a column. `None` if the text is empty.
    pub fn given(&self, column: &str) -> Option<&str> {
        Some(self.text(column)).filter(|text| !text.is_empty())
    }

    /// Parses the current row's text in a column with `read`. Returns `None` if the text is empty. If the text is
    /// invalid, adds the error to `violations` and returns `None`.
    pub fn parsed<T, E: std::fmt::Display>(
        &self,
        column: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
        violations: &mut Violations,
    ) -> Option<T> {
        let text = self.given(column)?;
        let refuse = |fault: E| self.refuse(column, &fault.to_string(), violations);
        read(text).map_err(refuse).ok()
    }

    /// Parses the current row's cell in a column as a number or a gap. `gaps` states which texts are gaps. If the cell
    /// is invalid, adds the error to `violations` and returns `None`.
    pub fn value(&self, column: &str, gaps: Gaps, violations: &mut Violations) -> Option<PostedValue> {
        let text = self.text(column);
        let value = match gaps.cell(text) {
            Some(gap) => gap,
            None => number(text, self.delimiter != b',').map(PostedValue::from),
        };
        let refuse = |fault: &str| self.refuse(column, fault, violations);
        value.map_err(refuse).ok()
    }

    /// Returns the current row's quantiles and members, without empty cells. Adds a violation for a cell that is no number.
    pub fn spread(&self, violations: &mut Violations) -> Vec<(SpreadColumn, f64)> {
        let mut found = Vec::new();
        for (column, at) in &self.spread {
            let cell = self.record.get(*at).unwrap_or_default();
            let text = str::from_utf8(cell).unwrap_or_default().trim();
            match Gaps::Skip.cell(text) {
                Some(_) => {}
                None => match number(text, self.delimiter != b',') {
                    Ok(number) => found.push((*column, number)),
                    Err(detail) => self.refuse(&column.to_string(), detail, violations),
                },
            }
        }
        found
    }

    /// Returns what names the rows that were read, and their columns.
    pub fn into_lines(self) -> RowLines {
        self.lines_of_rows
    }

    /// Adds a violation for the current row to `violations`. It refers to the cell in a column, or to the whole row if
    /// `column` is empty.
    pub fn refuse(&self, column: &str, detail: &str, violations: &mut Violations) {
        let slash = if column.is_empty() { "" } else { "/" };
        violations.add(
            format!("/{}{slash}{column}", self.rows.saturating_sub(1)),
            format!("{detail} (line {})", self.lines),
        );
    }
}

/// Line number in the file of each row, counted from 1, and the columns with quantiles and members.
#[derive(Default)]
pub struct RowLines {
    lines: Vec<u64>,
    spread: Vec<SpreadColumn>,
}

impl RowLines {
    /// Appends the line number to the message of each violation that refers to a row, and refers to quantiles and members
    /// by the names of their columns. Returns the error, which is unchanged if it has no violations. For errors that are
    /// found after the table was read.
    pub fn name(&self, mut error: Error) -> Error {
        if let Error::Invalid(violations) = &mut error {
            for violation in violations {
                let pointer = violation.pointer.as_deref().unwrap_or_default();
                let row = pointer.split('/').nth(1).and_then(|row| row.parse().ok());
                if let Some(line) = row.and_then(|row: usize| self.lines.get(row)) {
                    violation.detail = format!("{} (line {line})", violation.detail);
                }
                if let Some(cell) = cell_pointer(pointer, &self.spread) {
                    violation.pointer = Some(cell);
                }
            }
        }
        error
    }
}

fn is_blank(cell: &[u8]) -> bool {
    cell.trim_ascii().is_empty()
}

#[cfg(test)]
mod tests {
    use super::{super::csv_dialect::with_line_feeds, *};

    const COLUMNS: Columns = Columns {
        required: &["time", "value"],
        optional: &["note"],
        unused: &["extra"],
        with_spread: false,
    };

    fn lines(text: &str) -> Vec<(u64, String)> {
        let bytes = with_line_feeds(text.as_bytes());
        let Ok(mut table) = Table::open(&bytes, &COLUMNS) else {
            panic!("refused: {text}");
        };
        let (mut violations, mut found) = (Violations::default(), Vec::new());
        while table.next(&mut violations).ok().unwrap() {
            found.push((table.lines, table.text("value").to_owned()));
        }
        assert!(violations.into_result().is_ok(), "{text}");
        found
    }

    #[test]
    fn lines_are_counted_as_an_editor_shows_them() {
        for end in ["\n", "\r\n", "\r"] {
            let text = [
                "# made by hand",
                "",
                "time,value,note",
                "a,1,",
                "# half way",
                "b,2,\"x",
                "y\"",
                "  ",
                ",,",
                "c,3,",
            ];
            let expected = [(4, "1"), (6, "2"), (10, "3")].map(|(line, text)| (line, text.to_owned()));
            assert_eq!(lines(&text.join(end)), expected, "{end:?}");
            assert_eq!(lines(&format!("\u{feff}{}{end}", text.join(end))), expected, "{end:?}");
        }
    }

    #[test]
    fn separators_are_found() {
        for text in [
            "time,value\na,1",
            "time;value\na;1",
            "time\tvalue\na\t1",
            "sep=;\r\ntime;value\r\na;1",
            "\"Time\" , \"VALUE\"\n\"a\",\"1\"",
            ",time,value,extra\n0,a,1,9",
            "time;value;\na;1;",
            "time,value\na,1,",
        ] {
            assert_eq!(lines(text).last().unwrap().1, "1", "{text}");
        }
    }
}
