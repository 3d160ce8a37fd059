//! Steps of a case: random posts and reads, and time that passes.

use proptest::{collection::vec, option, prelude::*};

use super::spread::{Asked, Fault, Numbers};

/// A posted point.
#[derive(Debug, Clone)]
pub struct Posted {
    pub metric: usize,
    pub minute: i64,
    /// None is a gap.
    pub value: Option<i32>,
    pub location: Option<usize>,
    pub numbers: Numbers,
}

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
        /// Number of members of each point that has some.
        members: usize,
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
        /// Number of members of each point that has some.
        members: usize,
        gaps: Gaps,
    },
    /// The last post again. If there is a number, the quantiles or members of this point are changed, and its value is not.
    Again(Option<usize>),
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
    Latest(Latest),
}

impl Step {
    /// Changes the numbers of a posted point, by its index beyond the number of points.
    pub fn change(&mut self, index: usize) {
        if let Self::ForJob { points, .. } | Self::Direct { points, .. } = self {
            let index = index % points.len();
            let numbers = &mut points[index].numbers;
            numbers.above[2] = (numbers.above[2] + 1) % 4;
            numbers.with_value = true;
        }
    }
}

/// Shape of a response.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    Rows,
    Series,
    Thinned,
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
    pub shape: Shape,
    pub asked: Asked,
}

/// Read of the latest predictions.
#[derive(Debug, Clone)]
pub struct Latest {
    pub job: Option<usize>,
    pub location: usize,
    pub metric: Option<usize>,
    /// Index in `TRACKS`.
    pub track: Option<usize>,
    /// Minute whose values are read.
    pub at: Option<i64>,
    pub asked: Asked,
}

fn numbers() -> impl Strategy<Value = Numbers> {
    let fault = prop_oneof![
        Just(Fault::Missing),
        Just(Fault::OfOtherKind),
        Just(Fault::Wrong),
        Just(Fault::WithNull)
    ];
    let parts = (
        prop::array::uniform3(0..3_i32),
        prop::bool::weighted(0.8),
        option::weighted(0.02, fault),
    );
    parts.prop_map(|(above, with_value, fault)| Numbers {
        above,
        with_value,
        fault,
    })
}

fn posted() -> impl Strategy<Value = Posted> {
    let value = option::weighted(0.85, 0..3_i32);
    let parts = (
        0..4_usize,
        0..6_i64,
        value,
        option::weighted(0.2, 0..2_usize),
        numbers(),
    );
    parts.prop_map(|(metric, hour, value, location, numbers)| Posted {
        metric,
        minute: hour * 60,
        value,
        location,
        numbers,
    })
}

/// A few points of any roles and hours, or many of one role, which are thinned.
fn points() -> impl Strategy<Value = Vec<Posted>> {
    let many = (0..4_usize, vec(posted(), 11..24)).prop_map(|(metric, mut points)| {
        for (point, quarter) in points.iter_mut().zip(0..) {
            (point.metric, point.minute, point.location) = (metric, quarter * 15, None);
        }
        points
    });
    prop_oneof![6 => vec(posted(), 1..6), 1 => many]
}

fn asked() -> impl Strategy<Value = Asked> {
    let parts = (
        option::weighted(0.7, 0..5_usize),
        option::weighted(0.5, (any::<bool>(), -1..7_i32)),
    );
    parts.prop_map(|(selection, threshold)| Asked { selection, threshold })
}

pub fn step() -> impl Strategy<Value = Step> {
    let gaps = || prop_oneof![2 => Just(None), 1 => Just(Some("skip")), 2 => Just(Some("withdraw"))];
    let issue = || option::weighted(0.8, -2..3_i64);
    let beside = || (-1..8_i64, prop_oneof![3 => Just(0), 1 => Just(1), 1 => Just(-1)]);
    let rare = |range: std::ops::Range<i64>| option::weighted(0.25, range);
    let which = || option::weighted(0.2, 0..2_usize);
    let scope = (option::weighted(0.4, 0..3_usize), 0..2_usize);
    let version = || option::weighted(0.3, 0..3_usize);
    let track = || option::weighted(0.4, 0..3_usize);
    let metric = || option::weighted(0.3, 0..4_usize);
    let what = (metric(), which(), which(), version(), track());
    let choice = (rare(0..200), rare(-2..5), rare(-2..5), rare(-2..3));
    let shape = prop_oneof![3 => Just(Shape::Rows), 1 => Just(Shape::Series), 1 => Just(Shape::Thinned)];
    let form = (1..6_usize, shape, asked());
    let latest = (
        scope.clone(),
        metric(),
        track(),
        option::weighted(0.5, -60..480_i64),
        asked(),
    );
    let latest = latest.prop_map(|((job, location), metric, track, at, asked)| Latest {
        job,
        location,
        metric,
        track,
        at,
        asked,
    });
    let read = (scope, what, (beside(), beside()), choice, any::<bool>(), form);
    let read = read.prop_map(
        |((job, location), what, (from, to), choice, all, (limit, shape, asked))| Read {
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
            shape,
            asked,
        },
    );
    prop_oneof![
        5 => (0..3_usize, version(), issue(), 0..2_usize, points(), 1..4_usize, any::<bool>(), gaps()).prop_map(
            |(job, version, issue, stage, points, members, as_series, gaps)| {
                Step::ForJob { job, version, issue, stage, points, members, as_series, gaps }
            }
        ),
        3 => (0..2_usize, version(), issue(), 0..2_usize, points(), 1..4_usize, gaps()).prop_map(
            |(source, version, issue, stage, points, members, gaps)| {
                Step::Direct { source, version, issue, stage, points, members, gaps }
            }
        ),
        2 => (0..3_usize, -2..3_i64, metric(), which(), track()).prop_map(
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
        3 => option::weighted(0.6, 0..6_usize).prop_map(Step::Again),
        2 => Just(Step::Remember),
        1 => Just(Step::Sweep),
        3 => (0..100_i64).prop_map(Step::Wait),
        6 => read.prop_map(Step::Read),
        2 => latest.prop_map(Step::Latest),
    ]
}
