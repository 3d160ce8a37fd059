//! The set-up of a job: finds or makes everything that it needs in one transaction, or changes nothing and says all
//! that is wrong.

use std::collections::HashSet;

use uuid::Uuid;

use super::{App, job::answer, location, organisation, source, source_version};
use crate::{
    domain::{
        Caller, Error, Result, Role, Timestamp, Violation, Violations,
        contract::{Input, InputKind, InputRole, RoleBinding, check_bindings},
        id,
        job::JobRecord,
        job_setup::{Created, CreatedKind, JobSetup, JobSetupAnswer, SetupSource, SetupVersion},
        location as location_rules, sensor as sensor_rules,
        source::{NewSource, Source},
        source_version::{NewSourceVersion, SourceVersion},
        text::Name,
    },
    store::{self, Transaction},
};

/// Sets a job up (managers; an unknown organisation is made for admins). With `dry_run` it answers the same and keeps
/// nothing. The answer's `created` has the job itself if it was made.
///
/// # Errors
/// Invalid: with every rule that is broken. Conflict: a name or id is taken by something that differs.
pub async fn set_up(
    app: &App,
    caller: &Caller,
    mut setup: JobSetup,
    dry_run: bool,
) -> Result<JobSetupAnswer> {
    caller.needs(Role::Manager)?;
    setup.check()?;
    caller.names(setup.organisation_id)?;
    let caller = caller.clone();
    app.write(move |tx, now| {
        let work = SetUp {
            tx,
            caller: &caller,
            now,
            created: Vec::new(),
        };
        if dry_run {
            store::undone(tx, || work.run(setup))
        } else {
            work.run(setup)
        }
    })
    .await
}

/// One set-up on its way, and what it made so far.
struct SetUp<'a> {
    tx: &'a Transaction<'a>,
    caller: &'a Caller,
    now: Timestamp,
    created: Vec<Created>,
}

impl SetUp<'_> {
    fn run(mut self, setup: JobSetup) -> Result<JobSetupAnswer> {
        let organisation_id = setup.organisation_id;
        let (organisation, made) = organisation::ensure(self.tx, organisation_id, self.now)?;
        if made {
            self.note(
                CreatedKind::Organisation,
                organisation.id,
                &organisation.name,
            );
        }
        let existing = store::job::find_named(self.tx, organisation_id, &setup.job.name)?;
        let source = self.source(&setup)?;
        if source
            .organisation_id
            .is_some_and(|id| id != organisation_id)
        {
            return Err(Error::invalid(
                "/source",
                format!("the source {} belongs to another organisation", source.name),
            ));
        }
        let version = self.version(&setup, &source, existing.as_ref())?;
        let bindings = setup.role_bindings.clone().unwrap_or_default();
        let mut violations = Violations::default();
        let given = setup.job.location_id;
        let pointer = "/job/location_id";
        location::check_owned(self.tx, given, organisation_id, &mut violations, pointer)?;
        let roles = &version.input_roles;
        let inputs = self.inputs(roles, &bindings, organisation_id, &mut violations)?;
        check_bindings(roles, &bindings, &inputs, organisation_id, &mut violations);
        violations.into_result()?;
        let job = match existing {
            Some(existing) => {
                agree(&existing, &setup, &version, &bindings)?;
                existing
            }
            None => self.insert(setup, &version, bindings)?,
        };
        Ok(JobSetupAnswer {
            job: answer(self.tx, job, self.now)?,
            created: self.created,
        })
    }

    /// The source that the set-up names: found, or made.
    fn source(&mut self, setup: &JobSetup) -> Result<Source> {
        let named = setup.source.clone().unwrap_or_default();
        let version = setup.source_version.as_ref();
        let (id, pointer) = only(&[
            (named.id, "/source/id"),
            (setup.job.source_id, "/job/source_id"),
            (
                version.and_then(|version| version.source_id),
                "/source_version/source_id",
            ),
        ])?;
        if let Some(id) = id {
            if let Some(found) = store::source::find(self.tx, id)? {
                let found = self.seen(found, pointer)?;
                same_source(&found, &named)?;
                return Ok(found);
            }
            if named.name.is_none() {
                return Err(Error::invalid(
                    pointer,
                    format!(
                        "there is no source {id}: name an existing one, or give source.name to make it"
                    ),
                ));
            }
        }
        if let Some(name) = &named.name {
            return match store::source::find_named(self.tx, name)? {
                Some(found) if id.is_none_or(|id| id == found.id) => {
                    let found = self.seen(found, "/source/name").map_err(|_| {
                        Error::conflict(format!("the name {name} is taken by another source"), None)
                    })?;
                    same_source(&found, &named)?;
                    Ok(found)
                }
                _ => self.make_source(named, id),
            };
        }
        let (version_id, pointer) = version_id(setup)?;
        let Some(version_id) = version_id else {
            return Err(Error::invalid(
                "/source",
                "is missing: name the source by source.id or source.name, or the version by its id",
            ));
        };
        match source_version::visible(self.tx, self.caller, version_id) {
            Ok(version) => source::visible(self.tx, self.caller, version.source_id),
            Err(Error::NotFound { .. }) => Err(Error::invalid(
                pointer,
                format!("there is no source version {version_id}"),
            )),
            Err(error) => Err(error),
        }
    }

    fn seen(&self, source: Source, pointer: &str) -> Result<Source> {
        if self.caller.sees(source.organisation_id) {
            return Ok(source);
        }
        Err(Error::invalid(
            pointer,
            format!("there is no source {} for this token", source.id),
        ))
    }

    fn make_source(&mut self, named: SetupSource, id: Option<Uuid>) -> Result<Source> {
        let Some(name) = named.name else {
            return Err(Error::invalid("/source/name", "is missing"));
        };
        let new = NewSource {
            id,
            organisation_id: named.organisation_id,
            name,
            description: named.description,
            expected_interval_minutes: named.expected_interval_minutes,
            expectedintervalminutes: None,
            retention_hours: named.retention_hours,
        };
        let made = source::insert(self.tx, self.caller, new, self.now)?;
        self.note(CreatedKind::Source, made.id, &made.name);
        Ok(made)
    }

    /// The version that the set-up names: found, made, the one that the job has, or the source's newest.
    fn version(
        &mut self,
        setup: &JobSetup,
        source: &Source,
        existing: Option<&JobRecord>,
    ) -> Result<SourceVersion> {
        let named = setup.source_version.clone().unwrap_or_default();
        let (id, pointer) = version_id(setup)?;
        let found = match (id, &named.version) {
            (Some(id), _) => store::source_version::find(self.tx, id)?,
            (None, Some(label)) => store::source_version::find_labelled(self.tx, source.id, label)?,
            (None, None) if named.output_roles.is_some() || named.input_roles.is_some() => None,
            (None, None) => {
                return self.pinned_or_newest(source, existing)?.ok_or_else(|| {
                    Error::invalid(
                        "/source_version",
                        format!("is missing: the source {} has no version yet", source.name),
                    )
                });
            }
        };
        if let Some(found) = found {
            if found.source_id != source.id {
                return Err(Error::invalid(
                    pointer,
                    format!("is a version of another source than {}", source.name),
                ));
            }
            same_version(&found, &named)?;
            return Ok(found);
        }
        self.make_version(named, id, source, pointer)
    }

    fn pinned_or_newest(
        &self,
        source: &Source,
        existing: Option<&JobRecord>,
    ) -> Result<Option<SourceVersion>> {
        if let Some(job) = existing
            && let Some(pinned) = store::source_version::find(self.tx, job.source_version_id)?
            && pinned.source_id == source.id
        {
            return Ok(Some(pinned));
        }
        store::source_version::newest(self.tx, source.id)
    }

    fn make_version(
        &mut self,
        named: SetupVersion,
        id: Option<Uuid>,
        source: &Source,
        pointer: &str,
    ) -> Result<SourceVersion> {
        let mut violations = Violations::within("/source_version");
        if named.version.is_none() && named.output_roles.is_none() {
            let id = id.unwrap_or_default();
            return Err(Error::invalid(
                pointer,
                format!("there is no source version {id}: give its version and roles to make it"),
            ));
        }
        if named.version.is_none() {
            violations.add("/version", "is missing: a new version needs its label");
        }
        if named.output_roles.is_none() {
            violations.add(
                "/output_roles",
                format!(
                    "is missing: the source {} has no such version yet",
                    source.name
                ),
            );
        }
        let (Some(version), Some(output_roles)) = (named.version, named.output_roles) else {
            return Err(Error::Invalid(violations.into_vec()));
        };
        self.caller
            .must_manage(source.organisation_id, "source", source.id)?;
        let new = NewSourceVersion {
            id,
            source_id: source.id,
            version,
            description: named.description,
            input_roles: named.input_roles.unwrap_or_default(),
            output_roles,
        };
        let made = source_version::insert(self.tx, new, self.now)?;
        self.note(CreatedKind::SourceVersion, made.id, &made.version);
        Ok(made)
    }

    /// The bound inputs; an unknown sensor or location that fits its role is made, as a placeholder.
    fn inputs(
        &mut self,
        roles: &[InputRole],
        bindings: &[RoleBinding],
        organisation_id: Uuid,
        violations: &mut Violations,
    ) -> Result<Vec<Option<Input>>> {
        let mut inputs = Vec::with_capacity(bindings.len());
        for (index, binding) in bindings.iter().enumerate() {
            let (kind, id) = (binding.input_type, binding.input_id);
            let mut input = super::job::input(self.tx, kind, id)?;
            let role = roles
                .iter()
                .find(|role| role.role == binding.role && role.input_kind == kind);
            if let (None, Some(role), true) = (&input, role, kind != InputKind::Source) {
                match self.other_kind(kind, id)? {
                    Some(other) => {
                        let detail = format!("is a {}, not a {}", other.as_str(), kind.as_str());
                        violations.add(format!("/role_bindings/{index}/input_id"), detail);
                    }
                    None => input = Some(self.placeholder(role, id, organisation_id)?),
                }
            }
            inputs.push(input);
        }
        Ok(inputs)
    }

    /// The other kind of thing that has the id, if any.
    fn other_kind(&self, kind: InputKind, id: Uuid) -> Result<Option<InputKind>> {
        for other in [InputKind::Sensor, InputKind::Location, InputKind::Source] {
            if other != kind && super::job::input(self.tx, other, id)?.is_some() {
                return Ok(Some(other));
            }
        }
        Ok(None)
    }

    fn placeholder(&mut self, role: &InputRole, id: Uuid, organisation: Uuid) -> Result<Input> {
        let metric = role.metric.clone();
        if let (InputKind::Sensor, Some(metric)) = (role.input_kind, metric.clone()) {
            let unit = role.unit.clone();
            let made = sensor_rules::placeholder(id, organisation, metric, unit, self.now);
            store::sensor::insert(self.tx, &made)?;
            self.note(CreatedKind::Sensor, id, &made.name);
        } else {
            let made = location_rules::placeholder(id, organisation, self.now);
            store::location::insert(self.tx, &made)?;
            self.note(CreatedKind::Location, id, &made.name);
        }
        Ok(Input {
            organisation_id: Some(organisation),
            metric,
        })
    }

    fn insert(
        &mut self,
        setup: JobSetup,
        version: &SourceVersion,
        role_bindings: Vec<RoleBinding>,
    ) -> Result<JobRecord> {
        let made = JobRecord {
            id: id::new(self.now),
            name: setup.job.name,
            active: setup.job.active.unwrap_or(true),
            organisation_id: setup.organisation_id,
            source_version_id: version.id,
            given_location_id: setup.job.location_id,
            role_bindings,
            created_at: self.now,
            updated_at: self.now,
            revision: 1,
        };
        store::job::insert(self.tx, &made)?;
        self.note(CreatedKind::Job, made.id, &made.name);
        Ok(made)
    }

    fn note(&mut self, kind: CreatedKind, id: Uuid, name: &Name) {
        let name = name.clone();
        self.created.push(Created { kind, id, name });
    }
}

/// The version's id, wherever the set-up names it, and where that is.
fn version_id(setup: &JobSetup) -> Result<(Option<Uuid>, &'static str)> {
    let named = setup.source_version.as_ref().and_then(|version| version.id);
    only(&[
        (named, "/source_version/id"),
        (setup.job.source_version_id, "/job/source_version_id"),
    ])
}

/// The one id that is given in several places; invalid if they differ.
fn only(places: &[(Option<Uuid>, &'static str)]) -> Result<(Option<Uuid>, &'static str)> {
    let mut given = places.iter().filter_map(|(id, at)| Some(((*id)?, *at)));
    let Some((id, pointer)) = given.next() else {
        return Ok((None, ""));
    };
    match given.find(|(other, _)| *other != id) {
        Some((_, other)) => Err(Error::invalid(
            other,
            format!("differs from {pointer}: give the id once"),
        )),
        None => Ok((Some(id), pointer)),
    }
}

/// Refuses a set-up whose `source` says something else than the source that there is.
fn same_source(found: &Source, named: &SetupSource) -> Result<()> {
    let mut differences = Differences::within("/source");
    differences.compare("/name", named.name.as_ref(), Some(&found.name));
    differences.compare(
        "/description",
        named.description.as_ref(),
        found.description.as_ref(),
    );
    differences.compare(
        "/expected_interval_minutes",
        named.expected_interval_minutes,
        found.expected_interval_minutes,
    );
    differences.compare(
        "/retention_hours",
        named.retention_hours,
        found.retention_hours,
    );
    differences.compare(
        "/organisation_id",
        named.organisation_id,
        found.organisation_id,
    );
    differences.into_result(format!("the source {}", found.name), found.id)
}

/// Refuses a set-up whose `source_version` says something else than the version that there is.
fn same_version(found: &SourceVersion, named: &SetupVersion) -> Result<()> {
    let mut differences = Differences::within("/source_version");
    differences.compare("/version", named.version.as_ref(), Some(&found.version));
    differences.compare(
        "/description",
        named.description.as_ref(),
        found.description.as_ref(),
    );
    differences.compare(
        "/input_roles",
        named.input_roles.as_ref(),
        Some(&found.input_roles),
    );
    differences.compare(
        "/output_roles",
        named.output_roles.as_ref(),
        Some(&found.output_roles),
    );
    differences.into_result(format!("the source version {}", found.version), found.id)
}

/// Refuses a set-up whose job has the name of one that is set up otherwise.
fn agree(
    found: &JobRecord,
    setup: &JobSetup,
    version: &SourceVersion,
    bindings: &[RoleBinding],
) -> Result<()> {
    let set = |bindings: &[RoleBinding]| -> HashSet<_> {
        bindings
            .iter()
            .map(|binding| (binding.role.clone(), binding.input_id))
            .collect()
    };
    let mut differences = Differences::within("");
    differences.compare(
        "/source_version",
        Some(version.id),
        Some(found.source_version_id),
    );
    differences.compare("/job/active", setup.job.active, Some(found.active));
    differences.compare(
        "/job/location_id",
        setup.job.location_id,
        found.given_location_id,
    );
    differences.compare(
        "/role_bindings",
        Some(set(bindings)),
        Some(set(&found.role_bindings)),
    );
    differences.into_result(format!("the job {}", found.name), found.id)
}

/// Collects where a request says something else than what there is.
struct Differences(Violations);

impl Differences {
    fn within(prefix: &str) -> Self {
        Self(Violations::within(prefix))
    }

    /// Notes a difference if something is said; what is not said agrees.
    fn compare<T: PartialEq>(&mut self, pointer: &str, said: Option<T>, is: Option<T>) {
        if said.is_some() && said != is {
            self.0.add(pointer, "differs from what there is");
        }
    }

    fn into_result(self, what: String, id: Uuid) -> Result<()> {
        let violations: Vec<Violation> = self.0.into_vec();
        if violations.is_empty() {
            return Ok(());
        }
        Err(Error::Conflict {
            detail: format!(
                "{what} is there already and differs: change it with PUT, or take another name"
            ),
            existing: Some(id),
            violations,
        })
    }
}
