//! The result of a check.

/// The number of faults that are listed; more are counted.
const MOST_FAULTS: usize = 100;

/// The checked file, and its faults.
#[derive(Debug, Default)]
pub struct Report {
    /// The schema version that the file has.
    pub schema: i64,
    /// Whether it is this program's. For an earlier version only SQLite's own checks were made.
    pub is_current: bool,
    /// The number of rows of the catalogue.
    pub catalogue: u64,
    /// The number of runs.
    pub runs: u64,
    /// The number of their predictions, in all revisions.
    pub predictions: u64,
    /// The number of readings, in all revisions.
    pub readings: u64,
    /// The first faults, each with its place.
    pub faults: Vec<String>,
    /// The number of further faults.
    pub more_faults: u64,
    /// The first oddities that a wrong clock left; the data are whole.
    pub warnings: Vec<String>,
    /// The number of further oddities.
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

    /// Adds a fault if a part could not be read to its end.
    pub fn unreadable(&mut self, what: &str, outcome: rusqlite::Result<()>) {
        if let Err(error) = outcome {
            self.fault(format!("{what} cannot be read: {error}"));
        }
    }
}
