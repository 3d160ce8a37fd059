//! Requests that add jobs of two more models to the demo, up to the present, so that every health state occurs.

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::{Uuid, uuid};

use super::{
    catalogue::{ORGANISATION, SITES, Site},
    degree_days::degree_days,
    typical::{TypicalHour, typical},
    weather::{Hour, STATIONS},
};

const TYPICAL_VERSION: Uuid = uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e03");
const DEGREE_DAYS_VERSION: Uuid = uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e04");

/// Id of the job whose worker is on time.
pub const ON_TIME: Uuid = uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e61");
/// Id of the job that has stopped predicting one of its outputs.
pub const HALF: Uuid = uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e62");
/// Id of the job whose worker is late.
pub const LATE: Uuid = uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e63");
/// Id of the job for which nothing has been posted.
pub const NEW: Uuid = uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e64");
/// Id of the job that is not monitored.
pub const UNMONITORED: Uuid = uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e71");
/// Id of the job that is paused.
pub const PAUSED: Uuid = uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e72");
/// Id of the job whose last run failed.
pub const FAILED: Uuid = uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e73");

/// A request that the demo makes to the API.
pub enum Event {
    /// `POST /jobs/setup` with this body.
    SetUp(Value),
    /// `POST /predictions` with this body.
    Post(Value),
    /// `POST /jobs/{job_id}/runs` with this job id and this body.
    Report(Uuid, Value),
}

/// Returns the events before `now`, in their order. `hours` are those of the stations, by code.
pub fn events<'a>(
    hours: impl Fn(&str) -> &'a [Hour],
    now: OffsetDateTime,
) -> Result<Vec<(OffsetDateTime, Event)>, time::error::Format> {
    let (newark, kennedy, la_guardia) = (0, 1, 2);
    let month = now - Duration::days(30);
    let eight_days = now - Duration::days(8);
    let hour = now - Duration::HOUR;
    let typical_at =
        |site: usize, issued, outputs: &[Output]| run(&typical(hours(STATIONS[site].code), issued), issued, outputs);
    let post = |job: Uuid, (issue_time, series): (String, Value)| {
        Event::Post(json!({ "job_id": job, "issue_time": issue_time, "series": series }))
    };
    let both = [TEMPERATURE, HUMIDITY];
    let mut events = vec![
        (month, typical_job(ON_TIME, "Typical weather EWR", newark)),
        (month, typical_job(HALF, "Typical weather JFK", kennedy)),
        (month, typical_job(LATE, "Typical weather LGA", la_guardia)),
        (month, degree_days_job(UNMONITORED, newark, true)),
        (month, degree_days_job(PAUSED, kennedy, false)),
        (month, degree_days_job(FAILED, la_guardia, true)),
        (eight_days, post(HALF, typical_at(kennedy, eight_days, &both)?)),
        (eight_days, post(LATE, typical_at(la_guardia, eight_days, &both)?)),
        (hour, typical_job(NEW, "Typical weather LGA, on trial", la_guardia)),
        (hour, post(ON_TIME, typical_at(newark, hour, &both)?)),
        (hour, post(HALF, typical_at(kennedy, hour, &[TEMPERATURE])?)),
    ];
    for (job, site) in [(UNMONITORED, newark), (PAUSED, kennedy)] {
        if let Some(year) = degree_days(hours(STATIONS[site].code)) {
            let series = json!([{
                "role": "degree_days", "start": year.first.format(&Rfc3339)?, "step": "P1D", "values": year.sums
            }]);
            events.push((month, post(job, (month.format(&Rfc3339)?, series))));
        }
    }
    let message = "the sensor LGA temperature has no readings since 30 December 2013";
    let failed = json!({ "status": "failed", "message": message });
    events.push((hour, Event::Report(FAILED, failed)));
    events.sort_by_key(|(at, _)| *at);
    Ok(events)
}

/// Name of an output role, and the function that returns the role's value for one hour.
type Output = (&'static str, fn(&TypicalHour) -> Option<f64>);
const TEMPERATURE: Output = ("temperature", |hour| hour.temperature);
const HUMIDITY: Output = ("relative_humidity", |hour| hour.humidity);

/// Returns the body of a run with its issue_time and its series.
fn run(
    hours: &[TypicalHour],
    issued: OffsetDateTime,
    outputs: &[Output],
) -> Result<(String, Value), time::error::Format> {
    let mut series = Vec::new();
    for (role, value) in outputs {
        let (mut times, mut values) = (Vec::new(), Vec::new());
        for hour in hours {
            if let Some(value) = value(hour) {
                times.push(hour.time.format(&Rfc3339)?);
                values.push(value);
            }
        }
        series.push(json!({ "role": role, "valid_times": times, "values": values }));
    }
    Ok((issued.format(&Rfc3339)?, json!(series)))
}

fn bindings(site: &Site, roles: &[&str]) -> Value {
    let sensors = roles.iter().zip(site.sensors);
    let bound = |(role, id)| json!({ "role": role, "input_type": "sensor", "input_id": id });
    sensors.map(bound).collect()
}

fn typical_job(id: Uuid, name: &str, site: usize) -> Event {
    let role = |role: &str, unit: &str| json!({ "role": role, "input_kind": "sensor", "metric": role, "unit": unit });
    let output = |role: &str, unit: &str| json!({ "role": role, "metric": role, "unit": unit });
    Event::SetUp(json!({
        "organisation_id": ORGANISATION,
        "source": {
            "name": "typical-weather",
            "description": "The weather of each hour is what it was in 2013; each week for the next two weeks",
            "expected_interval_minutes": 7 * 24 * 60,
        },
        "source_version": {
            "id": TYPICAL_VERSION,
            "version": "1.0.0",
            "input_roles": [role("temperature", "°C"), role("relative_humidity", "%")],
            "output_roles": [output("temperature", "°C"), output("relative_humidity", "%")],
        },
        "job": { "id": id, "name": name },
        "role_bindings": bindings(&SITES[site], &["temperature", "relative_humidity"]),
    }))
}

fn degree_days_job(id: Uuid, site: usize, active: bool) -> Event {
    let code = STATIONS[site].code;
    Event::SetUp(json!({
        "organisation_id": ORGANISATION,
        "source": {
            "name": "degree-days",
            "description": "Growing degree days of grapes above 10 °C since 1 January; computed when somebody asks",
        },
        "source_version": {
            "id": DEGREE_DAYS_VERSION,
            "version": "1.0.0",
            "input_roles": [
                { "role": "temperature", "input_kind": "sensor", "metric": "temperature", "unit": "°C" },
            ],
            "output_roles": [{ "role": "degree_days", "metric": "degree_days", "unit": "°C d" }],
        },
        "job": { "id": id, "name": format!("Degree days {code}"), "active": active },
        "role_bindings": bindings(&SITES[site], &["temperature"]),
    }))
}
