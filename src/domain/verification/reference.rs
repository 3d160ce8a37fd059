//! References: predictions that need no skill, with which a model is compared on the same pairs.

/// Reference that predictions are compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// The last measurement at the issue time.
    Persistence,
    /// The measurement of the same time of day, on the last day on which it was known at the issue time.
    Daily,
    /// The mean of all measurements of the window at the same hour of the day in UTC.
    Climatology,
    /// The predictions of a source, of any version or of one.
    Version {
        /// Name or id of the source.
        source: String,
        /// Label or id of the version. `None` is only allowed if one version has predictions.
        version: Option<String>,
    },
}

impl Reference {
    /// Returns the reference that the parameter names.
    pub fn parse(text: &str) -> Self {
        match text {
            "persistence" => Self::Persistence,
            "daily" => Self::Daily,
            "climatology" => Self::Climatology,
            named => match named.rsplit_once('@') {
                Some((source, version)) => Self::Version {
                    source: source.to_owned(),
                    version: Some(version.to_owned()),
                },
                None => Self::Version {
                    source: named.to_owned(),
                    version: None,
                },
            },
        }
    }
}

/// Mean of the measurements at each hour of the day in UTC.
#[derive(Debug, Clone, Default)]
pub struct Climatology([(f64, u64); 24]);

const HOUR: i64 = 3_600_000_000;

impl Climatology {
    /// Adds a measurement. The time is in microseconds since 1970.
    pub fn add(&mut self, time: i64, value: f64) {
        let (sum, count) = &mut self.0[hour(time)];
        *sum += value;
        *count += 1;
    }

    /// Returns the mean at the hour of the time. `None` if nothing was measured at this hour.
    pub fn at(&self, time: i64) -> Option<f64> {
        let (sum, count) = self.0[hour(time)];
        (count > 0).then(|| sum / count as f64)
    }
}

fn hour(time: i64) -> usize {
    usize::try_from(time.div_euclid(HOUR).rem_euclid(24)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_a_rule_or_a_version() {
        assert_eq!(Reference::parse("daily"), Reference::Daily);
        let version = |source: &str, version: Option<&str>| Reference::Version {
            source: source.to_owned(),
            version: version.map(str::to_owned),
        };
        assert_eq!(
            Reference::parse("day-before@1.0.0"),
            version("day-before", Some("1.0.0"))
        );
        assert_eq!(Reference::parse("me@farm@2"), version("me@farm", Some("2")));
        assert_eq!(Reference::parse("day-before"), version("day-before", None));
    }

    #[test]
    fn the_climatology_is_the_mean_of_each_hour() {
        let mut climatology = Climatology::default();
        climatology.add(HOUR, 1.0);
        climatology.add(25 * HOUR, 3.0);
        climatology.add(-23 * HOUR, 5.0);
        assert_eq!(climatology.at(49 * HOUR + 1), Some(3.0));
        assert_eq!(climatology.at(2 * HOUR), None);
    }
}
