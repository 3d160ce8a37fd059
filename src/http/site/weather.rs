//! Weather data that is embedded in the executable. The guide about workers posts readings from it, and the demo uses
//! it as its data. `assets/demo/README.md` names the origin of the data.

use std::io;

use flate2::read::GzDecoder;
use poem::{IntoResponse, Response, handler};

use super::{file::of, guide::Guides};
use crate::http::problem::{INTERNAL, Problem};

/// Name of the embedded file. It is compressed, because it would have 1 MB otherwise.
const FILE: &str = "weather_nyc_2013.csv.gz";

/// Returns the weather data as CSV, with a row for each station and hour.
///
/// # Errors
/// The embedded file is missing or cannot be decompressed.
pub fn weather_csv() -> io::Result<String> {
    let packed = Guides::get(FILE).ok_or(io::ErrorKind::NotFound)?;
    io::read_to_string(GzDecoder::new(&packed.data[..]))
}

/// Returns the weather data as a CSV file.
#[handler]
pub fn weather_file() -> Response {
    match weather_csv() {
        Ok(csv) => of("text/csv; charset=utf-8", csv.into()),
        Err(error) => {
            tracing::error!(%error, "the weather cannot be unpacked");
            Problem::new(INTERNAL, "the weather cannot be read: see the log").into_response()
        }
    }
}
