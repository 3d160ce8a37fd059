//! Health compared with a plain restatement of its rules: random histories are judged by the definitions, from the list
//! of all events. `PROPTEST_CASES` sets the number of histories.

use prediction_api::domain::Timestamp;
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

const ROLES: [&str; 2] = ["humidity", "temperature"];
const MINUTE: i64 = 60_000_000;

/// Default number of histories.
const CASES: u32 = 40;

#[derive(Debug, Clone)]
enum Step {
    /// Minutes pass.
    Wait(i64),
    /// Posts for these roles, issued this many minutes ago, or ahead of the server's clock if that is negative.
    Post([bool; 2], i64),
    Report(bool),
    SetActive(bool),
    SetInterval(Option<i64>),
    SetGrace(Option<i64>),
    /// The server stores the changes that time alone causes.
    Notice,
}

fn step() -> impl Strategy<Value = Step> {
    let roles = prop_oneof![Just([true, true]), Just([true, false]), Just([false, true])];
    prop_oneof![
        4 => (0..50_i64).prop_map(Step::Wait),
        4 => (roles, prop_oneof![Just(0_i64), 0..90_i64, -5..0_i64]).prop_map(|(roles, ago)| Step::Post(roles, ago)),
        1 => any::<bool>().prop_map(Step::Report),
        1 => any::<bool>().prop_map(Step::SetActive),
        1 => option::weighted(0.8, 5..60_i64).prop_map(Step::SetInterval),
        1 => option::weighted(0.7, 0..40_i64).prop_map(Step::SetGrace),
        1 => Just(Step::Notice),
    ]
}

/// An event, with its minute.
#[derive(Debug, Clone)]
enum Event {
    /// Roles and minute of the issue.
    Post([bool; 2], i64),
    Report(bool),
    SetActive(bool),
    SetInterval(Option<i64>),
    SetGrace(Option<i64>),
}

/// State of the job as a whole (`None`) or of a target, and the time since which it holds, in half minutes: a deadline
/// passes just after its minute.
struct Followed {
    target: Option<usize>,
    state: &'static str,
    since: i64,
    changes: Vec<(&'static str, i64)>,
}

struct History {
    /// Minutes since the job was created.
    now: i64,
    events: Vec<(i64, Event)>,
    followed: Vec<Followed>,
}

impl History {
    fn new() -> Self {
        let followed = [None, Some(0), Some(1)].map(|target| Followed {
            target,
            state: "new",
            since: 0,
            changes: Vec::new(),
        });
        Self {
            now: 0,
            events: Vec::new(),
            followed: followed.into(),
        }
    }

    fn newest<T>(&self, pick: impl Fn(&Event) -> Option<T>) -> Option<(i64, T)> {
        let mut events = self.events.iter().rev();
        events.find_map(|(minute, event)| Some((*minute, pick(event)?)))
    }

    /// Returns the posts with a fresh issue of the target: a new one that counts as later than those before. The result
    /// has their minutes, places and issues. An issue ahead of its arrival counts as of its arrival. For the job as a
    /// whole, those of its targets count.
    fn fresh(&self, target: Option<usize>) -> Vec<(i64, usize, i64)> {
        let counts_as = |(minute, _, issue): &(i64, usize, i64)| *minute.min(issue);
        let mut fresh: Vec<(i64, usize, i64)> = Vec::new();
        let targets: Vec<_> = match target {
            None => (0..2).map(|target| self.fresh(Some(target))).collect(),
            Some(_) => Vec::new(),
        };
        let mut posted = Vec::new();
        for (place, (minute, event)) in self.events.iter().enumerate() {
            let Event::Post(roles, issue) = event else {
                continue;
            };
            let post = (*minute, place, *issue);
            let is_new = match target {
                Some(target) => roles[target] && !posted.contains(issue),
                None => {
                    let mut fresh = targets.iter().flatten();
                    fresh.any(|(_, of, issue)| (*of, *issue) == (place, post.2))
                }
            };
            if target.is_some_and(|target| roles[target]) {
                posted.push(*issue);
            }
            match fresh.last_mut() {
                _ if !is_new => {}
                Some(last) if counts_as(&post) < counts_as(last) => {}
                // If two targets arrive in the same minute, the later issue is shown.
                Some(last) if counts_as(&post) == counts_as(last) => {
                    if target.is_none() && *minute == last.0 {
                        last.2 = last.2.max(*issue);
                    }
                }
                _ => fresh.push(post),
            }
        }
        fresh
    }

    /// Returns the minute that the posts of the target cover, an hour after the newest issue.
    fn covers_until(&self, target: Option<usize>) -> Option<i64> {
        let issues = self.events.iter().filter_map(|(_, event)| match event {
            Event::Post(roles, issue) if target.is_none_or(|target| roles[target]) => Some(issue),
            _ => None,
        });
        Some(issues.max()? + 60)
    }

    fn interval(&self) -> Option<i64> {
        let set = self.newest(|event| match event {
            Event::SetInterval(interval) => Some(*interval),
            _ => None,
        });
        set.map_or(Some(30), |(_, interval)| interval)
    }

    fn grace(&self) -> i64 {
        let set = self.newest(|event| match event {
            Event::SetGrace(grace) => Some(*grace),
            _ => None,
        });
        set.and_then(|(_, grace)| grace).unwrap_or(0)
    }

    fn is_active(&self) -> bool {
        let set = self.newest(|event| match event {
            Event::SetActive(active) => Some(*active),
            _ => None,
        });
        set.is_none_or(|(_, active)| active)
    }

    /// Returns the minute at which the job was last resumed.
    fn resumed(&self) -> i64 {
        let (mut active, mut resumed) = (true, 0);
        for (minute, event) in &self.events {
            if let Event::SetActive(to) = event {
                if *to && !active {
                    resumed = *minute;
                }
                active = *to;
            }
        }
        resumed
    }

    /// Returns the minute and place of the last sign of success.
    fn sign(&self, target: Option<usize>) -> Option<(i64, usize)> {
        let posts = self.fresh(target).into_iter().map(|(minute, place, _)| (minute, place));
        let oks =
            self.events.iter().enumerate().filter_map(|(place, (minute, event))| {
                matches!(event, Event::Report(true)).then_some((*minute, place))
            });
        posts.chain(oks).max_by_key(|(_, place)| *place)
    }

    fn expected_by(&self, target: Option<usize>) -> Option<i64> {
        let from = self.sign(target)?.0.max(self.resumed());
        let minutes = self.interval()? + self.grace();
        self.is_active().then_some(from + minutes)
    }

    /// Returns the state by the definition, at a time in half minutes.
    fn state(&self, target: Option<usize>, at: i64) -> &'static str {
        if !self.is_active() {
            return "paused";
        }
        let mut events = self.events.iter();
        let failed = events.rposition(|(_, event)| matches!(event, Event::Report(false)));
        let sign = self.sign(target);
        if failed.is_some_and(|failed| sign.is_none_or(|(_, good)| good < failed)) {
            return "failed";
        }
        let Some(interval) = self.interval() else {
            return "unmonitored";
        };
        let Some((minute, _)) = sign else {
            return "new";
        };
        let age = at - 2 * minute.max(self.resumed());
        // In half minutes.
        let grace = 2 * self.grace();
        match age {
            age if age > 4 * interval + grace => "down",
            age if age > 2 * interval + grace => "late",
            _ => "on_time",
        }
    }

    fn follow(&mut self, at: i64, since: i64) {
        for index in 0..self.followed.len() {
            let state = self.state(self.followed[index].target, at);
            let followed = &mut self.followed[index];
            if followed.state != state {
                (followed.state, followed.since) = (state, since);
                followed.changes.push((state, since));
            }
        }
    }

    fn wait(&mut self, minutes: i64) {
        for _ in 0..minutes {
            self.follow(2 * self.now + 1, self.now);
            self.now += 1;
            self.follow(2 * self.now, self.now);
        }
    }

    fn has_arrival_now(&self) -> bool {
        let is_arrival = |event: &Event| matches!(event, Event::Post(..) | Event::Report(_));
        let mut events = self.events.iter();
        events.any(|(at, event)| *at == self.now && is_arrival(event))
    }

    fn happens(&mut self, event: Event) {
        self.events.push((self.now, event));
        self.follow(2 * self.now, self.now);
    }
}

/// A job on the server, with its history.
struct Case<'a> {
    app: &'a TestApp,
    start: i64,
    job: String,
    source: String,
    history: History,
}

impl<'a> Case<'a> {
    async fn start(app: &'a TestApp) -> Self {
        app.advance_minutes(1);
        let name = Uuid::new_v4().to_string();
        let home = app.organisation(&name).await;
        let role = |role: &str| json!({ "role": role, "metric": role });
        let body = json!({
            "organisation_id": home,
            "source": { "name": name, "expected_interval_minutes": 30 },
            "source_version": { "version": "1", "input_roles": [], "output_roles": ROLES.map(role) },
            "job": { "name": "job" }
        });
        let made = app.ok(ADMIN, "POST /jobs/setup", body).await;
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        Self {
            start: app.now().micros(),
            job: text("id"),
            source: text("source_id"),
            history: History::new(),
            app,
        }
    }

    fn wait(&mut self, minutes: i64) {
        self.app.advance_minutes(minutes);
        self.history.wait(minutes);
    }

    fn time(&self, minute: i64) -> String {
        Timestamp::from_micros(self.start + minute * MINUTE).to_string()
    }

    async fn make(&mut self, step: Step) {
        let ok = async |call: String, body: Value| self.app.ok(ADMIN, &call, body).await;
        // Arrivals of the same minute would be a microsecond apart.
        if matches!(step, Step::Post(..)) && self.history.has_arrival_now() {
            self.wait(1);
        }
        let event = match step {
            Step::Wait(minutes) => return self.wait(minutes),
            Step::Notice => return self.app.until_noted().await,
            Step::Post(roles, ago) => {
                let issue = self.history.now - ago;
                let points: Vec<_> = (0..2)
                    .filter(|role| roles[*role])
                    .map(|role| {
                        let valid_time = self.time(issue + 60);
                        json!({ "role": ROLES[role], "valid_time": valid_time, "value": 1 })
                    })
                    .collect();
                let body = json!({ "job_id": self.job, "issue_time": self.time(issue), "predictions": points });
                ok("POST /predictions".to_owned(), body).await;
                Event::Post(roles, issue)
            }
            Step::Report(is_ok) => {
                let status = if is_ok { "ok" } else { "failed" };
                let call = format!("POST /jobs/{}/runs", self.job);
                ok(call, json!({ "status": status })).await;
                Event::Report(is_ok)
            }
            Step::SetActive(active) => {
                ok(format!("PUT /jobs/{}", self.job), json!({ "active": active })).await;
                Event::SetActive(active)
            }
            Step::SetInterval(interval) => {
                let body = json!({ "expected_interval_minutes": interval });
                ok(format!("PUT /sources/{}", self.source), body).await;
                Event::SetInterval(interval)
            }
            Step::SetGrace(grace) => {
                let body = json!({ "grace_minutes": grace });
                ok(format!("PUT /sources/{}", self.source), body).await;
                Event::SetGrace(grace)
            }
        };
        self.history.happens(event);
    }

    /// Returns the health that the rules demand.
    fn expected(&self, followed: &Followed) -> Value {
        let target = followed.target;
        let mut expected = json!({ "state": followed.state, "since": self.time(followed.since) });
        let members = expected.as_object_mut().unwrap();
        let mut set = |name: &str, minute: Option<i64>| {
            if let Some(minute) = minute {
                members.insert(name.to_owned(), json!(self.time(minute)));
            }
        };
        if let Some((arrival, _, issue)) = self.history.fresh(target).last() {
            set("last_issue_time", Some(*issue));
            set("last_arrival", Some(*arrival));
        }
        let covers_until = self.history.covers_until(target);
        set("covers_until", covers_until);
        set("expected_by", self.history.expected_by(target));
        let covers_now = covers_until.is_some_and(|until| until >= self.history.now);
        members.insert("covers_now".to_owned(), json!(covers_now));
        if let Some(target) = target {
            members.insert("role".to_owned(), json!(ROLES[target]));
            members.insert("metric".to_owned(), json!(ROLES[target]));
        }
        expected
    }

    async fn check(&self) {
        let job = self
            .app
            .ok(ADMIN, &format!("GET /jobs/{}", self.job), Value::Null)
            .await;
        let mut health = job["health"].clone();
        let targets = health.as_object_mut().unwrap().remove("targets").unwrap();
        let [whole, humidity, temperature] = &self.history.followed[..] else {
            panic!("three are followed");
        };
        assert_eq!(health, self.expected(whole), "{:?}", self.history.events);
        let expected = json!([self.expected(humidity), self.expected(temperature)]);
        assert_eq!(targets, expected, "{:?}", self.history.events);
        for (query, state) in [("health", whole.state), ("target_health", humidity.state)] {
            let organisation = job["organisation_id"].as_str().unwrap();
            let call = format!("GET /jobs?organisation_id={organisation}&{query}={state}");
            let listed = self.app.ok(ADMIN, &call, Value::Null).await;
            assert_eq!(listed.as_array().unwrap().len(), 1, "{query}={state}");
            let call = format!("GET /health?organisation_id={organisation}");
            let counts = self.app.ok(ADMIN, &call, Value::Null).await;
            assert_eq!(counts[whole.state], 1);
            let is_expected = job["active"] == true && health["covers_now"] == false;
            assert_eq!(counts["not_covering_now"], i32::from(is_expected), "{counts}");
        }
        self.check_counts().await;
    }

    /// Compares the counts of all jobs with the list of all jobs.
    async fn check_counts(&self) {
        let counts = self.app.ok(ADMIN, "GET /health", Value::Null).await;
        let jobs = self.app.ok(ADMIN, "GET /jobs", Value::Null).await;
        let mut expected = json!({
            "paused": 0, "unmonitored": 0, "new": 0, "on_time": 0, "late": 0, "down": 0, "failed": 0,
            "not_covering_now": 0
        });
        let mut add = |name: &str| expected[name] = json!(expected[name].as_u64().unwrap() + 1);
        for job in jobs.as_array().unwrap() {
            add(job["health"]["state"].as_str().unwrap());
            if job["active"] == true && job["health"]["covers_now"] == false {
                add("not_covering_now");
            }
        }
        assert_eq!(counts, expected, "{:?}", self.history.events);
    }

    /// Compares the stored changes, once all are stored.
    async fn check_changes(&self) {
        self.app.until_noted().await;
        let call = format!("GET /jobs/{}/health", self.job);
        let answer = self.app.ok(ADMIN, &call, Value::Null).await;
        for followed in &self.history.followed {
            let role = followed.target.map(|target| ROLES[target]);
            let changes = answer["changes"].as_array().unwrap().iter().rev();
            let found: Vec<_> = changes
                .filter(|change| change["role"].as_str() == role)
                .map(|change| json!([change["state"], change["at"]]))
                .collect();
            let expected: Vec<_> = followed
                .changes
                .iter()
                .map(|(state, minute)| json!([state, self.time(*minute)]))
                .collect();
            assert_eq!(found, expected, "{role:?} {:?}", self.history.events);
        }
    }
}

#[test]
fn health_is_what_the_rules_say() {
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let app = runtime.block_on(TestApp::start());
    let cases = std::env::var("PROPTEST_CASES").is_err().then_some(CASES);
    let config = Config::default();
    let config = Config {
        cases: cases.unwrap_or(config.cases),
        failure_persistence: None,
        max_shrink_iters: 200,
        ..config
    };
    let mut runner = TestRunner::new(config);
    let histories = vec(step(), 1..30);
    let tried = runner.run(&histories, |steps| {
        runtime.block_on(async {
            let mut case = Case::start(&app).await;
            for step in steps {
                case.make(step).await;
                case.check().await;
            }
            case.check_changes().await;
        });
        Ok(())
    });
    tried.unwrap();
}
