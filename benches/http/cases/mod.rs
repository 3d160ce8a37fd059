//! The cases, in the order of the table.

mod accuracy;
mod alerts;
mod backup;
mod gets;
mod postgres;
mod posts;
mod promotion;
mod spread;
mod storage;
mod sweeper;

use crate::{
    Outcome,
    bench::Bench,
    report::{
        Goal::{self, AtLeast, AtMost},
        Measured,
    },
};

/// A row of the table.
pub struct Case {
    /// Name by which the case is chosen.
    pub name: &'static str,
    /// Title in the table.
    pub title: &'static str,
    /// Goal of the case.
    pub goal: Goal,
    /// Function that measures the case.
    pub measure: fn(&Bench) -> Outcome<Measured>,
}

/// All cases.
pub static CASES: &[Case] = &[
    Case {
        name: "get_job",
        title: "GET a job, c=64, of the same JSON without a token",
        goal: AtLeast(0.6),
        measure: gets::job,
    },
    Case {
        name: "post_one",
        title: "POST one prediction, c=64, durable, of parsing and dropping it",
        goal: AtLeast(0.35),
        measure: posts::one,
    },
    Case {
        name: "post_points",
        title: "POST 1,000 points, c=4, durable, of parsing and dropping them",
        goal: AtLeast(0.6),
        measure: posts::points,
    },
    Case {
        name: "post_watched",
        title: "POST 24 points as series to jobs with an alert, c=16, durable, of the same without alerts",
        goal: AtLeast(0.9),
        measure: posts::watched,
    },
    Case {
        name: "alerts_one",
        title: "time until a due change of one of 100,000 states of alerts is stored, the longest of all, of 1 s",
        goal: AtMost(1.0),
        measure: |bench| alerts::due(bench, 1),
    },
    Case {
        name: "alerts_hundred",
        title: "the same of a hundred that are due at one moment, until the last is stored",
        goal: AtMost(1.0),
        measure: |bench| alerts::due(bench, 100),
    },
    Case {
        name: "get_rows",
        title: "GET 1,000 rows of 10 million points, c=16, of the same bytes from memory",
        goal: AtLeast(0.3),
        measure: gets::rows,
    },
    Case {
        name: "get_series",
        title: "GET 1,000 of 10 million points as series, c=16, of the same bytes from memory",
        goal: AtLeast(0.5),
        measure: gets::series,
    },
    Case {
        name: "get_mixed_series",
        title: "the same of two issues, with a column of issue times and one of arrivals",
        goal: Goal::None,
        measure: gets::mixed_series,
    },
    Case {
        name: "post_series_1",
        title: "POST 1,000 points as series, c=1, durable, of VictoriaMetrics' /write",
        goal: AtLeast(1.0),
        measure: |bench| posts::series(bench, 1),
    },
    Case {
        name: "post_series_4",
        title: "POST 1,000 points as series, c=4, durable, of VictoriaMetrics' /write",
        goal: AtLeast(1.0),
        measure: |bench| posts::series(bench, 4),
    },
    Case {
        name: "get_export_1",
        title: "GET 1,000 of 10 million points as series, c=1, of VictoriaMetrics' /api/v1/export",
        goal: AtLeast(1.0),
        measure: |bench| gets::export(bench, 1),
    },
    Case {
        name: "get_export_16",
        title: "GET 1,000 of 10 million points as series, c=16, of VictoriaMetrics' /api/v1/export",
        goal: AtLeast(1.0),
        measure: |bench| gets::export(bench, 16),
    },
    Case {
        name: "get_hourly",
        title: "GET 1,000 rows of hourly issues of 48 points, c=16, of the same bytes from memory",
        goal: Goal::None,
        measure: gets::hourly,
    },
    Case {
        name: "get_quantiles",
        title: "GET 1,000 points with nine quantiles as series, c=4, of the same points without",
        goal: AtLeast(0.25),
        measure: |bench| spread::read(bench, "&shape=series"),
    },
    Case {
        name: "get_quantile_rows",
        title: "the same as rows",
        goal: AtLeast(0.25),
        measure: |bench| spread::read(bench, ""),
    },
    Case {
        name: "get_season",
        title: "GET 1,000 rows of all of 100 issues for one period, c=4, of the same of issues that roll on",
        goal: AtLeast(0.2),
        measure: gets::season,
    },
    Case {
        name: "postgres_post",
        title: "on PostgreSQL: POST 48 points, c=16, durable, of a function in the database that stores them",
        goal: AtLeast(0.6),
        measure: postgres::posts,
    },
    Case {
        name: "postgres_series",
        title: "on PostgreSQL: GET 1,000 points as series, c=8, of reading their rows by key in a transaction",
        goal: AtLeast(0.5),
        measure: postgres::series,
    },
    Case {
        name: "postgres_job",
        title: "on PostgreSQL: GET a job, c=16, of a server on SQLite",
        goal: AtLeast(0.4),
        measure: postgres::job,
    },
    Case {
        name: "bytes",
        title: "bytes in the file a point, hourly issues of 48 points, of a raw f64",
        goal: AtMost(0.5),
        measure: storage::bytes,
    },
    Case {
        name: "memory",
        title: "memory while 10 million points come in, of 150 MB",
        goal: AtMost(1.0),
        measure: storage::memory,
    },
    Case {
        name: "sweeper",
        title: "p99 of GET 1,000 rows while a million points are deleted, of p99 without",
        goal: AtMost(2.0),
        measure: sweeper::measure,
    },
    Case {
        name: "promotion",
        title: "a promotion of a version on trial, c=1, durable, of 5 ms",
        goal: AtMost(1.0),
        measure: promotion::measure,
    },
    Case {
        name: "backup",
        title: "p99 of POST 48 points, c=8, durable, while 10 million points are backed up, of p99 without",
        goal: AtMost(2.0),
        measure: backup::measure,
    },
    Case {
        name: "accuracy",
        title: "accuracy of a season: 246,528 points, the newest of each hour and bucket, c=1, of 10 ms",
        goal: AtMost(1.0),
        measure: |bench| accuracy::season(bench, ""),
    },
    Case {
        name: "accuracy_all",
        title: "the same with all issues: 246,528 pairs, of 10 ms",
        goal: AtMost(1.0),
        measure: |bench| accuracy::season(bench, "&issues=all"),
    },
    Case {
        name: "accuracy_pandas",
        title: "accuracy of a season, of pandas doing the same from CSV",
        goal: AtMost(1.0),
        measure: accuracy::pandas,
    },
    Case {
        name: "accuracy_many",
        title: "accuracy of a thousand series: 47.5 million points, c=1, of 3 s",
        goal: AtMost(1.0),
        measure: |bench| accuracy::many(bench, ""),
    },
    Case {
        name: "accuracy_many_all",
        title: "the same with all issues: 47.5 million pairs, of 3 s",
        goal: AtMost(1.0),
        measure: |bench| accuracy::many(bench, "&issues=all"),
    },
    Case {
        name: "accuracy_memory",
        title: "memory that the server takes for it beside mapped pages, of 64 MB",
        goal: AtMost(1.0),
        measure: accuracy::memory,
    },
    Case {
        name: "accuracy_beside",
        title: "p99 of GET 1,000 rows, c=1, while that accuracy is requested, of p99 without",
        goal: AtMost(1.5),
        measure: accuracy::beside,
    },
];
