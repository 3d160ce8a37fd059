//! Limited tokens: what the token of a shared link may read, and what that of a device may post. Everything that is not in
//! the tables here is refused, so that a new operation is refused until somebody adds it.

use poem::Request;
use url::form_urlencoded;
use uuid::Uuid;

use crate::{
    domain::{
        Caller, Error,
        limit::{LimitedView, TokenLimit},
    },
    http::context::Context,
    service::limit::{Shown, shows},
};

/// Condition under which a limited token may send a request.
enum If {
    /// There is no condition.
    Always,
    /// The path names the job of the limit.
    OfJob,
    /// The query names the job of the limit, and no location.
    QueryOfJob,
    /// The path names the sensor of the limit.
    OfSensor,
    /// The path names a resource that the job's page shows.
    Shows(Shown),
}

/// Requests of the page of a job.
const OF_A_JOB: &[(&str, &str, If)] = &[
    ("GET", "/api/v1/whoami", If::Always),
    ("GET", "/api/v1/jobs/{job_id}", If::OfJob),
    ("GET", "/api/v1/jobs/{job_id}/inputs", If::OfJob),
    ("GET", "/api/v1/jobs/{job_id}/history", If::OfJob),
    ("GET", "/api/v1/jobs/{job_id}/health", If::OfJob),
    ("GET", "/api/v1/jobs/{job_id}/runs", If::OfJob),
    ("GET", "/api/v1/alerts", If::QueryOfJob),
    ("GET", "/api/v1/alert_states", If::QueryOfJob),
    ("GET", "/api/v1/predictions", If::QueryOfJob),
    ("GET", "/api/v1/predictions/latest", If::QueryOfJob),
    ("GET", "/api/v1/predictions/lineage", If::QueryOfJob),
    ("GET", "/api/v1/sources/{id}", If::Shows(Shown::Source)),
    ("GET", "/api/v1/source_versions/{id}", If::Shows(Shown::SourceVersion)),
    ("GET", "/api/v1/locations/{id}", If::Shows(Shown::Location)),
    ("GET", "/api/v1/sensors/{id}", If::Shows(Shown::Sensor)),
    ("GET", "/api/v1/sensors/{id}/readings", If::Shows(Shown::Sensor)),
];

/// Requests of the list of jobs. The operations return resources of the token's organisation only.
const OF_THE_LIST: &[(&str, &str, If)] = &[
    ("GET", "/api/v1/whoami", If::Always),
    ("GET", "/api/v1/jobs", If::Always),
    ("GET", "/api/v1/health", If::Always),
    ("GET", "/api/v1/alert_states", If::Always),
    ("GET", "/api/v1/predictions/latest", If::Always),
];

/// Requests of a device, which cannot read anything.
const OF_A_SENSOR: &[(&str, &str, If)] = &[
    ("GET", "/api/v1/whoami", If::Always),
    ("POST", "/api/v1/sensors/{id}/readings", If::OfSensor),
];

/// Checks that a limited token may send the request. Other tokens pass.
///
/// # Errors
/// Forbidden (403): the request is outside of the token's limit. Not found (404): the job of the limit was deleted.
pub fn check(context: &Context, request: &Request, caller: &Caller) -> Result<(), Error> {
    let Some(limit) = caller.limited_to else {
        return Ok(());
    };
    match is_within(context, request, caller, limit)? {
        true => Ok(()),
        false => Err(refusal(limit)),
    }
}

fn is_within(context: &Context, request: &Request, caller: &Caller, limit: TokenLimit) -> Result<bool, Error> {
    let path = request.uri().path();
    let mut operations = context.document.operations().at(path).iter();
    let Some(operation) = operations.find(|operation| operation.method == request.method().as_str()) else {
        return Ok(false);
    };
    let table = match limit.view {
        LimitedView::Job => OF_A_JOB,
        LimitedView::JobList => OF_THE_LIST,
        LimitedView::Sensor => OF_A_SENSOR,
    };
    let mut requests = table.iter();
    let found = requests.find(|(method, template, _)| *method == operation.method && *template == operation.path);
    let Some((_, template, condition)) = found else {
        return Ok(false);
    };
    let named = id_in(path, template);
    match (condition, limit.job_id, named) {
        (If::Always, ..) => Ok(true),
        (If::OfSensor, _, Some(named)) => Ok(limit.sensor_id == Some(named)),
        (If::OfJob, Some(job), Some(named)) => Ok(named == job),
        (If::QueryOfJob, Some(job), _) => Ok(asks_for(request, job)),
        (If::Shows(kind), Some(job), Some(named)) => shows(&context.app, caller, job, *kind, named),
        _ => Ok(false),
    }
}

/// Returns the id that the path has in place of the parameter of the template.
fn id_in(path: &str, template: &str) -> Option<Uuid> {
    let mut parts = template.split('/').zip(path.split('/'));
    let (_, value) = parts.find(|(template, _)| template.starts_with('{'))?;
    Uuid::parse_str(value).ok()
}

/// Returns whether the query names the job, once, and no location.
fn asks_for(request: &Request, job: Uuid) -> bool {
    let query = request.uri().query().unwrap_or_default();
    let mut jobs = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "job_id" => jobs.push(Uuid::parse_str(&value).ok()),
            "location_id" => return false,
            _ => {}
        }
    }
    jobs == [Some(job)]
}

fn refusal(limit: TokenLimit) -> Error {
    Error::Forbidden(match (limit.sensor_id, limit.job_id) {
        (Some(sensor), _) => format!(
            "this token belongs to a device, and may only post readings of the sensor {sensor}, to \
             /api/v1/sensors/{sensor}/readings"
        ),
        (None, Some(job)) => {
            format!("this token belongs to a shared link, and may only read the job {job} and its predictions")
        }
        (None, None) => {
            "this token belongs to a shared link, and may only read the list of jobs with their health and \
                         latest predictions"
                .to_owned()
        }
    })
}
