//! Shapes of responses: series taken apart into rows, and the rule by which they are thinned.

use std::collections::BTreeMap;

use prediction_api::domain::{Timestamp, duration::Duration};
use serde_json::{Value, json};

use super::{Kept, spread::rounded, time};

/// Returns the rows of a response with probabilities without their last digits.
pub fn with_rounded(mut rows: Vec<Value>) -> Vec<Value> {
    for row in &mut rows {
        if let Some(found) = row["probability"].as_f64() {
            row["probability"] = rounded(found);
        }
    }
    rows
}

/// Takes a series apart into its rows. Members that all have in common are in each, such as `thinned_from`.
pub fn rows_of(series: &Value) -> Vec<Value> {
    let values = series["values"].as_array().unwrap();
    let micros = |text: &Value| Timestamp::parse(text.as_str().unwrap()).unwrap().micros();
    let row = |index: usize| {
        let valid = match series["valid_times"].as_array() {
            Some(times) => micros(&times[index]),
            None => {
                let step = series["step"]
                    .as_str()
                    .map_or(0, |step| Duration::parse(step).unwrap().micros());
                micros(&series["start"]) + i64::try_from(index).unwrap() * step
            }
        };
        let mut row = series.clone();
        let members = row.as_object_mut().unwrap();
        for name in [
            "values",
            "start",
            "step",
            "valid_times",
            "issue_times",
            "available_times",
            "age_seconds",
            "covers_until",
        ] {
            members.remove(name);
        }
        row["value"] = values[index].clone();
        row["valid_time"] = json!(time(valid));
        for (each, one) in [("issue_times", "issue_time"), ("available_times", "available_at")] {
            if let Some(times) = series[each].as_array() {
                row[one] = times[index].clone();
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a few hours")]
        let lead = (valid - micros(&row["issue_time"])) as f64 / 1e6;
        row["lead_seconds"] = json!(lead);
        if let Some(levels) = series["quantiles"].as_object() {
            for (level, column) in levels {
                row["quantiles"][level] = column[index].clone();
            }
        }
        if let Some(columns) = series["members"].as_array() {
            let numbers = columns.iter().map(|column| column[index].clone());
            row["members"] = numbers.filter(|number| !number.is_null()).collect();
        }
        if let Some(column) = series["probability"].as_array() {
            row["probability"] = column[index].clone();
        }
        row
    };
    (0..values.len()).map(row).collect()
}

/// Members that distinguish the rows of a response.
const KEY: [&str; 9] = [
    "metric",
    "source",
    "source_version",
    "stage",
    "track",
    "location_id",
    "job_id",
    "valid_time",
    "issue_time",
];

/// Returns rows in the order of their keys, for comparisons of responses that group them differently.
pub fn sorted(mut rows: Vec<Value>) -> Vec<Value> {
    rows.sort_by_cached_key(|row| KEY.map(|name| row[name].to_string()));
    rows
}

/// Thins the points of each series, or of each of its issues, to `most` points. Returns them with the number of points
/// before if they were thinned.
pub fn thinned<'a>(points: &[&'a Kept], by_issue: bool, most: usize) -> Vec<(&'a Kept, Option<usize>)> {
    let mut series: BTreeMap<_, Vec<&Kept>> = BTreeMap::new();
    for kept in points {
        let issue = by_issue.then_some(kept.issue);
        series.entry((kept.begun, issue)).or_default().push(kept);
    }
    let mut left = Vec::new();
    for points in series.values_mut() {
        points.sort_by_key(|kept| kept.valid);
        if points.len() <= most {
            left.extend(points.iter().map(|kept| (*kept, None)));
            continue;
        }
        let (first, last) = (points[0], points[points.len() - 1]);
        let stretches = i64::try_from(most - 2).unwrap() / 2;
        let value = |kept: &Kept| kept.value.as_ref().unwrap().0;
        let mut chosen = vec![first.valid, last.valid];
        for stretch in 0..stretches {
            let of = |kept: &&&Kept| {
                let place = (kept.valid - first.valid) * stretches / (last.valid - first.valid);
                place == stretch && ![first.valid, last.valid].contains(&kept.valid)
            };
            let own: Vec<_> = points.iter().filter(of).collect();
            // The first of equal ones.
            let least = own.iter().min_by(|one, other| value(one).total_cmp(&value(other)));
            let greatest = own
                .iter()
                .rev()
                .max_by(|one, other| value(one).total_cmp(&value(other)));
            chosen.extend(least.into_iter().chain(greatest).map(|kept| kept.valid));
        }
        let is_chosen = |kept: &&&Kept| chosen.contains(&kept.valid);
        left.extend(points.iter().filter(is_chosen).map(|kept| (*kept, Some(points.len()))));
    }
    left
}
