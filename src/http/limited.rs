//! Limited tokens: what the token of a shared link may read. Everything that is not in the tables here is refused, so that
//! a new operation is refused until somebody adds it.

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

/// Condition under which a limited token may read a path.
enum If {
    /// There is no condition.
    Always,
    /// The path names the job of the limit.
    OfJob,
    /// The query names the job of the limit, and no location.
    QueryOfJob,
    /// The path names a resource that the job's page shows.
    Shows(Shown),
}

/// Paths that the page of a job reads.
const OF_A_JOB: &[(&str, If)] = &[
    ("/api/v1/whoami", If::Always),
    ("/api/v1/jobs/{job_id}", If::OfJob),
    ("/api/v1/jobs/{job_id}/inputs", If::OfJob),
    ("/api/v1/jobs/{job_id}/history", If::OfJob),
    ("/api/v1/jobs/{job_id}/health", If::OfJob),
    ("/api/v1/jobs/{job_id}/runs", If::OfJob),
    ("/api/v1/alerts", If::QueryOfJob),
    ("/api/v1/alert_states", If::QueryOfJob),
    ("/api/v1/predictions", If::QueryOfJob),
    ("/api/v1/predictions/latest", If::QueryOfJob),
    ("/api/v1/predictions/lineage", If::QueryOfJob),
    ("/api/v1/sources/{id}", If::Shows(Shown::Source)),
    ("/api/v1/source_versions/{id}", If::Shows(Shown::SourceVersion)),
    ("/api/v1/locations/{id}", If::Shows(Shown::Location)),
    ("/api/v1/sensors/{id}", If::Shows(Shown::Sensor)),
    ("/api/v1/sensors/{id}/readings", If::Shows(Shown::Sensor)),
];

/// Paths that the list of jobs reads. The operations return resources of the token's organisation only.
const OF_THE_LIST: &[(&str, If)] = &[
    ("/api/v1/whoami", If::Always),
    ("/api/v1/jobs", If::Always),
    ("/api/v1/health", If::Always),
    ("/api/v1/alert_states", If::Always),
    ("/api/v1/predictions/latest", If::Always),
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
    };
    let found = table.iter().find(|(template, _)| *template == operation.path);
    let (Some((template, condition)), "GET") = (found, operation.method.as_str()) else {
        return Ok(false);
    };
    let named = id_in(path, template);
    match (condition, limit.job_id, named) {
        (If::Always, ..) => Ok(true),
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
    let page = match limit.job_id {
        Some(job) => format!("the job {job} and its predictions"),
        None => "the list of jobs with their health and latest predictions".to_owned(),
    };
    Error::Forbidden(format!("this token belongs to a shared link, and may only read {page}"))
}
