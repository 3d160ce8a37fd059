//! Classes of a metric, such as low, moderate and high, each with the lower bound of its values.

use poem_openapi::Object;
use serde::{Deserialize, Serialize};

use super::{object::objects, text::Name, violations::Violations};

objects!(Class; also written: Class);

/// Maximum number of classes of an output role.
const MAX_CLASSES: usize = 20;

/// A class of values: those from its lower bound on, up to the lower bound of the next class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Object)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Class {
    /// Lower bound, inclusive.
    pub from: f64,
    /// Name of the class.
    pub name: Name,
}

impl Eq for Class {}

/// Checks the classes of an output role and adds a violation for each fault. `at` is the JSON pointer of the list.
///
/// There are 2 to 20 classes with unique names and ascending, finite lower bounds.
pub fn check_classes(classes: &mut [Class], at: &str, violations: &mut Violations) {
    if !(2..=MAX_CLASSES).contains(&classes.len()) {
        violations.add(at, format!("must have 2 to {MAX_CLASSES} classes"));
    }
    for index in 0..classes.len() {
        let (before, rest) = classes.split_at_mut(index);
        let Some(class) = rest.first_mut() else { continue };
        class.name.check(violations, &format!("{at}/{index}/name"));
        if before.iter().any(|other| other.name == class.name) {
            violations.add(format!("{at}/{index}/name"), "is repeated among the classes");
        }
        if before.last().is_some_and(|before| before.from >= class.from) {
            violations.add(
                format!("{at}/{index}/from"),
                "must be greater than the lower bound of the class before it",
            );
        }
    }
}

/// Returns the index of the class of a value. A value below all classes belongs to the first.
pub fn class_of(classes: &[Class], value: f64) -> usize {
    classes.partition_point(|class| class.from <= value).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes() -> Vec<Class> {
        let class = |(from, name)| Class {
            from,
            name: Name::new(name),
        };
        [(0.0, "low"), (40.0, "moderate"), (60.0, "high")].map(class).to_vec()
    }

    #[test]
    fn a_value_belongs_to_the_class_whose_lower_bound_it_reaches() {
        let classes = classes();
        let found = [-1.0, 0.0, 39.9, 40.0, 59.9, 60.0, 1e9].map(|value| class_of(&classes, value));
        assert_eq!(found, [0, 0, 0, 1, 1, 2, 2]);
    }

    #[test]
    fn every_fault_of_classes_is_found() {
        let mut violations = Violations::default();
        let mut bad = classes();
        bad[2].from = 40.0;
        bad[1].name = Name::new("low");
        check_classes(&mut bad, "/classes", &mut violations);
        assert!(violations.into_result().is_err());
        let mut violations = Violations::default();
        check_classes(&mut classes(), "/classes", &mut violations);
        assert!(violations.into_result().is_ok());
    }
}
