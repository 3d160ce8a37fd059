//! Changes of the forecasts of one time from issue to issue.

/// Sums over the valid times of the changes between successive issues.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Revisions {
    /// Number of changes: pairs of successive issues of a valid time.
    pub changes: u64,
    absolute: f64,
    /// Number of valid times with at least three issues.
    pub times: u64,
    flip_flop: f64,
}

/// The predictions of one valid time, issue by issue.
#[derive(Debug, Clone, Copy, Default)]
pub struct Revised {
    count: u32,
    last: f64,
    absolute: f64,
    least: f64,
    greatest: f64,
}

impl Revised {
    /// Adds the prediction of the next issue, or of the issue before; the direction does not matter.
    pub fn add(&mut self, value: f64) {
        if self.count == 0 {
            (self.least, self.greatest) = (value, value);
        } else {
            self.absolute += (value - self.last).abs();
        }
        self.count += 1;
        self.last = value;
        self.least = self.least.min(value);
        self.greatest = self.greatest.max(value);
    }
}

impl Revisions {
    /// Adds a valid time.
    pub fn add(&mut self, time: &Revised) {
        if time.count < 2 {
            return;
        }
        self.changes += u64::from(time.count) - 1;
        self.absolute += time.absolute;
        if time.count > 2 {
            let turned_back = time.absolute - (time.greatest - time.least);
            self.times += 1;
            self.flip_flop += turned_back / f64::from(time.count - 2);
        }
    }

    /// Returns the mean absolute change between successive issues. `None` without changes.
    pub fn mean_change(&self) -> Option<f64> {
        (self.changes > 0).then(|| self.absolute / self.changes as f64)
    }

    /// Returns the flip-flop index, averaged over the valid times with at least three issues. `None` without such times.
    ///
    /// The index of a valid time is (Σ|x(i+1) - x(i)| - range) / (N - 2), which is 0 if the predictions only rise or only
    /// fall: Griffiths et al. (2019), Flip-Flop Index: Quantifying revision stability for fixed-event forecasts.
    pub fn flip_flop(&self) -> Option<f64> {
        (self.times > 0).then(|| self.flip_flop / self.times as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revisions(values: &[f64]) -> Revisions {
        let mut time = Revised::default();
        values.iter().for_each(|value| time.add(*value));
        let mut revisions = Revisions::default();
        revisions.add(&time);
        revisions
    }

    #[test]
    fn predictions_that_turn_back_have_an_index() {
        assert_eq!(revisions(&[20., 50., 60., 30., 10., 20.]).flip_flop(), Some(12.5));
        assert_eq!(revisions(&[50., 20., 40., 80.]).flip_flop(), Some(15.0));
        assert_eq!(revisions(&[1., 2., 3.]).flip_flop(), Some(0.0));
        assert_eq!(revisions(&[1., 2.]).flip_flop(), None);
        assert_eq!(revisions(&[1., 4.]).mean_change(), Some(3.0));
        assert_eq!(revisions(&[1.]).mean_change(), None);
    }
}
