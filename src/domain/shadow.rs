//! Shadows: versions on trial, which run beside the version that a job is pinned to, with the same bindings. Their
//! predictions are on a track of their own. A promotion pins the job to one of its shadows.

use poem_openapi::{Object, types::Any};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{
    audit::Changes,
    contract::{Input, OutputRole, RoleBinding, check_filling},
    error::Result,
    object::objects,
    patch::present,
    source_version::SourceVersion,
    text::{Name, Note},
    time::Timestamp,
    violation::Violation,
    violations::Violations,
};

objects!(Promotion);

/// Maximum number of shadows of a job.
pub const MAX_SHADOWS: usize = 5;

/// Name of the path parameter that names the version of a shadow.
const PARAMETER: &str = "source_version_id";

/// A shadow as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shadow {
    /// Version on trial.
    pub source_version_id: Uuid,
    /// Label of the version.
    pub source_version: Name,
    /// Time at which the trial began.
    pub since: Timestamp,
}

/// A version on trial, which runs beside the version of the job. Its predictions are returned only if they are asked
/// for, and never change the health of the job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct JobShadow {
    /// Version on trial.
    pub source_version_id: Uuid,
    /// Label of the version.
    pub source_version: Name,
    /// Time at which the trial began.
    pub since: Timestamp,
    /// Issue time of the last fresh issue that the version posted on trial.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_issue_time: Option<Timestamp>,
    /// Whether the next issue is overdue by the expected interval and the grace period of the source. They are counted
    /// from the arrival of the last fresh issue, or from the beginning of the trial.
    pub late: bool,
}

/// Request to pin a job to one of its shadows.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Promotion {
    /// Shadow that becomes the version of the job.
    pub source_version_id: Uuid,
    /// Whether the previous version of the job becomes a shadow, so that a second promotion takes the first one back.
    #[serde(default = "yes")]
    #[oai(default = "yes")]
    pub keep_previous: bool,
    /// Reason of the promotion, for the job's history and the audit trail.
    #[serde(default, deserialize_with = "present")]
    pub note: Option<Note>,
}

fn yes() -> bool {
    true
}

impl Promotion {
    /// Validates the format of the note.
    ///
    /// # Errors
    /// `Error::Invalid`, with every violation.
    pub fn check(&self) -> Result<()> {
        let mut violations = Violations::default();
        if let Some(note) = &self.note {
            note.check(&mut violations, "/note");
        }
        violations.into_result()
    }
}

/// A version that is to run as a shadow of a job, and what it is checked against.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Version that is to run as a shadow.
    pub version: &'a SourceVersion,
    /// Version that the job is pinned to.
    pub pinned: &'a SourceVersion,
    /// Organisation of the job.
    pub organisation_id: Uuid,
    /// Bindings of the job.
    pub bindings: &'a [RoleBinding],
    /// Resource of each binding, in the same order. `None` means that the resource does not exist.
    pub inputs: &'a [Option<Input>],
    /// Number of the job's other shadows.
    pub shadows: usize,
}

impl Candidate<'_> {
    /// Checks that the version may run as a shadow of the job: it is another version of the job's source, the job's
    /// bindings fill its input roles, it has an output in common with the job's version, and the job does not have
    /// [`MAX_SHADOWS`] shadows yet.
    ///
    /// # Errors
    /// `Error::Invalid`, with every violation.
    pub fn check(&self) -> Result<()> {
        let mut violations = Violations::default();
        let mut add = |detail: String| violations.push(Violation::of_parameter(PARAMETER, detail));
        let Self { version, pinned, .. } = self;
        if version.id == pinned.id {
            add("is the version that the job is pinned to".to_owned());
        }
        if version.source_id != pinned.source_id {
            add(format!("the job's source has no version {}", version.id));
        }
        if !have_output_in_common(&version.output_roles, &pinned.output_roles) {
            let text =
                "has no output in common with the version of the job: one metric must be the same, with the same unit";
            add(text.to_owned());
        }
        for fault in unfilled(version, self.bindings, self.inputs, self.organisation_id) {
            let pointer = fault.pointer.unwrap_or_default();
            add(format!(
                "does not fit the bindings of the job: {pointer} {}",
                fault.detail
            ));
        }
        if self.shadows >= MAX_SHADOWS {
            add(format!("would be one shadow too many: a job has at most {MAX_SHADOWS}"));
        }
        violations.into_result()
    }
}

fn have_output_in_common(some: &[OutputRole], others: &[OutputRole]) -> bool {
    let is_same = |a: &OutputRole, b: &OutputRole| a.metric == b.metric && a.unit == b.unit;
    some.iter().any(|one| others.iter().any(|other| is_same(one, other)))
}

/// Returns the reasons why a job's bindings do not fill the input roles of a version. Bindings of roles that the version
/// does not have are ignored.
pub fn unfilled(
    version: &SourceVersion,
    bindings: &[RoleBinding],
    inputs: &[Option<Input>],
    organisation_id: Uuid,
) -> Vec<Violation> {
    let mut faults = Violations::default();
    check_filling(&version.input_roles, bindings, inputs, organisation_id, &mut faults);
    faults.into_vec()
}

/// Returns what the audit trail says about the shadows of a job that a change begins and ends, and about its note.
pub fn trail(added: Option<Uuid>, ended: Option<Uuid>, note: Option<&Note>) -> Changes {
    let fields = [
        ("added_shadow", added.map(|id| json!(id))),
        ("ended_shadow", ended.map(|id| json!(id))),
        ("note", note.map(|note| json!(note))),
    ];
    let named = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), Any(value?))));
    named.collect()
}
