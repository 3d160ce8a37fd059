//! Columns of a CSV table, which are found by their names in the header line.

use std::cmp::Ordering;

use csv::ByteRecord;

use super::csv_spread::{SpreadColumn, spread_column};
use crate::{domain::Error, http::problem::Problem};

/// Name of a column, and its index in the header line, counted from 0. The index is `None` if the table has no such
/// column.
pub type Column = (&'static str, Option<usize>);

/// Names of the columns that a kind of table has.
pub struct Columns {
    /// Columns that a table must have.
    pub required: &'static [&'static str],
    /// Columns that a table may have.
    pub optional: &'static [&'static str],
    /// Columns of this server's own responses, which are accepted and ignored.
    pub unused: &'static [&'static str],
    /// Whether a table may have columns of quantiles and members.
    pub with_spread: bool,
}

impl Columns {
    /// Returns the names of the columns that are read: first the required, then the optional ones.
    fn read(&self) -> impl Iterator<Item = &'static str> {
        self.required.iter().chain(self.optional).copied()
    }
}

/// Columns with quantiles and members, each with its index in the header line, in ascending order.
pub type SpreadPlaces = Vec<(SpreadColumn, usize)>;

/// Finds the required and the optional columns in a header line, ignoring case. Returns them in the order of `columns`, and
/// the columns with quantiles and members.
///
/// # Errors
/// 422 with a message that names every missing, repeated or unknown column.
pub fn places_of(header: &ByteRecord, columns: &Columns) -> Result<(Vec<Column>, SpreadPlaces), Problem> {
    let mut faults = Vec::new();
    let mut places: Vec<_> = columns.read().map(|name| (name, None)).collect();
    let mut unknown = Vec::new();
    let mut spread: SpreadPlaces = Vec::new();
    for (at, name) in header.iter().enumerate() {
        let name = String::from_utf8_lossy(name);
        // RFC 4180 treats a quote after a space as part of the cell, so that the quotes are removed here.
        let name = name.trim().trim_matches('"').trim();
        let place = places.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name));
        match place {
            Some((name, Some(_))) => faults.push(format!("has the column {name} twice")),
            Some((_, place)) => *place = Some(at),
            // The index column that pandas writes has no name, or a name such as `Unnamed: 0` if pandas read and wrote
            // it again.
            None if name.is_empty() || name.starts_with("Unnamed:") => {}
            None if columns.unused.iter().any(|known| known.eq_ignore_ascii_case(name)) => {}
            None => match spread_column(name).filter(|_| columns.with_spread) {
                Some(column) if spread.iter().any(|(known, _)| *known == column) => {
                    faults.push(format!("has the column {name} twice"));
                }
                Some(column) => spread.push((column, at)),
                None => unknown.push(name.to_owned()),
            },
        }
    }
    let required = columns.required.len();
    // Values may be left out beside quantiles or members.
    let is_optional = |name: &str| name == "value" && !spread.is_empty();
    let missing = places[..required]
        .iter()
        .filter(|(name, place)| place.is_none() && !is_optional(name));
    let missing: Vec<_> = missing.map(|(name, _)| *name).collect();
    if !missing.is_empty() {
        faults.push(format!(
            "must begin with a line of the columns {}: {} is missing",
            columns.required.join(", "),
            missing.join(", ")
        ));
    }
    if !unknown.is_empty() {
        let known: Vec<_> = columns.read().collect();
        faults.push(format!(
            "has the unknown column{} {}: the columns here are {}",
            if unknown.len() > 1 { "s" } else { "" },
            unknown.join(", "),
            known.join(", ")
        ));
    }
    if faults.is_empty() {
        spread.sort_by(|one, other| one.partial_cmp(other).unwrap_or(Ordering::Equal));
        Ok((places, spread))
    } else {
        Err(Error::invalid("", faults.join("; ")).into())
    }
}
