//! Intermediate state of a decision about a set-up.

use uuid::Uuid;

use super::super::{
    found::{Found, Things},
    fresh::Fresh,
    inquiry::Inquiry,
    plan::Made,
};
use crate::domain::{
    error::{Error, Result},
    violations::Violations,
};

/// Input of a decision, and the results of the steps so far.
pub(super) struct Draft<'a> {
    /// The job set-up that was requested.
    pub inquiry: &'a Inquiry,
    /// Existing resources that the set-up names.
    pub found: &'a Found,
    /// Time and ids for new resources.
    pub fresh: Fresh,
    /// Existing resources and resources to create. They may belong to any organisation.
    pub things: Things,
    /// Resources to create, each after the resources that it refers to.
    pub made: Vec<Made>,
    /// Violations found so far.
    pub violations: Violations,
}

impl<'a> Draft<'a> {
    /// Begins a decision with the violations that the check of the format found.
    pub fn new(inquiry: &'a Inquiry, found: &'a Found, fresh: Fresh) -> Self {
        Self {
            inquiry,
            found,
            fresh,
            things: found.things.clone(),
            made: Vec::new(),
            violations: inquiry.form.violations.clone(),
        }
    }

    /// Returns `error`, which ends the decision, if there are no violations so far. If there are, the error is dropped
    /// and the decision continues in order to find all violations, which are then the result.
    pub fn refuse(&self, error: Error) -> Result<()> {
        if self.violations.is_empty() { Err(error) } else { Ok(()) }
    }

    /// Returns whether the organisation exists or is the organisation of the set-up, which may be created.
    pub fn has_organisation(&self, id: Uuid) -> bool {
        id == self.inquiry.setup.organisation_id || self.found.organisation(id).is_some()
    }

    /// Adds a resource to create. Later steps of the decision find sources, versions, sensors and locations that were
    /// added.
    pub fn create(&mut self, made: Made) {
        match &made {
            Made::Source(made) => self.things.sources.push(made.clone()),
            Made::SourceVersion(made) => self.things.versions.push(made.clone()),
            Made::Sensor(made) => self.things.sensors.push(made.clone()),
            Made::Location(made) => self.things.locations.push(made.clone()),
            Made::Organisation(_) | Made::Job(_) => {}
        }
        self.made.push(made);
    }
}
