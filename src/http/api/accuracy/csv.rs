//! Scores and pairs as CSV. Undefined and absent values are empty cells.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{csv_cell::text, csv_spread::SpreadColumns};
use crate::{
    domain::verification::{Accuracy, AccuracyPair},
    http::form::{
        csv::{begin, record},
        layout::Dialect,
    },
};

/// Columns of scores. Events and classes follow, as far as they are requested.
const SCORES: [&str; 35] = [
    "metric",
    "unit",
    "source",
    "source_version",
    "stage",
    "track",
    "job_id",
    "location_id",
    "sensor_id",
    "lead_from",
    "lead_to",
    "hour",
    "day",
    "week",
    "month",
    "first_valid_time",
    "last_valid_time",
    "pairs",
    "late_pairs",
    "without_reading",
    "without_prediction",
    "bias",
    "mae",
    "rmse",
    "wape",
    "mape",
    "mape_pairs",
    "r2",
    "reference",
    "reference_mae",
    "reference_rmse",
    "skill_mae",
    "skill_rmse",
    "mean_change",
    "flip_flop",
];

/// Columns of the comparison with the reference by days.
const DAYS: [&str; 4] = ["without_reference", "better_days", "worse_days", "days"];

/// Columns of each event, whose names begin with the relation and the threshold.
const EVENTS: [&str; 12] = [
    "hits",
    "false_alarms",
    "misses",
    "correct_negatives",
    "hit_rate",
    "false_alarm_ratio",
    "false_alarm_rate",
    "csi",
    "frequency_bias",
    "ets",
    "hss",
    "proportion_correct",
];

const PAIRS: [&str; 18] = [
    "metric",
    "unit",
    "source",
    "source_version",
    "stage",
    "track",
    "job_id",
    "location_id",
    "sensor_id",
    "valid_time",
    "issue_time",
    "available_at",
    "lead_seconds",
    "value",
    "reading",
    "reading_available_at",
    "error",
    "reference_value",
];

/// Returns scores as CSV. Each event has columns of its own, and each pair of classes one.
pub fn scores(rows: &[Accuracy], dialect: Dialect) -> Vec<u8> {
    let events = rows.iter().map(|row| &row.events).find(|events| !events.is_empty());
    let events: Vec<_> = events.into_iter().flatten().collect();
    let classes = rows
        .iter()
        .find_map(|row| row.classes.as_ref())
        .map(|table| &table.classes);
    let fixed = || SCORES.into_iter().chain(DAYS);
    let named = |event: &&crate::domain::verification::Contingency| {
        let prefix = format!("{}_{}", event.event.as_str(), event.threshold);
        EVENTS.map(|name| format!("{prefix}_{name}"))
    };
    let mut columns: Vec<String> = fixed().map(str::to_owned).collect();
    columns.extend(events.iter().flat_map(named));
    if let Some(classes) = classes {
        for predicted in classes {
            columns.extend(
                classes
                    .iter()
                    .map(|measured| format!("predicted_{predicted}_measured_{measured}")),
            );
        }
        columns.extend(["classes_proportion_correct", "classes_hss"].map(str::to_owned));
    }
    let spread = SpreadColumns::of(rows);
    columns.extend(spread.names(&events));
    let mut out = Vec::new();
    begin(&mut out, columns.iter().map(String::as_str), dialect);
    for row in rows {
        let own = members(row);
        let mut cells: Vec<String> = fixed().map(|name| text(own.get(name), dialect)).collect();
        for index in 0..events.len() {
            let event = row.events.get(index).map(members).unwrap_or_default();
            cells.extend(EVENTS.map(|name| text(event.get(name), dialect)));
        }
        if let Some(classes) = classes {
            let table = row.classes.as_ref().filter(|table| table.classes == *classes);
            for (row, column) in (0..classes.len()).flat_map(|row| (0..classes.len()).map(move |column| (row, column)))
            {
                let count = table.map(|table| table.counts[row][column].to_string());
                cells.push(count.unwrap_or_default());
            }
            for score in [
                table.and_then(|table| table.proportion_correct),
                table.and_then(|table| table.hss),
            ] {
                cells.push(text(score.map(Value::from).as_ref(), dialect));
            }
        }
        cells.extend(spread.cells(row, events.len(), dialect));
        record(&mut out, cells);
    }
    out
}

/// Returns pairs as CSV. `is_first` adds the header line.
pub fn pairs(rows: &[AccuracyPair], dialect: Dialect, is_first: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(rows.len() * 200);
    if is_first {
        begin(&mut out, PAIRS, dialect);
    }
    for row in rows {
        let members = members(row);
        record(&mut out, PAIRS.map(|name| text(members.get(name), dialect)));
    }
    out
}

fn members(row: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(row) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}
