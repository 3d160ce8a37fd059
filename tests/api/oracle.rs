//! The prediction store against a plain oracle: random posts and reads, held against a list of all points and the
//! definitions of what is answered. `PROPTEST_CASES` sets how many cases are tried.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

use proptest::{
    collection::vec,
    option,
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use tokio::runtime;
use uuid::Uuid;

use crate::app::{ADMIN, TestApp};

const HOUR: i64 = 3_600_000_000;
const METRICS: [&str; 2] = ["humidity", "temperature"];
const STAGES: [Option<&str>; 2] = [None, Some("raw")];

/// How long the second source's predictions are kept, in hours.
const RETENTION: i64 = 3;

/// How many cases are tried unless `PROPTEST_CASES` says it.
const CASES: u32 = 40;

/// A posted point: its role, hour and value, and which location if it names one.
type Posted = (usize, i64, i32, Option<usize>);

#[derive(Debug, Clone)]
enum Step {
    /// For a job, as points or as series: issued at that hour or at its arrival.
    ForJob {
        job: usize,
        issue: Option<i64>,
        stage: usize,
        points: Vec<Posted>,
        as_series: bool,
    },
    /// Without a job: the source, whether its version is named, and points with locations.
    Direct {
        source: usize,
        version: Option<usize>,
        issue: Option<i64>,
        stage: usize,
        points: Vec<Posted>,
    },
    /// Minutes go by.
    Wait(i64),
    Read(Read),
}

#[derive(Debug, Clone)]
struct Read {
    job: Option<usize>,
    location: usize,
    metric: Option<usize>,
    stage: Option<usize>,
    source: Option<usize>,
    version: Option<usize>,
    /// Microseconds beside the hours are given too.
    from: (i64, i64),
    to: (i64, i64),
    as_of_minutes: Option<i64>,
    min_lead: Option<i64>,
    max_lead: Option<i64>,
    issue: Option<i64>,
    all: bool,
    limit: usize,
}

fn posted() -> impl Strategy<Value = Posted> {
    (
        0..2_usize,
        0..6_i64,
        0..3_i32,
        option::weighted(0.2, 0..2_usize),
    )
}

fn step() -> impl Strategy<Value = Step> {
    let points = || vec(posted(), 1..6);
    let issue = || option::weighted(0.8, -2..3_i64);
    let beside = || {
        (
            -1..8_i64,
            prop_oneof![3 => Just(0), 1 => Just(1), 1 => Just(-1)],
        )
    };
    let rare = |range: std::ops::Range<i64>| option::weighted(0.25, range);
    let which = || option::weighted(0.2, 0..2_usize);
    let scope = (option::weighted(0.4, 0..3_usize), 0..2_usize);
    let what = (option::weighted(0.5, 0..2_usize), which(), which(), which());
    let choice = (rare(0..200), rare(-2..5), rare(-2..5), rare(-2..3));
    let read = (
        scope,
        what,
        (beside(), beside()),
        choice,
        any::<bool>(),
        1..6_usize,
    );
    let read = read.prop_map(
        |((job, location), what, (from, to), choice, all, limit)| Read {
            job,
            location,
            metric: what.0,
            stage: what.1,
            source: what.2,
            version: what.3,
            from,
            to,
            as_of_minutes: choice.0,
            min_lead: choice.1,
            max_lead: choice.2,
            issue: choice.3,
            all,
            limit,
        },
    );
    prop_oneof![
        5 => (0..3_usize, issue(), 0..2_usize, points(), any::<bool>()).prop_map(
            |(job, issue, stage, points, as_series)| Step::ForJob { job, issue, stage, points, as_series }
        ),
        3 => (0..2_usize, which(), issue(), 0..2_usize, points()).prop_map(
            |(source, version, issue, stage, points)| Step::Direct { source, version, issue, stage, points }
        ),
        3 => (0..100_i64).prop_map(Step::Wait),
        6 => read.prop_map(Step::Read),
    ]
}

/// What a series is told apart by: the job if there is one, the source and its version, metric, stage and location.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Series {
    job: Option<usize>,
    source: usize,
    version: usize,
    metric: usize,
    stage: usize,
    location: usize,
}

/// A posted point: its series, issue (at its arrival if none), valid_time and value.
type Given = (Series, Option<i64>, i64, f64);

/// A point that was kept.
#[derive(Debug, Clone)]
struct Kept {
    series: Series,
    /// When its series was begun, among all series.
    begun: usize,
    issue: i64,
    valid: i64,
    value: f64,
    available: i64,
    revision: usize,
}

/// One case: what is on the server, and all points that it was given.
struct Case<'a> {
    app: &'a TestApp,
    /// The whole hour before the case began.
    base: i64,
    start: i64,
    locations: [String; 2],
    /// Two of the first source, one for each of its versions, and one of the second.
    jobs: Vec<String>,
    sources: [String; 2],
    begun: HashMap<Series, usize>,
    kept: Vec<Kept>,
}

/// The source and version of each job.
const OF_JOBS: [(usize, usize); 3] = [(0, 0), (0, 1), (1, 0)];

fn label(version: usize) -> String {
    format!("{version}.0")
}

fn time(micros: i64) -> String {
    prediction_api::domain::Timestamp::from_micros(micros).to_string()
}

impl<'a> Case<'a> {
    async fn start(app: &'a TestApp) -> Self {
        let name = Uuid::new_v4().to_string();
        let home = app.organisation(&name).await;
        let place = async |name: &str| {
            let body =
                json!({ "organisation_id": home, "name": name, "latitude": 0, "longitude": 0 });
            app.make("/api/v1/locations", &body).await
        };
        let mut locations = [place("one").await, place("two").await];
        locations.sort();
        let sources = [format!("a {name}"), format!("b {name}")];
        let mut jobs = Vec::new();
        for (job, (source, version)) in OF_JOBS.into_iter().enumerate() {
            let role = |metric: &str| json!({ "role": metric, "metric": metric });
            let body = json!({
                "organisation_id": home,
                "source": { "name": sources[source], "retention_hours": (source == 1).then_some(RETENTION) },
                "source_version": { "version": label(version), "input_roles": [], "output_roles": METRICS.map(role) },
                "job": { "name": format!("job {job}"), "location_id": locations[0] }
            });
            let made = app.ok(ADMIN, "POST /jobs/setup", body).await;
            jobs.push(made["id"].as_str().unwrap().to_owned());
            app.advance_minutes(1);
        }
        let start = app.now().micros();
        Self {
            app,
            base: start - start % HOUR,
            start,
            locations,
            jobs,
            sources,
            begun: HashMap::new(),
            kept: Vec::new(),
        }
    }

    fn at(&self, hour: i64) -> i64 {
        self.base + hour * HOUR
    }

    async fn run(&mut self, steps: &[Step]) -> Result<(), TestCaseError> {
        for step in steps {
            match step {
                Step::Wait(minutes) => self.app.advance_minutes(*minutes),
                Step::Read(read) => self.read(read).await?,
                _ => self.post(step).await?,
            }
        }
        Ok(())
    }

    /// Posts, and holds the counts or the refusal against what is kept.
    async fn post(&mut self, step: &Step) -> Result<(), TestCaseError> {
        let (body, runs) = self.body(step);
        let answer = self.app.post("/api/v1/predictions", &body).await;
        let now = self.app.now().micros();
        let mut counts = [0_u64; 3];
        let mut seen = BTreeMap::new();
        for (series, issue, valid, value) in &runs {
            let issue = issue.unwrap_or(now);
            if seen
                .insert((series.clone(), issue, *valid), *value)
                .is_some()
            {
                prop_assert_eq!(answer.status, 422, "{} {}", body, answer.text);
                return Ok(());
            }
        }
        prop_assert_eq!(answer.status, 200, "{} {}", body, answer.text);
        // The revision that each run gets, before any of it is kept.
        let mut revisions = HashMap::new();
        let mut new = Vec::new();
        for (series, issue, valid, value) in runs {
            let issue = issue.unwrap_or(now);
            let own = || {
                self.kept
                    .iter()
                    .filter(|kept| kept.series == series && kept.issue == issue)
            };
            let revision = own().map(|kept| kept.revision).max().unwrap_or(0) + 1;
            revisions.insert((series.clone(), issue), revision);
            let held = own().filter(|kept| kept.valid == valid && self.counts_at(kept, now));
            match held.max_by_key(|kept| kept.revision) {
                Some(held) if held.value == value => {
                    counts[2] += 1;
                    continue;
                }
                Some(_) => counts[1] += 1,
                None => counts[0] += 1,
            }
            let next = self.begun.len();
            let begun = *self.begun.entry(series.clone()).or_insert(next);
            new.push(Kept {
                series,
                begun,
                issue,
                valid,
                value,
                available: now,
                revision,
            });
        }
        self.kept.extend(new);
        let expected = json!({ "stored": counts[0], "revised": counts[1], "unchanged": counts[2] });
        prop_assert_eq!(answer.json(), expected, "{}", body);
        Ok(())
    }

    /// The body of a post, and its points by their series: issue, valid_time and value.
    fn body(&self, step: &Step) -> (Value, Vec<Given>) {
        match step {
            Step::ForJob {
                job,
                issue,
                stage,
                points,
                as_series,
            } => {
                let (source, version) = OF_JOBS[*job];
                let issue = issue.map(|hour| self.at(hour));
                let mut body = json!({ "job_id": self.jobs[*job], "stage": STAGES[*stage] });
                if let Some(issue) = issue {
                    body["issue_time"] = json!(time(issue));
                }
                let entry = |(metric, hour, value, location): &Posted| {
                    let mut entry = json!({ "role": METRICS[*metric] });
                    if let Some(location) = location {
                        entry["location_id"] = json!(self.locations[*location]);
                    }
                    let valid_time = time(self.at(*hour));
                    if *as_series {
                        entry["values"] = json!([value]);
                        // Both ways to tell the times.
                        if value % 2 == 0 {
                            entry["start"] = json!(valid_time);
                        } else {
                            entry["valid_times"] = json!([valid_time]);
                        }
                    } else {
                        entry["valid_time"] = json!(valid_time);
                        entry["value"] = json!(value);
                    }
                    entry
                };
                let list = if *as_series { "series" } else { "predictions" };
                body[list] = points.iter().map(entry).collect();
                let run = |(metric, hour, value, location): &Posted| {
                    let series = Series {
                        job: Some(*job),
                        source,
                        version,
                        metric: *metric,
                        stage: *stage,
                        location: location.unwrap_or(0),
                    };
                    (series, issue, self.at(*hour), f64::from(*value))
                };
                (body, points.iter().map(run).collect())
            }
            Step::Direct {
                source,
                version,
                issue,
                stage,
                points,
            } => {
                let version = version.filter(|_| *source == 0);
                let issue = issue.map(|hour| self.at(hour));
                let entry = |(metric, hour, value, location): &Posted| {
                    let mut entry = json!({
                        "source": self.sources[*source], "metric": METRICS[*metric], "stage": STAGES[*stage],
                        "location_id": self.locations[location.unwrap_or(1)],
                        "valid_time": time(self.at(*hour)), "value": value
                    });
                    if let Some(version) = version {
                        entry["source_version"] = json!(label(version));
                    }
                    if let Some(issue) = issue {
                        entry["issue_time"] = json!(time(issue));
                    }
                    entry
                };
                let newest = if *source == 0 { 1 } else { 0 };
                let run = |(metric, hour, value, location): &Posted| {
                    let series = Series {
                        job: None,
                        source: *source,
                        version: version.unwrap_or(newest),
                        metric: *metric,
                        stage: *stage,
                        location: location.unwrap_or(1),
                    };
                    (series, issue, self.at(*hour), f64::from(*value))
                };
                let body = points.iter().map(entry).collect();
                (body, points.iter().map(run).collect())
            }
            Step::Wait(_) | Step::Read(_) => unreachable!("no post"),
        }
    }

    /// Whether a point has not expired.
    fn counts_at(&self, kept: &Kept, now: i64) -> bool {
        kept.series.source == 0 || kept.valid.max(kept.available) + RETENTION * HOUR > now
    }

    /// Reads, page by page, and holds the rows against what is kept.
    async fn read(&self, read: &Read) -> Result<(), TestCaseError> {
        let window = [read.from, read.to].map(|(hour, beside)| self.at(hour) + beside);
        let (from, to) = (window[0].min(window[1]), window[0].max(window[1]));
        let as_of = read
            .as_of_minutes
            .map(|minutes| self.start + minutes * 60_000_000);
        let mut leads = [read.min_lead, read.max_lead];
        if let [Some(least), Some(most)] = leads
            && most < least
        {
            leads.swap(0, 1);
        }
        let mut query = vec![
            match read.job {
                Some(job) => format!("job_id={}", self.jobs[job]),
                None => format!("location_id={}", self.locations[read.location]),
            },
            format!(
                "metric={}",
                read.metric.map_or("all", |metric| METRICS[metric])
            ),
            format!("from={}&to={}", time(from), time(to)),
            format!("limit={}", read.limit),
        ];
        // No stage cannot be asked for by itself.
        let stage = read.stage.and_then(|stage| STAGES[stage]);
        query.extend(stage.map(|stage| format!("stage={stage}")));
        query.extend(
            read.source
                .map(|source| format!("source={}", self.sources[source].replace(' ', "%20"))),
        );
        query.extend(
            read.version
                .map(|version| format!("source_version={}", label(version))),
        );
        query.extend(as_of.map(|as_of| format!("as_of={}", time(as_of))));
        query.extend(leads[0].map(|hours| format!("min_lead={}", hours * 3600)));
        query.extend(leads[1].map(|hours| {
            let sign = if hours < 0 { "-" } else { "" };
            format!("max_lead={sign}PT{}H", hours.abs())
        }));
        query.extend(
            read.issue
                .map(|hour| format!("issue_time={}", time(self.at(hour)))),
        );
        query.extend(read.all.then(|| "issues=all".to_owned()));

        let mut path = format!("/api/v1/predictions?{}", query.join("&"));
        let mut rows = Vec::new();
        loop {
            let answer = self.app.get(&path).await;
            prop_assert_eq!(answer.status, 200, "{}", answer.text);
            let page = answer.json();
            let page = page.as_array().unwrap();
            rows.extend(page.clone());
            let Some((next, _)) = answer.header("link").split_once('>') else {
                prop_assert!(page.len() <= read.limit);
                break;
            };
            prop_assert_eq!(
                page.len(),
                read.limit,
                "a page that is not the last is full"
            );
            path = next.trim_start_matches('<').to_owned();
        }

        let now = self.app.now().micros();
        let is_asked = |kept: &&Kept| {
            let lead = kept.valid - kept.issue;
            let series = &kept.series;
            let is_for = match read.job {
                Some(job) => series.job == Some(job),
                None => series.location == read.location,
            };
            is_for
                && read.metric.is_none_or(|metric| series.metric == metric)
                && stage.is_none_or(|stage| STAGES[series.stage] == Some(stage))
                && read.source.is_none_or(|source| series.source == source)
                && read.version.is_none_or(|version| series.version == version)
                && (from..to).contains(&kept.valid)
                && as_of.is_none_or(|as_of| kept.available <= as_of)
                && leads[0].is_none_or(|least| lead >= least * HOUR)
                && leads[1].is_none_or(|most| lead <= most * HOUR)
                && read.issue.is_none_or(|hour| kept.issue == self.at(hour))
                && self.counts_at(kept, now)
        };
        let mut asked: Vec<_> = self.kept.iter().filter(is_asked).collect();
        asked.sort_by_key(|kept| Reverse((kept.issue, kept.available, kept.revision, kept.begun)));
        let mut picked = BTreeMap::new();
        for kept in asked {
            let Series {
                metric,
                source,
                stage,
                location,
                ..
            } = kept.series;
            // Of all issues: one for each issue of each series.
            let issue = read.all.then_some((kept.issue, kept.begun));
            picked
                .entry((metric, source, stage, location, kept.valid, issue))
                .or_insert(kept);
        }
        let expected: Vec<_> = picked.into_values().map(|kept| self.row(kept)).collect();
        prop_assert_eq!(rows, expected, "{:?}", query);
        Ok(())
    }

    fn row(&self, kept: &Kept) -> Value {
        let series = &kept.series;
        #[expect(clippy::cast_precision_loss, reason = "a few hours")]
        let lead = (kept.valid - kept.issue) as f64 / 1e6;
        let mut row = json!({ "metric": METRICS[series.metric], "value": kept.value,
            "valid_time": time(kept.valid), "issue_time": time(kept.issue), "available_at": time(kept.available),
            "lead_seconds": lead });
        let row_of = row.as_object_mut().unwrap();
        row_of.extend(STAGES[series.stage].map(|stage| ("stage".to_owned(), json!(stage))));
        row_of.insert("source".to_owned(), json!(self.sources[series.source]));
        row_of.insert("source_version".to_owned(), json!(label(series.version)));
        row_of.extend(
            series
                .job
                .map(|job| ("job_id".to_owned(), json!(self.jobs[job]))),
        );
        row_of.insert(
            "location_id".to_owned(),
            json!(self.locations[series.location]),
        );
        row
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
