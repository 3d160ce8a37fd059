//! The demo's jobs besides those of the mildew risk: three more models, whose workers work each night of the season, or
//! fail to, so that every health state occurs at its end.

use serde_json::{Value, json};
use time::{Date, Duration, OffsetDateTime, PrimitiveDateTime, format_description::well_known::Rfc3339};
use uuid::{Uuid, uuid};

use super::{
    calendar::Calendar,
    catalogue::{ORGANISATION, RETENTION_HOURS, SITES, Site},
    degree_days::degree_days,
    mildew::SEASON_2013,
    outlook::{DAY_BEFORE, Measured, Rule, WEEK_BEFORE, WEEK_MEAN, measured},
    weather::{Hour, STATIONS},
};

const TEMPERATURE_SOURCE: Uuid = uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e05");
const DAY_BEFORE_VERSION: Uuid = uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e06");
/// Id of the version that forecasts the mean of a week, which is on trial.
pub const WEEK_MEAN_VERSION: Uuid = uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e07");
const WEEK_VERSION: Uuid = uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e03");
const DEGREE_DAYS_VERSION: Uuid = uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e04");

/// Ids of the jobs that forecast the temperature, in the order of [`STATIONS`].
pub const TEMPERATURE: [Uuid; 3] = [
    uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e81"),
    uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e82"),
    uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e83"),
];
/// Id of the job that has stopped predicting one of its outputs.
pub const HALF: Uuid = uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e61");
/// Id of the job whose worker is late.
pub const LATE: Uuid = uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e62");
/// Id of the job whose worker is down.
pub const DOWN: Uuid = uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e63");
/// Id of the job for which nothing has been posted.
pub const NEW: Uuid = uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e64");
/// Id of the job that is not monitored.
pub const UNMONITORED: Uuid = uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e71");
/// Id of the job that is paused.
pub const PAUSED: Uuid = uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e72");
/// Id of the job whose last run failed.
pub const FAILED: Uuid = uuid!("0b5d6f0e-6d1c-4e0b-9a53-2f4c1d7a9e73");

const NEWARK: usize = 0;
const KENNEDY: usize = 1;
const LA_GUARDIA: usize = 2;

/// Jobs of the weekly forecast, with their stations and the number of nights before the season's end at which they
/// posted last.
const WEEKLY: [(Uuid, usize, i64); 3] = [(HALF, NEWARK, 0), (LATE, KENNEDY, 8), (DOWN, LA_GUARDIA, 20)];

/// Number of nights before the season's end at which the trial of the mean of a week began.
const TRIAL: i64 = 60;
/// Number of nights before the season's end at which the jobs of degree days were set up.
const DEGREE_DAYS: i64 = 30;

/// A request that the demo makes to the API.
pub enum Event {
    /// `POST /jobs/setup` with this body.
    SetUp(Value),
    /// `POST /source_versions` with this body.
    Version(Value),
    /// `PUT /jobs/{job_id}/shadows/{source_version_id}`.
    Try(Uuid, Uuid),
    /// `POST /predictions` with this body.
    Post(Value),
    /// `POST /jobs/{job_id}/runs` with this job id and this body.
    Report(Uuid, Value),
}

/// The recorded weather of one station.
pub struct Record<'a> {
    hours: &'a [Hour],
    temperature: Measured,
    humidity: Measured,
}

impl<'a> Record<'a> {
    /// Arranges the hours of a station for the models.
    pub fn new(hours: &'a [Hour]) -> Self {
        let degrees = |hour: &Hour| hour.temperature.map(|tenths| f64::from(tenths) / 10.0);
        Self {
            hours,
            temperature: measured(hours, degrees),
            humidity: measured(hours, |hour| hour.humidity),
        }
    }
}

/// Returns the requests that set up the jobs before the season.
pub fn set_ups() -> Vec<Event> {
    let temperature = (0..).zip(TEMPERATURE).map(|(site, job)| temperature_job(job, site));
    let weekly = WEEKLY.iter().map(|(job, site, _)| weekly_job(*job, *site, ""));
    temperature.chain(weekly).collect()
}

/// A night of the season, in which the workers run.
pub struct Night<'a> {
    /// Move of the recorded dates.
    pub calendar: Calendar,
    /// Recorded day that has ended.
    pub day: Date,
    /// Time as of which the workers read their inputs.
    pub inputs_as_of: &'a str,
}

impl Night<'_> {
    /// Returns the requests of the night. `records` are those of the stations, in the order of [`STATIONS`].
    pub fn events(&self, records: &[Record<'_>; 3]) -> Result<Vec<Event>, time::error::Format> {
        let before_end = (SEASON_2013.last_day - self.day).whole_days();
        let mut events = Vec::new();
        if before_end == TRIAL {
            events.push(week_mean_version());
            events.extend(TEMPERATURE.map(|job| Event::Try(job, WEEK_MEAN_VERSION)));
        }
        if before_end == DEGREE_DAYS {
            events.push(degree_days_job(UNMONITORED, NEWARK, true, ""));
            events.push(degree_days_job(PAUSED, KENNEDY, false, ", paused on purpose"));
            events.push(degree_days_job(FAILED, LA_GUARDIA, true, ""));
            events.push(self.degree_days(PAUSED, &records[KENNEDY])?);
        }
        for (job, record) in TEMPERATURE.iter().zip(records) {
            let temperature = &[("temperature", &record.temperature)];
            events.push(self.post(*job, DAY_BEFORE_VERSION, DAY_BEFORE, temperature)?);
            if before_end <= TRIAL {
                events.push(self.post(*job, WEEK_MEAN_VERSION, WEEK_MEAN, temperature)?);
            }
        }
        for (job, site, last) in WEEKLY {
            if before_end < last || (before_end - last) % 7 != 0 {
                continue;
            }
            let record = &records[site];
            let both = [
                ("temperature", &record.temperature),
                ("relative_humidity", &record.humidity),
            ];
            let outputs = if before_end == 0 { &both[..1] } else { &both[..] };
            events.push(self.post(job, WEEK_VERSION, WEEK_BEFORE, outputs)?);
        }
        if before_end == 0 {
            events.push(weekly_job(NEW, LA_GUARDIA, ", new worker"));
            events.push(self.degree_days(UNMONITORED, &records[NEWARK])?);
            let message = "cannot write degree_days.csv: no space left on device";
            events.push(Event::Report(FAILED, json!({ "status": "failed", "message": message })));
        }
        Ok(events)
    }

    /// Returns the time at which the night begins: the end of the day.
    fn begin(&self) -> OffsetDateTime {
        self.calendar.midnight(self.day + Duration::DAY)
    }

    /// Returns the post of a job's forecast. `outputs` are its roles, each with what it is computed from.
    fn post(
        &self,
        job: Uuid,
        version: Uuid,
        rule: Rule,
        outputs: &[(&str, &Measured)],
    ) -> Result<Event, time::error::Format> {
        let issue_time = self.begin().format(&Rfc3339)?;
        let mut series = Vec::new();
        for (role, measured) in outputs {
            let predicted = rule.predict(measured, self.day);
            let at = |(hour, value): (PrimitiveDateTime, f64)| Some((self.calendar.hour(hour)?, value));
            series.push(of_times(role, predicted.into_iter().filter_map(at))?);
        }
        let first = self.day + Duration::DAY - Duration::hours(rule.period * rule.count);
        Ok(Event::Post(json!({
            "job_id": job, "source_version_id": version, "issue_time": issue_time, "series": series,
            "run": {
                "id": format!("night of {}", self.calendar.day(self.day)),
                "inputs_as_of": self.inputs_as_of,
                "inputs_from": self.calendar.midnight(first).format(&Rfc3339)?,
                "inputs_to": issue_time,
                "code": "src/example/outlook.rs",
                "parameters": { "period_hours": rule.period, "count": rule.count },
            },
        })))
    }

    /// Returns the post of the sums of warmth up to now.
    fn degree_days(&self, job: Uuid, record: &Record<'_>) -> Result<Event, time::error::Format> {
        let end = (self.day + Duration::DAY).midnight().assume_offset(SEASON_2013.offset);
        let until = record.hours.partition_point(|hour| hour.time < end);
        let sums = degree_days(&record.hours[..until]).into_iter().flat_map(|found| {
            let ends = (0..).map(move |day| found.first + Duration::days(day));
            ends.zip(found.sums)
        });
        let moved = sums.filter_map(|(end, sum)| Some((self.calendar.time(end)?, sum)));
        let begin = self.begin();
        let series = of_times("degree_days", moved.filter(|(end, _)| *end <= begin))?;
        Ok(Event::Post(
            json!({ "job_id": job, "issue_time": begin.format(&Rfc3339)?, "series": [series] }),
        ))
    }
}

/// Returns a series of one role.
fn of_times(role: &str, points: impl Iterator<Item = (OffsetDateTime, f64)>) -> Result<Value, time::error::Format> {
    let (mut times, mut values) = (Vec::new(), Vec::new());
    for (time, value) in points {
        times.push(time.format(&Rfc3339)?);
        values.push(value);
    }
    Ok(json!({ "role": role, "valid_times": times, "values": values }))
}

fn bindings(site: &Site, roles: &[&str]) -> Value {
    let sensors = roles.iter().zip(site.sensors);
    let bound = |(role, id)| json!({ "role": role, "input_type": "sensor", "input_id": id });
    sensors.map(bound).collect()
}

/// Returns the input role of a sensor's metric.
fn input(metric: &str, unit: &str) -> Value {
    json!({ "role": metric, "input_kind": "sensor", "metric": metric, "unit": unit })
}

fn output(metric: &str, unit: &str) -> Value {
    json!({ "role": metric, "metric": metric, "unit": unit })
}

fn temperature_job(id: Uuid, site: usize) -> Event {
    Event::SetUp(json!({
        "organisation_id": ORGANISATION,
        "source": {
            "id": TEMPERATURE_SOURCE,
            "name": "temperature-forecast",
            "description": "The temperature of each hour of the next two days, each night, from what was measured",
            "expected_interval_minutes": 1440,
            "grace_minutes": super::catalogue::GRACE_MINUTES,
            "retention_hours": RETENTION_HOURS,
        },
        "source_version": {
            "id": DAY_BEFORE_VERSION,
            "version": "1.0.0",
            "description": "Each hour is as it was on the day before",
            "input_roles": [input("temperature", "°C")],
            "output_roles": [output("temperature", "°C")],
        },
        "job": { "id": id, "name": format!("Temperature {}", STATIONS[site].code) },
        "role_bindings": bindings(&SITES[site], &["temperature"]),
    }))
}

fn week_mean_version() -> Event {
    Event::Version(json!({
        "id": WEEK_MEAN_VERSION,
        "source_id": TEMPERATURE_SOURCE,
        "version": "1.1.0",
        "description": "Each hour is the mean of this hour over the last week",
        "input_roles": [input("temperature", "°C")],
        "output_roles": [output("temperature", "°C")],
    }))
}

fn weekly_job(id: Uuid, site: usize, note: &str) -> Event {
    let code = STATIONS[site].code;
    Event::SetUp(json!({
        "organisation_id": ORGANISATION,
        "source": {
            "name": "week-ahead",
            "description": "The weather of the next week is like that of the last one; posted once a week",
            "expected_interval_minutes": 7 * 24 * 60,
            "retention_hours": RETENTION_HOURS,
        },
        "source_version": {
            "id": WEEK_VERSION,
            "version": "1.0.0",
            "input_roles": [input("temperature", "°C"), input("relative_humidity", "%")],
            "output_roles": [output("temperature", "°C"), output("relative_humidity", "%")],
        },
        "job": { "id": id, "name": format!("Week ahead {code}{note}") },
        "role_bindings": bindings(&SITES[site], &["temperature", "relative_humidity"]),
    }))
}

fn degree_days_job(id: Uuid, site: usize, active: bool, note: &str) -> Event {
    let code = STATIONS[site].code;
    Event::SetUp(json!({
        "organisation_id": ORGANISATION,
        "source": {
            "name": "degree-days",
            "description": "Growing degree days of grapes above 10 °C since the first reading; computed on request",
            "retention_hours": RETENTION_HOURS,
        },
        "source_version": {
            "id": DEGREE_DAYS_VERSION,
            "version": "1.0.0",
            "input_roles": [input("temperature", "°C")],
            "output_roles": [output("degree_days", "°C d")],
        },
        "job": { "id": id, "name": format!("Degree days {code}{note}"), "active": active },
        "role_bindings": bindings(&SITES[site], &["temperature"]),
    }))
}
