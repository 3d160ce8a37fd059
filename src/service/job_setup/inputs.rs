//! The inputs of a set-up: unknown sensors and locations are made, as placeholders.

use uuid::Uuid;

use super::SetUp;
use crate::{
    domain::{
        Result, Violations,
        contract::{Input, InputKind, InputRole, RoleBinding},
        job_setup::CreatedKind,
        location, sensor,
    },
    service::job_view,
    store,
};

impl SetUp<'_> {
    /// The bound inputs; an unknown sensor or location that fits its role is made, as a placeholder.
    pub(super) fn inputs(
        &mut self,
        roles: &[InputRole],
        bindings: &[RoleBinding],
        organisation_id: Uuid,
        violations: &mut Violations,
    ) -> Result<Vec<Option<Input>>> {
        let mut inputs = Vec::with_capacity(bindings.len());
        for (index, binding) in bindings.iter().enumerate() {
            let (kind, id) = (binding.input_type, binding.input_id);
            let mut input = job_view::input(self.tx, kind, id)?;
            let role = roles
                .iter()
                .find(|role| role.role == binding.role && role.input_kind == kind);
            if let (None, Some(role), true) = (&input, role, kind != InputKind::Source) {
                match self.other_kind(kind, id, organisation_id)? {
                    Some(other) => {
                        let detail = format!("is a {}, not a {}", other.as_str(), kind.as_str());
                        violations.add(format!("/role_bindings/{index}/input_id"), detail);
                        // Said already: it is not also missing.
                        input = Some(fitting(role, organisation_id));
                    }
                    None => input = Some(self.placeholder(role, id, organisation_id)?),
                }
            }
            inputs.push(input);
        }
        Ok(inputs)
    }

    /// The other kind of thing that has the id, if there is one that the organisation may know of.
    fn other_kind(&self, kind: InputKind, id: Uuid, organisation: Uuid) -> Result<Option<InputKind>> {
        let kinds = [InputKind::Sensor, InputKind::Location, InputKind::Source];
        for other in kinds.into_iter().filter(|other| *other != kind) {
            let found = job_view::input(self.tx, other, id)?;
            let known = found.filter(|input| input.organisation_id.is_none_or(|id| id == organisation));
            if known.is_some() {
                return Ok(Some(other));
            }
        }
        Ok(None)
    }

    fn placeholder(&mut self, role: &InputRole, id: Uuid, organisation: Uuid) -> Result<Input> {
        if let (InputKind::Sensor, Some(metric)) = (role.input_kind, role.metric.clone()) {
            let unit = role.unit.clone();
            let made = sensor::placeholder(id, organisation, metric, unit, self.now);
            store::sensor::insert(self.tx, &made)?;
            self.trail().created(&made)?;
            self.note(CreatedKind::Sensor, id, &made.name);
        } else {
            let made = location::placeholder(id, organisation, self.now);
            store::location::insert(self.tx, &made)?;
            self.trail().created(&made)?;
            self.note(CreatedKind::Location, id, &made.name);
        }
        Ok(fitting(role, organisation))
    }
}

/// An input of the organisation that fits the role.
fn fitting(role: &InputRole, organisation: Uuid) -> Input {
    Input {
        organisation_id: Some(organisation),
        metric: role.metric.clone(),
        unit: role.unit.clone(),
        outputs: Vec::new(),
    }
}
