//! The truth that predictions are compared with: measurements, or the analyses of a model, ordered by time.

use std::ops::Range;

/// Measurements ordered by time, at most one for each time.
#[derive(Debug, Clone, Default)]
pub struct Truth {
    times: Vec<i64>,
    values: Vec<f64>,
    arrivals: Vec<i64>,
}

/// The measurement that a prediction is compared with.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// The value.
    pub value: f64,
    /// The time at which the server received it, the latest if it is an aggregate; in microseconds since 1970.
    pub available_at: i64,
    /// The measurements that it consists of.
    pub places: Range<usize>,
}

impl Truth {
    /// Adds a measurement, whose time is after those of all others. Times are in microseconds since 1970.
    pub fn push(&mut self, time: i64, value: f64, available_at: i64) {
        self.times.push(time);
        self.values.push(value);
        self.arrivals.push(available_at);
    }

    /// Returns the time of a measurement.
    pub fn time(&self, place: usize) -> Option<i64> {
        self.times.get(place).copied()
    }

    /// Returns the number of measurements.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Returns whether there are no measurements.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// Returns the times and values.
    pub fn iter(&self) -> impl Iterator<Item = (i64, f64)> {
        self.times.iter().copied().zip(self.values.iter().copied())
    }

    /// Returns the places of the measurements from `from` on and before `to`.
    pub fn between(&self, from: i64, to: i64) -> Range<usize> {
        let first = self.times.partition_point(|time| *time < from);
        first..self.times.partition_point(|time| *time < to).max(first)
    }

    /// Returns the measurement of exactly this time.
    pub fn at(&self, time: i64) -> Option<Measured> {
        self.times.binary_search(&time).ok().map(|place| self.one(place))
    }

    /// Returns the measurement that is nearest to the time, at most `tolerance` microseconds away; of two that are equally
    /// near, the earlier.
    pub fn nearest(&self, time: i64, tolerance: i64) -> Option<Measured> {
        let after = self.times.partition_point(|other| *other < time);
        let distance = |place: &usize| self.times[*place].abs_diff(time);
        let before = after.checked_sub(1);
        let nearest = before
            .into_iter()
            .chain((after < self.len()).then_some(after))
            .min_by_key(distance)?;
        (distance(&nearest) <= tolerance.unsigned_abs()).then(|| self.one(nearest))
    }

    /// Returns the last measurement at or before the time.
    pub fn last_until(&self, time: i64) -> Option<Measured> {
        let after = self.times.partition_point(|other| *other <= time);
        after.checked_sub(1).map(|place| self.one(place))
    }

    /// Returns the values at the places, with the latest arrival among them.
    pub fn values(&self, places: Range<usize>) -> (&[f64], i64) {
        let arrived = self.arrivals[places.clone()].iter().copied().max().unwrap_or(i64::MIN);
        (&self.values[places], arrived)
    }

    /// Returns the median difference between successive times. `None` with fewer than two measurements.
    pub fn median_step(&self) -> Option<i64> {
        let mut steps: Vec<_> = self.times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let middle = steps.len() / 2;
        let (_, median, _) = (!steps.is_empty()).then(|| steps.select_nth_unstable(middle))?;
        Some(*median)
    }

    fn one(&self, place: usize) -> Measured {
        Measured {
            value: self.values[place],
            available_at: self.arrivals[place],
            places: place..place + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn truth(times: &[i64]) -> Truth {
        let mut truth = Truth::default();
        times.iter().for_each(|time| truth.push(*time, *time as f64, time + 1));
        truth
    }

    #[test]
    fn measurements_are_found_by_time() {
        let truth = truth(&[10, 20, 40]);
        let value = |found: Option<Measured>| found.map(|found| found.value);
        assert_eq!(value(truth.at(20)), Some(20.0));
        assert_eq!(value(truth.at(21)), None);
        assert_eq!(value(truth.nearest(30, 10)), Some(20.0));
        assert_eq!(value(truth.nearest(31, 10)), Some(40.0));
        assert_eq!(value(truth.nearest(30, 9)), None);
        assert_eq!(value(truth.nearest(1, 9)), Some(10.0));
        assert_eq!(value(truth.nearest(49, 9)), Some(40.0));
        assert_eq!(value(truth.last_until(39)), Some(20.0));
        assert_eq!(value(truth.last_until(9)), None);
        assert_eq!(truth.between(10, 40), 0..2);
        assert_eq!(truth.between(41, 40), 3..3);
        assert_eq!(truth.median_step(), Some(20));
        assert_eq!(truth.values(0..2), (&[10.0, 20.0][..], 21));
    }
}
