//! Table of all routes and their operations.
//!
//! The operations of the API, with their files in `api/`; a test checks this table against the API's document.
//! A build without the feature `webhooks` leaves out those of webhook.rs.
//!
//! | method | path | operation | file |
//! | --- | --- | --- | --- |
//! | GET | /livez | livez | probe.rs |
//! | GET | /readyz | readyz | probe.rs |
//! | GET | /api/v1/whoami | whoami | token.rs |
//! | POST | /api/v1/tokens | create_token | token.rs |
//! | GET | /api/v1/tokens | list_tokens | token.rs |
//! | DELETE | /api/v1/tokens/{id} | revoke_token | token.rs |
//! | POST | /api/v1/organisations | create_organisation | organisation.rs |
//! | GET | /api/v1/organisations | list_organisations | organisation.rs |
//! | GET | /api/v1/organisations/{id} | get_organisation | organisation.rs |
//! | PUT | /api/v1/organisations/{id} | update_organisation | organisation.rs |
//! | DELETE | /api/v1/organisations/{id} | delete_organisation | organisation.rs |
//! | POST | /api/v1/locations | create_location | location.rs |
//! | GET | /api/v1/locations | list_locations | location.rs |
//! | GET | /api/v1/locations/{id} | get_location | location.rs |
//! | PUT | /api/v1/locations/{id} | update_location | location.rs |
//! | DELETE | /api/v1/locations/{id} | delete_location | location.rs |
//! | POST | /api/v1/sensors | create_sensor | sensor.rs |
//! | GET | /api/v1/sensors | list_sensors | sensor.rs |
//! | GET | /api/v1/sensors/{id} | get_sensor | sensor.rs |
//! | PUT | /api/v1/sensors/{id} | update_sensor | sensor.rs |
//! | DELETE | /api/v1/sensors/{id} | delete_sensor | sensor.rs |
//! | POST | /api/v1/sources | create_source | source.rs |
//! | GET | /api/v1/sources | list_sources | source.rs |
//! | GET | /api/v1/sources/{id} | get_source | source.rs |
//! | PUT | /api/v1/sources/{id} | update_source | source.rs |
//! | DELETE | /api/v1/sources/{id} | delete_source | source.rs |
//! | POST | /api/v1/source_versions | create_source_version | source_version.rs |
//! | GET | /api/v1/source_versions | list_source_versions | source_version.rs |
//! | GET | /api/v1/source_versions/{id} | get_source_version | source_version.rs |
//! | DELETE | /api/v1/source_versions/{id} | delete_source_version | source_version.rs |
//! | POST | /api/v1/jobs/setup | set_up_job | job.rs |
//! | GET | /api/v1/jobs | list_jobs | job.rs |
//! | GET | /api/v1/jobs/service/{service_id} | list_service_jobs | job.rs |
//! | GET | /api/v1/jobs/{job_id} | get_job | job.rs |
//! | GET | /api/v1/jobs/{job_id}/inputs | get_job_inputs | job.rs |
//! | GET | /api/v1/jobs/{job_id}/history | list_job_history | job.rs |
//! | GET | /api/v1/jobs/{job_id}/health | get_job_health | health.rs |
//! | POST | /api/v1/alerts | create_alert | alert.rs |
//! | GET | /api/v1/alerts | list_alerts | alert.rs |
//! | POST | /api/v1/alerts/try | try_alert | alert.rs |
//! | GET | /api/v1/alerts/{id} | get_alert | alert.rs |
//! | PUT | /api/v1/alerts/{id} | update_alert | alert.rs |
//! | DELETE | /api/v1/alerts/{id} | delete_alert | alert.rs |
//! | GET | /api/v1/alerts/{id}/states | list_states_of_alert | alert.rs |
//! | GET | /api/v1/alerts/{id}/changes | list_alert_changes | alert.rs |
//! | GET | /api/v1/alert_states | list_alert_states | alert.rs |
//! | POST | /api/v1/jobs/{job_id}/runs | report_job_run | job_run.rs |
//! | GET | /api/v1/jobs/{job_id}/runs | list_job_runs | job_run.rs |
//! | PUT | /api/v1/jobs/{job_id} | update_job | job.rs |
//! | DELETE | /api/v1/jobs/{job_id} | delete_job | job.rs |
//! | PUT | /api/v1/jobs/{job_id}/shadows/{source_version_id} | put_job_shadow | shadow.rs |
//! | DELETE | /api/v1/jobs/{job_id}/shadows/{source_version_id} | delete_job_shadow | shadow.rs |
//! | POST | /api/v1/jobs/{job_id}/promote | promote_job | shadow.rs |
//! | POST | /api/v1/webhooks | create_webhook | webhook.rs |
//! | GET | /api/v1/webhooks | list_webhooks | webhook.rs |
//! | GET | /api/v1/webhooks/{id} | get_webhook | webhook.rs |
//! | PUT | /api/v1/webhooks/{id} | update_webhook | webhook.rs |
//! | DELETE | /api/v1/webhooks/{id} | delete_webhook | webhook.rs |
//! | GET | /api/v1/webhooks/{id}/deliveries | list_webhook_deliveries | webhook.rs |
//! | POST | /api/v1/webhooks/{id}/test | test_webhook | webhook.rs |
//! | GET | /api/v1/health | get_health | health.rs |
//! | POST | /api/v1/readings | post_readings | reading/mod.rs |
//! | POST | /api/v1/sensors/{id}/readings | post_sensor_readings | reading/mod.rs |
//! | GET | /api/v1/sensors/{id}/readings | list_readings | reading/mod.rs |
//! | DELETE | /api/v1/sensors/{id}/readings | withdraw_readings | reading/mod.rs |
//! | POST | /api/v1/feeds | create_feed | feed/mod.rs |
//! | GET | /api/v1/feeds | list_feeds | feed/mod.rs |
//! | POST | /api/v1/feeds/try | try_feed | feed/mod.rs |
//! | GET | /api/v1/feeds/{id} | get_feed | feed/mod.rs |
//! | PUT | /api/v1/feeds/{id} | update_feed | feed/mod.rs |
//! | DELETE | /api/v1/feeds/{id} | delete_feed | feed/mod.rs |
//! | POST | /api/v1/feeds/{id}/secret | rotate_feed_secret | feed/mod.rs |
//! | POST | /api/v1/ingest/{feed_id} | ingest | feed/mod.rs |
//! | POST | /api/v1/predictions | post_predictions | prediction/mod.rs |
//! | DELETE | /api/v1/predictions | withdraw_predictions | prediction/mod.rs |
//! | GET | /api/v1/predictions | list_predictions | prediction/mod.rs |
//! | GET | /api/v1/predictions/latest | latest_predictions | prediction/latest.rs |
//! | GET | /api/v1/predictions/lineage | get_prediction_lineage | prediction/lineage.rs |
//! | GET | /api/v1/accuracy | get_accuracy | accuracy/mod.rs |
//! | GET | /api/v1/accuracy/pairs | list_accuracy_pairs | accuracy/mod.rs |
//! | GET | /api/v1/audit | list_audit | audit.rs |
//! | GET | /api/v1/admin/backup | download_backup | backup.rs |
//! | GET | /api/v1/admin/space | get_space | space.rs |
//!
//! Further routes are in `site/pages.rs`: `/` (the dashboard), `/docs`, `/docs/{page}`, `/docs/{file}`,
//! `/assets/{file}`, `/swagger`, `/api/v1/openapi.json`, `/api/v1/openapi.yaml`, `/favicon.ico`, and paths that lead to
//! these; in `site/metrics.rs`: `/metrics`; in `site/sign_in.rs`: `POST /sign-in`, the exchange of a sign-in link.

use std::{
    any::Any,
    sync::{Arc, LazyLock},
};

use poem::{Endpoint, EndpointExt, IntoEndpoint, Response, Route, endpoint::make, middleware::CatchPanic};
use poem_openapi::OpenApiService;

use super::{
    api::{
        accuracy, alert, audit, backup, feed, health, job, job_run, location, organisation, prediction, probe, reading,
        sensor, shadow, source, source_version, space, token, webhook,
    },
    context::Context,
    document::{Document, Front},
    labels::Pages,
    options::Options,
    problem::Problem,
    request,
    site::{metrics, pages},
};
use crate::service::App;

/// Operations, grouped by area. The framework accepts tuples of at most 16 types, which may be nested.
type Apis = (Jobs, Models, Places, Administration);
type Jobs = (
    job::JobApi,
    shadow::ShadowApi,
    job_run::JobRunApi,
    health::HealthApi,
    alert::AlertApi,
);
type Models = (
    source::SourceApi,
    source_version::SourceVersionApi,
    prediction::PredictionApi,
    prediction::LatestApi,
    prediction::LineageApi,
    accuracy::AccuracyApi,
);
type Places = (
    location::LocationApi,
    sensor::SensorApi,
    reading::ReadingApi,
    feed::FeedApi,
);
type Administration = (
    organisation::OrganisationApi,
    webhook::WebhookApi,
    token::TokenApi,
    audit::AuditApi,
    backup::AdminApi,
    space::SpaceApi,
    probe::ProbeApi,
);

fn apis(app: &App) -> Apis {
    let jobs = (
        job::JobApi(app.clone()),
        shadow::ShadowApi(app.clone()),
        job_run::JobRunApi(app.clone()),
        health::HealthApi(app.clone()),
        alert::AlertApi(app.clone()),
    );
    let models = (
        source::SourceApi(app.clone()),
        source_version::SourceVersionApi(app.clone()),
        prediction::PredictionApi(app.clone()),
        prediction::LatestApi(app.clone()),
        prediction::LineageApi(app.clone()),
        accuracy::AccuracyApi(app.clone()),
    );
    let places = (
        location::LocationApi(app.clone()),
        sensor::SensorApi(app.clone()),
        reading::ReadingApi(app.clone()),
        feed::FeedApi(app.clone()),
    );
    let administration = (
        organisation::OrganisationApi(app.clone()),
        webhook::WebhookApi::new(app),
        token::TokenApi(app.clone()),
        audit::AuditApi(app.clone()),
        backup::AdminApi(app.clone()),
        space::SpaceApi(app.clone()),
        probe::ProbeApi(app.clone()),
    );
    (jobs, models, places, administration)
}

/// Title and description of the API's document, the paths of immutable resources, and the order of the tags.
const FRONT: Front = Front {
    title: "Prediction API",
    contact: "The developers of Prediction API",
    description: "Stores predictive models (sources and their immutable versions), connects them to an \
        organisation's sensors and locations (jobs), and stores their predictions. Start with `POST /api/v1/jobs/setup`, or \
        with the guides at `/docs`. The example of that operation creates everything that the other examples use, except \
        the version on trial.",
    immutable: &[source_version::IMMUTABLE],
    tags: super::api::tag::names,
};

/// Returns the API's document, which is generated at the first call.
pub fn document() -> Document {
    static DOCUMENT: LazyLock<Document> = LazyLock::new(|| Document::of::<Apis>(&FRONT));
    DOCUMENT.clone()
}

/// Returns the endpoint that serves the API and all pages. `is_encrypted` states whether connections use TLS.
pub fn endpoint(app: &App, options: Options, is_encrypted: bool) -> impl Endpoint<Output = Response> + use<> {
    let document = document();
    let api = OpenApiService::new(apis(app), "", "");
    let api = Arc::new(api.into_endpoint());
    let mut pages = pages::add(Pages::new(), &document);
    if options.metrics.is_some() {
        pages = pages.at("/metrics", poem::get(metrics::beside_the_api));
    }
    let routes = pages
        .routes
        .at("/livez", api.clone())
        .at("/readyz", api.clone())
        .nest_no_strip("/api/v1", api);
    enveloped(routes, Context::new(app, document, pages.labels, options, is_encrypted))
}

/// Returns the endpoint that serves only `/metrics`, without authentication.
pub fn metrics_endpoint(app: &App, options: Options) -> impl Endpoint<Output = Response> + use<> {
    let pages = pages::add_probes(Pages::new().at("/metrics", poem::get(metrics::alone)));
    enveloped(
        pages.routes,
        Context::new(app, document(), pages.labels, options, false),
    )
}

fn enveloped(routes: Route, context: Context) -> impl Endpoint<Output = Response> {
    let inner = Arc::new(routes.with(CatchPanic::new().with_handler(panicked)).map_to_response());
    make(move |request| {
        let (inner, context) = (inner.clone(), context.clone());
        // The endpoints around this one would copy the future, which has several kilobytes.
        Box::pin(async move { Ok::<_, poem::Error>(request::answer(inner, context, request).await) })
    })
    .map_to_response()
}

fn panicked(_: Box<dyn Any + Send + 'static>) -> Problem {
    Problem::internal()
}
