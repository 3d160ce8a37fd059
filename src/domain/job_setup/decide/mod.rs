//! Decides on a set-up, one kind of thing after the other: each needs to know what the ones before it refer to.

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

/// Decides what a set-up creates. What exists and agrees is used, what is missing is created.
///
/// # Errors
/// Invalid: with everything that is wrong, form and rules together. Conflict: an id or a name is taken, or something
/// exists and differs. Forbidden: the caller may not create or publish something. A conflict and a refusal are only
/// looked for as long as nothing is wrong, so that the request is put right first.
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
