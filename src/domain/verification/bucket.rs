//! Buckets of lead times.

use crate::domain::{Duration, prediction::LeadTimes};

/// The maximum number of edges.
const MAX_EDGES: usize = 50;

/// The default edges: six hours, twelve hours, and days up to fifteen.
const DEFAULT: &str = "PT0S,PT6H,PT12H,P1D,P2D,P3D,P5D,P7D,P10D,P15D";

/// The edges between buckets of lead times, in ascending order. A bucket includes its lower edge and excludes its upper
/// edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadEdges(Vec<i64>);

impl Default for LeadEdges {
    fn default() -> Self {
        Self::parse(DEFAULT).unwrap_or(Self(Vec::new()))
    }
}

impl LeadEdges {
    /// Parses edges that are separated by commas: ISO 8601 durations, or numbers of seconds.
    ///
    /// # Errors
    /// Returns a description of what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let edges: Result<Vec<_>, _> = text.split(',').map(|edge| Duration::parse(edge.trim())).collect();
        let edges: Vec<_> = edges
            .map_err(|fault| format!("has an edge that {fault}"))?
            .into_iter()
            .map(Duration::micros)
            .collect();
        if !(2..=MAX_EDGES).contains(&edges.len()) {
            return Err(format!("must have 2 to {MAX_EDGES} edges, separated by commas"));
        }
        if !edges.is_sorted_by(|one, next| one < next) {
            return Err("must be in ascending order".to_owned());
        }
        Ok(Self(edges))
    }

    /// Returns one bucket of the lead times up to 0: predictions that were made at their valid time, or later.
    pub fn until_the_issue() -> Self {
        Self(vec![Duration::BOUNDS.0.micros(), 1])
    }

    /// Returns one bucket of all lead times from 0 on.
    pub fn ahead() -> Self {
        Self(vec![0, Duration::BOUNDS.1.micros()])
    }

    /// Returns the number of buckets.
    pub fn count(&self) -> usize {
        self.0.len().saturating_sub(1)
    }

    /// Returns the bucket of a lead time in microseconds. `None` if it is outside of all buckets.
    pub fn bucket(&self, lead: i64) -> Option<usize> {
        let above = self.0.partition_point(|edge| *edge <= lead);
        (1..self.0.len()).contains(&above).then(|| above - 1)
    }

    /// Returns the edges of a bucket: the shortest lead time in it, and the shortest that is no more in it.
    pub fn bounds(&self, bucket: usize) -> (Duration, Duration) {
        let edge = |index: usize| Duration::from_micros(self.0.get(index).copied().unwrap_or_default());
        (edge(bucket), edge(bucket + 1))
    }

    /// Returns the lead times of a bucket as inclusive bounds.
    pub fn leads_of(&self, bucket: usize) -> LeadTimes {
        let (least, end) = self.bounds(bucket);
        LeadTimes {
            least,
            most: Duration::from_micros(end.micros() - 1),
        }
    }

    /// Returns the lead times of all buckets together, as inclusive bounds.
    pub fn leads(&self) -> LeadTimes {
        let last = self.leads_of(self.count().saturating_sub(1));
        LeadTimes {
            least: self.bounds(0).0,
            most: last.most,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000;

    #[test]
    fn a_bucket_includes_its_lower_edge_only() {
        let edges = LeadEdges::parse("PT1H, PT25H,P2DT1H").unwrap();
        assert_eq!(edges.count(), 2);
        let found = [0, HOUR - 1, HOUR, 25 * HOUR - 1, 25 * HOUR, 49 * HOUR - 1, 49 * HOUR];
        let buckets = found.map(|lead| edges.bucket(lead));
        assert_eq!(buckets, [None, None, Some(0), Some(0), Some(1), Some(1), None]);
        assert_eq!(edges.leads().least.micros(), HOUR);
        assert_eq!(edges.leads().most.micros(), 49 * HOUR - 1);
        assert_eq!(LeadEdges::default().count(), 9);
    }

    #[test]
    fn bad_edges_are_refused() {
        for text in ["", "PT1H", "PT2H,PT1H", "PT1H,PT1H", "PT1H,soon", "P1M,P2M"] {
            assert!(LeadEdges::parse(text).is_err(), "{text}");
        }
    }
}
