//! The columns of a table, found by their names in its header.

use csv::ByteRecord;

use crate::{domain::Error, http::problem::Problem};

/// A column that is read, and where it stands.
pub type Column = (&'static str, Option<usize>);

/// The columns of a table.
pub struct Columns {
    /// Those that every table has.
    pub required: &'static [&'static str],
    /// Those that it may have.
    pub optional: &'static [&'static str],
    /// Those of this server's own answers, which are accepted and not used.
    pub unused: &'static [&'static str],
}

impl Columns {
    /// The columns that are read.
    fn read(&self) -> impl Iterator<Item = &'static str> {
        self.required.iter().chain(self.optional).copied()
    }
}

/// Finds the columns that are read in a header.
///
/// # Errors
/// The problem of columns that are not as they should be, each named.
pub fn places_of(header: &ByteRecord, columns: &Columns) -> Result<Vec<Column>, Problem> {
    let mut faults = Vec::new();
    let mut places: Vec<_> = columns.read().map(|name| (name, None)).collect();
    let mut unknown = Vec::new();
    for (at, name) in header.iter().enumerate() {
        let name = String::from_utf8_lossy(name);
        // A quote after a space is part of the cell, as RFC 4180 has it.
        let name = name.trim().trim_matches('"').trim();
        let place = places.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name));
        match place {
            Some((name, Some(_))) => faults.push(format!("has the column {name} twice")),
            Some((_, place)) => *place = Some(at),
            // The index that pandas writes has no name, or this one once it was read again.
            None if name.is_empty() || name.starts_with("Unnamed:") => {}
            None if columns.unused.iter().any(|known| known.eq_ignore_ascii_case(name)) => {}
            None => unknown.push(name.to_owned()),
        }
    }
    let required = columns.required.len();
    let missing = places[..required].iter().filter(|(_, place)| place.is_none());
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
        Ok(places)
    } else {
        Err(Error::invalid("", faults.join("; ")).into())
    }
}
