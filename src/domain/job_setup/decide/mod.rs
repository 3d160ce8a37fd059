//! Decides on a set-up, one kind of resource after the other, since each depends on those before it.

mod draft;
mod inputs;
mod job;
mod organisation;
#[cfg(test)]
mod properties;
mod source;
mod version;
#[cfg(test)]
mod world;

use super::{found::Found, fresh::Fresh, inquiry::Inquiry, plan::Plan};
use crate::domain::error::{Error, Result};
use draft::Draft;

/// Decides what a set-up creates. Existing resources that agree are used, missing ones are created.
///
/// # Errors
/// Invalid: names every violation of form and rules. Conflict: an id or a name is taken, or a resource exists and
/// differs. Forbidden: the caller may not create or publish a resource. Violations take precedence over conflicts and
/// refusals.
pub fn decide(inquiry: &Inquiry, found: &Found, fresh: Fresh) -> Result<Plan> {
    let mut draft = Draft::new(inquiry, found, fresh);
    organisation::decide(&mut draft)?;
    let source = source::decide(&mut draft)?;
    let contract = version::decide(&mut draft, source.as_ref())?;
    inputs::decide(&mut draft, contract.roles.as_deref())?;
    match (source, contract.version) {
        (Some(source), Some(version)) if draft.violations.is_empty() => job::decide(draft, &source, &version),
        _ => Err(Error::Invalid(draft.violations.into_vec())),
    }
}
