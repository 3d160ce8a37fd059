//! The check of a set-up's format, which consists of the rules that need no existing resources.

use uuid::Uuid;

use super::request::{JobSetup, SetupJob, SetupSource, SetupVersion};
use crate::domain::{
    contract::check_contract,
    job::check_binding_form,
    source::{check_grace, check_interval, check_retention},
    text::{check_description, check_optional},
    violations::Violations,
};

/// Result of the check of a set-up's format. Roles or bindings whose format has violations are not checked any further,
/// because later violations would only repeat the earlier ones.
#[derive(Debug, Clone)]
pub struct Form {
    /// Every violation of the format.
    pub violations: Violations,
    /// Whether the member `source_version`, which contains the roles, has no violations.
    pub has_sound_roles: bool,
    /// Whether the bindings have no violations of the format.
    pub has_sound_bindings: bool,
}

impl JobSetup {
    /// Checks the format and trims the names. Bindings that were given in `job.role_bindings` are moved to
    /// `role_bindings`, and a value of `source.expectedintervalminutes` is moved to `source.expected_interval_minutes`.
    pub fn check(&mut self) -> Form {
        let mut violations = Violations::default();
        self.job.check(self.organisation_id, &mut violations);
        let bindings = self.check_bindings();
        let has_sound_bindings = bindings.is_empty();
        violations.append(bindings);
        if let Some(source) = &mut self.source {
            violations.append(source.check());
        }
        let version = self.source_version.as_mut().map(SetupVersion::check);
        let version = version.unwrap_or_default();
        let has_sound_roles = version.is_empty();
        violations.append(version);
        Form {
            violations,
            has_sound_roles,
            has_sound_bindings,
        }
    }

    fn check_bindings(&mut self) -> Violations {
        let mut violations = Violations::default();
        match (&self.role_bindings, self.job.role_bindings.take()) {
            (None, inner) => self.role_bindings = inner,
            (Some(outer), Some(inner)) if *outer != inner => violations.add(
                "/job/role_bindings",
                "differs from role_bindings at the top: give them once",
            ),
            _ => {}
        }
        check_binding_form(self.role_bindings.get_or_insert_default(), &mut violations);
        violations
    }
}

impl SetupSource {
    fn check(&mut self) -> Violations {
        let mut violations = Violations::within("/source");
        check_optional(self.name.as_mut(), &mut violations, "/name");
        check_description(self.description.as_ref(), &mut violations);
        self.expected_interval_minutes = check_interval(
            self.expected_interval_minutes,
            self.expectedintervalminutes.take(),
            &mut violations,
        );
        check_grace(self.grace_minutes, &mut violations);
        check_retention(self.retention_hours, &mut violations);
        violations
    }
}

impl SetupVersion {
    fn check(&mut self) -> Violations {
        let mut violations = Violations::within("/source_version");
        check_optional(self.version.as_mut(), &mut violations, "/version");
        check_description(self.description.as_ref(), &mut violations);
        if let Some(outputs) = &mut self.output_roles {
            let inputs = self.input_roles.get_or_insert_default();
            check_contract(inputs, outputs, &mut violations);
        }
        violations
    }
}

impl SetupJob {
    fn check(&mut self, organisation: Uuid, violations: &mut Violations) {
        self.name.check(violations, "/job/name");
        if self.organisation_id.is_some_and(|id| id != organisation) {
            violations.add(
                "/job/organisation_id",
                "differs from organisation_id at the top: leave it null",
            );
        }
    }
}
