//! What parameters, bodies and answers look like on the wire, whatever resource they are of.

pub mod auth;
pub mod body;
pub mod csv;
pub mod csv_table;
pub mod cursor;
pub mod gaps;
pub mod json_lines;
pub mod json_text;
pub mod layout;
pub mod reply;
pub mod rules;
