//! Decision about the inputs of a set-up. Sensors and locations that do not exist are created as placeholders.

use uuid::Uuid;

use super::{super::plan::Made, draft::Draft};
use crate::domain::{
    contract::{Input, InputKind, InputRole, RoleBinding, check_bindings},
    error::{Error, Result},
    location::{self, Location, check_owned},
    sensor::{self, Sensor},
    violations::Violations,
};

/// Checks the location of the job, and the bindings if the input roles are known. Adds placeholders to the plan.
pub(super) fn decide(draft: &mut Draft<'_>, roles: Option<&[InputRole]>) -> Result<()> {
    let form = &draft.inquiry.form;
    let roles = roles.filter(|_| form.has_sound_bindings && form.has_sound_roles);
    if let Some(roles) = roles {
        // Collected separately, so that a conflict takes precedence over violations of the bindings.
        let mut violations = Violations::default();
        let inputs = find_or_create(draft, roles, &mut violations)?;
        let organisation = draft.inquiry.setup.organisation_id;
        check_bindings(roles, draft.inquiry.bindings(), &inputs, organisation, &mut violations);
        draft.violations.append(violations);
    }
    check_location(draft, roles.is_some());
    Ok(())
}

/// Returns the bound resources in the order of the bindings, and creates placeholders for missing ones. The
/// placeholders are created in the order of the roles, so that the order of the bindings does not change the result.
fn find_or_create(
    draft: &mut Draft<'_>,
    roles: &[InputRole],
    violations: &mut Violations,
) -> Result<Vec<Option<Input>>> {
    let bindings = draft.inquiry.bindings();
    let fits = |role: &InputRole, binding: &RoleBinding| {
        binding.role == role.role && binding.input_type == role.input_kind && binding.input_type != InputKind::Source
    };
    let mut inputs: Vec<_> = bindings
        .iter()
        .map(|binding| draft.things.input(binding.input_type, binding.input_id))
        .collect();
    for role in roles {
        for (index, binding) in bindings.iter().enumerate().filter(|(_, binding)| fits(role, binding)) {
            let (kind, id) = (binding.input_type, binding.input_id);
            // An earlier role may have created the same input.
            inputs[index] = draft.things.input(kind, id);
            if inputs[index].is_some() {
                continue;
            }
            match other_kind(draft, kind, id) {
                Some(other) => {
                    let detail = format!("is a {}, not a {}", other.as_str(), kind.as_str());
                    violations.add(format!("/role_bindings/{index}/input_id"), detail);
                }
                None => create(draft, role, id)?,
            }
            // The binding then counts as fitting, so that a resource of another kind is not also reported as missing.
            inputs[index] = Some(fitting(draft, role));
        }
    }
    Ok(inputs)
}

/// Returns the kind of an existing resource that has the id but not the kind `kind`, if the organisation can see it.
fn other_kind(draft: &Draft<'_>, kind: InputKind, id: Uuid) -> Option<InputKind> {
    let organisation = draft.inquiry.setup.organisation_id;
    let mut kinds = [InputKind::Sensor, InputKind::Location, InputKind::Source].into_iter();
    kinds.find(|other| {
        let found = draft.things.input(*other, id).filter(|_| *other != kind);
        found.is_some_and(|input| input.organisation_id.is_none_or(|owner| owner == organisation))
    })
}

/// Adds a placeholder with this id for the input role to the plan. Adds nothing if there are violations and the name is
/// taken.
///
/// # Errors
/// `Error::Conflict`: a resource of the organisation has the placeholder's name.
fn create(draft: &mut Draft<'_>, role: &InputRole, id: Uuid) -> Result<()> {
    let (organisation, now) = (draft.inquiry.setup.organisation_id, draft.fresh.now);
    let revision = draft.fresh.revision;
    if let (InputKind::Sensor, Some(metric)) = (role.input_kind, role.metric.clone()) {
        let unit = role.unit.clone();
        let made = Sensor {
            revision,
            ..sensor::placeholder(id, organisation, metric, unit, now)
        };
        let mut sensors = draft.things.sensors.iter();
        let holder = sensors.find(|found| found.organisation_id == organisation && found.name == made.name);
        if let Some(holder) = holder {
            return draft.refuse(Error::name_taken("sensor", &made.name, holder.id));
        }
        draft.create(Made::Sensor(made));
    } else {
        let made = Location {
            revision,
            ..location::placeholder(id, organisation, now)
        };
        let mut locations = draft.things.locations.iter();
        let holder = locations.find(|found| found.organisation_id == organisation && found.name == made.name);
        if let Some(holder) = holder {
            return draft.refuse(Error::name_taken("location", &made.name, holder.id));
        }
        draft.create(Made::Location(made));
    }
    Ok(())
}

/// Returns the properties of an input of the organisation that fits the role in every respect.
fn fitting(draft: &Draft<'_>, role: &InputRole) -> Input {
    Input {
        organisation_id: Some(draft.inquiry.setup.organisation_id),
        metric: role.metric.clone(),
        unit: role.unit.clone(),
        outputs: Vec::new(),
    }
}

/// Checks that the organisation has the location that the set-up gives the job. The location may be one of the
/// placeholders of this set-up. If the inputs were not decided, a missing location that is also bound is therefore not
/// reported.
fn check_location(draft: &mut Draft<'_>, are_inputs_known: bool) {
    let setup = &draft.inquiry.setup;
    let Some(id) = setup.job.location_id else { return };
    let found = draft.things.location(id);
    let is_bound = |binding: &RoleBinding| binding.input_type == InputKind::Location && binding.input_id == id;
    let mut bindings = setup.role_bindings.iter().flatten();
    if found.is_none() && !are_inputs_known && bindings.any(is_bound) {
        return;
    }
    let organisation = setup.organisation_id;
    check_owned(found, id, organisation, &mut draft.violations, "/job/location_id");
}
