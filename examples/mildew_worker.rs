//! A whole worker: the powdery mildew risk of grape at the three airports of New York in the season of 2013.
//!
//! It registers the model and sets up one job for each airport, fetches the jobs of the version that it runs as,
//! computes the index from real hourly temperatures (`src/example/mildew.rs` has the model and its sources), and posts
//! it as a daily worker would have done: one request for each day, issued at the end of that day, with the outlook for
//! the next three. Every step is safe to repeat; a second run, or one on a demo, stores nothing new.
//!
//! On a fresh server it needs an admin token, here the one in `data/admin-token`:
//!
//! ```text
//! cargo run --release --example mildew_worker
//! ```

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use std::{env, fs};

use clap::Parser;
use reqwest::{Method, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use prediction_api::{
    example::{
        calendar::Calendar,
        catalogue::{self, ORGANISATION, SITES, SOURCE_VERSION},
        mildew::{Class, DailyIndex, SEASON_2013},
        weather::{self, STATIONS, Station},
    },
    http,
};

/// Maximum distance of a job's location from the station whose weather is used for it.
const NEAR_KM: f64 = 1.0;
/// Query for the issues of the whole season.
const WINDOW: &str = "from=2013-04-01T00:00:00Z&to=2013-11-02T00:00:00Z";
/// Maximum number of jobs that the server lists at once.
const MOST_JOBS: usize = 10_000;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Computes the powdery mildew risk at the airports of New York in 2013 and posts it to a Prediction API.
#[derive(Parser)]
struct Arguments {
    /// Where the server listens.
    #[arg(long, default_value = "http://127.0.0.1:8000")]
    url: String,
    /// An admin token; otherwise that of --token-file, of the environment variable PREDICTION_API_TOKEN or of
    /// data/admin-token, whichever comes first.
    #[arg(long, conflicts_with = "token_file")]
    token: Option<String>,
    /// A file with the token in its first line.
    #[arg(long)]
    token_file: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mildew_worker: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprintln!("  because: {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<()> {
    let weather = weather::hours(&http::weather_csv()?)?;
    let (token, shell) = token(&arguments)?;
    let timeout = Duration::from_secs(30);
    let server = Server {
        client: reqwest::Client::builder().timeout(timeout).build()?,
        base: format!("{}/api/v1", arguments.url.trim_end_matches('/')),
        token,
    };

    set_up(&server).await?;
    let jobs = jobs(&server).await?;
    for job in &jobs {
        match station_at(&server, job.location_id).await? {
            Some(station) => {
                let hours = weather.get(station.code);
                let hours = hours.ok_or_else(|| format!("no weather of {}", station.code))?;
                let season = SEASON_2013.index(hours);
                let counts = post(&server, job.id, &season).await?;
                println!("{}: {counts}; {}", job.name, summary(&season));
            }
            None => println!("{}: skipped, no station within {NEAR_KM} km", job.name),
        }
    }

    println!("\nRead a season:");
    for Job { id, name, .. } in &jobs {
        let url = format!("{}/predictions?metric=mildew_risk&job_id={id}", server.base);
        println!("# {name}");
        println!("curl -H \"Authorization: Bearer {shell}\" '{url}&{WINDOW}'");
    }
    Ok(())
}

/// Creates the resources that do not exist yet.
async fn set_up(server: &Server) -> Result<()> {
    let organisation = catalogue::organisation();
    server.ensure("/organisations", ORGANISATION, &organisation).await?;
    for (station, site) in catalogue::stations().iter().zip(SITES) {
        server.ensure("/locations", site.location, &station.location).await?;
        for (sensor, id) in station.sensors.iter().zip(site.sensors) {
            server.ensure("/sensors", id, sensor).await?;
        }
        let _: Value = server.post("/jobs/setup", &station.job_setup).await?;
    }
    Ok(())
}

/// Returns the active jobs of the version that this worker runs as.
async fn jobs(server: &Server) -> Result<Vec<Job>> {
    let path = format!("/jobs/service/{SOURCE_VERSION}?limit={MOST_JOBS}");
    let jobs: Vec<Job> = server.get(&path).await?;
    if jobs.len() >= MOST_JOBS {
        return Err("there are more jobs than this example reads".into());
    }
    Ok(jobs)
}

/// Returns the station at a job's location, if there is one.
async fn station_at(server: &Server, location: Option<Uuid>) -> Result<Option<&'static Station>> {
    let Some(id) = location else { return Ok(None) };
    let location: Location = server.get(&format!("/locations/{id}")).await?;
    // A placeholder has no coordinates yet.
    let (Some(latitude), Some(longitude)) = (location.latitude, location.longitude) else {
        return Ok(None);
    };
    let stations = STATIONS.iter();
    let distances = stations.map(|s| (s, s.distance_km(latitude, longitude)));
    let nearest = distances.min_by(|a, b| a.1.total_cmp(&b.1));
    Ok(nearest.and_then(|(station, km)| (km <= NEAR_KM).then_some(station)))
}

/// Posts each day as the run that a daily worker would have posted at its end.
async fn post(server: &Server, job_id: Uuid, season: &[DailyIndex]) -> Result<Counts> {
    let mut sum = Counts::default();
    for day in season {
        let run = catalogue::run(job_id, day, Calendar::default())?;
        let counts: Counts = server.post("/predictions", &run).await?;
        sum.stored += counts.stored;
        sum.revised += counts.revised;
        sum.unchanged += counts.unchanged;
    }
    Ok(sum)
}

/// Returns a text with the number of days in each class, and the first day with the highest index.
fn summary(season: &[DailyIndex]) -> String {
    let classes: Vec<Class> = season.iter().map(|day| Class::of(day.points)).collect();
    let days = |class| classes.iter().filter(|c| **c == class).count();
    let (low, moderate, high) = (days(Class::Low), days(Class::Moderate), days(Class::High));
    // Among equal days `max_by_key` returns the last, which is the first in reverse order.
    let highest = season.iter().rev().max_by_key(|day| day.points);
    let highest = highest.map(|day| format!(", highest {} on {}", day.points, day.day));
    let highest = highest.unwrap_or_default();
    format!("days: {low} low, {moderate} moderate, {high} high{highest}")
}

/// Returns the token, and the shell expression that yields it.
fn token(arguments: &Arguments) -> Result<(String, String)> {
    let variable = "$PREDICTION_API_TOKEN".to_owned();
    if let Some(token) = &arguments.token {
        return Ok((token.clone(), variable));
    }
    let path = match (&arguments.token_file, env::var("PREDICTION_API_TOKEN")) {
        (Some(path), _) => path,
        (None, Ok(token)) if !token.is_empty() => return Ok((token, variable)),
        (None, _) => Path::new("data/admin-token"),
    };
    let text = fs::read_to_string(path);
    let text = text.map_err(|e| format!("no token: cannot read {}: {e}", path.display()))?;
    let token = text.lines().next().unwrap_or_default().trim().to_owned();
    Ok((token, format!("$(cat {})", path.display())))
}

#[derive(Deserialize)]
struct Job {
    id: Uuid,
    name: String,
    location_id: Option<Uuid>,
}

#[derive(Deserialize)]
struct Location {
    latitude: Option<f64>,
    longitude: Option<f64>,
}

/// Counts in the server's response to posted predictions.
#[derive(Default, Deserialize)]
struct Counts {
    stored: u64,
    revised: u64,
    unchanged: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts {
            stored,
            revised,
            unchanged,
        } = self;
        write!(f, "{stored} stored, {revised} revised, {unchanged} unchanged")
    }
}

/// Problem document of a response that is not 2xx (RFC 9457), with the members that it has.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    title: String,
    detail: String,
    errors: Vec<Value>,
}

struct Server {
    client: reqwest::Client,
    /// Base path of the API.
    base: String,
    token: String,
}

impl Server {
    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        accept(self.send(Method::GET, path, None).await?).await
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T> {
        accept(self.send(Method::POST, path, Some(body)).await?).await
    }

    /// Creates a resource under a fixed id unless it exists. A conflict with another resource, such as one with the
    /// same name, is an error.
    async fn ensure(&self, collection: &str, id: Uuid, body: &Value) -> Result<()> {
        let made = self.send(Method::POST, collection, Some(body)).await?;
        if made.status() == StatusCode::CONFLICT {
            let path = format!("{collection}/{id}");
            let there = self.send(Method::GET, &path, None).await?;
            if there.status().is_success() {
                return Ok(());
            }
        }
        accept(made).await.map(|_: Value| ())
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Response> {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if let Some(body) = body {
            request = request.json(body);
        }
        Ok(request.bearer_auth(&self.token).send().await?)
    }
}

/// Returns the body of a 2xx response; all others are errors.
async fn accept<T: DeserializeOwned>(response: Response) -> Result<T> {
    let (status, url) = (response.status(), response.url().clone());
    if status.is_success() {
        return Ok(response.json().await?);
    }
    let text = response.text().await?;
    let problem: Problem = serde_json::from_str(&text).unwrap_or_else(|_| Problem {
        title: status.canonical_reason().unwrap_or_default().to_owned(),
        detail: text,
        errors: Vec::new(),
    });
    let Problem { title, detail, .. } = problem;
    let mut message = format!("{url} answered {} {title}: {detail}", status.as_u16());
    for error in problem.errors {
        message += &format!("\n  {error}");
    }
    Err(message.into())
}
