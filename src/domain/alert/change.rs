//! Changes to an alert.

use poem_openapi::Object;
use serde::Deserialize;

use super::{
    answer::Alert,
    rule::{AlertLevel, Tell},
};
use crate::domain::{
    comparison::Comparison,
    duration::PostedDuration,
    error::Result,
    object::objects,
    patch::{MaybeUndefined, present, set, set_or_clear},
    text::Name,
    time::Timestamp,
    violations::Violations,
};

objects!(AlertChange);

/// Changes to an alert. Absent fields keep their values. The predictions that are watched cannot be changed.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct AlertChange {
    /// New name.
    #[serde(default, deserialize_with = "present")]
    pub name: Option<Name>,
    /// Comparison of predicted values with the thresholds.
    #[serde(default, deserialize_with = "present")]
    pub when: Option<Comparison>,
    /// Threshold that raises the alert.
    #[serde(default, deserialize_with = "present")]
    pub value: Option<f64>,
    /// Threshold of a raised alert: the alert is cleared when no value meets it. With null it is that of `value`.
    #[serde(default)]
    #[oai(nullable)]
    pub clear: MaybeUndefined<f64>,
    /// Least probability with which the threshold must be met. With null, the predicted value itself is compared.
    #[serde(default)]
    #[oai(nullable)]
    pub probability: MaybeUndefined<f64>,
    /// Levels of a raised alert, from mild to severe.
    #[serde(default, deserialize_with = "present")]
    #[oai(validator(max_items = 10))]
    pub levels: Option<Vec<AlertLevel>>,
    /// Length of the window ahead.
    #[serde(default, deserialize_with = "present")]
    pub within: Option<PostedDuration>,
    /// Time from the first to the last of the successive values that must meet the threshold.
    #[serde(default, deserialize_with = "present")]
    pub lasting: Option<PostedDuration>,
    /// Number of successive issues that must have such values.
    #[serde(default, deserialize_with = "present")]
    #[oai(validator(minimum(value = "1"), maximum(value = "24")))]
    pub issues: Option<u32>,
    /// Changes of the level that messages are sent about.
    #[serde(default, deserialize_with = "present")]
    pub tell: Option<Tell>,
    /// Whether the alert is judged.
    #[serde(default, deserialize_with = "present")]
    pub active: Option<bool>,
}

impl AlertChange {
    /// Trims and checks the fields that do not depend on the alert.
    ///
    /// # Errors
    /// `Error::Invalid`, with every violation.
    pub fn check(&mut self) -> Result<()> {
        let mut violations = Violations::default();
        if let Some(name) = &mut self.name {
            name.check(&mut violations, "/name");
        }
        violations.into_result()
    }

    /// Applies the changes to `alert` at `now`, and checks the rule that results.
    ///
    /// # Errors
    /// `Error::Invalid`, with every violation.
    pub fn apply(self, alert: &mut Alert, now: Timestamp) -> Result<()> {
        let mut rule = alert.rule();
        set(&mut alert.name, self.name);
        set(&mut alert.active, self.active);
        set(&mut rule.when, self.when);
        set(&mut rule.value, self.value);
        set_or_clear(&mut rule.clear, self.clear);
        set_or_clear(&mut rule.probability, self.probability);
        set(&mut rule.levels, self.levels);
        set(&mut rule.within, self.within.map(|posted| posted.0));
        set(&mut rule.lasting, self.lasting.map(|posted| posted.0));
        set(&mut rule.issues, self.issues);
        set(&mut rule.tell, self.tell);
        let mut violations = Violations::default();
        rule.check(&mut violations);
        violations.into_result()?;
        alert.set_rule(rule);
        alert.updated_at = now;
        alert.revision += 1;
        Ok(())
    }
}
