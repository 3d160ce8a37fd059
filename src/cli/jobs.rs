//! `jobs`: lists jobs with their health, the worst first; the server may be running.

use std::cmp::Reverse;

use clap::builder::PossibleValuesParser;

use super::{
    Failure, Outcome,
    database::open_existing,
    listing::{Json, Listing, moment, print_json},
    names::{self, Owners},
    runtime,
};
use crate::{
    config::Settings,
    domain::{
        health::HealthState,
        job::{Job, JobFilter},
    },
    service::{App, job, token::operator},
};

/// The arguments of `jobs`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  prediction-api jobs
  prediction-api jobs --organisation \"North farm\" --health late --health down")]
pub struct Arguments {
    /// Only the jobs of this organisation (id or name)
    #[arg(long, value_name = "ORGANISATION")]
    organisation: Option<String>,
    /// Only the jobs in this health state; may be repeated
    #[arg(long, value_name = "STATE", value_parser = PossibleValuesParser::new(HealthState::ALL.map(HealthState::as_str)))]
    health: Vec<String>,
    #[command(flatten)]
    json: Json,
}

/// Lists the jobs.
pub fn run(settings: &Settings, arguments: &Arguments) -> Outcome {
    let app = open_existing(settings)?;
    runtime()?.block_on(async {
        let filter = JobFilter {
            organisation_id: names::organisation_if_given(&app, arguments.organisation.as_ref()).await?,
            health: arguments
                .health
                .iter()
                .filter_map(|name| HealthState::from_name(name))
                .collect(),
            ..JobFilter::default()
        };
        let mut jobs = all(&app, filter).await?;
        if arguments.json.json {
            return print_json(&jobs);
        }
        let owners = Owners::read(&app).await?;
        jobs.sort_by_key(|job| (Reverse(severity(job.health.whole.state)), job.name.clone()));
        let mut listing = Listing::new([
            "STATE",
            "LAST POST",
            "DUE",
            "PREDICTED UNTIL",
            "ORGANISATION",
            "ID",
            "NAME",
        ]);
        for job in jobs {
            let health = &job.health.whole;
            listing.row([
                health.state.as_str().to_owned(),
                moment(health.last_arrival, "-"),
                moment(health.expected_by, "-"),
                moment(health.covers_until, "-"),
                owners.name(Some(job.organisation_id)),
                job.id.to_string(),
                job.name.to_string(),
            ]);
        }
        listing.print()
    })
}

/// Returns how bad a state is.
pub fn severity(state: HealthState) -> u8 {
    match state {
        HealthState::Failed => 6,
        HealthState::Down => 5,
        HealthState::Late => 4,
        HealthState::New => 3,
        HealthState::OnTime => 2,
        HealthState::Unmonitored => 1,
        HealthState::Paused => 0,
    }
}

/// Reads all jobs that match the filter.
pub async fn all(app: &App, filter: JobFilter) -> Result<Vec<Job>, Failure> {
    let operator = operator();
    names::all(|page| job::list(app, &operator, filter.clone(), page), |job| job.id).await
}
