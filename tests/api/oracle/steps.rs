//! Steps of a case: random posts and reads, and time that passes.

use proptest::{collection::vec, option, prelude::*};

/// A posted point: its role, hour and value (a gap, if there is none), and which location if it names one.
pub type Posted = (usize, i64, Option<i32>, Option<usize>);

/// Handling of gaps: the query parameter of a post.
pub type Gaps = Option<&'static str>;

#[derive(Debug, Clone)]
pub enum Step {
    /// Post for a job, as points or as series, issued at that hour or at its arrival, of a version if one is named.
    ForJob {
        job: usize,
        version: Option<usize>,
        issue: Option<i64>,
        stage: usize,
        points: Vec<Posted>,
        as_series: bool,
        gaps: Gaps,
    },
    /// Post without a job: the source, whether its version is named, and points with locations.
    Direct {
        source: usize,
        version: Option<usize>,
        issue: Option<i64>,
        stage: usize,
        points: Vec<Posted>,
        gaps: Gaps,
    },
    /// Withdrawal of an issue of a job, of one metric or stage or all.
    Withdraw {
        job: usize,
        issue: i64,
        metric: Option<usize>,
        stage: Option<usize>,
        track: Option<usize>,
    },
    /// A version of the first source is put on trial for one of its jobs, or is no longer.
    Shadow {
        job: usize,
        version: usize,
        is_on: bool,
    },
    /// A version of the first source becomes that of one of its jobs.
    Promote {
        job: usize,
        version: usize,
        keeps: bool,
    },
    /// The job downstream is bound to another sensor.
    Bind(usize),
    /// A reading of a sensor: the hour and the value.
    Reading(usize, i64, i32),
    /// Responses of now are remembered, and requested again at the end as of now.
    Remember,
    /// Deletion of expired data.
    Sweep,
    /// Minutes pass.
    Wait(i64),
    Read(Read),
}

#[derive(Debug, Clone)]
pub struct Read {
    pub job: Option<usize>,
    pub location: usize,
    pub metric: Option<usize>,
    pub stage: Option<usize>,
    pub source: Option<usize>,
    pub version: Option<usize>,
    /// Index in `TRACKS`.
    pub track: Option<usize>,
    /// Start of the window: hours and microseconds.
    pub from: (i64, i64),
    pub to: (i64, i64),
    pub as_of_minutes: Option<i64>,
    pub min_lead: Option<i64>,
    pub max_lead: Option<i64>,
    pub issue: Option<i64>,
    pub all: bool,
    pub limit: usize,
}

fn posted() -> impl Strategy<Value = Posted> {
    (
        0..2_usize,
        0..6_i64,
        option::weighted(0.85, 0..3_i32),
        option::weighted(0.2, 0..2_usize),
    )
}

pub fn step() -> impl Strategy<Value = Step> {
    let points = || vec(posted(), 1..6);
    let gaps = || prop_oneof![2 => Just(None), 1 => Just(Some("skip")), 2 => Just(Some("withdraw"))];
    let issue = || option::weighted(0.8, -2..3_i64);
    let beside = || (-1..8_i64, prop_oneof![3 => Just(0), 1 => Just(1), 1 => Just(-1)]);
    let rare = |range: std::ops::Range<i64>| option::weighted(0.25, range);
    let which = || option::weighted(0.2, 0..2_usize);
    let scope = (option::weighted(0.4, 0..3_usize), 0..2_usize);
    let version = || option::weighted(0.3, 0..3_usize);
    let track = || option::weighted(0.4, 0..3_usize);
    let what = (option::weighted(0.5, 0..2_usize), which(), which(), version(), track());
    let choice = (rare(0..200), rare(-2..5), rare(-2..5), rare(-2..3));
    let read = (scope, what, (beside(), beside()), choice, any::<bool>(), 1..6_usize);
    let read = read.prop_map(|((job, location), what, (from, to), choice, all, limit)| Read {
        job,
        location,
        metric: what.0,
        stage: what.1,
        source: what.2,
        version: what.3,
        track: what.4,
        from,
        to,
        as_of_minutes: choice.0,
        min_lead: choice.1,
        max_lead: choice.2,
        issue: choice.3,
        all,
        limit,
    });
    prop_oneof![
        5 => (0..3_usize, version(), issue(), 0..2_usize, points(), any::<bool>(), gaps()).prop_map(
            |(job, version, issue, stage, points, as_series, gaps)| {
                Step::ForJob { job, version, issue, stage, points, as_series, gaps }
            }
        ),
        3 => (0..2_usize, version(), issue(), 0..2_usize, points(), gaps()).prop_map(
            |(source, version, issue, stage, points, gaps)| {
                Step::Direct { source, version, issue, stage, points, gaps }
            }
        ),
        2 => (0..3_usize, -2..3_i64, which(), which(), track()).prop_map(
            |(job, issue, metric, stage, track)| Step::Withdraw { job, issue, metric, stage, track }
        ),
        3 => (0..2_usize, 0..3_usize, prop::bool::weighted(0.8)).prop_map(
            |(job, version, is_on)| Step::Shadow { job, version, is_on }
        ),
        2 => (0..2_usize, 0..3_usize, any::<bool>()).prop_map(
            |(job, version, keeps)| Step::Promote { job, version, keeps }
        ),
        1 => (0..2_usize).prop_map(Step::Bind),
        1 => (0..2_usize, 0..6_i64, 0..3_i32).prop_map(|(sensor, hour, value)| Step::Reading(sensor, hour, value)),
        2 => Just(Step::Remember),
        1 => Just(Step::Sweep),
        3 => (0..100_i64).prop_map(Step::Wait),
        6 => read.prop_map(Step::Read),
    ]
}
