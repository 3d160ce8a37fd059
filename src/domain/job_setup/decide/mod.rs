//! Decides which resources a set-up creates. Each module decides about one kind of resource. The order is organisation,
//! source, version, inputs and job, because each depends on those before it.

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

/// Decides which resources a set-up creates, and returns the plan. An existing resource that agrees with the request is
/// used, and a missing resource is created.
///
/// # Errors
/// `Error::Invalid`, with every violation of the format and of the rules. `Error::Conflict`: an id or a name is taken,
/// or a resource exists and differs from the request. `Error::Forbidden`: the caller may not create a resource.
/// Violations take precedence over the other errors.
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
