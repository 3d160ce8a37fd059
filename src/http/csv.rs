//! The CSV of the API, for commands that write files.

pub use super::api::{prediction::csv_of as predictions, reading::csv_of as readings};
