//! Lists for people, with a header and aligned columns, and the same lists as JSON for programs.

use serde::Serialize;

use super::{Failure, Outcome, print};
use crate::domain::Timestamp;

/// Spaces between two columns.
const GAP: usize = 2;

/// The argument `--json` of commands that print a list or a report.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Json {
    /// Prints JSON, for programs
    #[arg(long)]
    pub json: bool,
}

/// A list with a header line.
pub struct Listing {
    rows: Vec<Vec<String>>,
}

impl Listing {
    /// Creates an empty list with these columns.
    pub fn new<const N: usize>(header: [&str; N]) -> Self {
        Self {
            rows: vec![header.map(str::to_owned).to_vec()],
        }
    }

    /// Adds a row, with a cell for each column.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.to_vec());
    }

    /// Prints the list. Without rows only the header is printed.
    pub fn print(&self) -> Outcome {
        let columns = self.rows.first().map_or(0, Vec::len);
        let width = |column: usize| self.rows.iter().map(|row| length(&row[column])).max();
        let widths: Vec<_> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line += cell;
                line += &" ".repeat(width - length(cell) + GAP);
            }
            print(line.trim_end())?;
        }
        Ok(())
    }
}

fn length(cell: &str) -> usize {
    cell.chars().count()
}

/// Prints a value as JSON with line breaks.
pub fn print_json(value: &impl Serialize) -> Outcome {
    let text = serde_json::to_string_pretty(value);
    print(&text.map_err(|error| Failure(format!("cannot print JSON: {error}")))?)
}

/// Returns a time to the second. `absent` stands for a missing one.
pub fn moment(time: Option<Timestamp>, absent: &str) -> String {
    let Some(time) = time else {
        return absent.to_owned();
    };
    let text = time.to_string();
    match text.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_no_fractions() {
        let time = |text: &str| Timestamp::parse(text).ok();
        assert_eq!(moment(time("2026-11-24T20:21:41.749868Z"), "-"), "2026-11-24T20:21:41Z");
        assert_eq!(moment(time("2026-11-24T20:21:41Z"), "-"), "2026-11-24T20:21:41Z");
        assert_eq!(moment(None, "never"), "never");
    }
}
