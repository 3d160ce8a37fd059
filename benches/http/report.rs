//! The table of results, in Markdown.

use std::fmt;

use crate::{Outcome, cases::Case};

/// Result of a case.
pub struct Measured {
    /// Result of the product, with its unit.
    pub product: String,
    /// Result that the product is compared with, with its unit.
    pub ceiling: String,
    /// Number that the goal is about: usually the product over its ceiling.
    pub ratio: f64,
}

/// Goal of a case.
#[derive(Clone, Copy)]
pub enum Goal {
    /// This ratio or more.
    AtLeast(f64),
    /// This ratio or less.
    AtMost(f64),
    /// The case has no goal.
    None,
}

impl Goal {
    fn is_reached(self, ratio: f64) -> Option<bool> {
        match self {
            Self::AtLeast(least) => Some(ratio >= least),
            Self::AtMost(most) => Some(ratio <= most),
            Self::None => None,
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(least) => write!(f, "{least}"),
            Self::AtMost(most) => write!(f, "at most {most}"),
            Self::None => write!(f, ""),
        }
    }
}

/// Table with the rows so far.
#[derive(Default)]
pub struct Report {
    rows: Vec<(&'static Case, Outcome<Measured>)>,
}

impl Report {
    /// Adds a row.
    pub fn add(&mut self, case: &'static Case, measured: Outcome<Measured>) {
        self.rows.push((case, measured));
    }

    /// Returns whether a case could not be measured.
    pub fn has_failures(&self) -> bool {
        self.rows.iter().any(|(_, measured)| measured.is_err())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| case | product | ceiling | ratio | reach at least | ok |\n| --- | --- | --- | --- | --- | --- |"
        )?;
        for (case, measured) in &self.rows {
            let (title, goal) = (case.title, case.goal);
            match measured {
                Ok(measured) => {
                    let Measured {
                        product,
                        ceiling,
                        ratio,
                    } = measured;
                    let ok = match goal.is_reached(*ratio) {
                        Some(true) => "yes",
                        Some(false) => "no",
                        None => "",
                    };
                    writeln!(f, "| {title} | {product} | {ceiling} | {ratio:.2} | {goal} | {ok} |")?;
                }
                Err(_) => writeln!(f, "| {title} | failed | | | {goal} | no |")?,
            }
        }
        Ok(())
    }
}
