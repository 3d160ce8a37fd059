//! The contract of a source version, which consists of its input roles and output roles, and the bindings of a job,
//! which assign a resource to each input role. This file checks both.

use std::collections::HashSet;

use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    class::{Class, check_classes},
    duration::Duration,
    interval::{Aggregation, IntervalLabel, check_interval},
    object::{names, objects},
    spread::{Spread, check_spread},
    text::{Name, check_optional},
    violations::Violations,
};

names!(InputKind);

objects!(InputRole, OutputRole, RoleBinding; also written: InputRole, OutputRole, RoleBinding);

/// Maximum number of input roles of a source version. The same maximum applies to its output roles and to the bindings
/// of a job.
pub const MAX_ROLES: usize = 100;

/// Reserved name that selects every metric when predictions are read. No output role may have it as its metric.
pub const ALL_METRICS: &str = "all";

/// Kind of resource that fills an input role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename_all = "lowercase")]
pub enum InputKind {
    /// A sensor's readings.
    Sensor,
    /// A location's coordinates.
    Location,
    /// Another source's predictions.
    Source,
}

impl InputKind {
    /// Returns the kind's name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sensor => "sensor",
            Self::Location => "location",
            Self::Source => "source",
        }
    }

    /// Returns the kind with this name in the API, or `None` if the name is unknown.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Sensor, Self::Location, Self::Source]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }
}

/// An input that a model needs to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
#[oai(skip_serializing_if_is_none)]
pub struct InputRole {
    /// Name of the role, unique among the version's input roles.
    pub role: Name,
    /// Kind of resource that fills the role.
    pub input_kind: InputKind,
    /// Metric that the input must have; required for sensors and sources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[oai(nullable)]
    pub metric: Option<Name>,
    /// Unit in which the model expects the values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[oai(nullable)]
    pub unit: Option<Name>,
    /// Whether every job must bind the role.
    #[serde(default = "yes")]
    #[oai(default = "yes")]
    pub required: bool,
}

/// An output that a model predicts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
#[oai(skip_serializing_if_is_none)]
pub struct OutputRole {
    /// Name of the role, unique among the version's output roles.
    pub role: Name,
    /// Predicted metric, unique among the version's output roles.
    pub metric: Name,
    /// Unit of the predictions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[oai(nullable)]
    pub unit: Option<Name>,
    /// Whether every run is expected to predict this output.
    #[serde(default = "yes")]
    #[oai(default = "yes")]
    pub required: bool,
    /// Interval that each value stands for, as an ISO 8601 duration; absent if values are for an instant. Measurements are
    /// aggregated over it before they are compared with predictions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[oai(nullable)]
    pub interval: Option<Duration>,
    /// End of its interval that the valid_time of a value is; `ending` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[oai(nullable)]
    pub label: Option<IntervalLabel>,
    /// Method by which the values of an interval become one; `mean` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[oai(nullable)]
    pub method: Option<Aggregation>,
    /// Classes of the values, in ascending order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[oai(nullable)]
    pub classes: Option<Vec<Class>>,
    /// Levels of the quantiles that are posted with each value: 2 to 99, ascending, each greater than 0 and less than 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[oai(nullable)]
    pub quantiles: Option<Vec<f64>>,
    /// Largest number of members of an ensemble that are posted with each value, instead of `quantiles`: 2 to 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[oai(nullable)]
    pub members: Option<u16>,
}

impl Eq for OutputRole {}

impl OutputRole {
    /// Returns the spread that is posted with each value. `None` if there is none.
    pub fn spread(&self) -> Option<Spread> {
        Spread::of(self.quantiles.as_deref(), self.members)
    }
}

/// A binding: the resource that fills one input role of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct RoleBinding {
    /// Input role of the version.
    pub role: Name,
    /// Kind of the input; equals the role's input_kind.
    pub input_type: InputKind,
    /// Id of the sensor, location or source.
    pub input_id: Uuid,
}

/// Properties of the sensor, location or source that a binding names. They are compared with the input role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Organisation that owns the resource. `None` for a source that is shared by all organisations.
    pub organisation_id: Option<Uuid>,
    /// Metric of the sensor. `None` for a location or a source.
    pub metric: Option<Name>,
    /// Unit of the sensor's readings. `None` if it is unknown, and for a location or a source.
    pub unit: Option<Name>,
    /// Output roles of the source's newest version. Empty for a sensor or a location.
    pub outputs: Vec<OutputRole>,
}

impl Input {
    /// Returns the unit of the values that the resource provides for the input role. `None` if the unit is unknown, and
    /// for a location, which has no values.
    fn unit(&self, role: &InputRole) -> Option<&Name> {
        let of_metric = |output: &&OutputRole| Some(&output.metric) == role.metric.as_ref();
        match role.input_kind {
            InputKind::Sensor => self.unit.as_ref(),
            InputKind::Source => self.outputs.iter().find(of_metric)?.unit.as_ref(),
            InputKind::Location => None,
        }
    }
}

impl InputRole {
    /// Returns whether the role accepts values of this unit. If the unit of the values or that of the role is unknown
    /// (`None`), the values are accepted.
    pub fn takes(&self, unit: Option<&Name>) -> bool {
        match (unit, &self.unit) {
            (Some(unit), Some(own)) => unit == own,
            _ => true,
        }
    }
}

fn yes() -> bool {
    true
}

/// Checks the roles of a source version and adds a violation for each fault. It also trims their names.
///
/// There must be at least one output role, and at most [`MAX_ROLES`] input roles and output roles each. Names are valid
/// and unique among the input roles and among the output roles. An input role for a sensor or source names its metric.
/// Output metrics are unique, because predictions are read by metric, and none is [`ALL_METRICS`].
pub fn check_contract(inputs: &mut [InputRole], outputs: &mut [OutputRole], violations: &mut Violations) {
    if outputs.is_empty() {
        violations.add("/output_roles", "is empty");
    }
    for (side, count) in [("/input_roles", inputs.len()), ("/output_roles", outputs.len())] {
        if count > MAX_ROLES {
            violations.add(side, format!("has more than {MAX_ROLES} items"));
            return;
        }
    }
    let mut roles = HashSet::new();
    for (index, input) in inputs.iter_mut().enumerate() {
        let at = format!("/input_roles/{index}");
        input.role.check(violations, &format!("{at}/role"));
        check_optional(input.metric.as_mut(), violations, &format!("{at}/metric"));
        check_optional(input.unit.as_mut(), violations, &format!("{at}/unit"));
        if input.metric.is_none() && input.input_kind != InputKind::Location {
            let kind = input.input_kind.as_str();
            violations.add(
                format!("{at}/metric"),
                format!("is missing: a role for a {kind} must name its metric"),
            );
        }
        if !roles.insert(&input.role) {
            violations.add(format!("{at}/role"), "is repeated among the input roles");
        }
    }
    let (mut roles, mut metrics) = (HashSet::new(), HashSet::new());
    for (index, output) in outputs.iter_mut().enumerate() {
        let at = format!("/output_roles/{index}");
        output.role.check(violations, &format!("{at}/role"));
        output.metric.check(violations, &format!("{at}/metric"));
        check_optional(output.unit.as_mut(), violations, &format!("{at}/unit"));
        check_interval(output.interval, output.label, output.method, &at, violations);
        if let Some(classes) = &mut output.classes {
            check_classes(classes, &format!("{at}/classes"), violations);
        }
        check_spread(output.quantiles.as_deref(), output.members, &at, violations);
        if !roles.insert(&output.role) {
            violations.add(format!("{at}/role"), "is repeated among the output roles");
        }
        if output.metric.as_str() == ALL_METRICS {
            violations.add(
                format!("{at}/metric"),
                "is reserved: it selects every metric when predictions are read",
            );
        }
        if !metrics.insert(&output.metric) {
            violations.add(
                format!("{at}/metric"),
                "is repeated among the output roles: each role needs a metric of its own",
            );
        }
    }
}

/// Checks a job's bindings against the input roles of its version and against the bound resources, and adds a violation
/// for each fault. `inputs` contains the resource of each binding in the same order. `None` means that the resource
/// does not exist.
///
/// Each required role must be bound exactly once, and every other role at most once. Each binding names a role of the
/// version, and has the kind of this role. The resource exists and belongs to `organisation`, or is a shared source.
/// The metric of a sensor equals that of the role. The unit of a sensor or source equals that of the role if both units
/// are known.
pub fn check_bindings(
    roles: &[InputRole],
    bindings: &[RoleBinding],
    inputs: &[Option<Input>],
    organisation: Uuid,
    violations: &mut Violations,
) {
    for (index, binding) in bindings.iter().enumerate() {
        if !roles.iter().any(|role| role.role == binding.role) {
            let known: Vec<_> = roles.iter().map(|role| role.role.as_str()).collect();
            violations.add(
                format!("/role_bindings/{index}/role"),
                format!("is not an input role of the version, which has: {}", known.join(", ")),
            );
        }
    }
    check_filling(roles, bindings, inputs, organisation, violations);
}

/// Checks a job's bindings like [`check_bindings`], but ignores those of roles that the version does not have.
pub fn check_filling(
    roles: &[InputRole],
    bindings: &[RoleBinding],
    inputs: &[Option<Input>],
    organisation: Uuid,
    violations: &mut Violations,
) {
    let mut bound = HashSet::new();
    for (index, (binding, input)) in bindings.iter().zip(inputs).enumerate() {
        let at = format!("/role_bindings/{index}");
        let Some(role) = roles.iter().find(|role| role.role == binding.role) else {
            continue;
        };
        if !bound.insert(&binding.role) {
            violations.add(format!("{at}/role"), "is bound twice");
        }
        if binding.input_type != role.input_kind {
            violations.add(
                format!("{at}/input_type"),
                format!(
                    "must be {}, which is the input_kind of the role",
                    role.input_kind.as_str()
                ),
            );
            continue;
        }
        check_input(role, binding, input.as_ref(), organisation, &at, violations);
    }
    for role in roles {
        if role.required && !bound.contains(&role.role) {
            violations.add(
                "/role_bindings",
                format!("does not bind the required role {}", role.role),
            );
        }
    }
}

fn check_input(
    role: &InputRole,
    binding: &RoleBinding,
    input: Option<&Input>,
    organisation: Uuid,
    at: &str,
    violations: &mut Violations,
) {
    let kind = binding.input_type.as_str();
    let visible = input.filter(|input| match input.organisation_id {
        Some(owner) => owner == organisation,
        None => binding.input_type == InputKind::Source,
    });
    let Some(input) = visible else {
        violations.add(
            format!("{at}/input_id"),
            format!("the organisation has no {kind} {}", binding.input_id),
        );
        return;
    };
    if binding.input_type == InputKind::Sensor && input.metric != role.metric {
        let text = |metric: &Option<Name>| {
            metric
                .as_ref()
                .map_or_else(String::new, std::string::ToString::to_string)
        };
        violations.add(
            format!("{at}/input_id"),
            format!(
                "the sensor measures {}, the role needs {}",
                text(&input.metric),
                text(&role.metric)
            ),
        );
        return;
    }
    let unit = input.unit(role);
    if !role.takes(unit) {
        let text = |unit: Option<&Name>| unit.map_or_else(String::new, Name::to_string);
        violations.add(
            format!("{at}/input_id"),
            format!(
                "the unit of the {kind} is {}, the role needs {}",
                text(unit),
                text(role.unit.as_ref())
            ),
        );
    }
}
