//! `health`: reports the health of the jobs, or whether a server is ready, by its exit code, for cron and containers.

use std::{process::ExitCode, time::Duration};

use serde::Serialize;

use super::{
    Failure,
    database::open_existing,
    faults::failed,
    jobs::{self, severity},
    listing::{Json, moment, print_json},
    names::{self, Owners},
    print, runtime,
};
use crate::{
    config::Settings,
    domain::{
        health::{HealthCounts, HealthState},
        job::{Job, JobFilter},
    },
    service::{App, health, job, probe, token::operator},
};

/// Exit code if a job is late and none is down or failed.
const LATE: u8 = 3;

/// Exit code if a job is down, or its worker reported a failed run.
const DOWN: u8 = 4;

/// The time within which a server must respond.
pub const TIMEOUT: Duration = Duration::from_secs(5);

/// The arguments of `health`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes:
  0  all jobs are on time, new, paused or unmonitored; with --url: the server is ready
  1  the health cannot be determined; with --url: the server is not ready
  2  the arguments are wrong
  3  a job is late, and none is down or failed
  4  a job is down or failed

Examples:
  prediction-api health --quiet --organisation \"North farm\"
  prediction-api health --url http://127.0.0.1:8000")]
pub struct Arguments {
    /// Only the jobs of this organisation (id or name)
    #[arg(long, value_name = "ORGANISATION")]
    organisation: Option<String>,
    /// Only this job (id or name)
    #[arg(long)]
    job: Option<String>,
    /// Prints nothing unless a job is late, down or failed
    #[arg(long, short)]
    quiet: bool,
    /// Calls GET /readyz of the running server at this address instead, without the database
    #[arg(long, conflicts_with_all = ["organisation", "job", "json"])]
    url: Option<String>,
    #[command(flatten)]
    json: Json,
}

/// The report as JSON.
#[derive(Serialize)]
struct Report<'a> {
    /// The worst state of all jobs; absent without jobs.
    worst: Option<HealthState>,
    /// The numbers of jobs; absent for one job.
    #[serde(skip_serializing_if = "Option::is_none")]
    jobs: Option<HealthCounts>,
    /// The jobs that are late, down or failed.
    unhealthy: &'a [Job],
}

/// Prints the health, and returns the exit code that stands for it.
pub fn run(settings: &Settings, arguments: &Arguments) -> Result<ExitCode, Failure> {
    if let Some(url) = &arguments.url {
        return ask(url, arguments.quiet);
    }
    let app = open_existing(settings)?;
    runtime()?.block_on(async {
        let owner = names::organisation_if_given(&app, arguments.organisation.as_ref()).await?;
        let (jobs, counts) = match &arguments.job {
            Some(named) => {
                let id = names::job(&app, named, owner).await?;
                let found = job::get(&app, &operator(), id);
                (vec![found.map_err(|error| failed(error, &[]))?], None)
            }
            None => {
                let filter = JobFilter {
                    organisation_id: owner,
                    ..JobFilter::default()
                };
                let counts = health::counts(&app, &operator(), owner).await;
                let counts = counts.map_err(|error| failed(error, &[]))?;
                (jobs::all(&app, filter).await?, Some(counts))
            }
        };
        let states = jobs.iter().map(|job| job.health.whole.state);
        let worst = states.max_by_key(|state| severity(*state));
        report(&app, arguments, jobs, counts, worst).await?;
        Ok(match worst {
            Some(HealthState::Down | HealthState::Failed) => ExitCode::from(DOWN),
            Some(HealthState::Late) => ExitCode::from(LATE),
            _ => ExitCode::SUCCESS,
        })
    })
}

async fn report(
    app: &App,
    arguments: &Arguments,
    mut jobs: Vec<Job>,
    counts: Option<HealthCounts>,
    worst: Option<HealthState>,
) -> Result<(), Failure> {
    let is_single = counts.is_none();
    let is_healthy = |job: &Job| severity(job.health.whole.state) < severity(HealthState::Late);
    jobs.retain(|job| (is_single && !arguments.quiet && !arguments.json.json) || !is_healthy(job));
    jobs.sort_by_key(|job| std::cmp::Reverse(severity(job.health.whole.state)));
    if arguments.json.json {
        return print_json(&Report {
            worst,
            jobs: counts,
            unhealthy: &jobs,
        });
    }
    if let Some(counts) = counts.filter(|_| !arguments.quiet) {
        for (name, count) in [
            ("failed", counts.failed),
            ("down", counts.down),
            ("late", counts.late),
            ("new", counts.new),
            ("on_time", counts.on_time),
            ("unmonitored", counts.unmonitored),
            ("paused", counts.paused),
            ("without predictions from now on", counts.not_covering_now),
        ] {
            if count > 0 || name == "on_time" {
                print(&format!("{count:>6}  {name}"))?;
            }
        }
    }
    let owners = Owners::read(app).await?;
    for job in jobs {
        print(&line(&job, &owners))?;
    }
    Ok(())
}

/// Returns the line about a job: its state, what was posted and what was due, and the worker's message.
fn line(job: &Job, owners: &Owners) -> String {
    let health = &job.health.whole;
    let (state, owner) = (health.state.as_str(), owners.name(Some(job.organisation_id)));
    let mut line = format!("{state}: {} ({owner})", job.name);
    line += &match health.last_arrival {
        Some(last) => format!(", last post {}", moment(Some(last), "")),
        None => ", nothing posted yet".to_owned(),
    };
    if let Some(due) = health.expected_by {
        line += &format!(", due {}", moment(Some(due), ""));
    }
    if let Some(message) = &health.message {
        line += &format!(": {}", message.as_str().lines().next().unwrap_or_default());
    }
    line
}

/// Asks a running server whether it is ready.
fn ask(url: &str, is_quiet: bool) -> Result<ExitCode, Failure> {
    let url = format!("{}/readyz", url.trim_end_matches('/'));
    let (status, body) = runtime()?
        .block_on(probe::get(&url, TIMEOUT))
        .map_err(|error| Failure(format!("{url}: {error}")))?;
    if status != 200 {
        return Err(Failure(format!("{url} responds with {status}: {}", body.trim())));
    }
    if !is_quiet {
        print(body.trim())?;
    }
    Ok(ExitCode::SUCCESS)
}
