//! Writes the quantiles and members of predictions, and the probability beyond a threshold.

use crate::{
    domain::{
        Error,
        comparison::Comparison,
        decimal::{MAX_TEXT, text},
        spread::{FoundSpreads, Selection, Spread, Wanted},
    },
    http::form::numbers::put,
};

/// Returns the spread that a request asks for by its parameters.
///
/// # Errors
/// Bad parameter: a threshold is not finite, or there are two.
pub fn wanted(selection: Option<Selection>, exceeds: Option<f64>, below: Option<f64>) -> Result<Wanted, Error> {
    let threshold = match (exceeds, below) {
        (Some(_), Some(_)) => return Err(Error::bad_parameter("below", "cannot be combined with exceeds")),
        (Some(threshold), None) => Some(("exceeds", Comparison::Gt, threshold)),
        (None, Some(threshold)) => Some(("below", Comparison::Lt, threshold)),
        (None, None) => None,
    };
    if let Some((name, ..)) = threshold.filter(|(.., threshold)| !threshold.is_finite()) {
        return Err(Error::bad_parameter(name, "must be a finite number"));
    }
    Ok(Wanted {
        selection,
        threshold: threshold.map(|(_, when, threshold)| (when, threshold)),
    })
}

/// Appends the spread of a row as members of a JSON object that has members before.
pub fn put_spread(found: &FoundSpreads, row: usize, spread: Option<&Spread>, out: &mut Vec<u8>) {
    let numbers = found.row(row);
    if numbers.is_empty() {
        return;
    }
    match spread {
        Some(Spread::Quantiles(levels)) => {
            let mut before = ",\"quantiles\":{";
            for (index, level) in found.levels(levels) {
                out.extend_from_slice(before.as_bytes());
                out.push(b'"');
                match text(level, &mut [0; MAX_TEXT]) {
                    Some(level) => out.extend_from_slice(level),
                    None => out.extend_from_slice(level.to_string().as_bytes()),
                }
                out.extend_from_slice(b"\":");
                put(out, &numbers[index]);
                before = ",";
            }
            if before == "," {
                out.push(b'}');
            }
        }
        Some(Spread::Members(_)) if found.has_members() => {
            out.extend_from_slice(b",\"members\":");
            put(out, &numbers);
        }
        _ => {}
    }
    if let Some(probability) = found.probability(row, spread) {
        out.extend_from_slice(b",\"probability\":");
        put(out, &probability);
    }
}

/// Columns of CSV for quantiles (`q0.1`), members (`m1`) and the probability.
#[derive(Default)]
pub struct SpreadColumns {
    levels: Vec<f64>,
    members: u16,
    has_probability: bool,
}

impl SpreadColumns {
    /// Returns the columns for the series that a request selects.
    pub fn of(found: &FoundSpreads) -> Self {
        let (levels, members) = found.columns();
        Self {
            levels,
            members,
            has_probability: found.wanted.threshold.is_some(),
        }
    }

    /// Returns the names of the columns.
    pub fn names(&self) -> Vec<String> {
        let levels = self.levels.iter().map(|level| format!("q{level}"));
        let members = (1..=self.members).map(|number| format!("m{number}"));
        let probability = self.has_probability.then(|| "probability".to_owned());
        levels.chain(members).chain(probability).collect()
    }

    /// Returns the cells of a row. Those of numbers that it does not have are empty.
    pub fn cells(&self, found: &FoundSpreads, row: usize, spread: Option<&Spread>) -> Vec<String> {
        let numbers = found.row(row);
        let text = |number: Option<f64>| {
            number.map_or_else(String::new, |number| serde_json::to_string(&number).unwrap_or_default())
        };
        let quantile = |level: &f64| match spread {
            Some(Spread::Quantiles(levels)) => {
                let index = levels.iter().position(|own| own == level);
                text(index.and_then(|index| numbers.get(index)).copied())
            }
            _ => String::new(),
        };
        let member = |index: u16| match spread {
            Some(Spread::Members(_)) => text(numbers.get(usize::from(index)).copied()),
            _ => String::new(),
        };
        let probability = self.has_probability.then(|| text(found.probability(row, spread)));
        let levels = self.levels.iter().map(quantile);
        levels.chain((0..self.members).map(member)).chain(probability).collect()
    }
}
