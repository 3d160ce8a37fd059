//! A decision while it is being taken.

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

/// The basis of a decision, and its results so far.
pub(super) struct Draft<'a> {
    pub inquiry: &'a Inquiry,
    pub found: &'a Found,
    pub fresh: Fresh,
    /// Existing resources and those to create, of any owner.
    pub things: Things,
    /// Resources to create, in order.
    pub made: Vec<Made>,
    /// Violations found so far.
    pub violations: Violations,
}

impl<'a> Draft<'a> {
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

    /// Ends the decision with a conflict or a refusal, unless something is wrong already: then the violations are the
    /// answer, and the decision goes on only to find the others.
    pub fn refuse(&self, error: Error) -> Result<()> {
        if self.violations.is_empty() { Err(error) } else { Ok(()) }
    }

    /// Returns whether the organisation exists or is the one that the set-up is for.
    pub fn has_organisation(&self, id: Uuid) -> bool {
        id == self.inquiry.setup.organisation_id || self.found.organisation(id).is_some()
    }

    /// Adds a thing to what is created, where what follows finds it.
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
