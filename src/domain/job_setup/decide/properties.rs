//! Property tests of decisions on random catalogues, without a database.

use std::collections::{BTreeSet, HashSet};

use proptest::{prelude::*, strategy::ValueTree};
use uuid::Uuid;

use super::{
    decide,
    world::{ELSEWHERE, HOME, NOTHING, caller, callers, catalogues, fresh, set_ups},
};
use crate::domain::{
    caller::{Caller, Role},
    contract::{InputKind, RoleBinding},
    error::{Error, Result},
    job_setup::{Found, Inquiry, JobSetup, Made, Plan},
    text::Name,
};

fn decided(caller: &Caller, setup: &JobSetup, found: &Found) -> Result<Plan> {
    let inquiry = Inquiry::admit(caller, setup.clone())?;
    decide(&inquiry, found, fresh())
}

/// Returns the JSON pointers of the violations. The index of a binding is replaced by the name of its role.
fn places(setup: &JobSetup, error: &Error) -> Vec<(String, String)> {
    let Error::Invalid(violations) = error else {
        return Vec::new();
    };
    let bindings = setup.role_bindings.iter().flatten().enumerate();
    let names: Vec<_> = bindings
        .map(|(n, binding)| (format!("/role_bindings/{n}/"), format!("/{}/", binding.role)))
        .collect();
    let place = |pointer: &str| {
        let named = names.iter().find(|(number, _)| pointer.contains(number));
        named.map_or_else(|| pointer.to_owned(), |(number, role)| pointer.replace(number, role))
    };
    let mut places: Vec<_> = violations
        .iter()
        .map(|violation| {
            (
                place(violation.pointer.as_deref().unwrap_or_default()),
                violation.detail.clone(),
            )
        })
        .collect();
    places.sort();
    places
}

fn names(error: &Error, pointer: &str) -> bool {
    let Error::Invalid(violations) = error else {
        return false;
    };
    let mut pointers = violations.iter().filter_map(|violation| violation.pointer.as_deref());
    pointers.any(|found| found.ends_with(pointer))
}

/// Returns the catalogue after the plan was applied. Fails if the plan creates a resource that exists.
fn applied(found: &Found, plan: &Plan) -> Found {
    let mut after = found.clone();
    for made in plan.made.clone() {
        match made {
            Made::Organisation(made) => after.organisations.push(made),
            Made::Source(made) => after.things.sources.push(made),
            Made::SourceVersion(made) => after.things.versions.push(made),
            Made::Sensor(made) => after.things.sensors.push(made),
            Made::Location(made) => after.things.locations.push(made),
            Made::Job(made) => assert_eq!(made.id, plan.job.id),
        }
    }
    after.job = Some(plan.job.clone());
    let things = &after.things;
    all_differ(after.organisations.iter().map(|made| made.id));
    all_differ(after.organisations.iter().map(|made| &made.name));
    all_differ(things.sources.iter().map(|made| made.id));
    all_differ(things.sources.iter().map(|made| &made.name));
    all_differ(things.versions.iter().map(|made| made.id));
    all_differ(things.versions.iter().map(|made| (made.source_id, &made.version)));
    all_differ(things.sensors.iter().map(|made| made.id));
    all_differ(things.sensors.iter().map(|made| (made.organisation_id, &made.name)));
    all_differ(things.locations.iter().map(|made| made.id));
    all_differ(things.locations.iter().map(|made| (made.organisation_id, &made.name)));
    after
}

fn all_differ<T: Eq + std::hash::Hash>(all: impl Iterator<Item = T>) {
    let mut seen = HashSet::new();
    for one in all {
        assert!(seen.insert(one), "it exists already");
    }
}

/// Asserts that the job of a plan refers to existing resources of its organisation that fit its contract.
fn assert_consistent(after: &Found, plan: &Plan) {
    let (job, things) = (&plan.job, &after.things);
    assert!(after.organisation(job.organisation_id).is_some());
    let version = things.version(job.source_version_id).unwrap();
    let source = things.source(version.source_id).unwrap();
    assert_eq!(source.id, job.source_id);
    assert!(source.organisation_id.is_none_or(|owner| owner == HOME));
    assert_eq!(job.job_targets, version.output_roles);
    if let Some(location) = job.location_id {
        assert_eq!(things.location(location).unwrap().organisation_id, HOME);
    }
    for role in &version.input_roles {
        let bound = job.role_bindings.iter().filter(|binding| binding.role == role.role);
        let times = bound.count();
        assert!(
            times == 1 || (times == 0 && !role.required),
            "{role:?} is bound {times} times"
        );
    }
    for RoleBinding {
        role,
        input_type,
        input_id,
    } in &job.role_bindings
    {
        let role = version.input_roles.iter().find(|known| known.role == *role).unwrap();
        assert_eq!(role.input_kind, *input_type);
        let input = things.input(*input_type, *input_id).unwrap();
        let is_shared = *input_type == InputKind::Source && input.organisation_id.is_none();
        assert!(is_shared || input.organisation_id == Some(HOME));
        assert!(*input_type != InputKind::Sensor || input.metric == role.metric);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn a_plan_creates_only_what_is_missing_and_its_job_is_consistent(
        found in catalogues(), setup in set_ups(), caller in callers(),
    ) {
        let Ok(plan) = decided(&caller, &setup, &found) else { return Ok(()) };
        let after = applied(&found, &plan);
        assert_consistent(&after, &plan);
        // Managers create resources of their own organisation only.
        for made in &plan.made {
            let owner = match made {
                Made::Organisation(_) => None,
                Made::Source(made) => made.organisation_id,
                Made::SourceVersion(made) => after.things.source(made.source_id).unwrap().organisation_id,
                Made::Sensor(made) => Some(made.organisation_id),
                Made::Location(made) => Some(made.organisation_id),
                Made::Job(made) => Some(made.organisation_id),
            };
            prop_assert!(owner == Some(HOME) || (owner.is_none() && caller.role == Role::Admin));
        }
        // The same set-up finds everything when it is repeated.
        let again = decided(&caller, &setup, &after).unwrap();
        prop_assert_eq!(again, Plan { made: Vec::new(), job: plan.job });
    }

    #[test]
    fn a_decision_depends_on_nothing_but_what_is_handed_in(
        found in catalogues(), setup in set_ups(), caller in callers(),
    ) {
        prop_assert_eq!(decided(&caller, &setup, &found), decided(&caller, &setup, &found));
    }

    #[test]
    fn the_order_of_the_bindings_does_not_matter(
        found in catalogues(), setup in set_ups(), caller in callers(), turn in 0..4_usize,
    ) {
        let mut turned = setup.clone();
        let bindings = turned.role_bindings.as_mut().unwrap();
        let turn = turn.min(bindings.len());
        bindings.rotate_left(turn);
        match (decided(&caller, &setup, &found), decided(&caller, &turned, &found)) {
            (Ok(one), Ok(other)) => {
                let without_job = |plan: &Plan| plan.made.split_last().map(|(_, made)| made.to_vec());
                prop_assert_eq!(without_job(&one), without_job(&other));
            }
            (Err(one), Err(other)) => {
                prop_assert_eq!(places(&setup, &one), places(&turned, &other));
                prop_assert_eq!(std::mem::discriminant(&one), std::mem::discriminant(&other));
            }
            (one, other) => prop_assert!(false, "{:?} {:?}", one, other),
        }
    }

    #[test]
    fn nobody_below_a_manager_of_the_organisation_gets_a_plan(found in catalogues(), setup in set_ups()) {
        for role in [Role::Viewer, Role::Worker] {
            let refused = decided(&caller(role), &setup, &found);
            prop_assert!(matches!(refused, Err(Error::Forbidden(_))));
        }
        let mut foreign = caller(Role::Manager);
        foreign.organisation_id = Some(ELSEWHERE);
        prop_assert!(matches!(decided(&foreign, &setup, &found), Err(Error::Forbidden(_))));
    }

    #[test]
    fn everything_that_is_wrong_is_named_together(found in catalogues(), setup in set_ups(), caller in callers()) {
        let before = decided(&caller, &setup, &found);
        let is_right = before.is_ok();
        let known = before.err().map_or_else(Vec::new, |error| places(&setup, &error));
        let mut wrong = setup;
        wrong.job.name = Name::new(" ");
        wrong.job.location_id = Some(NOTHING);
        let extra = RoleBinding {
            role: Name::new("unknown"),
            input_type: InputKind::Sensor,
            input_id: Uuid::from_u128(30),
        };
        wrong.role_bindings.as_mut().unwrap().push(extra);
        let error = decided(&caller, &wrong, &found).unwrap_err();
        prop_assert!(names(&error, "/job/name"), "{}", error);
        prop_assert!(names(&error, "/job/location_id"), "{}", error);
        if is_right {
            let index = wrong.role_bindings.as_ref().unwrap().len() - 1;
            let pointer = format!("/role_bindings/{index}/role");
            prop_assert!(names(&error, &pointer));
        }
        // The earlier violations are still named.
        let found: BTreeSet<_> = places(&wrong, &error).into_iter().collect();
        for place in known.into_iter().filter(|(pointer, _)| !pointer.ends_with("/job/location_id")) {
            prop_assert!(found.contains(&place), "{:?} is not among {:?}", place, found);
        }
    }
}

#[test]
fn the_random_set_ups_are_often_right_and_often_wrong() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut right, mut wrong, mut conflicts) = (0, 0, 0);
    for _ in 0..2000 {
        let case = (catalogues(), set_ups(), callers())
            .new_tree(&mut runner)
            .unwrap()
            .current();
        match decided(&case.2, &case.1, &case.0) {
            Ok(_) => right += 1,
            Err(Error::Invalid(_)) => wrong += 1,
            Err(_) => conflicts += 1,
        }
    }
    assert!(
        right > 200 && wrong > 200 && conflicts > 50,
        "{right} {wrong} {conflicts}"
    );
}
