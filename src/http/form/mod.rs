//! Parameters, request bodies and responses that the operations of all resources share.

pub mod answer;
pub mod auth;
pub mod body;
pub mod body_bytes;
mod body_faults;
pub mod csv;
pub mod csv_body;
pub mod csv_columns;
pub mod csv_dialect;
mod csv_number;
pub mod csv_spread;
pub mod csv_table;
pub mod cursor;
pub mod gaps;
pub mod json_faults;
pub mod json_lines;
pub mod json_text;
mod json_words;
pub mod layout;
pub mod list;
pub mod numbers;
pub mod reply;
pub mod rules;
pub mod table;
pub mod tagged;
pub mod thing;
pub mod whole;
