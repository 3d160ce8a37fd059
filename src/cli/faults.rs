//! Says in the words of the command line what the service refused.

use super::Failure;
use crate::domain::{Error, Violation};

/// Returns the failure of a command. `flags` gives the argument of the command line for each member of a request's body.
pub fn failed(error: Error, flags: &[(&str, &str)]) -> Failure {
    Failure(match error {
        Error::Invalid(violations) => {
            let reasons: Vec<_> = violations.iter().map(|violation| reason(violation, flags)).collect();
            reasons.join("; ")
        }
        Error::NotFound { what, id } => format!("there is no {what} {id}"),
        other => other.to_string(),
    })
}

fn reason(violation: &Violation, flags: &[(&str, &str)]) -> String {
    let member = violation.pointer.as_deref().unwrap_or_default();
    let member = member.trim_start_matches('/');
    let flag = flags.iter().find(|(name, _)| *name == member);
    let detail = &violation.detail;
    match flag.map_or(member, |(_, flag)| flag) {
        "" => detail.clone(),
        place => format!("{place} {detail}"),
    }
}
