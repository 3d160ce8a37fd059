//! The set-up of a job: finds or makes everything that it needs in one transaction, or changes nothing and says all
//! that is wrong.

mod agreement;
mod inputs;

use uuid::Uuid;

use super::{App, audit, health, job_view::answer, location, organisation, source, source_version};
use crate::{
    domain::{
        Caller, Error, Result, Role, Timestamp, Violations,
        contract::{RoleBinding, check_bindings},
        id,
        job::JobRecord,
        job_setup::{Created, CreatedKind, JobSetup, JobSetupAnswer, SetupSource, SetupVersion},
        prediction::PredictionScope,
        source::{NewSource, Source},
        source_version::{NewSourceVersion, SourceVersion},
        text::Name,
    },
    store::{
        self,
        engine::{Transaction, undone},
    },
};
use agreement::{same_job, same_source, same_version};

/// Sets a job up (managers; an unknown organisation is made for admins). With `dry_run` it answers the same and keeps
/// nothing. The answer's `created` has the job itself if it was made.
///
/// # Errors
/// Invalid: with every rule that is broken. Conflict: a name or id is taken by something that differs.
pub async fn set_up(app: &App, caller: &Caller, mut setup: JobSetup, dry_run: bool) -> Result<JobSetupAnswer> {
    caller.needs(Role::Manager)?;
    setup.check()?;
    caller.names(setup.organisation_id)?;
    let caller = caller.clone();
    app.write_catalogue(move |tx, now| {
        let work = SetUp {
            tx,
            caller: &caller,
            now,
            created: Vec::new(),
        };
        if dry_run {
            undone(tx, || work.run(setup))
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
            self.trail().created(&organisation)?;
            self.note(CreatedKind::Organisation, organisation.id, &organisation.name);
        }
        let existing = store::job::find_named(self.tx, organisation_id, &setup.job.name)?;
        let source = self.source(&setup)?;
        if source.organisation_id.is_some_and(|id| id != organisation_id) {
            return Err(Error::invalid(
                "/source",
                format!("the source {} belongs to another organisation", source.name),
            ));
        }
        let version = self.version(&setup, &source, existing.as_ref())?;
        let bindings = setup.role_bindings.clone().unwrap_or_default();
        let mut violations = Violations::default();
        let roles = &version.input_roles;
        let inputs = self.inputs(roles, &bindings, organisation_id, &mut violations)?;
        check_bindings(roles, &bindings, &inputs, organisation_id, &mut violations);
        // After the inputs: the location may be one that they made.
        let given = setup.job.location_id;
        let pointer = "/job/location_id";
        location::check_owned(self.tx, given, organisation_id, &mut violations, pointer)?;
        violations.into_result()?;
        let job = match existing {
            Some(existing) => {
                let found = answer(self.tx, existing, self.now)?;
                same_job(&found, &setup, &version, &bindings)?;
                found
            }
            None => {
                let made = self.insert(setup, &version, bindings)?;
                answer(self.tx, made, self.now)?
            }
        };
        Ok(JobSetupAnswer {
            job,
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
            let found = store::source::find(self.tx, id)?;
            if let Some(found) = found.filter(|found| self.caller.sees(found.organisation_id)) {
                same_source(&found, &named)?;
                return Ok(found);
            }
            if named.name.is_none() {
                return Err(Error::invalid(
                    pointer,
                    format!("there is no source {id}: name an existing one, or give source.name to make it"),
                ));
            }
        }
        if let Some(name) = &named.name {
            return match store::source::find_named(self.tx, name)? {
                Some(found) if id.is_none_or(|id| id == found.id) => {
                    if !self.caller.sees(found.organisation_id) {
                        let detail = format!("the name {name} is taken by another source");
                        return Err(Error::conflict(detail, None));
                    }
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
            grace_minutes: named.grace_minutes,
            retention_hours: named.retention_hours,
        };
        let made = source::insert(self.tx, self.caller, new, self.now, "/source/organisation_id")?;
        self.note(CreatedKind::Source, made.id, &made.name);
        Ok(made)
    }

    /// The version that the set-up names: found, made, the one that the job has, or the source's newest.
    fn version(&mut self, setup: &JobSetup, source: &Source, existing: Option<&JobRecord>) -> Result<SourceVersion> {
        let named = setup.source_version.clone().unwrap_or_default();
        let (id, pointer) = version_id(setup)?;
        let found = match (id, &named.version) {
            (Some(id), _) => match source_version::visible(self.tx, self.caller, id) {
                Err(Error::NotFound { .. }) => None,
                found => Some(found?),
            },
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

    fn pinned_or_newest(&self, source: &Source, existing: Option<&JobRecord>) -> Result<Option<SourceVersion>> {
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
        if let (Some(id), None, None) = (id, &named.version, &named.output_roles) {
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
                format!("is missing: the source {} has no such version yet", source.name),
            );
        }
        let (Some(version), Some(output_roles)) = (named.version, named.output_roles) else {
            return Err(Error::Invalid(violations.into_vec()));
        };
        self.caller.must_manage(source.organisation_id, "source", source.id)?;
        let new = NewSourceVersion {
            id,
            source_id: source.id,
            version,
            description: named.description,
            input_roles: named.input_roles.unwrap_or_default(),
            output_roles,
        };
        let made = source_version::insert(self.tx, self.caller, new, self.now)?;
        self.note(CreatedKind::SourceVersion, made.id, &made.version);
        Ok(made)
    }

    fn insert(
        &mut self,
        setup: JobSetup,
        version: &SourceVersion,
        role_bindings: Vec<RoleBinding>,
    ) -> Result<JobRecord> {
        if let Some(id) = setup.job.id
            && let Some(owner) = store::prediction::owner(self.tx, PredictionScope::Job(id))?
        {
            return Err(if self.caller.sees(Some(owner)) {
                let detail = format!("the id {id} was a job's whose predictions are still kept");
                Error::conflict(detail, id)
            } else {
                Error::conflict(format!("the id {id} is taken"), None)
            });
        }
        let made = JobRecord {
            id: setup.job.id.unwrap_or_else(|| id::new(self.now)),
            name: setup.job.name,
            active: setup.job.active.unwrap_or(true),
            organisation_id: setup.organisation_id,
            source_version_id: version.id,
            given_location_id: setup.job.location_id,
            role_bindings,
            created_at: self.now,
            updated_at: self.now,
            revision: id::first_revision(),
        };
        store::job::insert(self.tx, &made)?;
        health::reassess(self.tx, made.id, self.now)?;
        self.trail().created(&made)?;
        self.note(CreatedKind::Job, made.id, &made.name);
        Ok(made)
    }

    fn trail(&self) -> audit::By<'_> {
        audit::by(self.tx, self.caller, self.now)
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
