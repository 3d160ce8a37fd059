//! Uses the Rust client of openapi-generator: cargo run -- URL TOKEN.

use chrono::{DateTime, Duration, FixedOffset};
use prediction_api_client::{
    apis::{
        Error,
        configuration::Configuration,
        jobs_api::set_up_job,
        organisations_api::{create_organisation, get_organisation, update_organisation},
        predictions_api::{PostPredictionsError, list_predictions, post_predictions},
        readings_api::{list_readings, post_sensor_readings},
        sensors_api::{create_sensor, update_sensor},
    },
    models::{
        JobPost, JobSetup, OrganisationChange, OrganisationCreation, OutputRole, PostedPredictions, PredictionPage,
        PredictionPoint, ReadingPage, SensorChange, SensorCreation, SensorReadingCreation, SensorReadings, SetupJob,
        SetupSource, SetupVersion, Shape,
    },
};

type Failure = Box<dyn std::error::Error>;

/// Returns the predictions of a metric of the job in the day that begins at `from`.
async fn day(
    api: &Configuration, metric: &str, job: uuid::Uuid, from: DateTime<FixedOffset>, shape: Option<Shape>,
) -> Result<PredictionPage, Failure> {
    let (jobs, to) = (Some(vec![job]), Some(from + Duration::days(1)));
    Ok(list_predictions(
        api, metric, None, jobs, None, None, None, None, Some(from), to, None, None, None, None, None, shape, None, None,
        None, None, None, None, None, None, None,
    )
    .await?)
}

fn point(role: &str, valid_time: DateTime<FixedOffset>, value: f64) -> PredictionPoint {
    let mut point = PredictionPoint::new(role.into(), valid_time);
    point.value = Some(Some(value));
    point
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let mut api = Configuration::new();
    api.base_path = arguments.next().ok_or("the address is missing")?;
    api.bearer_access_token = arguments.next();
    let unique = std::time::SystemTime::UNIX_EPOCH.elapsed()?.as_nanos();

    let home = create_organisation(&api, OrganisationCreation::new(format!("Home {unique}"))).await?;
    let output = OutputRole { unit: Some(Some("l/s".into())), ..OutputRole::new("out".into(), "flow".into()) };
    let source = SetupSource { name: Some(Some(format!("model {unique}"))), ..SetupSource::new() };
    let version = SetupVersion {
        version: Some(Some("1.0.0".into())),
        input_roles: Some(Some(Vec::new())),
        output_roles: Some(Some(vec![output])),
        ..SetupVersion::new()
    };
    let setup = JobSetup {
        source: Some(Some(source.into())),
        source_version: Some(Some(version.into())),
        ..JobSetup::new(home.id, SetupJob::new("Flow".into()))
    };
    let job = set_up_job(&api, setup, None).await?.id;

    let start = DateTime::parse_from_rfc3339("2026-01-01T00:00:00Z")?;
    let at = |hour: i32| start + Duration::hours(hour.into());
    let points = (0..3).map(|hour| point("out", at(hour), hour.into())).collect();
    let post = JobPost { issue_time: Some(Some(start)), predictions: Some(points), ..JobPost::new(job) };
    let posted = || PostedPredictions::JobPost(post.clone().into());
    assert_eq!(post_predictions(&api, posted(), None).await?.stored, 3);
    assert_eq!(post_predictions(&api, posted(), None).await?.unchanged, 3);

    let PredictionPage::PredictionRows(rows) = day(&api, "flow", job, start, None).await? else {
        return Err("rows were expected".into());
    };
    let found: Vec<_> = rows.iter().map(|row| (row.valid_time, row.value)).collect();
    assert_eq!(found, [(at(0), 0.0), (at(1), 1.0), (at(2), 2.0)]);
    let PredictionPage::PredictionSeriesList(series) = day(&api, "flow", job, start, Some(Shape::Series)).await? else {
        return Err("series were expected".into());
    };
    assert_eq!(series[0].values, [0.0, 1.0, 2.0]);
    assert_eq!(day(&api, "other", job, start, None).await?, PredictionPage::PredictionRows(Vec::new()));
    // A time with another offset and a fraction.
    let east = (at(1) + Duration::microseconds(1)).with_timezone(&FixedOffset::east_opt(7200).ok_or("no offset")?);
    let PredictionPage::PredictionRows(late) = day(&api, "flow", job, east, None).await? else {
        return Err("rows were expected".into());
    };
    assert_eq!(late.len(), 1);

    // The functions return neither CSV nor headers, and so no page after the first. Own requests with the client's
    // settings have both.
    let query = format!("metric=flow&job_id={job}&from=2026-01-01&to=2026-01-02");
    let get = |address: String| {
        let request = api.client.get(address);
        request.bearer_auth(api.bearer_access_token.as_deref().unwrap_or_default()).send()
    };
    let csv = get(format!("{}/api/v1/predictions?{query}&format=csv", api.base_path)).await?;
    assert_eq!(csv.text().await?.lines().count(), 4);
    let mut next = Some(format!("/api/v1/predictions?{query}&limit=2"));
    let mut sizes = Vec::new();
    while let Some(path) = next {
        let page = get(format!("{}{path}", api.base_path)).await?.error_for_status()?;
        let link = page.headers().get("link").and_then(|link| link.to_str().ok());
        next = link.and_then(|link| Some(link.strip_prefix('<')?.split_once('>')?.0.to_owned()));
        let PredictionPage::PredictionRows(rows) = serde_json::from_str(&page.text().await?)? else {
            return Err("rows were expected".into());
        };
        sizes.push(rows.len());
    }
    assert_eq!(sizes, [2, 1]);

    let bad = JobPost {
        predictions: Some(vec![point("x", start, 1.0)]),
        ..JobPost::new(job)
    };
    match post_predictions(&api, PostedPredictions::JobPost(bad.into()), None).await {
        Err(Error::ResponseError(response)) if response.status == 422 => match response.entity {
            // All statuses have the same form, so that the first that fits is taken.
            Some(PostPredictionsError::Status400(problem)) => {
                assert_eq!(problem.status, 422);
                let errors = problem.errors.unwrap_or_default();
                assert_eq!(errors[0].pointer.as_deref(), Some("#/predictions/0/role"));
            }
            other => return Err(format!("{other:?}").into()),
        },
        other => return Err(format!("it was not refused: {other:?}").into()),
    }

    // ETags are headers as well.
    let id = home.id.to_string();
    let read = get(format!("{}/api/v1/organisations/{id}", api.base_path)).await?;
    let old = read.headers()["etag"].to_str()?.to_owned();
    assert_eq!(get_organisation(&api, &id, None).await?, home);
    let change = OrganisationChange { name: Some(format!("Other {unique}")) };
    assert_eq!(Some(update_organisation(&api, &id, change.clone(), Some(&old)).await?.name), change.name);
    match update_organisation(&api, &id, change, Some(&old)).await {
        Err(Error::ResponseError(response)) if response.status == 412 => {}
        other => return Err(format!("it was not refused: {other:?}").into()),
    }

    let creation = SensorCreation {
        unit: Some(Some("l/s".into())),
        organisation_id: Some(Some(home.id)),
        ..SensorCreation::new("s".into(), "flow".into())
    };
    let sensor = create_sensor(&api, creation).await?;
    assert_eq!(sensor.unit.as_deref(), Some("l/s"));
    let id = sensor.id.to_string();
    let clear = SensorChange { unit: Some(None), ..SensorChange::new() };
    assert_eq!(update_sensor(&api, &id, clear, None).await?.unit, None);
    let reading = SensorReadingCreation { time: Some(Some(start)), ..SensorReadingCreation::new(Some(1.5)) };
    let readings = SensorReadings::SensorReadingList(vec![reading]);
    assert_eq!(post_sensor_readings(&api, &id, readings, None).await?.stored, 1);
    let page = list_readings(&api, &id, Some(start), None, None, None, None, None, None, None, None, None).await?;
    let ReadingPage::ReadingRows(readings) = page else {
        return Err("rows were expected".into());
    };
    assert_eq!(readings[0].value, 1.5);
    println!("openapi-generator, rust: set up, posted, read in both shapes, refused, stale, null; CSV and pages by own requests");
    Ok(())
}
