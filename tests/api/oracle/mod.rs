//! The prediction store compared with a plain oracle: random posts and reads are checked against a list of all points
//! and the definitions of responses. `PROPTEST_CASES` sets the number of cases.

mod reads;
mod shapes;
mod spread;
mod steps;
mod trials;
mod wire;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use prediction_api::domain::{Counts, Timestamp};
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use tokio::runtime;
use uuid::Uuid;

use crate::app::{ADMIN, TestApp};
use spread::{LEVELS, MOST_MEMBERS};
use steps::{Step, step};
use trials::Trials;

const HOUR: i64 = 3_600_000_000;

/// The rain has members, and the wind has quantiles, whose levels depend on the version.
const METRICS: [&str; 4] = ["humidity", "rain", "temperature", "wind"];
const RAIN: usize = 1;
const WIND: usize = 3;
const STAGES: [Option<&str>; 2] = [None, Some("raw")];
const TRACKS: [&str; 3] = ["main", "shadow", "all"];

/// Retention of the second source's predictions, in hours.
const RETENTION: i64 = 3;

/// Default number of cases.
const CASES: u32 = 40;
/// Key of a series: the job if there is one, the source and its version, its track, metric, stage and location.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Series {
    job: Option<usize>,
    source: usize,
    version: usize,
    /// Whether the version was on trial when it was posted.
    is_shadow: bool,
    metric: usize,
    stage: usize,
    location: usize,
}

/// A value, with its quantiles or members.
type Valued = (f64, Vec<f64>);

/// A posted point: its series, issue (at its arrival if none), valid_time and value (a gap, if there is none).
type Given<Issue = Option<i64>> = (Series, Issue, i64, Option<Valued>);

/// A stored point. No value withdraws those of earlier revisions.
#[derive(Debug, Clone)]
struct Kept {
    series: Series,
    /// Number of the series among all series, in the order of their creation.
    begun: usize,
    issue: i64,
    valid: i64,
    value: Option<Valued>,
    available: i64,
    revision: usize,
}

/// A case: the resources on the server, and all points that were posted.
struct Case<'a> {
    app: &'a TestApp,
    /// Start of the hour before the case.
    base: i64,
    start: i64,
    locations: [String; 2],
    /// Two jobs of the first source, one for each of its versions, and one of the second.
    jobs: Vec<String>,
    /// Source and version of each job.
    of_jobs: [(usize, usize); 3],
    /// Versions of the first source. No job has the last of them at the beginning.
    versions: Vec<String>,
    /// Versions on trial of each job.
    shadows: [BTreeSet<usize>; 3],
    trials: Trials,
    sources: [String; 2],
    begun: HashMap<Series, usize>,
    kept: Vec<Kept>,
    /// The last post.
    last: Option<Step>,
}

/// Source and version of each job at the beginning.
const OF_JOBS: [(usize, usize); 3] = [(0, 0), (0, 1), (1, 0)];

fn label(version: usize) -> String {
    format!("{version}.0")
}

/// Returns the output roles of a version.
fn roles(version: usize) -> Value {
    let role = |metric: &str| json!({ "role": metric, "metric": metric });
    let mut roles = METRICS.map(role);
    roles[RAIN]["members"] = json!(MOST_MEMBERS);
    roles[WIND]["quantiles"] = json!(LEVELS[version]);
    json!(roles)
}

fn time(micros: i64) -> String {
    Timestamp::from_micros(micros).to_string()
}

impl<'a> Case<'a> {
    async fn start(app: &'a TestApp) -> Self {
        let name = Uuid::new_v4().to_string();
        let home = app.organisation(&name).await;
        let place = async |name: &str| {
            let body = json!({ "organisation_id": home, "name": name, "latitude": 0, "longitude": 0 });
            app.make("/api/v1/locations", &body).await
        };
        let mut locations = [place("one").await, place("two").await];
        locations.sort();
        let sources = [format!("a {name}"), format!("b {name}")];
        let (mut jobs, mut versions) = (Vec::new(), Vec::new());
        for (job, (source, version)) in OF_JOBS.into_iter().enumerate() {
            let body = json!({
                "organisation_id": home,
                "source": { "name": sources[source], "retention_hours": (source == 1).then_some(RETENTION) },
                "source_version": { "version": label(version), "input_roles": [], "output_roles": roles(version) },
                "job": { "name": format!("job {job}"), "location_id": locations[0] }
            });
            let made = app.ok(ADMIN, "POST /jobs/setup", body).await;
            jobs.push(made["id"].as_str().unwrap().to_owned());
            if source == 0 {
                versions.push(made["source_version_id"].as_str().unwrap().to_owned());
            }
            app.advance_minutes(1);
        }
        let source = app.ok(ADMIN, &format!("GET /jobs/{}", jobs[0]), Value::Null).await["source_id"].clone();
        let last = json!({ "source_id": source, "version": label(2), "input_roles": [], "output_roles": roles(2) });
        versions.push(app.make("/api/v1/source_versions", &last).await);
        let trials = Trials::start(app, &home, &locations[0], &source).await;
        let start = app.now().micros();
        Self {
            app,
            base: start - start % HOUR,
            start,
            locations,
            jobs,
            of_jobs: OF_JOBS,
            versions,
            shadows: Default::default(),
            trials,
            sources,
            begun: HashMap::new(),
            kept: Vec::new(),
            last: None,
        }
    }

    fn at(&self, hour: i64) -> i64 {
        self.base + hour * HOUR
    }

    fn minute(&self, minute: i64) -> i64 {
        self.base + minute * HOUR / 60
    }

    async fn run(&mut self, steps: &[Step]) -> Result<(), TestCaseError> {
        for step in steps {
            match step {
                Step::Wait(minutes) => self.app.advance_minutes(*minutes),
                Step::Read(read) => self.read(read).await?,
                Step::Latest(latest) => self.latest(latest).await?,
                Step::Sweep => {
                    self.app.sweep().await;
                }
                Step::Withdraw {
                    job,
                    issue,
                    metric,
                    stage,
                    track,
                } => self.withdraw(*job, *issue, *metric, *stage, *track).await?,
                Step::Shadow { job, version, is_on } => self.shadow(*job, *version, *is_on).await?,
                Step::Promote { job, version, keeps } => self.promote(*job, *version, *keeps).await?,
                Step::Bind(sensor) => self.bind(*sensor).await,
                Step::Reading(sensor, hour, value) => self.reading(*sensor, *hour, *value).await,
                Step::Remember => self.remember().await?,
                Step::Again(changed) => {
                    if let Some(mut last) = self.last.take() {
                        changed.iter().for_each(|index| last.change(*index));
                        self.post(&last).await?;
                        self.last = Some(last);
                    }
                }
                _ => {
                    self.post(step).await?;
                    self.last = Some(step.clone());
                }
            }
        }
        self.recall().await
    }

    /// Posts, and compares the counts or the refusal with the stored points.
    async fn post(&mut self, step: &Step) -> Result<(), TestCaseError> {
        let (body, gaps, runs) = self.body(step);
        let query = gaps.map_or(String::new(), |gaps| format!("?gaps={gaps}"));
        let path = format!("/api/v1/predictions{query}");
        self.app.tick();
        let answer = self.app.post(&path, &body).await;
        let Some(runs) = runs else {
            prop_assert_eq!(answer.status, 422, "{} {}", body, answer.text);
            return Ok(());
        };
        let now = self.app.now().micros();
        let mut seen = BTreeMap::new();
        for (series, issue, valid, value) in &runs {
            let issue = issue.unwrap_or(now);
            if seen.insert((series.clone(), issue, *valid), value.clone()).is_some() {
                prop_assert_eq!(answer.status, 422, "{} {}", body, answer.text);
                return Ok(());
            }
        }
        let mut counts = Counts::default();
        let mut new = Vec::new();
        for (series, issue, valid, value) in runs {
            let issue = issue.unwrap_or(now);
            match (self.held(&series, issue, valid, now), value) {
                (_, None) if gaps == Some("skip") => counts.skipped += 1,
                (None, None) if gaps == Some("withdraw") => counts.skipped += 1,
                (None, None) => {
                    prop_assert_eq!(answer.status, 422, "{} {}", body, answer.text);
                    return Ok(());
                }
                (Some(held), value) if held == value => counts.unchanged += 1,
                (held, value) => {
                    let counted = match (held, &value) {
                        (None, _) => &mut counts.stored,
                        (Some(_), Some(_)) => &mut counts.revised,
                        (Some(_), None) => &mut counts.withdrawn,
                    };
                    *counted += 1;
                    new.push((series, issue, valid, value));
                }
            }
        }
        prop_assert_eq!(answer.status, 200, "{} {}", body, answer.text);
        self.keep(new, now);
        let mut counted = answer.json();
        let fresh = counted.as_object_mut().and_then(|all| all.remove("fresh"));
        prop_assert!(fresh.is_some_and(|fresh| fresh.is_boolean()), "{}", body);
        prop_assert_eq!(counted, json!(counts), "{}", body);
        Ok(())
    }

    /// Returns the value of an issue at a valid_time: none, or a value unless it is withdrawn.
    fn held(&self, series: &Series, issue: i64, valid: i64, now: i64) -> Option<Option<Valued>> {
        let own = self
            .kept
            .iter()
            .filter(|kept| kept.series == *series && (kept.issue, kept.valid) == (issue, valid));
        let own = own.filter(|kept| Self::counts_at(kept, now));
        Some(own.max_by_key(|kept| kept.revision)?.value.clone())
    }

    /// Stores points, each run of them as its next revision.
    fn keep(&mut self, new: Vec<Given<i64>>, now: i64) {
        let before = self.kept.len();
        for (series, issue, valid, value) in new {
            let own = self.kept[..before]
                .iter()
                .filter(|kept| kept.series == series && kept.issue == issue);
            let revision = own.map(|kept| kept.revision).max().unwrap_or(0) + 1;
            let next = self.begun.len();
            let begun = *self.begun.entry(series.clone()).or_insert(next);
            self.kept.push(Kept {
                series,
                begun,
                issue,
                valid,
                value,
                available: now,
                revision,
            });
        }
    }

    /// Withdraws an issue of a job, and compares the counts.
    async fn withdraw(
        &mut self,
        job: usize,
        issue: i64,
        metric: Option<usize>,
        stage: Option<usize>,
        track: Option<usize>,
    ) -> Result<(), TestCaseError> {
        let issue = self.at(issue);
        // A query cannot select only predictions without a stage.
        let stage = stage.and_then(|stage| STAGES[stage]);
        let mut path = format!(
            "/api/v1/predictions?job_id={}&issue_time={}&metric={}",
            self.jobs[job],
            time(issue),
            metric.map_or("all", |metric| METRICS[metric])
        );
        if let Some(stage) = stage {
            path += &format!("&stage={stage}");
        }
        if let Some(track) = track {
            path += &format!("&track={}", TRACKS[track]);
        }
        self.app.tick();
        let answer = self.app.delete(&path).await;
        let now = self.app.now().micros();
        let is_chosen = |kept: &&Kept| {
            let series = &kept.series;
            (series.job, kept.issue) == (Some(job), issue)
                && metric.is_none_or(|metric| series.metric == metric)
                && stage.is_none_or(|stage| STAGES[series.stage] == Some(stage))
                && is_on(series, track)
        };
        let chosen = self.kept.iter().filter(is_chosen);
        let chosen: BTreeSet<_> = chosen.map(|kept| (kept.series.clone(), kept.valid)).collect();
        let mut counts = Counts::default();
        let mut new = Vec::new();
        for (series, valid) in chosen {
            match self.held(&series, issue, valid, now) {
                None => {}
                Some(None) => counts.unchanged += 1,
                Some(Some(_)) => {
                    counts.withdrawn += 1;
                    new.push((series, issue, valid, None));
                }
            }
        }
        self.keep(new, now);
        prop_assert_eq!(answer.expect(200), json!(counts), "{}", path);
        Ok(())
    }

    /// Returns whether a point has not expired.
    fn counts_at(kept: &Kept, now: i64) -> bool {
        kept.series.source == 0 || kept.valid.max(kept.available) + RETENTION * HOUR > now
    }
}

/// Returns whether a series is on the track that is asked for, which is main by default.
fn is_on(series: &Series, track: Option<usize>) -> bool {
    match track.map_or("main", |track| TRACKS[track]) {
        "main" => !series.is_shadow,
        "shadow" => series.is_shadow,
        _ => true,
    }
}

#[test]
fn posts_and_reads_agree_with_a_list_of_all_points() {
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let app = runtime.block_on(TestApp::start());
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok());
    let config = Config {
        cases: cases.unwrap_or(CASES),
        max_shrink_iters: 200,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    runner
        .run(&vec(step(), 1..24), |steps| {
            runtime.block_on(async {
                let mut case = Case::start(&app).await;
                case.run(&steps).await
            })
        })
        .unwrap();
}
