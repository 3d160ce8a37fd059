//! The result of a check of a database.

use crate::store::engine::RowResult;

/// The maximum number of faults, and of warnings, that are listed. Further ones are only counted.
const MOST_FAULTS: usize = 100;

/// The counts of the rows that were checked, and the faults that were found.
#[derive(Debug, Default)]
pub struct Report {
    /// The schema version of the database.
    pub schema: i64,
    /// Whether the schema version is the one that this program uses. If it is older, only the engine's own checks are made.
    pub is_current: bool,
    /// The number of rows of the catalogue: organisations, tokens, sources, jobs and so on.
    pub catalogue: u64,
    /// The number of prediction runs.
    pub runs: u64,
    /// The number of predictions in the runs, counting every revision.
    pub predictions: u64,
    /// The number of sensor readings, counting every revision.
    pub readings: u64,
    /// The descriptions of the first 100 faults.
    pub faults: Vec<String>,
    /// The number of faults that are not listed.
    pub more_faults: u64,
    /// The descriptions of the first 100 warnings: contradictory times that a wrong clock has caused. The data are not
    /// damaged.
    pub warnings: Vec<String>,
    /// The number of warnings that are not listed.
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

    /// Adds a warning.
    pub fn warn(&mut self, warning: String) {
        if self.warnings.len() < MOST_FAULTS {
            self.warnings.push(warning);
        } else {
            self.more_warnings += 1;
        }
    }

    /// Adds a fault if `outcome` is an error, which means that the part `what` of the database could not be read
    /// completely.
    pub fn unreadable(&mut self, what: &str, outcome: RowResult<()>) {
        if let Err(error) = outcome {
            self.fault(format!("{what} cannot be read: {error}"));
        }
    }
}
