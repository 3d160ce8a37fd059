//! Thinning, which reduces a series to fewer points for a chart. The result contains only points of the series, among
//! them its minimum and maximum.

use super::{
    error::{Error, Result},
    time::Timestamp,
};

/// Maximum number of values before thinning in the window of one request.
pub const MAX_THINNED_FROM: usize = 1_000_000;

/// Maximum number of values after thinning in one response, over all series.
pub const MAX_ANSWERED: usize = 200_000;

/// Maximum number of points of each thinned series: 10 to 10,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxPoints(usize);

impl MaxPoints {
    /// Smallest number that can be requested, so that there are buckets between the first and the last point.
    const LEAST: usize = 10;
    /// Largest number that can be requested.
    const MOST: usize = 10_000;

    /// Returns the maximum `points`, limited to 10 to 10,000.
    pub fn new(points: usize) -> Self {
        Self(points.clamp(Self::LEAST, Self::MOST))
    }

    /// Checks the number of values before thinning. `more` says whether the window has more than [`MAX_THINNED_FROM`]
    /// values.
    ///
    /// # Errors
    /// `Error::BadParameter`: the window has more values.
    pub fn check(more: bool) -> Result<()> {
        if more {
            let detail = format!(
                "is for windows of at most {MAX_THINNED_FROM} values, and this one has more: narrow it with from and to"
            );
            return Err(Error::bad_parameter("max_points", detail));
        }
        Ok(())
    }

    /// Checks that a response has at most [`MAX_ANSWERED`] values. It has more if the request selects many series or
    /// issues, each with the requested number of points.
    ///
    /// # Errors
    /// `Error::BadParameter`: the response has more values.
    pub fn check_answer(values: usize) -> Result<()> {
        if values > MAX_ANSWERED {
            let detail = format!(
                "at most {MAX_ANSWERED} values are returned in all, and this request would return {values}: request \
                 fewer points, a shorter window or one issue"
            );
            return Err(Error::bad_parameter("max_points", detail));
        }
        Ok(())
    }

    /// Returns the indices of the points that remain after thinning, in ascending order. `points` is sorted by time. If
    /// it has no more points than the maximum, all of them remain.
    ///
    /// The first and the last point always remain. The time between them is divided into buckets of equal length. Of
    /// each bucket the points with the smallest and with the largest value remain, the earliest one if several values
    /// are equal.
    pub fn kept(self, points: &[(Timestamp, f64)]) -> Vec<usize> {
        let (Some(first), Some(last)) = (points.first(), points.last()) else {
            return Vec::new();
        };
        if points.len() <= self.0 {
            return (0..points.len()).collect();
        }
        let buckets = (self.0 as i128 - 2) / 2;
        let start = i128::from(first.0.micros());
        let span = i128::from(last.0.micros()) - start;
        let bucket = |time: Timestamp| {
            let from_start = i128::from(time.micros()) - start;
            (from_start * buckets / span.max(1)).min(buckets - 1)
        };
        let mut kept = vec![0];
        let mut open: Option<Bucket> = None;
        for (index, (time, value)) in points.iter().enumerate().take(points.len() - 1).skip(1) {
            let number = bucket(*time);
            match &mut open {
                Some(open) if open.number == number => open.take(index, *value),
                _ => {
                    let before = open.replace(Bucket::of(number, index, *value));
                    kept.extend(before.into_iter().flat_map(Bucket::kept));
                }
            }
        }
        kept.extend(open.into_iter().flat_map(Bucket::kept));
        kept.push(points.len() - 1);
        kept
    }
}

/// A bucket, which is an interval of time, with the index and the value of its smallest and its largest point.
struct Bucket {
    number: i128,
    least: (usize, f64),
    greatest: (usize, f64),
}

impl Bucket {
    fn of(number: i128, index: usize, value: f64) -> Self {
        Self {
            number,
            least: (index, value),
            greatest: (index, value),
        }
    }

    fn take(&mut self, index: usize, value: f64) {
        if value < self.least.1 {
            self.least = (index, value);
        }
        if value > self.greatest.1 {
            self.greatest = (index, value);
        }
    }

    /// Returns the indices of the smallest and the largest point in ascending order. If both are the same point,
    /// returns one index.
    fn kept(self) -> impl Iterator<Item = usize> {
        let (first, second) = (self.least.0.min(self.greatest.0), self.least.0.max(self.greatest.0));
        [Some(first), (second != first).then_some(second)].into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn points(values: &[f64]) -> Vec<(Timestamp, f64)> {
        let at = |index: usize| Timestamp::from_micros(index as i64 * 1_000_000);
        let numbered = values.iter().enumerate();
        numbered.map(|(index, value)| (at(index), *value)).collect()
    }

    #[test]
    fn few_points_stay_as_they_are() {
        assert!(MaxPoints::new(10).kept(&[]).is_empty());
        let few = points(&[3.0; 10]);
        assert_eq!(MaxPoints::new(10).kept(&few), (0..10).collect::<Vec<usize>>());
    }

    #[test]
    fn a_stretch_keeps_the_earliest_of_its_equal_extremes() {
        let mut values = [0.0; 100];
        (values[30], values[31], values[33]) = (9.0, -9.0, 9.0);
        let kept = MaxPoints::new(10).kept(&points(&values));
        assert_eq!(kept, [0, 1, 30, 31, 50, 75, 99]);
    }

    proptest! {
        #[test]
        fn no_more_than_asked_for_and_no_extreme_lost(
            steps in prop::collection::vec((0_i64..1_000_000_000, -1e6_f64..1e6), 1..3000),
            most in 10_usize..400,
        ) {
            let mut time = 0;
            let points: Vec<_> = steps
                .iter()
                .map(|(step, value)| {
                    time += step + 1;
                    (Timestamp::from_micros(time), *value)
                })
                .collect();
            let kept = MaxPoints::new(most).kept(&points);
            prop_assert!(kept.len() <= most.max(points.len().min(most)));
            prop_assert!(kept.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert_eq!(kept[0], 0);
            prop_assert_eq!(kept[kept.len() - 1], points.len() - 1);
            let value = |index: &usize| points[*index].1;
            let all: Vec<usize> = (0..points.len()).collect();
            let least = |of: &[usize]| of.iter().map(value).fold(f64::INFINITY, f64::min);
            let greatest = |of: &[usize]| of.iter().map(value).fold(f64::NEG_INFINITY, f64::max);
            prop_assert_eq!(least(&kept), least(&all));
            prop_assert_eq!(greatest(&kept), greatest(&all));
            // The property that holds for the whole series holds for each bucket: between two kept points in
            // neighbouring buckets, no value lies beyond what the buckets around it keep.
            let from = points[0].0.micros() as f64;
            let span = (time as f64 - from).max(1.0);
            let buckets = ((most - 2) / 2) as f64;
            if points.len() > most {
                for stretch in 0..buckets as usize {
                    // Points near a border are left out, so that rounding here decides nothing.
                    let inside = |index: &&usize| {
                        let place = (points[**index].0.micros() as f64 - from) / span * buckets;
                        place > stretch as f64 + 1e-6 && place < stretch as f64 + 1.0 - 1e-6
                    };
                    let of: Vec<usize> = all.iter().filter(inside).copied().collect();
                    let left: Vec<usize> = kept.iter().copied().filter(|index| {
                        let place = (points[*index].0.micros() as f64 - from) / span * buckets;
                        place > stretch as f64 - 1e-6 && place < stretch as f64 + 1.0 + 1e-6
                    }).collect();
                    if !of.is_empty() {
                        prop_assert!(least(&left) <= least(&of));
                        prop_assert!(greatest(&left) >= greatest(&of));
                    }
                }
            }
        }
    }
}
