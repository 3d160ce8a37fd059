//! The points of a run in an export: as `start` and `step`, or as `valid_times`, and as `values`.

use serde::{Deserialize, Serialize};

use super::column::Exact;
use crate::domain::{
    duration::Duration,
    prediction::Point,
    spread::{SpreadNumbers, is_given},
    time::Timestamp,
};

/// The longest step that is written, in microseconds: 366 days. The times of longer steps are listed.
const LONGEST_STEP: i64 = 366 * 24 * 3600 * 1_000_000;

/// The points of a run. If their valid times are equally spaced, they are written as `start` and `step`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Points {
    /// The first valid time, if the valid times are equally spaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start: Option<Timestamp>,
    /// The time from one valid time to the next; absent if there is only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    step: Option<Duration>,
    /// The valid times, if they are not equally spaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    valid_times: Option<Vec<Timestamp>>,
    /// The values in the order of their valid times; `null` for a value that the run withdraws.
    values: Vec<Option<Exact>>,
    /// The quantiles or members of the values, in a list for each level or member; `null` for those of a value that the run
    /// withdraws. Absent if there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    spread: Option<Vec<Vec<Option<Exact>>>>,
}

impl Points {
    /// Creates the points of a run from its decoded points, which must be ordered by their valid times, and their quantiles
    /// or members.
    pub fn of(points: &[Point], spread: Option<&SpreadNumbers>) -> Self {
        let times = || points.iter().map(|point| point.valid_time.micros());
        let mut steps = times().zip(times().skip(1)).map(|(before, after)| after - before);
        let step = steps.next();
        let is_regular =
            step.is_none_or(|step| (1..=LONGEST_STEP).contains(&step)) && steps.all(|other| Some(other) == step);
        let first = points.first().map(|point| point.valid_time);
        let listed = || points.iter().map(|point| point.valid_time).collect();
        Self {
            start: first.filter(|_| is_regular),
            step: step.filter(|_| is_regular).map(Duration::from_micros),
            valid_times: (!is_regular).then(listed),
            values: points.iter().map(|point| point.value.map(Exact)).collect(),
            spread: spread.map(columns),
        }
    }

    /// Returns the number of quantiles or members of each value.
    pub fn width(&self) -> usize {
        self.spread.as_ref().map_or(0, Vec::len)
    }

    /// Returns the quantiles or members of the points.
    ///
    /// # Errors
    /// The description of what is wrong: a list is not as long as the values, or a number is missing.
    pub fn numbers(&self) -> Result<Option<SpreadNumbers>, &'static str> {
        let Some(columns) = &self.spread else {
            return Ok(None);
        };
        if columns.iter().any(|column| column.len() != self.values.len()) {
            return Err("has another number of quantiles or members than values");
        }
        let mut numbers = SpreadNumbers::new(columns.len());
        for (index, value) in self.values.iter().enumerate() {
            let row: Option<Vec<_>> = columns
                .iter()
                .map(|column| column[index].map(|Exact(number)| number))
                .collect();
            match (value, row) {
                (Some(_), Some(row)) => numbers.push(&row),
                (None, _) => numbers.skip(),
                (Some(_), None) => return Err("has a value without one of its quantiles or members"),
            }
        }
        Ok(Some(numbers))
    }

    /// Returns the points.
    ///
    /// # Errors
    /// The description of what is wrong: there are no values, or the times do not fit them.
    pub fn decoded(&self) -> Result<Vec<Point>, &'static str> {
        let count = self.values.len();
        let times: Vec<_> = match (self.start, &self.valid_times) {
            _ if count == 0 => return Err("has no values"),
            (Some(_), Some(_)) | (None, None) => return Err("must have either start or valid_times"),
            (Some(start), None) => {
                let step = match self.step {
                    Some(step) if step.micros() > 0 => step.micros(),
                    None if count == 1 => 0,
                    _ => return Err("must have a step above zero for its values"),
                };
                let time = |number: usize| {
                    let after = step.checked_mul(i64::try_from(number).ok()?)?;
                    let micros = start.micros().checked_add(after)?;
                    Some(Timestamp::from_micros(micros)).filter(|time| time.micros() == micros)
                };
                let times: Option<_> = (0..count).map(time).collect();
                times.ok_or("has times after the year 9999")?
            }
            (None, Some(_)) if self.step.is_some() => return Err("has a step, which belongs to start"),
            (None, Some(times)) if times.len() != count => return Err("has another number of valid_times than values"),
            (None, Some(times)) => times.clone(),
        };
        if !times.is_sorted_by(|before, after| before < after) {
            return Err("has valid_times that do not ascend");
        }
        let value = |value: &Option<Exact>| value.map(|Exact(value)| value);
        let points = times.into_iter().zip(self.values.iter().map(value));
        Ok(points.map(|(valid_time, value)| Point { valid_time, value }).collect())
    }
}

/// Returns the numbers in a list for each column.
fn columns(numbers: &SpreadNumbers) -> Vec<Vec<Option<Exact>>> {
    let number = |row: &[f64], index: usize| is_given(row).then(|| row.get(index).copied().map(Exact)).flatten();
    let column = |index| numbers.rows().map(|row| number(row, index)).collect();
    (0..numbers.width()).map(column).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn points() -> impl Strategy<Value = Vec<Point>> {
        let steps = prop_oneof![
            Just(1_i64),
            Just(3_600_000_000),
            Just(86_400_000_000),
            1..LONGEST_STEP * 2
        ];
        let value = prop_oneof![
            Just(None),
            any::<f64>().prop_filter("finite", |v| v.is_finite()).prop_map(Some)
        ];
        let regular = (steps.clone(), prop::collection::vec(value.clone(), 1..40))
            .prop_map(|(step, values)| values.into_iter().map(|value| (step, value)).collect());
        let gaps = prop_oneof![regular, prop::collection::vec((steps, value), 1..40)];
        (0..1_700_000_000_000_000_i64, gaps).prop_map(|(start, gaps): (i64, Vec<(i64, Option<f64>)>)| {
            let mut time = start;
            let point = |(gap, value)| {
                time += gap;
                let valid_time = Timestamp::from_micros(time);
                Point { valid_time, value }
            };
            gaps.into_iter().map(point).collect()
        })
    }

    proptest! {
        #[test]
        fn points_are_read_as_they_were_written(points in points()) {
            let mut spread = SpreadNumbers::new(2);
            for point in &points {
                match point.value {
                    Some(value) => spread.push(&[value, -value]),
                    None => spread.skip(),
                }
            }
            let text = serde_json::to_string(&Points::of(&points, Some(&spread))).unwrap();
            let read: Points = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(read.decoded().unwrap(), points);
            let bits = |numbers: &SpreadNumbers| numbers.rows().flatten().map(|n| n.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&read.numbers().unwrap().unwrap()), bits(&spread));
        }
    }

    #[test]
    fn points_without_order_are_refused() {
        let day = "2024-01-01T00:00:00Z";
        for (text, fault) in [
            (r#"{"values":[]}"#.to_owned(), "no values"),
            (r#"{"values":[1]}"#.to_owned(), "either start or"),
            (format!(r#"{{"start":"{day}","values":[1,2]}}"#), "a step above zero"),
            (
                format!(r#"{{"start":"{day}","step":"-PT1H","values":[1]}}"#),
                "a step above zero",
            ),
            (
                r#"{"start":"9999-12-31T23:00:00Z","step":"PT1H","values":[1,2]}"#.to_owned(),
                "after the year",
            ),
            (
                format!(r#"{{"valid_times":["{day}"],"step":"PT1H","values":[1]}}"#),
                "belongs to start",
            ),
            (
                format!(r#"{{"valid_times":["{day}"],"values":[1,2]}}"#),
                "another number",
            ),
            (
                format!(r#"{{"valid_times":["{day}","{day}"],"values":[1,2]}}"#),
                "do not ascend",
            ),
        ] {
            let points: Result<Points, _> = serde_json::from_str(&text);
            let refused = points.unwrap().decoded().unwrap_err();
            assert!(refused.contains(fault), "{text}: {refused}");
        }
    }
}
