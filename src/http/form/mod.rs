//! What parameters, bodies and responses look like on the wire, whatever resource they are of.

pub mod answer;
pub mod auth;
pub mod body;
pub mod csv;
pub mod csv_table;
pub mod cursor;
pub mod gaps;
pub mod json_lines;
pub mod json_text;
pub mod layout;
pub mod list;
pub mod reply;
pub mod rules;
pub mod table;
pub mod thing;
