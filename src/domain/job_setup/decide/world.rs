//! Generators of random catalogues and set-ups for property tests. They use few ids and names, so that a set-up often
//! names an existing resource.

use proptest::{collection::vec, option, prelude::*};
use uuid::Uuid;

use crate::domain::{
    caller::{Caller, Role},
    contract::{InputKind, InputRole, OutputRole, RoleBinding},
    job_setup::{Found, Fresh, JobSetup, SetupJob, SetupSource, SetupVersion, Things},
    location,
    organisation::OrganisationCreation,
    sensor,
    source::SourceCreation,
    source_version::SourceVersionCreation,
    text::Name,
    time::Timestamp,
};

pub fn now() -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000)
}

/// Organisation of all set-ups. [`ELSEWHERE`] is another organisation.
pub const HOME: Uuid = Uuid::from_u128(1);
pub const ELSEWHERE: Uuid = Uuid::from_u128(2);

/// An id that no resource has.
pub const NOTHING: Uuid = Uuid::from_u128(99);

pub fn fresh() -> Fresh {
    Fresh {
        now: now(),
        source: Uuid::from_u128(101),
        version: Uuid::from_u128(102),
        job: Uuid::from_u128(103),
        revision: 7,
    }
}

pub fn caller(role: Role) -> Caller {
    Caller {
        id: Uuid::from_u128(3),
        name: Name::new("caller"),
        role,
        organisation_id: (role != Role::Admin).then_some(HOME),
        expires_at: None,
        limited_to: None,
    }
}

pub fn callers() -> impl Strategy<Value = Caller> {
    prop_oneof![Just(Role::Manager), Just(Role::Admin)].prop_map(caller)
}

fn id(of: u128, n: u8) -> Uuid {
    Uuid::from_u128(of + u128::from(n))
}

fn metric(n: u8) -> Name {
    Name::new(["celsius", "percent"][usize::from(n % 2)])
}

fn kind(n: u8) -> InputKind {
    [InputKind::Sensor, InputKind::Location, InputKind::Source][usize::from(n % 3)]
}

fn owner(n: u8) -> Option<Uuid> {
    [Some(HOME), Some(HOME), None, Some(ELSEWHERE)][usize::from(n % 4)]
}

/// Returns up to two roles. Equal seeds give equal roles.
fn input_roles(seed: u8) -> Vec<InputRole> {
    let role = |n: u8| InputRole {
        role: Name::new(format!("role {n}")),
        input_kind: kind(seed / 3 + n),
        metric: Some(metric(seed + n)),
        unit: None,
        required: (seed + n).is_multiple_of(2),
    };
    (0..seed % 3).map(role).collect()
}

fn output_roles() -> Vec<OutputRole> {
    let output = OutputRole {
        role: Name::new("risk"),
        metric: Name::new("risk"),
        unit: None,
        required: true,
        interval: None,
        label: None,
        method: None,
        classes: None,
        quantiles: None,
        members: None,
    };
    vec![output]
}

/// Generates catalogues: sources with ids from 10, versions from 20, and inputs from 30, which may be of several kinds.
pub fn catalogues() -> impl Strategy<Value = Found> {
    let sources = vec(0..4_u8, 0..3);
    let versions = vec((any::<u8>(), 0..9_u8), 0..4);
    let inputs = vec((0..3_u8, any::<u8>()), 0..5);
    (prop::bool::weighted(0.8), sources, versions, inputs).prop_map(|(has_home, sources, versions, inputs)| {
        let owners = [Some(ELSEWHERE), has_home.then_some(HOME)];
        let organisations = owners.into_iter().flatten().map(|id| {
            let name = Name::new(id.to_string());
            OrganisationCreation { id: Some(id), name }.make(now())
        });
        let mut found = Found {
            organisations: organisations.collect(),
            ..Found::default()
        };
        let exists = |owner: Option<Uuid>| owner.filter(|owner| has_home || *owner != HOME);
        let things = &mut found.things;
        for (n, seed) in (0..).zip(sources) {
            things.sources.push(source(id(10, n), n, exists(owner(seed))));
        }
        for (n, (of, seed)) in (0..).zip(versions) {
            let Some(of) = things.sources.get(usize::from(of) % 3) else {
                continue;
            };
            let new = SourceVersionCreation {
                id: Some(id(20, n)),
                source_id: of.id,
                version: Name::new(format!("v{n}")),
                description: None,
                input_roles: input_roles(seed),
                output_roles: output_roles(),
            };
            things.versions.push(new.make(now().plus_seconds(i64::from(n))));
        }
        for (n, (kind, seed)) in (0..).zip(inputs) {
            add_input(things, kind, id(30, n), exists(owner(seed)), seed);
        }
        found
    })
}

fn source(id: Uuid, n: u8, owner: Option<Uuid>) -> crate::domain::source::Source {
    let new = SourceCreation {
        id: Some(id),
        organisation_id: owner,
        name: Name::new(format!("source {n}")),
        description: None,
        expected_interval_minutes: None,
        expectedintervalminutes: None,
        grace_minutes: None,
        retention_hours: None,
        direct_track: None,
    };
    new.make(owner, now())
}

fn add_input(things: &mut Things, kind: u8, id: Uuid, owner: Option<Uuid>, seed: u8) {
    match (self::kind(kind), owner) {
        (InputKind::Sensor, Some(owner)) => {
            let made = sensor::placeholder(id, owner, metric(seed / 4), None, now());
            things.sensors.push(made);
        }
        (InputKind::Location, Some(owner)) => things.locations.push(location::placeholder(id, owner, now())),
        (InputKind::Source, _) => things.sources.push(source(id, id.as_bytes()[15], owner)),
        _ => {}
    }
}

/// Generates set-ups for the organisation [`HOME`]; many of them are valid.
pub fn set_ups() -> impl Strategy<Value = JobSetup> {
    let source = (option::weighted(0.2, 0..4_u8), option::weighted(0.9, 0..5_u8), 0..24_u8);
    let version = (
        option::weighted(0.15, 0..5_u8),
        option::weighted(0.7, 0..5_u8),
        option::weighted(0.6, 0..9_u8),
    );
    let bindings = option::weighted(0.2, vec((0..3_u8, 0..3_u8, 0..8_u8), 0..4));
    let job = (option::weighted(0.2, 0..2_u8), option::weighted(0.1, 0..8_u8));
    (source, version, bindings, 0..9_u8, job).prop_map(|(source, version, bindings, seed, (job, place))| {
        let (source_id, name, of) = source;
        let (version_id, label, roles) = version;
        // Most inputs fit the roles.
        let fitting = input_roles(roles.unwrap_or(seed))
            .into_iter()
            .zip(seed..)
            .map(|(role, n)| RoleBinding {
                role: role.role,
                input_type: role.input_kind,
                input_id: id(30, n % 8),
            });
        let random = bindings.map(|bindings| {
            let bind = |(role, to, n)| RoleBinding {
                role: Name::new(format!("role {role}")),
                input_type: kind(to),
                input_id: id(30, n),
            };
            bindings.into_iter().map(bind).collect()
        });
        JobSetup {
            organisation_id: HOME,
            source: Some(SetupSource {
                id: source_id.map(|n| id(10, n)),
                organisation_id: [Some(HOME), Some(ELSEWHERE), Some(NOTHING)]
                    .get(usize::from(of))
                    .copied()
                    .flatten(),
                name: name.map(|n| Name::new(format!("source {n}"))),
                ..SetupSource::default()
            }),
            source_version: Some(SetupVersion {
                id: version_id.map(|n| id(20, n)),
                version: label.map(|n| Name::new(format!("v{n}"))),
                input_roles: roles.map(input_roles),
                output_roles: roles.map(|_| output_roles()),
                ..SetupVersion::default()
            }),
            job: SetupJob {
                id: job.map(|n| id(50, n)),
                name: Name::new("job"),
                active: None,
                organisation_id: None,
                source_id: None,
                source_version_id: None,
                location_id: place.map(|n| id(30, n)),
                role_bindings: None,
            },
            role_bindings: Some(random.unwrap_or_else(|| fitting.collect())),
        }
    })
}
