//! What a check found.

/// How many faults are told; more are counted.
const MOST_FAULTS: usize = 100;

/// What was looked at, and what is wrong with it.
#[derive(Debug, Default)]
pub struct Report {
    /// The schema version that the file has.
    pub schema: i64,
    /// Whether it is this program's: of an earlier one only what SQLite can tell was checked.
    pub is_current: bool,
    /// How many rows of the catalogue there are.
    pub catalogue: u64,
    /// How many runs.
    pub runs: u64,
    /// How many predictions they hold, revisions counted.
    pub predictions: u64,
    /// How many readings, revisions counted.
    pub readings: u64,
    /// The first faults, each with its place.
    pub faults: Vec<String>,
    /// How many more there are.
    pub more_faults: u64,
    /// The first oddities that a clock that was wrong leaves behind; the data are whole.
    pub warnings: Vec<String>,
    /// How many more there are.
    pub more_warnings: u64,
}

impl Report {
    /// Adds a fault.
    pub fn fault(&mut self, fault: impl Into<String>) {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(fault.into());
        } else {
            self.more_faults += 1;
        }
    }

    /// Adds an oddity.
    pub fn warn(&mut self, warning: String) {
        if self.warnings.len() < MOST_FAULTS {
            self.warnings.push(warning);
        } else {
            self.more_warnings += 1;
        }
    }

    /// Notes that a part could not be looked at to its end.
    pub fn unreadable(&mut self, what: &str, outcome: rusqlite::Result<()>) {
        if let Err(error) = outcome {
            self.fault(format!("{what} cannot be read: {error}"));
        }
    }
}
