//! Rows of responses: the scores of one version in one bucket of lead times, and single pairs.

use poem_openapi::Object;
use serde::Serialize;
use uuid::Uuid;

use super::{
    class_table::ClassTable,
    contingency::Contingency,
    pairing::Pair,
    quantile_tally::{IntervalScore, QuantileScore},
    spread_tally::SpreadTally,
    sums::Scores,
    tally::Tally,
};
use crate::domain::{
    duration::Duration,
    prediction::Series,
    text::{Name, Stage},
    time::Timestamp,
    track::Track,
};

/// The scores of one source version in one bucket of lead times. A score that is undefined, or too large for a number, is
/// null, and so are the scores of a reference without one.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
pub struct Accuracy {
    /// Predicted metric.
    pub metric: Name,
    /// Unit of the values, of `bias`, `mae` and `rmse`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Name>,
    /// Name of the source.
    pub source: Name,
    /// Label of the source version.
    pub source_version: Name,
    /// Label that splits the predictions of one metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// Track of the predictions, if they are those of a version on trial: `shadow`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub track: Option<Track>,
    /// Job of the predictions; absent if they were posted without one, or if several jobs are added up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<Uuid>,
    /// Location of the predictions; absent if several locations are added up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location_id: Option<Uuid>,
    /// Sensor whose readings are the truth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensor_id: Option<Uuid>,
    /// Shortest lead time of the bucket.
    pub lead_from: Duration,
    /// End of the bucket, exclusive.
    pub lead_to: Duration,
    /// Hour of the day, 00 to 23, with `by=hour`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hour: Option<String>,
    /// Day, with `by=day`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// ISO week, with `by=week`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub week: Option<String>,
    /// Month, with `by=month`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub month: Option<String>,
    /// First valid_time of the pairs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_valid_time: Option<Timestamp>,
    /// Last valid_time of the pairs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_valid_time: Option<Timestamp>,
    /// Number of pairs of a prediction and a measurement.
    pub pairs: u64,
    /// Number of pairs whose prediction arrived after its valid time.
    pub late_pairs: u64,
    /// Number of predictions without a measurement.
    pub without_reading: u64,
    /// Number of measurements in the window without a prediction in the bucket.
    pub without_prediction: u64,
    /// Number of predictions that the reference has no prediction for. They count for neither.
    #[oai(nullable)]
    pub without_reference: Option<u64>,
    /// Mean error, prediction minus measurement.
    #[oai(nullable)]
    pub bias: Option<f64>,
    /// Mean absolute error.
    #[oai(nullable)]
    pub mae: Option<f64>,
    /// Root of the mean squared error.
    #[oai(nullable)]
    pub rmse: Option<f64>,
    /// Sum of the absolute errors in percent of the sum of the absolute measurements.
    #[oai(nullable)]
    pub wape: Option<f64>,
    /// Mean absolute percentage error over the pairs whose measurement is not 0.
    #[oai(nullable)]
    pub mape: Option<f64>,
    /// Number of pairs whose measurement is not 0.
    pub mape_pairs: u64,
    /// Coefficient of determination (Nash-Sutcliffe): 1 is perfect, 0 is as good as the mean of the measurements.
    #[oai(nullable)]
    pub r2: Option<f64>,
    /// The reference, as the request names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Mean absolute error of the reference on the same pairs.
    #[oai(nullable)]
    pub reference_mae: Option<f64>,
    /// Root of the mean squared error of the reference on the same pairs.
    #[oai(nullable)]
    pub reference_rmse: Option<f64>,
    /// Part of the reference's mean absolute error that the predictions avoid: 1 - mae / reference_mae.
    #[oai(nullable)]
    pub skill_mae: Option<f64>,
    /// The same for the root of the mean squared error.
    #[oai(nullable)]
    pub skill_rmse: Option<f64>,
    /// Number of days on which the predictions were closer to the measurements than the reference.
    #[oai(nullable)]
    pub better_days: Option<u64>,
    /// Number of days on which the reference was closer.
    #[oai(nullable)]
    pub worse_days: Option<u64>,
    /// Number of days with pairs.
    #[oai(nullable)]
    pub days: Option<u64>,
    /// Counts of events, one for each `threshold`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[oai(default, skip_serializing_if_is_empty)]
    pub events: Vec<Contingency>,
    /// Predicted and measured classes, with `classes=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classes: Option<ClassTable>,
    /// Mean absolute change between successive issues of a valid time, with `revision=true`.
    #[oai(nullable)]
    pub mean_change: Option<f64>,
    /// Index of the changes that were taken back, averaged over the valid times with three issues or more; 0 if predictions
    /// only rose or only fell. With `revision=true`.
    #[oai(nullable)]
    pub flip_flop: Option<f64>,
    /// Scores of the quantiles of each level. If the pairs have several sets of levels, because a version was deleted and
    /// published again, those that all of them have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[oai(default, skip_serializing_if_is_empty)]
    pub quantiles: Vec<QuantileScore>,
    /// Scores of the central intervals between these quantiles, the widest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[oai(default, skip_serializing_if_is_empty)]
    pub intervals: Vec<IntervalScore>,
    /// Weighted interval score of these quantiles: twice their mean pinball loss over the levels. It and the scores below are
    /// absent if they are too large for a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wis: Option<f64>,
    /// Continuous ranked probability score of the members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crps: Option<f64>,
    /// The same without the disadvantage of few members; absent if predictions have one member only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crps_fair: Option<f64>,
    /// Root of the mean variance of the members. A reliable ensemble has about the spread of its `rmse`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spread: Option<f64>,
    /// Number of measurements at each rank among the members, from below all to above all. Equal members share a measurement.
    /// If predictions have several numbers of members, it is that of the most frequent one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rank_histogram: Option<Vec<f64>>,
}

/// The mean absolute error of a job in the last days, of the newest predictions that arrived before their valid time.
#[derive(Debug, Clone, PartialEq)]
pub struct RecentAccuracy {
    /// The job.
    pub job_id: Uuid,
    /// Name of the job.
    pub job: Name,
    /// Predicted metric.
    pub metric: Name,
    /// Unit of the error.
    pub unit: Option<Name>,
    /// Label that splits the predictions of one metric.
    pub stage: Option<Stage>,
    /// Mean absolute error.
    pub mae: f64,
    /// Number of pairs.
    pub pairs: u64,
}

/// A prediction and the measurement of its valid time.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
pub struct AccuracyPair {
    /// Predicted metric.
    pub metric: Name,
    /// Unit of the values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Name>,
    /// Name of the source.
    pub source: Name,
    /// Label of the source version.
    pub source_version: Name,
    /// Label that splits the predictions of one metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// Track of the prediction, if it is that of a version on trial: `shadow`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub track: Option<Track>,
    /// Job that the prediction was posted for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<Uuid>,
    /// Location of the prediction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location_id: Option<Uuid>,
    /// Sensor that measured the reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensor_id: Option<Uuid>,
    /// Time that the value is predicted for.
    pub valid_time: Timestamp,
    /// Time at which the model made the prediction.
    pub issue_time: Timestamp,
    /// Time since which this server can return the prediction.
    pub available_at: Timestamp,
    /// Lead time: valid_time - issue_time, in seconds.
    pub lead_seconds: f64,
    /// Predicted value.
    pub value: f64,
    /// Measured value.
    pub reading: f64,
    /// Time since which this server can return the measured value.
    pub reading_available_at: Timestamp,
    /// Prediction minus measurement. It is null if it is too large for a number.
    #[oai(nullable)]
    pub error: Option<f64>,
    /// Prediction of the reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_value: Option<f64>,
}

impl AccuracyPair {
    /// Returns a pair of the series, compared with the readings of the sensor.
    pub fn of(series: &Series, sensor_id: Option<Uuid>, pair: &Pair) -> Self {
        let predicted = &pair.predicted;
        let [valid_time, issue_time, available_at, reading_available_at] = [
            predicted.valid_time,
            predicted.issue_time,
            predicted.available_at,
            pair.truth_available_at,
        ]
        .map(Timestamp::from_micros);
        Self {
            metric: series.metric.clone(),
            unit: series.unit.clone(),
            source: series.source_name.clone(),
            source_version: series.version_label.clone(),
            stage: series.stage.clone(),
            track: series.track.named(),
            job_id: series.job_id,
            location_id: series.location_id,
            sensor_id,
            valid_time,
            issue_time,
            available_at,
            lead_seconds: valid_time.seconds_since(issue_time),
            value: predicted.value,
            reading: pair.truth,
            reading_available_at,
            error: Some(predicted.value - pair.truth).filter(|error| error.is_finite()),
            reference_value: pair.reference,
        }
    }
}

impl Accuracy {
    /// Returns a row of a series without keys, counts and scores.
    pub fn blank(series: &Series) -> Self {
        let zero = Duration::from_micros(0);
        Self {
            metric: series.metric.clone(),
            unit: series.unit.clone(),
            source: series.source_name.clone(),
            source_version: series.version_label.clone(),
            stage: series.stage.clone(),
            track: series.track.named(),
            job_id: None,
            location_id: None,
            sensor_id: None,
            lead_from: zero,
            lead_to: zero,
            hour: None,
            day: None,
            week: None,
            month: None,
            first_valid_time: None,
            last_valid_time: None,
            pairs: 0,
            late_pairs: 0,
            without_reading: 0,
            without_prediction: 0,
            without_reference: None,
            bias: None,
            mae: None,
            rmse: None,
            wape: None,
            mape: None,
            mape_pairs: 0,
            r2: None,
            reference: None,
            reference_mae: None,
            reference_rmse: None,
            skill_mae: None,
            skill_rmse: None,
            better_days: None,
            worse_days: None,
            days: None,
            events: Vec::new(),
            classes: None,
            mean_change: None,
            flip_flop: None,
            quantiles: Vec::new(),
            intervals: Vec::new(),
            wis: None,
            crps: None,
            crps_fair: None,
            spread: None,
            rank_histogram: None,
        }
    }

    /// Completes a row that has its keys with the counts and scores of `tally`. With fewer pairs than `min_pairs` the row
    /// has counts only.
    #[must_use]
    pub fn scored(self, tally: &Tally, min_pairs: u64) -> Self {
        let is_scored = tally.sums.pairs >= min_pairs;
        let scores = if is_scored {
            tally.sums.scores()
        } else {
            Scores::default()
        };
        let has_reference = self.reference.is_some();
        let compared = if is_scored && has_reference {
            tally.reference.scores()
        } else {
            Scores::default()
        };
        let skill = |own: Option<f64>, other: Option<f64>| Some(1.0 - own? / other.filter(|other| *other != 0.0)?);
        let (better, worse, days) = tally.days();
        let time = |time: Option<i64>| time.map(Timestamp::from_micros);
        let table = |(index, table): (usize, &Contingency)| {
            if !is_scored {
                return table.clone();
            }
            let (brier, brier_reference) = tally.spread.brier(index);
            Contingency {
                brier,
                brier_reference,
                ..table.clone().scored()
            }
        };
        let nothing = SpreadTally::default();
        let spread = if is_scored { &tally.spread } else { &nothing };
        Self {
            first_valid_time: time(tally.span.map(|(first, _)| first)),
            last_valid_time: time(tally.span.map(|(_, last)| last)),
            pairs: tally.sums.pairs,
            late_pairs: tally.late,
            without_reading: tally.without_reading,
            without_prediction: tally.without_prediction,
            without_reference: has_reference.then_some(tally.without_reference),
            bias: scores.bias,
            mae: scores.mae,
            rmse: scores.rmse,
            wape: scores.wape,
            mape: scores.mape,
            mape_pairs: scores.mape_pairs,
            r2: scores.r2,
            reference_mae: compared.mae,
            reference_rmse: compared.rmse,
            skill_mae: skill(scores.mae, compared.mae),
            skill_rmse: skill(scores.rmse, compared.rmse),
            better_days: has_reference.then_some(better),
            worse_days: has_reference.then_some(worse),
            days: has_reference.then_some(days),
            events: tally.events.iter().enumerate().map(table).collect(),
            classes: tally
                .classes
                .clone()
                .map(|table| if is_scored { table.scored() } else { table }),
            mean_change: tally.revisions.mean_change(),
            flip_flop: tally.revisions.flip_flop(),
            quantiles: spread.quantiles.scores(),
            intervals: spread.quantiles.intervals(),
            wis: spread.quantiles.wis(),
            crps: spread.crps(),
            crps_fair: spread.crps_fair(),
            spread: spread.spread(),
            rank_histogram: spread.rank_histogram(),
            ..self
        }
    }
}
