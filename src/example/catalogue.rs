//! The organisation, locations, sensors, source and jobs of the example, as bodies of API requests. The ids are fixed,
//! so that the guides can name them, and a request that is sent twice changes nothing.

use serde_json::{Value, json};
use time::{Duration, format_description::well_known::Rfc3339};
use uuid::{Uuid, uuid};

use super::{
    calendar::Calendar,
    mildew::{DailyIndex, OUTLOOK_DAYS, SEASON_2013},
    weather::STATIONS,
};

/// Id of the example's organisation.
pub const ORGANISATION: Uuid = uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e00");

/// Id of the source version that the jobs use. A worker fetches its jobs by this id.
pub const SOURCE_VERSION: Uuid = uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e02");

/// Retention of the demo's predictions: a hundred years, because the recorded season has long passed.
pub const RETENTION_HOURS: u32 = 876_000;

/// Allowed delay of a post each night. A day has 25 hours when summer time ends.
pub const GRACE_MINUTES: u32 = 90;

/// Ids of the resources of one weather station.
#[derive(Clone, Copy, Debug)]
pub struct Site {
    /// Id of the station's location.
    pub location: Uuid,
    /// Ids of the station's sensors, in the order of [`METRICS`].
    pub sensors: [Uuid; 3],
    /// Id of the station's job.
    pub job: Uuid,
}

/// Ids of the resources of each station, in the order of [`STATIONS`].
pub const SITES: [Site; 3] = [
    Site {
        location: uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e11"),
        sensors: [
            uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e21"),
            uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e31"),
            uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e41"),
        ],
        job: uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e51"),
    },
    Site {
        location: uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e12"),
        sensors: [
            uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e22"),
            uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e32"),
            uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e42"),
        ],
        job: uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e52"),
    },
    Site {
        location: uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e13"),
        sensors: [
            uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e23"),
            uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e33"),
            uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e43"),
        ],
        job: uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e53"),
    },
];

/// Metrics of a station's sensors, with their units.
pub const METRICS: [(&str, &str); 3] = [("temperature", "°C"), ("relative_humidity", "%"), ("rain", "mm")];

/// Bodies of the requests that create the location, the sensors and the job of one station.
pub struct Station {
    /// Body for `POST /locations`.
    pub location: Value,
    /// Bodies for `POST /sensors`.
    pub sensors: Vec<Value>,
    /// Body for `POST /jobs/setup`.
    pub job_setup: Value,
}

/// Returns the body for `POST /organisations`.
pub fn organisation() -> Value {
    json!({ "id": ORGANISATION, "name": "Mildew example" })
}

/// Returns the request bodies for each station, in the order of [`STATIONS`].
pub fn stations() -> Vec<Station> {
    STATIONS
        .iter()
        .zip(SITES)
        .map(|(station, site)| Station {
            location: json!({
                "id": site.location, "organisation_id": ORGANISATION, "name": station.name,
                "latitude": station.latitude, "longitude": station.longitude,
            }),
            sensors: sensors(station.code, &site),
            job_setup: job_setup(station.code, &site),
        })
        .collect()
}

/// Returns the body for `POST /predictions` of the run at the end of a day. It contains the index of this day and the
/// outlook for the following days.
pub fn run(job_id: Uuid, day: &DailyIndex, calendar: Calendar) -> Result<Value, time::error::Format> {
    let mut values = vec![day.points];
    values.extend(day.outlook);
    let mut valid_times = Vec::new();
    for ahead in (1..).take(values.len()) {
        let end = calendar.midnight(day.day + Duration::days(ahead));
        valid_times.push(end.format(&Rfc3339)?);
    }
    Ok(json!({
        "job_id": job_id,
        "source_version_id": SOURCE_VERSION,
        "issue_time": valid_times[0],
        "series": [{ "role": "mildew_risk", "valid_times": valid_times, "values": values }],
    }))
}

/// Returns the member `run` of the body of [`run`]: what the worker says of the run at the end of a day, whose inputs it
/// read as of `inputs_as_of`. The index of a day depends on all days of the season before it.
pub fn about_run(day: &DailyIndex, calendar: Calendar, inputs_as_of: &str) -> Result<Value, time::error::Format> {
    let first_day = SEASON_2013.first_day;
    Ok(json!({
        "id": format!("night of {}", calendar.day(day.day)),
        "inputs_as_of": inputs_as_of,
        "inputs_from": calendar.midnight(first_day).format(&Rfc3339)?,
        "inputs_to": calendar.midnight(day.day + Duration::DAY).format(&Rfc3339)?,
        "code": "src/example/mildew.rs",
        "parameters": { "first_day": calendar.day(first_day).to_string(), "outlook_days": OUTLOOK_DAYS },
    }))
}

fn sensors(code: &str, site: &Site) -> Vec<Value> {
    METRICS
        .iter()
        .zip(site.sensors)
        .map(|((metric, unit), id)| {
            json!({
                "id": id, "organisation_id": ORGANISATION, "location_id": site.location,
                "name": format!("{code} {}", metric.replace('_', " ")), "metric": metric, "unit": unit,
            })
        })
        .collect()
}

fn job_setup(code: &str, site: &Site) -> Value {
    json!({
        "organisation_id": ORGANISATION,
        "source": {
            "name": "mildew-predictor",
            "description": "UC Davis powdery mildew risk index of grape (Gubler and Thomas), one value a day, and an outlook of three days",
            "expected_interval_minutes": 1440,
            "grace_minutes": GRACE_MINUTES,
            "retention_hours": RETENTION_HOURS,
        },
        "source_version": {
            "id": SOURCE_VERSION,
            "version": "1.0.0",
            "input_roles": [
                { "role": "temperature", "input_kind": "sensor", "metric": "temperature", "unit": "°C", "required": true },
                { "role": "site", "input_kind": "location", "required": true },
            ],
            "output_roles": [
                {
                    "role": "mildew_risk", "metric": "mildew_risk", "unit": "points", "required": true,
                    // Up to 30 points the fungus hardly grows, at 40 and 50 moderately, and from 60 on fast.
                    "classes": [
                        { "from": 0, "name": "low" }, { "from": 40, "name": "moderate" }, { "from": 60, "name": "high" },
                    ],
                },
            ],
        },
        "job": { "id": site.job, "name": format!("Mildew risk {code}") },
        "role_bindings": [
            { "role": "temperature", "input_id": site.sensors[0], "input_type": "sensor" },
            { "role": "site", "input_id": site.location, "input_type": "location" },
        ],
    })
}
