//! The wire: routes, bodies, problems, pages.
//!
//! Every route, with the file that it stands in; a test holds this table against the API's document.
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
//! | GET | /api/v1/jobs/{job_id}/health | get_job_health | health.rs |
//! | POST | /api/v1/jobs/{job_id}/runs | report_job_run | job_run.rs |
//! | GET | /api/v1/jobs/{job_id}/runs | list_job_runs | job_run.rs |
//! | PUT | /api/v1/jobs/{job_id} | update_job | job.rs |
//! | DELETE | /api/v1/jobs/{job_id} | delete_job | job.rs |
//! | POST | /api/v1/webhooks | create_webhook | webhook.rs |
//! | GET | /api/v1/webhooks | list_webhooks | webhook.rs |
//! | GET | /api/v1/webhooks/{id} | get_webhook | webhook.rs |
//! | PUT | /api/v1/webhooks/{id} | update_webhook | webhook.rs |
//! | DELETE | /api/v1/webhooks/{id} | delete_webhook | webhook.rs |
//! | GET | /api/v1/webhooks/{id}/deliveries | list_webhook_deliveries | webhook.rs |
//! | POST | /api/v1/webhooks/{id}/test | test_webhook | webhook.rs |
//! | GET | /api/v1/health | get_health | health.rs |
//! | POST | /api/v1/readings | post_readings | reading.rs |
//! | GET | /api/v1/sensors/{id}/readings | list_readings | reading.rs |
//! | DELETE | /api/v1/sensors/{id}/readings | withdraw_readings | reading.rs |
//! | POST | /api/v1/predictions | post_predictions | prediction/mod.rs |
//! | DELETE | /api/v1/predictions | withdraw_predictions | prediction/mod.rs |
//! | GET | /api/v1/predictions | list_predictions | prediction/mod.rs |
//! | GET | /api/v1/predictions/latest | latest_predictions | prediction/mod.rs |
//! | GET | /api/v1/audit | list_audit | audit.rs |
//! | GET | /api/v1/admin/backup | download_backup | admin.rs |
//!
//! Beside them, in `pages.rs`: `/` (the dashboard), `/docs`, `/docs/{page}`, `/docs/{file}`, `/assets/{file}`, `/swagger`,
//! `/api/v1/openapi.json`, `/api/v1/openapi.yaml`, `/favicon.ico`, and paths that lead to these; in `metrics.rs`: `/metrics`.

mod admin;
mod audit;
mod auth;
mod base;
mod body;
mod browser;
mod check;
mod compression;
mod condition;
mod connection;
mod csv;
mod csv_table;
mod document;
mod envelope;
mod files;
mod gaps;
mod guide;
mod health;
mod job;
mod job_run;
mod json_lines;
mod json_text;
mod location;
mod metrics;
mod open;
mod operation;
mod organisation;
mod pace;
mod page;
mod pages;
mod prediction;
mod probe;
mod problem;
mod rate;
mod reading;
mod reply;
mod schema;
mod sensor;
mod server;
mod shape;
mod share;
mod source;
mod source_version;
mod tag;
mod tls;
mod token;
mod webhook;

use std::{any::Any, sync::Arc, time::Duration};

use poem::{
    Endpoint, EndpointExt, IntoEndpoint, Request, Response, Route, endpoint::make,
    middleware::CatchPanic,
};
use poem_openapi::OpenApiService;

use crate::{domain::Error, service::App};
pub use base::{BadProxy, Proxies};
pub use browser::Origins;
pub use document::Document;
pub use guide::has_guide;
pub use metrics::Metrics;
pub use problem::KINDS as PROBLEM_KINDS;
use problem::Problem;
use rate::Rate;
pub use server::{serve, serve_metrics};
use share::Shares;
pub use tls::Tls;

/// The limits of connections and requests.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How many connections are open at once.
    pub connections: usize,
    /// How long a connection may wait for its next request.
    pub idle: Duration,
    /// The largest head, in bytes.
    pub header_bytes: usize,
    /// How many headers a request may have.
    pub headers: usize,
    /// How long a head may take to arrive, and a TLS handshake.
    pub header: Duration,
    /// The largest sum of all heads that have not come to their end, in bytes.
    pub heads_bytes: usize,
    /// The largest body, in bytes.
    pub body_bytes: usize,
    /// The largest sum of the bodies that are in memory, in bytes; a quarter of it for each token.
    pub bodies_bytes: usize,
    /// How long each 16 KiB of a body, or its rest, may take to arrive.
    pub body: Duration,
    /// How long a body may take to arrive that is read as a whole.
    pub body_total: Duration,
    /// How long a request may take from the last of its body to its answer.
    pub request: Duration,
    /// How long a client may take nothing of its answer.
    pub stall: Duration,
    /// How many requests each token may make in a second on average; 0 for any number.
    pub requests_per_second: u32,
    /// How many requests of each token may be under way at once; 0 for an eighth of the connections, at least 16.
    pub requests_at_once: usize,
}

/// The least number of requests that a token may have under way unless it is set.
const LEAST_REQUESTS: usize = 16;

impl Limits {
    /// How many requests of one token may be under way.
    fn token_requests(&self) -> usize {
        match self.requests_at_once {
            // However few connections there are, half of them are left to the others.
            0 => LEAST_REQUESTS
                .min(self.connections / 2)
                .max(self.connections / 8)
                .max(1),
            set => set,
        }
    }

    /// How many bytes the bodies of one token may take: a quarter, so that three others have as much, but no less than
    /// one body.
    fn token_bodies_bytes(&self) -> usize {
        self.body_bytes.max(self.bodies_bytes / 4)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_240,
            idle: Duration::from_secs(75),
            header_bytes: 16 * 1024,
            headers: 100,
            header: Duration::from_secs(10),
            heads_bytes: 16 * 1024 * 1024,
            body_bytes: 16 * 1024 * 1024,
            bodies_bytes: 64 * 1024 * 1024,
            body: Duration::from_secs(30),
            body_total: Duration::from_secs(300),
            request: Duration::from_secs(60),
            stall: Duration::from_secs(30),
            requests_per_second: 1000,
            requests_at_once: 0,
        }
    }
}

/// How the product is served.
#[derive(Clone, Default)]
pub struct Options {
    /// Its limits.
    pub limits: Limits,
    /// Whose pages may call it from a browser.
    pub origins: Origins,
    /// What `/metrics` answers; without, there is no such path.
    pub metrics: Option<Metrics>,
    /// If it is a demo.
    pub demo: Option<Demo>,
    /// The reverse proxies in front of it.
    pub proxies: Proxies,
}

/// What makes a served product a demo: who visits it reads without a token.
#[derive(Clone)]
pub struct Demo {
    /// The secret of the token that a GET without one is answered with.
    pub visitor: String,
}

/// What requests are answered with; each carries it.
#[derive(Clone)]
struct Context {
    app: App,
    document: Document,
    limits: Limits,
    rate: Option<Rate>,
    shares: Shares,
    origins: Arc<Origins>,
    metrics: Option<Metrics>,
    demo: Option<Arc<Demo>>,
    proxies: Arc<Proxies>,
    /// Whether it is spoken through TLS.
    is_encrypted: bool,
}

impl Context {
    /// The context that the envelope gave the request.
    fn of(request: &Request) -> Result<&Self, Problem> {
        let missing = || Error::Internal("a request without its context".to_owned());
        Ok(request.data().ok_or_else(missing)?)
    }
}

type Apis = (
    job::JobApi,
    job_run::JobRunApi,
    health::HealthApi,
    source::SourceApi,
    source_version::SourceVersionApi,
    prediction::PredictionApi,
    location::LocationApi,
    sensor::SensorApi,
    reading::ReadingApi,
    organisation::OrganisationApi,
    webhook::WebhookApi,
    token::TokenApi,
    audit::AuditApi,
    admin::AdminApi,
    probe::ProbeApi,
);

fn apis(app: &App) -> Apis {
    (
        job::JobApi(app.clone()),
        job_run::JobRunApi(app.clone()),
        health::HealthApi(app.clone()),
        source::SourceApi(app.clone()),
        source_version::SourceVersionApi(app.clone()),
        prediction::PredictionApi(app.clone()),
        location::LocationApi(app.clone()),
        sensor::SensorApi(app.clone()),
        reading::ReadingApi(app.clone()),
        organisation::OrganisationApi(app.clone()),
        webhook::WebhookApi(app.clone()),
        token::TokenApi(app.clone()),
        audit::AuditApi(app.clone()),
        admin::AdminApi(app.clone()),
        probe::ProbeApi(app.clone()),
    )
}

/// The API's document.
pub fn document() -> Document {
    Document::of::<Apis>()
}

/// Everything that is served.
fn endpoint(
    app: &App,
    options: Options,
    is_encrypted: bool,
) -> impl Endpoint<Output = Response> + use<> {
    let document = document();
    let api = OpenApiService::new(apis(app), "", "");
    let api = Arc::new(api.into_endpoint());
    let mut routes = pages::add(Route::new(), &document)
        .at("/livez", api.clone())
        .at("/readyz", api.clone())
        .nest_no_strip("/api/v1", api);
    if options.metrics.is_some() {
        routes = routes.at("/metrics", poem::get(metrics::beside_the_api));
    }
    enveloped(routes, context(app, document, options, is_encrypted))
}

/// The metrics, for whoever reaches them.
fn metrics_endpoint(app: &App, options: Options) -> impl Endpoint<Output = Response> + use<> {
    let routes = Route::new().at("/metrics", poem::get(metrics::alone));
    enveloped(routes, context(app, document(), options, false))
}

fn context(app: &App, document: Document, options: Options, is_encrypted: bool) -> Context {
    Context {
        app: app.clone(),
        document,
        limits: options.limits,
        rate: Rate::new(options.limits.requests_per_second),
        shares: Shares::new(&options.limits),
        origins: Arc::new(options.origins),
        metrics: options.metrics,
        demo: options.demo.map(Arc::new),
        proxies: Arc::new(options.proxies),
        is_encrypted,
    }
}

fn enveloped(routes: Route, context: Context) -> impl Endpoint<Output = Response> {
    let inner = Arc::new(
        routes
            .with(CatchPanic::new().with_handler(panicked))
            .map_to_response(),
    );
    make(move |request| {
        let (inner, context) = (inner.clone(), context.clone());
        async move { Ok::<_, poem::Error>(envelope::answer(inner, context, request).await) }
    })
    .map_to_response()
}

fn panicked(_: Box<dyn Any + Send + 'static>) -> Problem {
    Problem::new(
        problem::INTERNAL,
        "the server failed at this request; its log has the request_id",
    )
}
