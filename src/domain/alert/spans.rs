//! Sets of moments, as half-open intervals in microseconds since 1970.

/// A set of moments: disjoint half-open intervals in the order of time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spans(Vec<(i64, i64)>);

impl Spans {
    /// Returns the union of intervals `(from, to)`, in any order. `to` is not part of an interval.
    pub fn union(mut parts: Vec<(i64, i64)>) -> Self {
        parts.retain(|(from, to)| from < to);
        parts.sort_unstable();
        let mut joined: Vec<(i64, i64)> = Vec::with_capacity(parts.len());
        for (from, to) in parts {
            match joined.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => joined.push((from, to)),
            }
        }
        Self(joined)
    }

    /// Returns the moments that are in both sets.
    pub fn intersection(&self, other: &Self) -> Self {
        let (mut left, mut right, mut both) = (0, 0, Vec::new());
        while let (Some(a), Some(b)) = (self.0.get(left), other.0.get(right)) {
            let (from, to) = (a.0.max(b.0), a.1.min(b.1));
            if from < to {
                both.push((from, to));
            }
            if a.1 <= b.1 {
                left += 1;
            } else {
                right += 1;
            }
        }
        Self(both)
    }

    /// Returns whether `at` is in the set.
    pub fn contains(&self, at: i64) -> bool {
        self.interval(at).is_some()
    }

    /// Returns the first moment after `at` that begins an interval of the set.
    pub fn next_start(&self, at: i64) -> Option<i64> {
        let next = self.0.partition_point(|(from, _)| *from <= at);
        self.0.get(next).map(|(from, _)| *from)
    }

    /// Returns the end of the interval that contains `at`. `None` if `at` is not in the set.
    pub fn end_of(&self, at: i64) -> Option<i64> {
        self.interval(at).map(|(_, to)| to)
    }

    fn interval(&self, at: i64) -> Option<(i64, i64)> {
        let next = self.0.partition_point(|(from, _)| *from <= at);
        self.0[..next].last().copied().filter(|(_, to)| at < *to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_that_touch_or_overlap_become_one() {
        let spans = Spans::union(vec![(5, 7), (1, 3), (3, 4), (6, 9), (2, 2), (12, 10)]);
        assert_eq!(spans, Spans(vec![(1, 4), (5, 9)]));
        assert!(spans.contains(1) && spans.contains(3) && !spans.contains(4) && !spans.contains(0));
        assert_eq!(
            [spans.end_of(2), spans.end_of(4), spans.end_of(8)],
            [Some(4), None, Some(9)]
        );
        assert_eq!(
            [spans.next_start(0), spans.next_start(1), spans.next_start(5)],
            [Some(1), Some(5), None]
        );
    }

    #[test]
    fn an_intersection_has_the_moments_of_both() {
        let a = Spans::union(vec![(0, 10), (20, 30), (40, 50)]);
        let b = Spans::union(vec![(5, 25), (28, 45)]);
        let both = Spans(vec![(5, 10), (20, 25), (28, 30), (40, 45)]);
        assert_eq!(a.intersection(&b), both);
        assert_eq!(b.intersection(&a), both);
        assert_eq!(a.intersection(&Spans::default()), Spans::default());
    }
}
