//! Columns of CSV with quantiles, such as `q0.1`, and with members of an ensemble, such as `m1`.

use std::fmt;

use crate::domain::spread::is_level;

/// A column with quantiles or members.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub enum SpreadColumn {
    /// Quantiles of this level.
    Level(f64),
    /// The member with this number, from 1.
    Member(u16),
}

impl fmt::Display for SpreadColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Level(level) => write!(f, "q{level}"),
            Self::Member(number) => write!(f, "m{number}"),
        }
    }
}

/// Returns the JSON pointer of a row's cell for that of a point's quantile or member: a number has the name of its column,
/// and the numbers as a whole have that of their first column among `columns`, or the row itself if the table has none.
/// `None` if the pointer is another.
pub fn cell_pointer(pointer: &str, columns: &[SpreadColumn]) -> Option<String> {
    let mut parts = pointer.split('/').skip(1);
    let (row, member, number) = (parts.next()?, parts.next()?, parts.next());
    let first = |is_it: fn(&SpreadColumn) -> bool| columns.iter().copied().find(is_it);
    let column = match (member, number) {
        ("quantiles", Some(level)) => Some(SpreadColumn::Level(level.parse().ok()?)),
        ("members", Some(index)) => Some(SpreadColumn::Member(index.parse::<u16>().ok()?.checked_add(1)?)),
        ("quantiles", None) => first(|column| matches!(column, SpreadColumn::Level(_))),
        ("members", None) => first(|column| matches!(column, SpreadColumn::Member(_))),
        _ => return None,
    };
    Some(column.map_or_else(|| format!("/{row}"), |column| format!("/{row}/{column}")))
}

/// Returns the column with this name. `None` if it has no quantiles and no members.
pub fn spread_column(name: &str) -> Option<SpreadColumn> {
    let (kind, number) = (name.get(..1)?, name.get(1..)?);
    if !number.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    match kind {
        "q" | "Q" => number
            .parse()
            .ok()
            .filter(|level| is_level(*level))
            .map(SpreadColumn::Level),
        "m" | "M" => number
            .parse()
            .ok()
            .filter(|number| *number > 0)
            .map(SpreadColumn::Member),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{SpreadColumn::*, cell_pointer, spread_column};

    #[test]
    fn names_are_a_letter_and_a_number() {
        assert_eq!(spread_column("q0.05"), Some(Level(0.05)));
        assert_eq!(spread_column("M12"), Some(Member(12)));
        for name in ["q", "q1", "q0", "qnan", "m0", "m-1", "metric", "quantile", "é1", "m1.5"] {
            assert_eq!(spread_column(name), None, "{name}");
        }
    }

    #[test]
    fn pointers_of_points_become_those_of_cells() {
        let columns = [Level(0.05), Level(0.5), Member(1)];
        let of = |pointer: &str| cell_pointer(pointer, &columns);
        assert_eq!(of("/3/quantiles/0.5").as_deref(), Some("/3/q0.5"));
        assert_eq!(of("/3/members/11").as_deref(), Some("/3/m12"));
        assert_eq!(of("/3/quantiles").as_deref(), Some("/3/q0.05"));
        assert_eq!(of("/3/members").as_deref(), Some("/3/m1"));
        assert_eq!(cell_pointer("/3/members", &columns[..1]).as_deref(), Some("/3"));
        assert_eq!((of("/3/value"), of("/3"), of("")), (None, None, None));
    }
}
