//! Quantiles and members of the oracle: what roles declare, what points are posted with, and what reads return of it.

use serde_json::{Value, json};

use super::{RAIN, Series, Valued, WIND, steps::Posted};

/// Largest number of members of the rain.
pub const MOST_MEMBERS: usize = 3;

/// Levels of the wind's quantiles, by version. The last have no median.
pub const LEVELS: [&[f64]; 3] = [&[0.1, 0.5, 0.9], &[0.25, 0.5, 0.75], &[0.1, 0.9]];

/// What reads ask for.
const SELECTIONS: [&str; 5] = ["all", "members", "0.1,0.9", "0.5", "0.25"];

/// A fault of a point's numbers, for which the post must be refused.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// There are none.
    Missing,
    /// They are of the kind that the role does not declare.
    OfOtherKind,
    /// Quantiles descend, or there are too many members.
    Wrong,
    /// They stand beside null.
    WithNull,
}

/// Numbers beside a value, in halves above it, and whether the value is posted too.
#[derive(Debug, Clone)]
pub struct Numbers {
    pub above: [i32; 3],
    pub with_value: bool,
    pub fault: Option<Fault>,
}

/// Returns the levels of a metric's quantiles; none for members and for plain values.
pub fn levels(metric: usize, version: usize) -> &'static [f64] {
    if metric == WIND { LEVELS[version] } else { &[] }
}

pub fn has_spread(metric: usize) -> bool {
    [RAIN, WIND].contains(&metric)
}

/// A point as it is posted: what stands in the request, and what is stored of it.
pub struct Point {
    /// Value in the request: `None` if it is absent, and null for a gap.
    pub value: Option<Value>,
    /// Numbers in the request, as quantiles if there are levels.
    pub numbers: Vec<f64>,
    pub levels: &'static [f64],
    /// What is stored; none withdraws.
    pub stored: Option<Valued>,
    pub is_faulty: bool,
}

impl Point {
    /// Returns the point of a version's role. `members` is the number of the members. `with_value` posts the value too.
    pub fn of(posted: &Posted, version: usize, members: usize, with_value: bool) -> Self {
        let metric = posted.metric;
        let own = levels(metric, version);
        let base = f64::from(posted.value.unwrap_or_default());
        let above = |index: usize| base + f64::from(posted.numbers.above[index % 3]) / 2.0;
        let mut numbers: Vec<f64> = match metric {
            RAIN => (0..members).map(above).collect(),
            WIND => (0..own.len()).map(above).collect(),
            _ => Vec::new(),
        };
        if metric == WIND {
            numbers.sort_by(f64::total_cmp);
        }
        let mut point = Self {
            value: Some(json!(posted.value)),
            numbers,
            levels: own,
            stored: None,
            is_faulty: false,
        };
        let fault = posted.numbers.fault;
        if posted.value.is_none() {
            point.is_faulty = fault == Some(Fault::WithNull) && has_spread(metric);
            if !point.is_faulty {
                point.numbers.clear();
            }
            return point;
        }
        let derived = match metric {
            #[expect(clippy::cast_precision_loss, reason = "a few members")]
            RAIN => Some(point.numbers.iter().sum::<f64>() / members as f64),
            WIND => own
                .iter()
                .position(|level| *level == 0.5)
                .map(|index| point.numbers[index]),
            _ => None,
        };
        let is_derived = derived.is_some() && !with_value;
        point.stored = Some((derived.filter(|_| is_derived).unwrap_or(base), point.numbers.clone()));
        if is_derived {
            point.value = None;
        }
        match fault {
            Some(Fault::Missing) if has_spread(metric) => point.numbers.clear(),
            Some(Fault::OfOtherKind) => {
                point.numbers = vec![1.0, 2.0];
                point.levels = if metric == RAIN { LEVELS[2] } else { &[] };
            }
            Some(Fault::Wrong) if metric == RAIN => point.numbers = vec![1.0; MOST_MEMBERS + 1],
            Some(Fault::Wrong) if metric == WIND => point.numbers[1] = point.numbers[0] - 1.0,
            _ => return point,
        }
        point.is_faulty = true;
        point
    }

    /// Puts the point into an entry of points.
    pub fn put(&self, entry: &mut Value) {
        if let Some(value) = &self.value {
            entry["value"] = value.clone();
        }
        if self.numbers.is_empty() {
            return;
        }
        if self.levels.is_empty() {
            entry["members"] = json!(self.numbers);
        }
        for (level, number) in self.levels.iter().zip(&self.numbers) {
            entry["quantiles"][level.to_string()] = json!(number);
        }
    }
}

/// Puts points of one role into an entry of series, in columns.
pub fn put_columns(points: &[Point], entry: &mut Value) {
    if points
        .iter()
        .any(|point| point.value.as_ref().is_some_and(|value| !value.is_null()))
        || points.iter().all(|point| point.value.is_some())
    {
        let values = points.iter().map(|point| point.value.clone().unwrap_or_default());
        entry["values"] = values.collect();
    }
    for quantiles in [false, true] {
        let own = |point: &&Point| !point.numbers.is_empty() && point.levels.is_empty() != quantiles;
        let width = points.iter().filter(own).map(|point| point.numbers.len()).max();
        let Some(width) = width else { continue };
        let column = |index: usize| -> Value {
            let of = |point: &Point| json!(Some(point).filter(own).and_then(|point| point.numbers.get(index)));
            points.iter().map(of).collect()
        };
        if quantiles {
            let levels = points.iter().find(|point| own(point)).map(|point| point.levels);
            for (index, level) in levels.into_iter().flatten().enumerate() {
                entry["quantiles"][level.to_string()] = column(index);
            }
        } else {
            entry["members"] = (0..width).map(column).collect();
        }
    }
}

/// What a read asks for: an index of `SELECTIONS`, and a threshold in halves, above or below it.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    pub selection: Option<usize>,
    pub threshold: Option<(bool, i32)>,
}

impl Asked {
    /// Returns the parameters of the query.
    pub fn query(self) -> impl Iterator<Item = String> {
        let selection = self.selection.map(|index| format!("spread={}", SELECTIONS[index]));
        let threshold = self.threshold.map(|(is_above, halves)| {
            let name = if is_above { "exceeds" } else { "below" };
            format!("{name}={}", f64::from(halves) / 2.0)
        });
        selection.into_iter().chain(threshold)
    }

    /// Puts the spread of a value into its row.
    pub fn put(self, series: &Series, numbers: &[f64], row: &mut Value) {
        if !has_spread(series.metric) {
            return;
        }
        let selection = self.selection.map_or("", |index| SELECTIONS[index]);
        let levels = levels(series.metric, series.version);
        for (level, number) in levels.iter().zip(numbers) {
            let name = level.to_string();
            if selection == "all" || selection.split(',').any(|chosen| chosen == name) {
                row["quantiles"][name] = json!(number);
            }
        }
        if series.metric == RAIN && ["all", "members"].contains(&selection) {
            row["members"] = json!(numbers);
        }
        if let Some((is_above, halves)) = self.threshold {
            row["probability"] = rounded(chance(levels, numbers, is_above, f64::from(halves) / 2.0));
        }
    }
}

/// Returns a probability without the last digits, which depend on the order of the operations.
pub fn rounded(probability: f64) -> Value {
    json!((probability * 1e9).round() / 1e9)
}

/// Returns the probability of a value beyond a threshold: of members the share; of quantiles linear between the levels,
/// and beyond them that of the outer one. Of equal quantiles the one counts that is nearer to the side in question.
fn chance(levels: &[f64], numbers: &[f64], is_above: bool, threshold: f64) -> f64 {
    if levels.is_empty() {
        let beyond = |number: &&f64| {
            if is_above {
                **number > threshold
            } else {
                **number < threshold
            }
        };
        #[expect(clippy::cast_precision_loss, reason = "a few members")]
        return numbers.iter().filter(beyond).count() as f64 / numbers.len() as f64;
    }
    let points: Vec<_> = numbers.iter().copied().zip(levels.iter().copied()).collect();
    let equal = || points.iter().filter(|point| point.0 == threshold);
    let (first, last) = (points[0], points[points.len() - 1]);
    let at_most = if threshold < first.0 {
        first.1
    } else if threshold > last.0 {
        last.1
    } else if let Some(point) = if is_above { equal().next_back() } else { equal().next() } {
        point.1
    } else {
        let pair = points
            .windows(2)
            .find(|pair| pair[0].0 < threshold && threshold < pair[1].0);
        let [(from, low), (to, high)] = pair.unwrap() else {
            unreachable!()
        };
        low + (high - low) * (threshold - from) / (to - from)
    };
    if is_above { 1.0 - at_most } else { at_most }
}
