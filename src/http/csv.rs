//! The CSV of the API, for commands that write and read files.

pub use super::api::{
    prediction::csv_of as predictions,
    reading::{ReadingRows, csv_of as readings, read_csv as read_readings},
};
