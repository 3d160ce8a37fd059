//! State of a decision while it is made.

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

/// Input of a decision, and its results so far.
pub(super) struct Draft<'a> {
    /// The set-up.
    pub inquiry: &'a Inquiry,
    /// Existing resources that the set-up names.
    pub found: &'a Found,
    /// Time and ids for new resources.
    pub fresh: Fresh,
    /// Existing resources and those to create, of any owner.
    pub things: Things,
    /// Resources to create, in order.
    pub made: Vec<Made>,
    /// Violations found so far.
    pub violations: Violations,
}

impl<'a> Draft<'a> {
    /// Begins a decision with the violations of form.
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

    /// Ends the decision with a conflict or a refusal. If violations were found already, they are the result, and the
    /// decision continues in order to find the others.
    pub fn refuse(&self, error: Error) -> Result<()> {
        if self.violations.is_empty() { Err(error) } else { Ok(()) }
    }

    /// Returns whether the organisation exists or is the one that the set-up is for.
    pub fn has_organisation(&self, id: Uuid) -> bool {
        id == self.inquiry.setup.organisation_id || self.found.organisation(id).is_some()
    }

    /// Adds a resource to create. Later steps of the decision find it.
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
