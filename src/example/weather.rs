//! The weather of the demo: a year of hourly observations at the three airports of New York, read from the file that
//! comes with the guides. `assets/demo/README.md` names its source.

use std::collections::BTreeMap;

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

const HEADER: &str = "station,time,temperature_c,relative_humidity_pct,precipitation_mm";

/// A weather station in the CSV file of observations. Its name and coordinates are given here, because the file
/// contains only the station's code.
#[derive(Clone, Copy, Debug)]
pub struct Station {
    /// Code of the station in the file.
    pub code: &'static str,
    /// Name of the station.
    pub name: &'static str,
    /// Latitude in degrees north.
    pub latitude: f64,
    /// Longitude in degrees east.
    pub longitude: f64,
}

/// Stations of the file.
pub const STATIONS: [Station; 3] = [
    Station {
        code: "EWR",
        name: "Newark",
        latitude: 40.6925,
        longitude: -74.1687,
    },
    Station {
        code: "JFK",
        name: "Kennedy",
        latitude: 40.6398,
        longitude: -73.7789,
    },
    Station {
        code: "LGA",
        name: "La Guardia",
        latitude: 40.7772,
        longitude: -73.8726,
    },
];

/// Observations of a station in one hour; `None` if a value is missing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hour {
    /// Time of the row.
    pub time: OffsetDateTime,
    /// Air temperature in tenths of a degree Celsius.
    pub temperature: Option<i32>,
    /// Relative humidity in percent.
    pub humidity: Option<f64>,
    /// Rain of the hour in millimetres.
    pub rain: Option<f64>,
}

/// Number of the line of the file that cannot be parsed, and the reason. Lines are counted from 1, including the
/// header.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("the weather, line {0}: {1}")]
pub struct WeatherError(usize, String);

impl Station {
    /// Returns the distance from the station to a point, in kilometres. For distances of a few kilometres the error is
    /// at most one percent.
    pub fn distance_km(&self, latitude: f64, longitude: f64) -> f64 {
        const KM_PER_DEGREE: f64 = 111.2;
        let north = latitude - self.latitude;
        let east = (longitude - self.longitude) * self.latitude.to_radians().cos();
        north.hypot(east) * KM_PER_DEGREE
    }
}

/// Parses the content of the file. Returns for each station's code its hourly observations, sorted by time.
///
/// # Errors
/// A line cannot be parsed.
pub fn hours(csv: &str) -> Result<BTreeMap<String, Vec<Hour>>, WeatherError> {
    let mut lines = (1..).zip(csv.lines());
    if lines.next().is_none_or(|(_, header)| header != HEADER) {
        let problem = format!("the header is not `{HEADER}`");
        return Err(WeatherError(1, problem));
    }
    let mut stations: BTreeMap<String, Vec<Hour>> = BTreeMap::new();
    for (number, line) in lines {
        let (station, hour) = parse_line(line).map_err(|problem| WeatherError(number, problem))?;
        let hours = stations.entry(station.to_owned()).or_default();
        if hours.last().is_some_and(|last| last.time >= hour.time) {
            let problem = format!("the time is not after the one before it of {station}");
            return Err(WeatherError(number, problem));
        }
        hours.push(hour);
    }
    Ok(stations)
}

fn parse_line(line: &str) -> Result<(&str, Hour), String> {
    let fields: Vec<&str> = line.split(',').collect();
    let [station, time, temperature, humidity, rain] = fields[..] else {
        return Err(format!("{} fields instead of 5", fields.len()));
    };
    if station.is_empty() {
        return Err("no station".to_owned());
    }
    let time = OffsetDateTime::parse(time, &Rfc3339).map_err(|_| format!("`{time}` is not an RFC 3339 time"))?;
    let temperature = match temperature {
        "" => None,
        text => Some(tenths(text).ok_or_else(|| format!("`{text}` is not a temperature in tenths of a degree"))?),
    };
    let hour = Hour {
        time,
        temperature,
        humidity: number(humidity)?,
        rain: number(rain)?,
    };
    Ok((station, hour))
}

/// Parses a number. Returns `None` if the field is empty.
fn number(text: &str) -> Result<Option<f64>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let number: Option<f64> = text.parse().ok();
    match number.filter(|number| number.is_finite()) {
        Some(number) => Ok(Some(number)),
        None => Err(format!("`{text}` is not a number")),
    }
}

/// Parses a decimal number of degrees, such as `-0.6` or `21`, and returns tenths of a degree. The parser avoids binary
/// fractions, which could not represent the number exactly.
fn tenths(text: &str) -> Option<i32> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, tenth) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !matches!(whole.len(), 1..=2) || tenth.len() != 1 || !are_digits(whole) || !are_digits(tenth) {
        return None;
    }
    Some(sign * (whole.parse::<i32>().ok()? * 10 + tenth.parse::<i32>().ok()?))
}

/// Returns the hours of the real file.
#[cfg(test)]
pub(super) fn real_hours() -> BTreeMap<String, Vec<Hour>> {
    let packed = include_bytes!("../../assets/docs/weather_nyc_2013.csv.gz");
    let csv = std::io::read_to_string(flate2::read::GzDecoder::new(&packed[..]));
    hours(&csv.expect("it can be unpacked")).expect("the file is right")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the number of the line that is wrong.
    fn line(text: &str) -> usize {
        match hours(text) {
            Err(WeatherError(line, _)) => line,
            other => panic!("{other:?}"),
        }
    }

    fn line_of(rows: &str) -> usize {
        line(&format!("{HEADER}\n{rows}"))
    }

    #[test]
    fn the_file_is_as_its_description_says() {
        let stations = real_hours();
        let rows: Vec<usize> = stations.values().map(Vec::len).collect();
        assert_eq!(rows.iter().sum::<usize>(), 26_115);
        assert_eq!(stations.len(), STATIONS.len());
        let all = stations.values().flatten();
        let unmeasured = all.clone().filter(|hour| hour.temperature.is_none());
        assert_eq!(unmeasured.count(), 1);
        let most = all.filter_map(|hour| hour.rain).fold(0.0, f64::max);
        assert!((most - 30.734).abs() < 1e-9, "{most}");
    }

    #[test]
    fn tenths_are_exact() {
        let read = ["21", "21.1", "-0.6", "-11.7", "0"].map(tenths);
        assert_eq!(read, [Some(210), Some(211), Some(-6), Some(-117), Some(0)]);
        for wrong in ["", "-", ".5", "5.", "21.11", "2e1", "+3", "NaN", "--1", "1.-", "120"] {
            assert_eq!(tenths(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_empty_temperature_is_a_missing_one() {
        let stations = hours(&format!("{HEADER}\nEWR,2013-08-22T13:00:00Z,,,0\n")).expect("the row is right");
        assert_eq!(stations["EWR"][0].temperature, None);
        assert_eq!(stations["EWR"][0].humidity, None);
        assert_eq!(stations["EWR"][0].rain, Some(0.0));
    }

    #[test]
    fn errors_name_the_line() {
        assert_eq!(line(""), 1);
        assert_eq!(line_of("EWR,2013-01-01T06:00:00Z,3.9,1"), 2);
        let good = "EWR,2013-01-01T06:00:00Z,3.9,1,0";
        assert_eq!(line_of(&format!("{good}\nEWR,yesterday,3.9,1,0")), 3);
        assert_eq!(line_of("EWR,2013-01-01T06:00:00Z,warm,1,0"), 2);
        assert_eq!(line_of("EWR,2013-01-01T06:00:00Z,3.9,inf,0"), 2);
        assert_eq!(line_of(&format!("{good}\n{good}")), 3);
    }

    #[test]
    fn distances_are_kilometres() {
        let [newark, kennedy, _] = STATIONS;
        let apart = newark.distance_km(kennedy.latitude, kennedy.longitude);
        assert!((33.0..34.0).contains(&apart), "{apart}");
    }
}
