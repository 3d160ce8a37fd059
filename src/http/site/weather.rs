//! The weather that comes with the guides: the guide about workers posts readings from it, and the demo is filled with
//! it. `assets/demo/README.md` names its source.

use std::io;

use flate2::read::GzDecoder;
use poem::{IntoResponse, Response, handler};

use super::{file::of, guide::Guides};
use crate::http::problem::{INTERNAL, Problem};

/// The file as it is embedded: compressed, because it has 1 MB otherwise.
const FILE: &str = "weather_nyc_2013.csv.gz";

/// Returns the weather as CSV, with a row for each station and hour.
///
/// # Errors
/// The file cannot be unpacked.
pub fn weather_csv() -> io::Result<String> {
    let packed = Guides::get(FILE).ok_or(io::ErrorKind::NotFound)?;
    io::read_to_string(GzDecoder::new(&packed.data[..]))
}

/// Returns the weather.
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
