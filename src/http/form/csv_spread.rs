//! Columns of CSV with quantiles, such as `q0.1`, and with members of an ensemble, such as `m1`.

use crate::domain::spread::is_level;

/// A column with quantiles or members.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub enum SpreadColumn {
    /// Quantiles of this level.
    Level(f64),
    /// The member with this number, from 1.
    Member(u16),
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
    use super::{SpreadColumn::*, spread_column};

    #[test]
    fn names_are_a_letter_and_a_number() {
        assert_eq!(spread_column("q0.05"), Some(Level(0.05)));
        assert_eq!(spread_column("M12"), Some(Member(12)));
        for name in ["q", "q1", "q0", "qnan", "m0", "m-1", "metric", "quantile", "é1", "m1.5"] {
            assert_eq!(spread_column(name), None, "{name}");
        }
    }
}
