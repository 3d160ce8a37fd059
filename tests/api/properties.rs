//! Properties on random cases: a set-up is all or nothing, a repeated set-up is one job, and bindings are accepted
//! exactly when the contract's rules hold.

use std::cell::Cell;

use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::Index,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use tokio::runtime;
use uuid::Uuid;

use crate::app::{ADMIN, TestApp};

const KINDS: [&str; 3] = ["sensor", "location", "source"];
const METRICS: [&str; 2] = ["celsius", "percent"];

/// A resource that a role may be bound to.
struct Input {
    id: String,
    kind: &'static str,
    metric: &'static str,
    /// Organisation; none if it is shared.
    organisation: Option<String>,
}

/// Resources on the server before the first case.
struct Pool {
    home: String,
    /// All inputs of two organisations, and shared sources.
    inputs: Vec<Input>,
    /// Source `taken`, with a retention of one hour, its version, and its job in the organisation `home`.
    source: String,
    version: String,
    job: String,
}

impl Pool {
    async fn fill(app: &TestApp) -> Self {
        let home = app.organisation("Home").await;
        let elsewhere = app.organisation("Elsewhere").await;
        let mut inputs = Vec::new();
        let all = KINDS.into_iter();
        let all = all.flat_map(|kind| METRICS.map(|metric| (kind, metric)));
        for owner in [Some(&home), Some(&elsewhere), None] {
            for (kind, metric) in all.clone() {
                if owner.is_none() && kind != "source" {
                    continue;
                }
                let id = register(app, kind, &fresh(), owner, metric).await;
                inputs.push(Input {
                    id,
                    kind,
                    metric,
                    organisation: owner.cloned(),
                });
            }
        }
        let output = json!({ "role": "risk", "metric": "mildew_risk" });
        let setup = json!({
            "organisation_id": home, "source": { "name": "taken", "retention_hours": 1 },
            "source_version": { "version": "1", "output_roles": [output] }, "job": { "name": "taken" }
        });
        let job = app.ok(ADMIN, "POST /jobs/setup", setup).await;
        let [source, version, job] =
            ["source_id", "source_version_id", "id"].map(|name| job[name].as_str().unwrap().to_owned());
        Self {
            home,
            inputs,
            source,
            version,
            job,
        }
    }

    /// Returns an input of another organisation.
    fn foreign(&self, kind: &str) -> &str {
        let mut inputs = self.inputs.iter();
        let is_foreign = |owner: &String| *owner != self.home;
        let found = inputs.find(|input| input.kind == kind && input.organisation.as_ref().is_some_and(is_foreign));
        &found.unwrap().id
    }
}

fn fresh() -> String {
    Uuid::new_v4().to_string()
}

/// Creates a sensor, location or source with this id.
async fn register(app: &TestApp, kind: &str, id: &str, owner: Option<&String>, metric: &str) -> String {
    let mut body = json!({ "id": id, "name": fresh(), "organisation_id": owner });
    match kind {
        "sensor" => body["metric"] = json!(metric),
        "location" => (body["latitude"], body["longitude"]) = (json!(40.7), json!(-74)),
        _ => {}
    }
    app.make(&format!("/api/v1/{kind}s"), &body).await
}

/// Checks a property on 100 random cases, all on one server.
fn holds<S: Strategy>(cases: S, property: impl AsyncFn(&TestApp, &Pool, S::Value)) {
    let mut runtime = runtime::Builder::new_multi_thread();
    let runtime = runtime.enable_all().build().unwrap();
    let (app, pool) = runtime.block_on(async {
        let app = TestApp::start().await;
        let pool = Pool::fill(&app).await;
        (app, pool)
    });
    let config = Config {
        cases: 100,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..Config::default()
    };
    let tried = TestRunner::new(config).run(&cases, |case| {
        runtime.block_on(property(&app, &pool, case));
        Ok(())
    });
    if let Err(error) = tried {
        panic!("{error}");
    }
}

/// Returns every list of the catalogue.
async fn everything(app: &TestApp) -> Vec<Value> {
    let mut all = Vec::new();
    for list in "organisations sources source_versions locations sensors jobs".split(' ') {
        let path = format!("GET /{list}?limit=10000");
        let rows = app.ok(ADMIN, &path, Value::Null).await;
        all.extend(rows.as_array().unwrap().iter().cloned());
    }
    all
}

/// A valid set-up.
#[derive(Debug, Clone)]
struct Plan {
    /// Kind and metric of each input role, and whether it is required and bound; a required one is bound.
    roles: Vec<(usize, usize, bool, bool)>,
    outputs: usize,
    /// Whether the organisation and the inputs already exist.
    is_registered: bool,
    /// Whether ids and a location are given, the bindings are inside the job, and names are surrounded by white space.
    has_ids: bool,
    is_inside: bool,
    is_padded: bool,
    interval: Option<u32>,
    active: Option<bool>,
}

fn plans() -> impl Strategy<Value = Plan> {
    let role = (0..KINDS.len(), 0..METRICS.len(), any::<bool>(), any::<bool>());
    let interval = option::of(1..=525_600_u32);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let plan = (vec(role, 0..4), 1..4_usize, flags, interval, any::<Option<bool>>());
    plan.prop_map(|(roles, outputs, flags, interval, active)| {
        let (is_registered, has_ids, is_inside, is_padded) = flags;
        Plan {
            roles,
            outputs,
            is_registered,
            has_ids,
            is_inside,
            is_padded,
            interval,
            active,
        }
    })
}

impl Plan {
    /// Returns the set-up's body, with new names and ids.
    async fn body(&self, app: &TestApp, pool: &Pool) -> Value {
        let home = fresh();
        if self.is_registered {
            let body = json!({ "id": home, "name": home });
            app.make("/api/v1/organisations", &body).await;
        }
        let space = if self.is_padded { "\u{2003} " } else { "" };
        let pad = |name: &str| format!("{space}{name}{space}");
        let (mut roles, mut bindings) = (Vec::new(), Vec::new());
        for (n, (kind, metric, is_required, is_bound)) in self.roles.iter().enumerate() {
            let (kind, metric) = (KINDS[*kind], METRICS[*metric]);
            let role = pad(&format!("role {n}"));
            roles.push(json!({
                "role": role, "input_kind": kind, "metric": pad(metric), "required": is_required
            }));
            if *is_required || *is_bound {
                let mut id = fresh();
                if kind == "source" {
                    let shared = |input: &&Input| input.organisation.is_none();
                    id.clone_from(&pool.inputs.iter().find(shared).unwrap().id);
                } else if self.is_registered {
                    register(app, kind, &id, Some(&home), metric).await;
                }
                bindings.push(bind(&role, kind, &id));
            }
        }
        let output = |n| json!({ "role": pad(&format!("out {n}")), "metric": format!("metric {n}") });
        let outputs: Vec<_> = (0..self.outputs).map(output).collect();
        let mut body = json!({
            "organisation_id": home,
            "source": { "name": pad(&fresh()), "expectedintervalminutes": self.interval },
            "source_version": { "version": pad("1"), "input_roles": roles, "output_roles": outputs },
            "job": { "name": pad(&fresh()), "active": self.active },
            "role_bindings": bindings
        });
        if self.has_ids {
            body["source"]["id"] = json!(fresh());
            body["source_version"]["id"] = json!(fresh());
            body["job"]["id"] = json!(fresh());
        }
        if self.has_ids && self.is_registered {
            let place = register(app, "location", &fresh(), Some(&home), "").await;
            body["job"]["location_id"] = json!(place);
        }
        body
    }
}

fn bind(role: &str, kind: &str, id: &str) -> Value {
    json!({ "role": role, "input_type": kind, "input_id": id })
}

/// Number of ways to break a rule in [`breakage`].
const BREAKAGES: usize = 27;

/// Returns changes that break one rule of a set-up, by JSON pointer: roles and bindings are added, other members
/// replaced. No way repairs a rule that another way breaks.
fn breakage(way: usize, pool: &Pool) -> Value {
    let id = fresh();
    let role = |name: &str, kind: &str| json!({ "role": name, "input_kind": kind, "metric": "celsius" });
    let (one, two) = (format!("{id} one"), format!("{id} two"));
    let sensor = role(&one, "sensor");
    let bound = |kind: &str, id: &str| bind(&one, kind, id);
    let bad = |bindings: Value| json!({ "/source_version/input_roles": [sensor], "/role_bindings": bindings });
    match way {
        0 => json!({ "/job/name": " " }),
        1 => json!({ "/job/name": "two\nlines" }),
        2 => json!({ "/job/active": "yes" }),
        3 => json!({ "/job/nme": "x" }),
        4 => json!({ "/job/organisation_id": id }),
        5 => json!({ "/job/location_id": id }),
        6 => json!({ "/job/location_id": pool.foreign("location") }),
        7 => json!({ "/job/id": pool.job }),
        8 => json!({ "/source/retention_hours": 0 }),
        9 => json!({ "/source/expected_interval_minutes": 525_601 }),
        10 => json!({ "/source/name": "taken", "/source/retention_hours": 2 }),
        11 => json!({ "/source/id": pool.source }),
        12 => json!({ "/source/organisation_id": id }),
        13 => json!({ "/source_version/version": null }),
        14 => json!({ "/source_version/id": pool.version }),
        15 => json!({ "/source_version/output_roles": [] }),
        16 => json!({ "/organisation_id": "Home" }),
        17 => json!({ "/role_bindings": [bound("sensor", &id)] }),
        18 => {
            json!({ "/source_version/input_roles": [{ "role": one, "input_kind": "sensor", "required": false }] })
        }
        19 => json!({
            "/source_version/input_roles": [role(&one, "source")],
            "/role_bindings": [bound("source", pool.foreign("source"))]
        }),
        20 => json!({
            "/source_version/input_roles": [sensor, role(&two, "location")],
            "/role_bindings": [bound("sensor", &id), bind(&two, "location", &id)]
        }),
        21 => json!({
            "/source_version/input_roles": [sensor, { "role": two, "input_kind": "sensor", "metric": "percent" }],
            "/role_bindings": [bound("sensor", &id), bind(&two, "sensor", &id)]
        }),
        22 => bad(json!([])),
        23 => bad(json!([bound("sensor", &id), bound("sensor", &id)])),
        24 => bad(json!([bound("location", &id)])),
        25 => bad(json!([bound("satellite", &id)])),
        _ => bad(json!([bound("sensor", pool.foreign("sensor"))])),
    }
}

fn apply(breakage: &Value, body: &mut Value) {
    for (pointer, value) in breakage.as_object().unwrap() {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let member = &mut body.pointer_mut(parent).unwrap()[name];
        match (name, member.as_array_mut()) {
            ("input_roles" | "role_bindings", Some(list)) => {
                list.extend(value.as_array().unwrap().clone());
            }
            _ => *member = value.clone(),
        }
    }
}

#[test]
fn a_set_up_makes_all_of_what_it_says_or_nothing() {
    let breakages = prop_oneof![
        1 => vec(0..BREAKAGES, 0),
        5 => vec(0..BREAKAGES, 1),
        2 => vec(0..BREAKAGES, 2),
    ];
    let cases = (plans(), breakages);
    holds(cases, async |app, pool, (plan, breakages)| {
        let mut body = plan.body(app, pool).await;
        for way in &breakages {
            apply(&breakage(*way, pool), &mut body);
        }
        if plan.is_inside {
            let bindings = body.as_object_mut().unwrap().remove("role_bindings");
            body["job"]["role_bindings"] = bindings.unwrap();
        }
        let before = everything(app).await;
        let answer = app.post("/api/v1/jobs/setup", &body).await;
        let after = everything(app).await;
        if breakages.is_empty() {
            let created = answer.expect(201)["created"].as_array().unwrap().len();
            assert_eq!(after.len(), before.len() + created, "{}", answer.text);
        } else {
            assert!((400..500).contains(&answer.status), "{body}: {}", answer.text);
            assert_eq!(after, before, "{body}");
        }
    });
}

#[test]
fn set_up_twice_is_one_job() {
    holds(plans(), async |app, pool, plan| {
        let body = plan.body(app, pool).await;
        let first = app.post("/api/v1/jobs/setup", &body).await.expect(201);
        let before = everything(app).await;
        let mut again = app.post("/api/v1/jobs/setup", &body).await.expect(200);
        assert_eq!(again["created"], json!([]));
        again["created"] = first["created"].clone();
        assert_eq!(again, first);
        assert_eq!(everything(app).await, before);
    });
}

/// Input role, by the numbers of its kind and metric.
type Role = (usize, usize, bool);

/// A change of valid bindings: the way, the binding, and the replacement; ways above 4 use another input.
type Change = (usize, Index, Index);

fn contracts() -> impl Strategy<Value = (Vec<Role>, Vec<Vec<Change>>)> {
    let role = (0..KINDS.len(), 0..METRICS.len(), any::<bool>());
    let change = (0..10_usize, any::<Index>(), any::<Index>());
    (vec(role, 0..4), vec(vec(change, 0..3), 3..6))
}

/// Returns bindings for each role, and then changed.
fn bindings(roles: &[Role], changes: &[Change], pool: &Pool) -> Vec<Value> {
    let good = |(n, (kind, metric, _)): (usize, &Role)| {
        let (kind, metric) = (KINDS[*kind], METRICS[*metric]);
        // Those of the organisation `home` come first.
        let mut inputs = pool.inputs.iter();
        let input = inputs.find(|input| input.kind == kind && input.metric == metric);
        bind(&format!("role {n}"), kind, &input.unwrap().id)
    };
    let mut bindings: Vec<_> = roles.iter().enumerate().map(good).collect();
    for (way, which, to) in changes {
        if bindings.is_empty() {
            bindings.push(bind("unknown", "sensor", &fresh()));
            continue;
        }
        let which = which.index(bindings.len());
        match way {
            0 => drop(bindings.remove(which)),
            1 => bindings.push(bindings[which].clone()),
            2 => bindings.reverse(),
            3 => bindings[which]["role"] = json!("unknown"),
            4 => bindings[which]["input_type"] = json!(to.get(&KINDS)),
            _ => {
                let kind = bindings[which]["input_type"].clone();
                let of_kind = pool.inputs.iter().filter(|input| kind == input.kind);
                let ids = of_kind.map(|input| input.id.clone());
                let ids: Vec<_> = ids.chain([fresh()]).collect();
                bindings[which]["input_id"] = json!(to.get(&ids));
            }
        }
    }
    bindings
}

/// Returns whether the contract's rules hold: each required role is bound once and every other at most once; each
/// binding names a role and its kind, and an input of that kind that the organisation owns (or a shared source); and a
/// sensor has the role's metric.
fn rules_hold(roles: &[Role], bindings: &[Value], pool: &Pool) -> bool {
    let times = |n: usize| {
        let named = |binding: &&Value| binding["role"] == format!("role {n}");
        bindings.iter().filter(named).count()
    };
    let mut counted = roles.iter().enumerate();
    let is_counted = counted.all(|(n, role)| times(n) == 1 || (times(n) == 0 && !role.2));
    let is_good = |binding: &Value| {
        let mut named = roles.iter().enumerate();
        let role = named.find(|(n, _)| binding["role"] == format!("role {n}"));
        let mut inputs = pool.inputs.iter();
        let input = inputs.find(|input| binding["input_id"] == input.id);
        let (Some((_, (kind, metric, _))), Some(input)) = (role, input) else {
            return false;
        };
        let is_own = input.organisation.as_ref() == Some(&pool.home);
        let is_shared = input.organisation.is_none();
        let is_of_kind = binding["input_type"] == KINDS[*kind] && input.kind == KINDS[*kind];
        let is_measured = input.kind != "sensor" || input.metric == METRICS[*metric];
        is_of_kind && (is_own || is_shared) && is_measured
    };
    is_counted && bindings.iter().all(is_good)
}

#[test]
fn bindings_are_accepted_exactly_when_the_rules_hold() {
    let (accepted, refused) = (Cell::new(0), Cell::new(0));
    holds(contracts(), async |app, pool, (roles, attempts)| {
        let input = |(n, (kind, metric, is_required)): (usize, &Role)| {
            json!({
                "role": format!("role {n}"), "input_kind": KINDS[*kind], "metric": METRICS[*metric],
                "required": is_required
            })
        };
        let inputs: Vec<_> = roles.iter().enumerate().map(input).collect();
        let output = json!({ "role": "risk", "metric": "mildew_risk" });
        let version = json!({
            "source_id": pool.source, "version": fresh(), "input_roles": inputs, "output_roles": [output]
        });
        let version = app.make("/api/v1/source_versions", &version).await;
        let setup = json!({
            "organisation_id": pool.home, "source_version": { "id": pool.version }, "job": { "name": fresh() }
        });
        let job = app.ok(ADMIN, "POST /jobs/setup", setup).await;
        let path = format!("/api/v1/jobs/{}", job["id"].as_str().unwrap());
        for changes in attempts {
            let bindings = bindings(&roles, &changes, pool);
            let before = app.get(&path).await.expect(200);
            let change = json!({ "source_version_id": version, "role_bindings": bindings });
            let answer = app.put(&path, &change).await;
            let after = app.get(&path).await.expect(200);
            if rules_hold(&roles, &bindings, pool) {
                assert_eq!(answer.expect(200), after);
                assert_eq!(after["role_bindings"], json!(bindings));
                assert_eq!(after["source_version_id"], version);
                accepted.set(accepted.get() + 1);
            } else {
                assert_eq!(answer.status, 422, "{inputs:?} {change}: {}", answer.text);
                assert_eq!(after, before);
                refused.set(refused.get() + 1);
            }
        }
    });
    assert!(accepted.get() > 20 && refused.get() > 20, "{accepted:?} {refused:?}");
}
