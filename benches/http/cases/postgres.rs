//! The cases of a database of PostgreSQL, compared with what plain statements reach on the same server.

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    Outcome,
    alternate::alternate,
    bench::Bench,
    load::Load,
    points::{METRIC, Run, hour_of, time_of_hour},
    postgres::{Plain, Postgres},
    report::Measured,
    request::Request,
    servers::{Product, TOKEN},
    stores::READ,
};

/// Path of posts.
const PATH: &str = "/api/v1/predictions";

/// First issue of the runs that are read.
const FIRST: &str = "2023-01-01T00:00:00Z";

/// Number of jobs.
const JOBS: usize = 16;

/// Number of points of a run, and the size of their payload in bytes.
const POINTS: usize = 48;
const PAYLOAD: usize = 100;

/// Number of runs that are read.
const RUNS: usize = READ / POINTS + 1;

/// A post as one round trip: a function that finds and locks the series, stores the run, and changes the summary.
const POST: &str = "CREATE SCHEMA IF NOT EXISTS plain;
    CREATE TABLE IF NOT EXISTS plain.series (id bigint PRIMARY KEY, organisation_id uuid, newest bigint);
    CREATE TABLE IF NOT EXISTS plain.runs (series_id bigint REFERENCES plain.series, issue_time bigint,
        revision bigint, available_at bigint, valid_from bigint, valid_to bigint, count bigint, payload bytea,
        PRIMARY KEY (series_id, issue_time, revision));
    INSERT INTO plain.series SELECT n, gen_random_uuid(), 0 FROM generate_series(0, 15) n ON CONFLICT DO NOTHING;
    CREATE OR REPLACE FUNCTION plain.post(of bigint, issue bigint, points bytea) RETURNS bigint LANGUAGE plpgsql
    AS $$ DECLARE arrival bigint; BEGIN
        PERFORM newest FROM plain.series WHERE id = of FOR UPDATE;
        arrival := CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint);
        INSERT INTO plain.runs VALUES (of, issue, 1, arrival, issue, issue, 48, points);
        UPDATE plain.series SET newest = issue WHERE id = of;
        RETURN arrival;
    END $$";

/// A server on a database of PostgreSQL, with its jobs.
struct Setting {
    product: Product,
    server: Postgres,
    jobs: Vec<String>,
    _folder: TempDir,
}

impl Setting {
    fn start(bench: &Bench) -> Outcome<Self> {
        let server = Postgres::start()?;
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let product = Product::start(folder.path(), &[("PREDICTION_API_STORAGE__URL", &server.url())])?;
        let job = |number| product.set_up_job(&bench.client, "temperature-model", number);
        let jobs = (0..JOBS).map(job).collect::<Outcome<_>>()?;
        Ok(Self {
            product,
            server,
            jobs,
            _folder: folder,
        })
    }
}

/// Measures posts of one run of 48 points, compared with a function that does the same in one round trip.
pub fn posts(bench: &Bench) -> Outcome<Measured> {
    let setting = Setting::start(bench)?;
    let request = |(number, job): (usize, &String)| {
        let run = Run::new(number, 0, hour_of("2024-03-01T00:00:00Z"), POINTS);
        Request::post(PATH, TOKEN, &run.as_series_of_new_issues(job))
    };
    let requests: Vec<_> = setting.jobs.iter().enumerate().map(request).collect();
    let answer = bench
        .client
        .send(&setting.product.url, &requests[0], "2023-12-31T00:00:00.000Z")?;
    let counts: Value = serde_json::from_slice(&answer)?;
    if counts["stored"] != POINTS {
        return Err(format!("of {POINTS} points were stored: {counts}").into());
    }
    let product = Load::new(&setting.product.url, &requests)?;
    bench.client.runtime.block_on(setting.server.batch(POST))?;
    let plain = Plain {
        server: &setting.server,
        statements: &["SELECT plain.post($1, $2, $3)"],
        work: |client, statements, number| {
            Box::pin(async move {
                let (series, payload) = (number.rem_euclid(JOBS as i64), vec![7_u8; PAYLOAD]);
                client.query_one(&statements[0], &[&series, &number, &payload]).await?;
                Ok(())
            })
        },
    };
    Ok(alternate(bench, &product, &plain, JOBS)?.0)
}

/// Measures reads of a thousand points as a series, compared with reading the rows of the same runs by their key, in a
/// transaction with the row of their series.
pub fn series(bench: &Bench) -> Outcome<Measured> {
    let setting = Setting::start(bench)?;
    let begin = hour_of(FIRST);
    for (place, job) in setting.jobs.iter().enumerate() {
        for issue in 0..RUNS {
            let run = Run::new(place, issue, begin + (issue * POINTS) as i64, POINTS);
            let body = run.as_series(job, &time_of_hour(run.first_hour));
            let post = Request::post(PATH, TOKEN, &body);
            bench.client.send(&setting.product.url, &post, "")?;
        }
    }
    let (from, to) = (time_of_hour(begin), time_of_hour(begin + READ as i64));
    let read = |job: &String| {
        let window = format!("metric={METRIC}&from={from}&to={to}&limit={READ}&shape=series");
        Request::get(format!("{PATH}?job_id={job}&{window}"), TOKEN)
    };
    let requests: Vec<_> = setting.jobs.iter().map(read).collect();
    let answer: Value = serde_json::from_slice(&bench.client.send(&setting.product.url, &requests[0], "")?)?;
    if answer[0]["values"].as_array().map_or(0, Vec::len) != READ {
        return Err("the series has another number of points".into());
    }
    let product = Load::new(&setting.product.url, &requests)?;
    let plain = Plain {
        server: &setting.server,
        statements: &[
            "SELECT * FROM series WHERE id = $1",
            "SELECT * FROM runs WHERE series_id = $1 ORDER BY issue_time, revision",
        ],
        work: |client, statements, number| {
            Box::pin(async move {
                let series = 1 + number.rem_euclid(JOBS as i64);
                client
                    .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    .await?;
                client.query_one(&statements[0], &[&series]).await?;
                let runs = client.query(&statements[1], &[&series]).await?;
                client.batch_execute("COMMIT").await?;
                match runs.len() {
                    RUNS => Ok(()),
                    count => Err(format!("{count} runs were read instead of {RUNS}").into()),
                }
            })
        },
    };
    Ok(alternate(bench, &product, &plain, 8)?.0)
}

/// Measures reads of one job, compared with those of a server on SQLite.
pub fn job(bench: &Bench) -> Outcome<Measured> {
    let setting = Setting::start(bench)?;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let file = Product::start(folder.path(), &[])?;
    let job = file.set_up_job(&bench.client, "temperature-model", 0)?;
    let load = |url: &str, job: &str| -> Outcome<Load> {
        let request = Request::get(format!("/api/v1/jobs/{job}"), TOKEN);
        let answer: Value = serde_json::from_slice(&bench.client.send(url, &request, "")?)?;
        if answer["id"] != job {
            return Err(format!("the job is missing: {answer}").into());
        }
        Load::new(url, &[request])
    };
    let product = load(&setting.product.url, &setting.jobs[0])?;
    let on_file = load(&file.url, &job)?;
    Ok(alternate(bench, &product, &on_file, 16)?.0)
}
