//! Topic filters of MQTT (section 4.7 of its specification): `+` stands for one level, and `#` at the end for the rest.

use std::fmt;

use super::super::scalar::described;
use crate::domain::violations::Violations;

/// Maximum length of a topic and of a filter, in characters.
pub const MAX_TOPIC: usize = 500;

/// A topic filter, such as `farm/+/climate` or `zigbee2mqtt/#`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(transparent)]
pub struct TopicFilter(String);

impl TopicFilter {
    /// Creates a filter without validation, which `check` does.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Adds a violation at `place` for each fault of the filter.
    pub fn check(&self, violations: &mut Violations, place: &str) {
        if self.0.is_empty() {
            violations.add(place, "is empty");
        }
        if self.0.chars().count() > MAX_TOPIC {
            violations.add(place, format!("is longer than {MAX_TOPIC} characters"));
        }
        if self.0.chars().any(char::is_control) {
            violations.add(place, "contains control characters");
        }
        if self.0.starts_with("$share/") {
            let detail = "is a shared subscription, which would leave some of the messages to other subscribers";
            violations.add(place, detail);
        }
        let levels: Vec<_> = self.0.split('/').collect();
        for (index, level) in levels.iter().enumerate() {
            let is_last = index + 1 == levels.len();
            if level.len() > 1 && level.contains(['+', '#']) {
                violations.add(
                    place,
                    "has + or # beside other characters: each stands for whole levels",
                );
                return;
            }
            if *level == "#" && !is_last {
                violations.add(place, "has # before its end: # stands for all further levels");
                return;
            }
        }
    }

    /// Returns whether the filter matches a topic.
    pub fn matches(&self, topic: &str) -> bool {
        // A filter that begins with a wildcard does not match the topics of the broker itself, such as $SYS/uptime.
        if topic.starts_with('$') && self.0.starts_with(['+', '#']) {
            return false;
        }
        let (mut levels, mut names) = (self.0.split('/'), topic.split('/'));
        loop {
            match (levels.next(), names.next()) {
                (Some("#"), _) | (None, None) => return true,
                (Some("+"), Some(_)) => {}
                (Some(level), Some(name)) if level == name => {}
                _ => return false,
            }
        }
    }

    /// Returns whether this filter matches every topic that `other` matches.
    fn covers(&self, other: &Self) -> bool {
        if other.0.starts_with('$') && self.0.starts_with(['+', '#']) {
            return false;
        }
        let (mut levels, mut others) = (self.0.split('/'), other.0.split('/'));
        loop {
            match (levels.next(), others.next()) {
                (Some("#"), _) | (None, None) => return true,
                (Some("+"), Some(level)) if level != "#" => {}
                (Some(level), Some(other)) if level == other => {}
                _ => return false,
            }
        }
    }
}

/// Returns the filters that match what all of `filters` match. A filter that another one covers is left out, because a
/// broker may deliver a message once for each subscription that matches.
pub fn needed(filters: impl IntoIterator<Item = TopicFilter>) -> Vec<TopicFilter> {
    let mut all: Vec<_> = filters.into_iter().collect();
    all.sort();
    all.dedup();
    let is_needed = |filter: &TopicFilter| !all.iter().any(|other| other != filter && other.covers(filter));
    all.iter().filter(|filter| is_needed(filter)).cloned().collect()
}

impl fmt::Display for TopicFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for TopicFilter {
    fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        String::deserialize(reader).map(Self::new)
    }
}

described!(
    TopicFilter,
    "mqtt_filter",
    poem_openapi::registry::MetaSchema {
        min_length: Some(1),
        max_length: Some(MAX_TOPIC),
        ..poem_openapi::registry::MetaSchema::new("string")
    }
);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filter(text: &str) -> TopicFilter {
        TopicFilter::new(text)
    }

    fn is_good(text: &str) -> bool {
        let mut violations = Violations::default();
        filter(text).check(&mut violations, "/topic");
        violations.is_empty()
    }

    #[test]
    fn the_examples_of_the_specification_match() {
        for (text, topic, matches) in [
            ("sport/tennis/player1/#", "sport/tennis/player1", true),
            ("sport/tennis/player1/#", "sport/tennis/player1/ranking", true),
            ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true),
            ("sport/#", "sport", true),
            ("#", "a/b", true),
            ("#", "$SYS/uptime", false),
            ("+/uptime", "$SYS/uptime", false),
            ("$SYS/#", "$SYS/uptime", true),
            ("sport/tennis/+", "sport/tennis/player1", true),
            ("sport/tennis/+", "sport/tennis/player1/ranking", false),
            ("sport/+", "sport", false),
            ("sport/+", "sport/", true),
            ("+/+", "/finance", true),
            ("/+", "/finance", true),
            ("+", "/finance", false),
            ("farm/a", "farm/A", false),
        ] {
            assert_eq!(filter(text).matches(topic), matches, "{text} {topic}");
        }
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for text in ["#", "+", "a/#", "+/b/#", "/", "a//b", "$SYS/#"] {
            assert!(is_good(text), "{text}");
        }
        let long = "a".repeat(MAX_TOPIC + 1);
        for text in ["", "a#", "a/#/b", "#/a", "a+/b", "a/+b", "$share/group/a", "a\0", &long] {
            assert!(!is_good(text), "{text}");
        }
    }

    fn levels(of: &'static [&'static str], last: &'static [&'static str]) -> impl Strategy<Value = String> {
        let many = prop::collection::vec(prop::sample::select(of), 0..4);
        (many, prop::sample::select(last)).prop_map(|(mut levels, last)| {
            levels.push(last);
            levels.join("/")
        })
    }

    proptest! {
        #[test]
        fn the_needed_filters_match_what_all_match(
            filters in prop::collection::vec(levels(&["a", "b", "+", "$s"], &["a", "b", "+", "#", ""]), 0..6),
            topic in levels(&["a", "b", "$s"], &["a", "b", ""]),
        ) {
            let all: Vec<_> = filters.iter().map(|text| filter(text)).collect();
            let few = needed(all.clone());
            let matches = |filters: &[TopicFilter]| filters.iter().any(|filter| filter.matches(&topic));
            prop_assert_eq!(matches(&all), matches(&few), "{:?} {:?}", all, few);
            for (index, one) in few.iter().enumerate() {
                prop_assert!(!few.iter().enumerate().any(|(other, two)| other != index && two.covers(one)));
            }
        }
    }
}
