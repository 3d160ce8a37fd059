//! Pairs predictions with the measurements of their valid times.

use std::collections::HashMap;

use super::{
    collect::{Place, Predicted},
    reference::Climatology,
    truth::{Measured, Truth},
};
use crate::domain::interval::{Interval, IntervalLabel};

const DAY: i64 = 24 * 3_600_000_000;

/// The rule by which a measurement belongs to a valid time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matching {
    /// The measurement of exactly this time.
    Exact,
    /// The nearest measurement, at most this many microseconds away.
    Nearest(i64),
}

/// The rules by which the predictions of an output role are paired with measurements.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// The rule for values that are instants.
    pub matching: Matching,
    /// The interval that each prediction stands for. `None` for instants.
    pub interval: Option<Interval>,
    /// The interval that each measurement stands for. `None` for instants.
    pub measured: Option<Interval>,
    /// The part of the expected measurements of an interval that must be there, from 0 to 1.
    pub min_coverage: f64,
    /// The usual step between measurements, in microseconds.
    pub step: Option<i64>,
}

/// A prediction with the measurement of its valid time. Times are in microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// The prediction.
    pub predicted: Predicted,
    /// The measured value.
    pub truth: f64,
    /// Time at which the server received the measurement.
    pub truth_available_at: i64,
    /// Prediction of the reference. `None` if there is no reference.
    pub reference: Option<f64>,
}

impl Pair {
    /// Returns whether the prediction arrived after its valid time.
    pub fn is_late(&self) -> bool {
        self.predicted.available_at > self.predicted.valid_time
    }
}

/// Values of a reference.
#[derive(Clone, Copy)]
pub enum ReferenceValues<'a> {
    /// There is no reference.
    None,
    /// See [`super::Reference::Persistence`].
    Persistence,
    /// See [`super::Reference::Daily`].
    Daily,
    /// See [`super::Reference::Climatology`].
    Climatology(&'a Climatology),
    /// The predictions of another series, by bucket and valid time.
    Predicted(&'a HashMap<Place, f64>),
}

/// The predictions of one series, and what found no partner.
#[derive(Debug, Default)]
pub struct Unpaired {
    /// The buckets and valid times of all predictions.
    pub places: Vec<Place>,
    /// Predictions without a measurement.
    pub without_truth: Vec<Place>,
    /// Predictions with a measurement, but without a prediction of the reference.
    pub without_reference: Vec<Place>,
    /// Measurements in the window that no prediction of a bucket met.
    pub without_prediction: Vec<Place>,
}

impl Rules {
    /// Returns the measurement of a valid time.
    pub fn measured(&self, truth: &Truth, time: i64) -> Option<Measured> {
        let Some(interval) = self.interval else {
            return match self.matching {
                Matching::Exact => truth.at(time),
                Matching::Nearest(tolerance) => truth.nearest(time, tolerance),
            };
        };
        let begin = match interval.label {
            IntervalLabel::Ending => time - interval.length,
            IntervalLabel::Beginning => time,
        };
        let end = begin + interval.length;
        // A measurement that is named by the end of its own interval belongs to the times before it.
        let label = self.measured.map_or(interval.label, |measured| measured.label);
        let places = match label {
            IntervalLabel::Ending => truth.between(begin + 1, end + 1),
            IntervalLabel::Beginning => truth.between(begin, end),
        };
        let (values, available_at) = truth.values(places.clone());
        let step = self.measured.map(|measured| measured.length).or(self.step)?;
        let expected = (interval.length as f64 / step as f64).max(1.0);
        if (values.len() as f64) < self.min_coverage * expected {
            return None;
        }
        Some(Measured {
            value: interval.method.of(values)?,
            available_at,
            places,
        })
    }

    /// Returns the time after a valid time at which its measurement is complete, in microseconds.
    fn delay(&self) -> i64 {
        match self.interval {
            Some(interval) if interval.label == IntervalLabel::Beginning => interval.length,
            _ => 0,
        }
    }

    /// Returns the value of the reference for a prediction.
    fn reference(&self, truth: &Truth, values: ReferenceValues<'_>, of: &Predicted) -> Option<f64> {
        let value = |found: Option<Measured>| found.map(|found| found.value);
        match values {
            ReferenceValues::None => None,
            ReferenceValues::Persistence if self.interval.is_none() => value(truth.last_until(of.issue_time)),
            ReferenceValues::Persistence => value(self.measured(truth, of.issue_time - self.delay())),
            ReferenceValues::Daily => {
                let ahead = of.valid_time + self.delay() - of.issue_time;
                let days = (ahead + DAY - 1).div_euclid(DAY).max(1);
                value(self.measured(truth, of.valid_time - days * DAY))
            }
            ReferenceValues::Climatology(climatology) => climatology.at(of.valid_time),
            ReferenceValues::Predicted(predicted) => predicted.get(&(of.bucket, of.valid_time)).copied(),
        }
    }
}

/// Pairs predictions with measurements, and passes each pair to `each`, in the order of the predictions: that of their valid
/// times. `window` are the valid times of which measurements without a prediction are returned, `buckets` is the number of
/// buckets.
/// A pair without a value of the reference counts for neither.
///
/// # Errors
/// The error of `each`.
pub fn pair<E>(
    predicted: impl IntoIterator<Item = Predicted>,
    truth: &Truth,
    rules: &Rules,
    reference: ReferenceValues<'_>,
    window: (i64, i64),
    buckets: usize,
    mut each: impl FnMut(Pair) -> Result<(), E>,
) -> Result<Unpaired, E> {
    let inside = truth.between(window.0, window.1);
    let mut met = vec![false; inside.len() * buckets];
    let mut unpaired = Unpaired::default();
    // The predictions of a valid time follow each other, one for each bucket or issue.
    let mut last: Option<(Place, Option<Measured>)> = None;
    predicted.into_iter().try_for_each(|one| {
        let place = (one.bucket, one.valid_time);
        let is_new = last.as_ref().is_none_or(|(before, _)| *before != place);
        if is_new {
            unpaired.places.push(place);
        }
        let measured = match &mut last {
            Some((before, measured)) if before.1 == one.valid_time => {
                before.0 = one.bucket;
                &*measured
            }
            _ => &last.insert((place, rules.measured(truth, one.valid_time))).1,
        };
        let Some(measured) = measured else {
            unpaired.without_truth.push(place);
            return Ok(());
        };
        if is_new {
            for place in measured.places.clone().filter(|place| inside.contains(place)) {
                met[one.bucket * inside.len() + place - inside.start] = true;
            }
        }
        let compared = rules.reference(truth, reference, &one);
        if compared.is_none() && !matches!(reference, ReferenceValues::None) {
            unpaired.without_reference.push(place);
            return Ok(());
        }
        each(Pair {
            predicted: one,
            truth: measured.value,
            truth_available_at: measured.available_at,
            reference: compared,
        })
    })?;
    for bucket in 0..buckets {
        let met = &met[bucket * inside.len()..][..inside.len()];
        let unmet = inside.clone().zip(met).filter(|(_, is_met)| !**is_met);
        let times = unmet.filter_map(|(place, _)| truth.time(place));
        unpaired.without_prediction.extend(times.map(|time| (bucket, time)));
    }
    Ok(unpaired)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::domain::interval::Aggregation;

    const HOUR: i64 = 3_600_000_000;

    fn predicted(valid: i64, issue: i64) -> Predicted {
        Predicted {
            valid_time: valid * HOUR,
            bucket: 0,
            issue_time: issue * HOUR,
            available_at: issue * HOUR,
            value: 1.0,
        }
    }

    /// Hourly measurements of a hundred hours, each with its hour as its value, without the hours 5 and 30.
    fn truth() -> Truth {
        let mut truth = Truth::default();
        let hours = (0..100).filter(|hour| ![5, 30].contains(hour));
        hours.for_each(|hour| truth.push(hour * HOUR, hour as f64, hour * HOUR));
        truth
    }

    fn rules(interval: Option<Interval>) -> Rules {
        Rules {
            matching: Matching::Exact,
            interval,
            measured: None,
            min_coverage: 0.75,
            step: Some(HOUR),
        }
    }

    fn paired(of: &[Predicted], rules: &Rules, reference: ReferenceValues<'_>, to: i64) -> (Vec<Pair>, Unpaired) {
        let mut pairs = Vec::new();
        let predicted = of.iter().copied();
        let unpaired = pair(predicted, &truth(), rules, reference, (0, to * HOUR), 1, |pair| {
            pairs.push(pair);
            Ok::<_, Infallible>(())
        });
        (pairs, unpaired.unwrap())
    }

    fn values(of: &[Predicted], rules: &Rules, reference: ReferenceValues<'_>) -> Vec<(f64, Option<f64>)> {
        let (pairs, _) = paired(of, rules, reference, 100);
        pairs.iter().map(|pair| (pair.truth, pair.reference)).collect()
    }

    #[test]
    fn predictions_and_measurements_without_a_partner_are_counted() {
        let predictions = [predicted(5, 0), predicted(6, 0), predicted(7, 0)];
        let (pairs, unpaired) = paired(&predictions, &rules(None), ReferenceValues::None, 10);
        assert_eq!(unpaired.without_truth, [(0, 5 * HOUR)]);
        // Nine hours are measured, two of them are predicted.
        assert_eq!(unpaired.without_prediction.len(), 7);
        assert_eq!(unpaired.places.len(), 3);
        assert_eq!(pairs.len(), 2);
    }

    #[test]
    fn references_are_known_at_the_issue_time() {
        let found = |reference| values(&[predicted(31, 6), predicted(54, 6)], &rules(None), reference);
        assert_eq!(
            found(ReferenceValues::Persistence),
            [(31.0, Some(6.0)), (54.0, Some(6.0))]
        );
        // 31 - 24 is after the issue, so two days are needed, and it is before the first measurement. So is that of 54.
        assert_eq!(found(ReferenceValues::Daily), [(54.0, Some(6.0))]);
        let later = [predicted(31, 8), predicted(29, 8)];
        // The hour 5 is not measured, and the pair counts for neither.
        assert_eq!(
            values(&later, &rules(None), ReferenceValues::Daily),
            [(31.0, Some(7.0))]
        );
        let other = HashMap::from([((0, 31 * HOUR), 8.0)]);
        assert_eq!(
            values(&later, &rules(None), ReferenceValues::Predicted(&other)),
            [(31.0, Some(8.0))]
        );
    }

    #[test]
    fn an_interval_has_the_measurements_of_its_times() {
        let interval = |label| Interval {
            length: 4 * HOUR,
            label,
            method: Aggregation::Mean,
        };
        let of = |interval: Interval, coverage: f64, measured: Option<Interval>| {
            let rules = Rules {
                min_coverage: coverage,
                measured,
                ..rules(Some(interval))
            };
            values(&[predicted(8, 0), predicted(12, 0)], &rules, ReferenceValues::None)
        };
        let (ending, beginning) = (interval(IntervalLabel::Ending), interval(IntervalLabel::Beginning));
        // Of the hours 5 to 8 three are measured.
        assert_eq!(of(ending, 0.75, None), [(7.0, None), (10.5, None)]);
        assert_eq!(of(ending, 1.0, None), [(10.5, None)]);
        assert_eq!(of(beginning, 1.0, None), [(9.5, None), (13.5, None)]);
        // Measurements that are named by the beginning of their hours belong to the interval that begins with them.
        let hourly = Interval {
            length: HOUR,
            ..beginning
        };
        assert_eq!(of(ending, 1.0, Some(hourly)), [(9.5, None)]);
        // The same interval with the other name is shifted by its length.
        let same = Interval { length: HOUR, ..ending };
        let rules = Rules {
            measured: Some(hourly),
            ..rules(Some(same))
        };
        assert_eq!(values(&[predicted(8, 0)], &rules, ReferenceValues::None), [(7.0, None)]);
    }

    #[test]
    fn references_of_intervals_are_complete_at_the_issue_time() {
        let beginning = Interval {
            length: 2 * HOUR,
            label: IntervalLabel::Beginning,
            method: Aggregation::Mean,
        };
        let of = |reference| values(&[predicted(36, 13)], &rules(Some(beginning)), reference);
        assert_eq!(of(ReferenceValues::Persistence), [(36.5, Some(11.5))]);
        // The interval from 12 to 14 is not over at 13, so that of the day before would be needed.
        assert!(of(ReferenceValues::Daily).is_empty());
    }

    #[test]
    fn the_nearest_measurement_may_serve_several_predictions() {
        let rules = Rules {
            matching: Matching::Nearest(HOUR),
            ..rules(None)
        };
        let found = values(&[predicted(4, 0), predicted(5, 0)], &rules, ReferenceValues::None);
        assert_eq!(found, [(4.0, None), (4.0, None)]);
    }
}
