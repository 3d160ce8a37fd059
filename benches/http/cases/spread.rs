//! The cases of predictions with quantiles.

use serde_json::{Map, Value, json};

use crate::{
    Outcome,
    alternate::alternate,
    bench::Bench,
    load::Load,
    points::{METRIC, ROLE, Run, hour_of, time_of_hour},
    report::Measured,
    request::Request,
    servers::{Product, TOKEN},
    stores::{READ, read as read_of},
};

/// Levels of the quantiles, and the difference of each to the value in standard deviations of a normal distribution.
const LEVELS: [(&str, f64); 9] = [
    ("0.05", -1.645),
    ("0.1", -1.282),
    ("0.25", -0.674),
    ("0.4", -0.253),
    ("0.5", 0.0),
    ("0.6", 0.253),
    ("0.75", 0.674),
    ("0.9", 1.282),
    ("0.95", 1.645),
];

/// Number of jobs that are read in turns.
const JOBS: usize = 20;

/// Measures reads of a thousand points with nine quantiles each, compared with reads of the same points without them.
pub fn read(bench: &Bench, more: &str) -> Outcome<Measured> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let product = Product::start(folder.path(), &[])?;
    let levels: Vec<f64> = LEVELS
        .iter()
        .map(|(level, _)| level.parse())
        .collect::<Result<_, _>>()?;
    let output = json!({ "role": ROLE, "metric": METRIC, "unit": "°C", "required": true, "quantiles": levels });
    let begin = hour_of("2025-01-01T00:00:00Z");
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for number in 0..JOBS {
        let run = Run::new(number, 0, begin, READ);
        let post = |body: &Value| {
            let request = Request::post("/api/v1/predictions", TOKEN, body);
            bench.client.send(&product.url, &request, "")
        };
        let points = product.set_up_job(&bench.client, "temperature-model", number)?;
        post(&run.as_series(&points, &time_of_hour(begin)))?;
        without.push(read_of(&points, begin, more));
        let quantiles = product.set_up_job_with(&bench.client, "uncertain-model", number, &output)?;
        let mut body = run.as_series(&quantiles, &time_of_hour(begin));
        body["series"][0]["quantiles"] = columns(&run).into();
        post(&body)?;
        with.push(read_of(&quantiles, begin, &format!("{more}&spread=all")));
    }
    let answer = bench.client.send(&product.url, &with[0], "")?;
    let has_quantiles = String::from_utf8(answer)?.contains("\"0.05\"");
    if !has_quantiles {
        return Err("the answer has no quantiles".into());
    }
    let (with, without) = (Load::new(&product.url, &with)?, Load::new(&product.url, &without)?);
    Ok(alternate(bench, &with, &without, 4)?.0)
}

/// Returns the quantiles of each value by their levels. They are a degree apart, and rounded like the values.
fn columns(run: &Run) -> Map<String, Value> {
    let column = |apart: f64| -> Vec<f64> {
        let quantile = |value: &f64| ((value + apart) * 10.0).round() / 10.0;
        run.values.iter().map(quantile).collect()
    };
    let column = |(level, apart): &(&str, f64)| ((*level).to_owned(), column(*apart).into());
    LEVELS.iter().map(column).collect()
}
