//! Cells of CSV with scores.

use serde_json::Value;

use crate::http::form::{csv::cell, layout::Dialect};

/// Returns the text of a value; empty if it is undefined or absent.
pub fn text(value: Option<&Value>, dialect: Dialect) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => cell(text.clone(), dialect),
        Some(other) => other.to_string(),
    }
}
