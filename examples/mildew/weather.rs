//! Reads the hourly weather of the stations from a CSV file; `tests/data/README.md` says where the file comes from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::index::Hour;

const HEADER: &str = "station,time,temperature_c,relative_humidity_pct,precipitation_mm";

/// A station of the file, with what the file does not say about it.
#[derive(Clone, Copy, Debug)]
pub struct Station {
    pub code: &'static str,
    pub name: &'static str,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}

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

#[derive(Debug, thiserror::Error)]
pub enum WeatherError {
    #[error("cannot read {path}: {cause}")]
    File { path: PathBuf, cause: io::Error },
    /// Lines count from 1, the header included.
    #[error("{path}, line {line}: {problem}")]
    Line {
        path: PathBuf,
        line: usize,
        problem: String,
    },
}

impl Station {
    /// Distance to a point in kilometres; good to a percent over the few kilometres that matter here.
    pub fn distance_km(&self, latitude: f64, longitude: f64) -> f64 {
        const KM_PER_DEGREE: f64 = 111.2;
        let north = latitude - self.latitude;
        let east = (longitude - self.longitude) * self.latitude.to_radians().cos();
        north.hypot(east) * KM_PER_DEGREE
    }
}

/// The hours of every station in the file by the station's code, in rising order of time.
pub fn read(path: &Path) -> Result<BTreeMap<String, Vec<Hour>>, WeatherError> {
    let text = fs::read_to_string(path).map_err(|cause| WeatherError::File {
        path: path.to_owned(),
        cause,
    })?;
    parse(&text).map_err(|(line, problem)| WeatherError::Line {
        path: path.to_owned(),
        line,
        problem,
    })
}

/// As [`read`]; the error is the number of the line and what is wrong with it.
fn parse(text: &str) -> Result<BTreeMap<String, Vec<Hour>>, (usize, String)> {
    let mut lines = (1..).zip(text.lines());
    if lines.next().is_none_or(|(_, header)| header != HEADER) {
        return Err((1, format!("the header is not `{HEADER}`")));
    }
    let mut stations: BTreeMap<String, Vec<Hour>> = BTreeMap::new();
    for (number, line) in lines {
        let (station, hour) = parse_line(line).map_err(|problem| (number, problem))?;
        let hours = stations.entry(station.to_owned()).or_default();
        if hours.last().is_some_and(|last| last.time >= hour.time) {
            return Err((
                number,
                format!("the time is not after the one before it of {station}"),
            ));
        }
        hours.push(hour);
    }
    Ok(stations)
}

fn parse_line(line: &str) -> Result<(&str, Hour), String> {
    let fields: Vec<&str> = line.split(',').collect();
    let [station, time, temperature, _humidity, _precipitation] = fields[..] else {
        return Err(format!("{} fields instead of 5", fields.len()));
    };
    if station.is_empty() {
        return Err("no station".to_owned());
    }
    let time = OffsetDateTime::parse(time, &Rfc3339)
        .map_err(|_| format!("`{time}` is not an RFC 3339 time"))?;
    let temperature = match temperature {
        "" => None,
        text => Some(
            tenths(text)
                .ok_or_else(|| format!("`{text}` is not a temperature in tenths of a degree"))?,
        ),
    };
    Ok((station, Hour { time, temperature }))
}

/// Tenths of a degree from a decimal such as `-0.6` or `21`, without a detour over binary fractions.
fn tenths(text: &str) -> Option<i32> {
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or((1, text), |digits| (-1, digits));
    let (whole, tenth) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !matches!(whole.len(), 1..=2) || tenth.len() != 1 || !are_digits(whole) || !are_digits(tenth)
    {
        return None;
    }
    Some(sign * (whole.parse::<i32>().ok()? * 10 + tenth.parse::<i32>().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(rows: &str) -> (usize, String) {
        parse(&format!("{HEADER}\n{rows}")).expect_err("the rows are wrong")
    }

    #[test]
    fn tenths_are_exact() {
        let read = ["21", "21.1", "-0.6", "-11.7", "0"].map(tenths);
        assert_eq!(read, [Some(210), Some(211), Some(-6), Some(-117), Some(0)]);
        for wrong in [
            "", "-", ".5", "5.", "21.11", "2e1", "+3", "NaN", "--1", "1.-", "120",
        ] {
            assert_eq!(tenths(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_empty_temperature_is_a_missing_one() {
        let stations =
            parse(&format!("{HEADER}\nEWR,2013-08-22T13:00:00Z,,,0\n")).expect("the row is right");
        assert_eq!(stations["EWR"][0].temperature, None);
    }

    #[test]
    fn errors_name_the_line() {
        assert_eq!(parse("").unwrap_err().0, 1);
        assert_eq!(
            problem("EWR,2013-01-01T06:00:00Z,3.9,1"),
            (2, "4 fields instead of 5".to_owned())
        );
        assert_eq!(
            problem("EWR,2013-01-01T06:00:00Z,3.9,1,0\nEWR,yesterday,3.9,1,0").0,
            3
        );
        assert_eq!(problem("EWR,2013-01-01T06:00:00Z,warm,1,0").0, 2);
        assert_eq!(
            problem("EWR,2013-01-01T06:00:00Z,3.9,1,0\nEWR,2013-01-01T06:00:00Z,3.9,1,0").0,
            3
        );
    }

    #[test]
    fn distances_are_kilometres() {
        let [newark, kennedy, _] = STATIONS;
        let apart = newark.distance_km(kennedy.latitude, kennedy.longitude);
        assert!((33.0..34.0).contains(&apart), "{apart}");
    }
}
