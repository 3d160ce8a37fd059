//! An oracle restates the rules of alerts minute by minute, and is compared with the server over random histories.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{alert, told, until_judged};
use crate::{
    app::{ADMIN, TestApp},
    field::Field,
    shadows::{begin, release},
};
use prediction_api::domain::Timestamp;

/// Microseconds of a minute.
const MINUTE: i64 = 60_000_000;

/// A level of severity: 0 is clear, 1 is raised, and 2 and more are the levels of the rule.
type Severity = usize;

/// A rule whose lengths of time are in minutes.
#[derive(Debug, Clone)]
pub struct Rule {
    pub when: &'static str,
    pub value: f64,
    pub clear: f64,
    /// Least share of the members that meet a threshold. A value alone is one member.
    pub probability: f64,
    pub levels: Vec<f64>,
    pub within: i64,
    pub lasting: i64,
    pub issues: usize,
    /// Expected interval between issues.
    pub interval: i64,
}

/// The state of an alert, with all issues that have arrived: members by minute, by the minute of the issue.
pub struct Oracle {
    rule: Rule,
    issues: BTreeMap<i64, BTreeMap<i64, Vec<f64>>>,
    severity: Severity,
    now: i64,
    /// Transitions: the minute, and the severity after it.
    pub transitions: Vec<(i64, Severity)>,
}

impl Oracle {
    pub fn new(rule: Rule, now: i64) -> Self {
        Self {
            rule,
            issues: BTreeMap::new(),
            severity: 0,
            now,
            transitions: Vec::new(),
        }
    }

    /// Lets time pass, minute by minute.
    pub fn advance(&mut self, to: i64) {
        while self.now < to {
            self.now += 1;
            self.look(self.rule.interval);
        }
    }

    /// Posts the members of values of an issue; `None` withdraws.
    pub fn post(&mut self, issue: i64, values: &[(i64, Option<Vec<f64>>)]) {
        let held = self.issues.entry(issue).or_default();
        for (minute, value) in values {
            match value {
                Some(members) => held.insert(*minute, members.clone()),
                None => held.remove(minute),
            };
        }
        if held.is_empty() {
            self.issues.remove(&issue);
        }
        // An issue that is older than those that the rule looks at changes nothing.
        let last = self.issues.keys().rev().take(self.rule.issues).next_back();
        let counts = last.is_none_or(|last| issue >= *last);
        let ahead = counts
            && self
                .newest(0)
                .is_some_and(|values| values.keys().any(|minute| self.is_ahead(*minute)));
        self.look(if ahead { 0 } else { self.rule.interval });
    }

    fn newest(&self, number: usize) -> Option<&BTreeMap<i64, Vec<f64>>> {
        self.issues.values().rev().nth(number)
    }

    fn is_ahead(&self, minute: i64) -> bool {
        minute > self.now && minute <= self.now + self.rule.within
    }

    fn meets(&self, members: &[f64], threshold: f64) -> bool {
        let is_met = |value: &&f64| match self.rule.when {
            "ge" => **value >= threshold,
            "gt" => **value > threshold,
            "le" => **value <= threshold,
            _ => **value < threshold,
        };
        members.iter().filter(is_met).count() as f64 >= self.rule.probability * members.len() as f64
    }

    /// Whether each of the newest issues has values ahead that meet the threshold for long enough.
    fn reaches(&self, threshold: f64) -> bool {
        (0..self.rule.issues).all(|number| {
            let Some(values) = self.newest(number) else {
                return false;
            };
            let mut begin = None;
            values
                .iter()
                .filter(|(minute, _)| self.is_ahead(**minute))
                .any(|(minute, members)| {
                    if !self.meets(members, threshold) {
                        begin = None;
                        return false;
                    }
                    minute - *begin.get_or_insert(*minute) >= self.rule.lasting
                })
        })
    }

    /// Whether the newest issue has a value ahead, or passed by less than `back`, that meets the threshold.
    fn holds(&self, threshold: f64, back: i64) -> bool {
        let near = |minute: i64| minute > self.now - back && minute <= self.now + self.rule.within;
        let values = self.newest(0).into_iter().flatten();
        values
            .filter(|(minute, _)| near(**minute))
            .any(|(_, members)| self.meets(members, threshold))
    }

    fn look(&mut self, back: i64) {
        let mut up = usize::from(self.reaches(self.rule.value));
        let mut left = usize::from(self.severity > 0 && self.holds(self.rule.clear, back));
        for (index, level) in self.rule.levels.iter().enumerate() {
            if up > 0 && self.reaches(*level) {
                up = index + 2;
            }
            if left > 0 && self.severity >= index + 2 && self.holds(*level, back) {
                left = index + 2;
            }
        }
        let severity = up.max(left);
        if severity != self.severity {
            self.severity = severity;
            self.transitions.push((self.now, severity));
        }
    }

    /// Returns the transitions as `told` returns those of the server. A clear state is `unknown` if nothing is known of
    /// the time ahead, which the oracle does not say.
    pub fn texts(&self) -> Vec<String> {
        let text = |(minute, severity): &(i64, Severity)| {
            let at = Timestamp::from_micros(minute * MINUTE);
            match severity {
                0 => format!("{at} clear"),
                1 => format!("{at} raised"),
                level => format!("{at} raised level {}", level - 2),
            }
        };
        self.transitions.iter().map(text).collect()
    }
}

/// A source of pseudo-random numbers that is the same for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: i64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((self.0 >> 33) % end.unsigned_abs()).unwrap()
    }
}

/// The number of members of each value.
const MEMBERS: i64 = 4;

fn rule(random: &mut Random, has_members: bool) -> Rule {
    let is_upward = random.below(2) == 0;
    let value = 5 * random.below(4) + 40;
    let (away, sign) = (5 * random.below(4), if is_upward { 1 } else { -1 });
    let levels = match random.below(3) {
        0 => Vec::new(),
        1 => vec![value + 10 * sign],
        _ => vec![value - 5 * sign, value + 5 * sign, value + 15 * sign],
    };
    let within = 60 * (2 + random.below(10));
    Rule {
        when: [["ge", "gt"], ["le", "lt"]][usize::from(!is_upward)][usize::try_from(random.below(2)).unwrap()],
        value: value as f64,
        clear: (value - away * sign) as f64,
        probability: if has_members {
            (1 + random.below(MEMBERS)) as f64 / MEMBERS as f64
        } else {
            1.0
        },
        levels: levels.into_iter().map(|level| level as f64).collect(),
        within,
        lasting: 30 * random.below(4).min(within / 30 - 1),
        issues: usize::try_from(1 + random.below(3)).unwrap(),
        interval: 60,
    }
}

fn body(rule: &Rule, has_members: bool) -> Value {
    let level = |(index, value): (usize, &f64)| json!({ "name": format!("level {index}"), "value": value });
    let levels: Vec<_> = rule.levels.iter().enumerate().map(level).collect();
    let probability = has_members.then_some(rule.probability);
    json!({
        "probability": probability, "when": rule.when, "value": rule.value, "clear": rule.clear, "levels": levels,
        "within": rule.within * 60, "lasting": rule.lasting * 60, "issues": rule.issues
    })
}

fn minutes(app: &TestApp) -> i64 {
    app.now().micros() / MINUTE
}

/// Returns the server's transitions, with `clear` for a state that is not raised.
async fn found(app: &TestApp, id: &str) -> Vec<String> {
    told(app, id)
        .await
        .iter()
        .map(|text| text.replace("unknown", "clear"))
        .collect()
}

/// Releases a version of the field's source, and promotes it.
async fn promote(field: &Field, label: &str, has_members: bool) {
    let version = release(field, label, |version| {
        if has_members {
            version["output_roles"][0]["members"] = json!(MEMBERS);
        }
    });
    let version = version.await;
    begin(field, &version).await;
    let path = format!("POST /jobs/{}/promote", field.job);
    field
        .app
        .ok(ADMIN, &path, json!({ "source_version_id": version }))
        .await;
}

async fn history(seed: u64, has_members: bool) {
    let mut random = Random(seed);
    let mut field = Field::start().await;
    if has_members {
        promote(&field, "1.0.1", has_members).await;
    }
    let rules: Vec<_> = (0..4).map(|_| rule(&mut random, has_members)).collect();
    let mut alerts = Vec::new();
    for (number, rule) in rules.iter().enumerate() {
        let mut more = body(rule, has_members);
        more["name"] = json!(format!("Alert {number}"));
        alerts.push((
            alert(&field, more).await,
            Oracle::new(rule.clone(), minutes(&field.app)),
        ));
    }
    let mut last = minutes(&field.app);
    for step in 0..40 {
        let pause = [1, 7, 30, 60, 61, 200][usize::try_from(random.below(6)).unwrap()];
        field.app.advance_minutes(pause);
        let now = minutes(&field.app);
        if step == 20 {
            let app = field.app;
            field.app = app.restart().await;
        }
        // A promoted version continues the predictions of the one before.
        if step % 13 == 12 {
            promote(&field, &format!("1.{step}.0"), has_members).await;
        }
        let issue = match random.below(6) {
            // A revision of the newest issue, or an older one.
            0 => last,
            1 => last - 1 - random.below(90),
            _ => now,
        };
        last = last.max(issue);
        let count = 1 + random.below(12);
        let mut time = issue + 30 * random.below(8);
        let mut values = Vec::new();
        for _ in 0..count {
            time += 30 * (1 + random.below(3));
            let count = if has_members { MEMBERS } else { 1 };
            let mut member = |_| (20 + 5 * random.below(14)) as f64;
            let members: Vec<_> = (0..count).map(&mut member).collect();
            values.push((time, (random.below(8) > 0).then_some(members)));
        }
        let point = |(minute, members): &(i64, Option<Vec<f64>>)| {
            let mut point = json!({ "role": "risk", "valid_time": Timestamp::from_micros(minute * MINUTE) });
            match members {
                Some(members) if has_members => point["members"] = json!(members),
                members => point["value"] = json!(members.as_ref().map(|members| members[0])),
            }
            point
        };
        let points: Vec<_> = values.iter().map(point).collect();
        let post =
            json!({ "job_id": field.job, "issue_time": Timestamp::from_micros(issue * MINUTE), "predictions": points });
        until_judged(&field.app).await;
        // Values of an issue that are not there cannot be withdrawn, and are skipped.
        field.app.ok(ADMIN, "POST /predictions?gaps=skip", post).await;
        let given: Vec<_> = values.into_iter().filter(|(_, value)| value.is_some()).collect();
        for (id, oracle) in &mut alerts {
            oracle.advance(now);
            if !given.is_empty() {
                oracle.post(issue, &given);
            }
            assert_eq!(
                found(&field.app, id).await,
                oracle.texts(),
                "seed {seed}, step {step}: {:?}",
                oracle.rule
            );
        }
    }
    field.app.advance_minutes(24 * 60);
    until_judged(&field.app).await;
    for (id, oracle) in &mut alerts {
        oracle.advance(minutes(&field.app));
        assert_eq!(
            found(&field.app, id).await,
            oracle.texts(),
            "seed {seed}, at the end: {:?}",
            oracle.rule
        );
        // A trial replays the same history.
        let mut more = body(&oracle.rule, has_members);
        more["job_id"] = json!(field.job);
        more["metric"] = json!("mildew_risk");
        let tried = field.app.ok(ADMIN, "POST /alerts/try", more).await;
        let tried = tried["changes"].as_array().unwrap().iter();
        let tried: Vec<_> = tried
            .map(|change| super::text(change).replace("unknown", "clear"))
            .collect();
        assert_eq!(tried, oracle.texts(), "seed {seed}, tried: {:?}", oracle.rule);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alerts_follow_their_rules_through_random_histories() {
    for seed in 1..=6 {
        history(seed, false).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alerts_with_a_probability_follow_their_rules_through_random_histories() {
    for seed in 1..=4 {
        history(seed, true).await;
    }
}
