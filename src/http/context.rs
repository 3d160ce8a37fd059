//! Context of a request: the application, the server's options, and the caller.

use std::sync::{Arc, OnceLock};

use poem::Request;
use uuid::Uuid;

use super::{
    base::Proxies,
    document::Document,
    guard::{
        browser::Origins,
        rate::{Left, Rate},
        share::{Shares, Turn},
    },
    labels::Labels,
    metrics::Metrics,
    options::{Demo, Limits, Options},
    problem::Problem,
};
use crate::{
    domain::{Caller, Error},
    service::App,
};

/// State of the server that each request carries as data. All requests share it.
#[derive(Clone)]
pub struct Context {
    /// Application that the operations call.
    pub app: App,
    /// OpenAPI document of the API, against which requests are validated.
    pub document: Document,
    /// Route patterns of the pages, which label their requests in the log and the metrics.
    pub pages: Arc<Labels>,
    /// Limits of connections and requests, such as time limits and sizes.
    pub limits: Limits,
    /// Rate limit of each token. `None` if the limit is disabled.
    pub rate: Option<Rate>,
    /// Counters and limits of each token's concurrent requests and body bytes.
    pub shares: Shares,
    /// Origins whose web pages may call the API from a browser (CORS).
    pub origins: Arc<Origins>,
    /// Recorder of the metrics. `None` if they are not served.
    pub metrics: Option<Metrics>,
    /// Options of the demo. `None` if the server is not a demo.
    pub demo: Option<Arc<Demo>>,
    /// Reverse proxies in front of the server.
    pub proxies: Arc<Proxies>,
    /// Whether connections use TLS.
    pub is_encrypted: bool,
}

impl Context {
    /// Creates the context of a server with these options.
    pub fn new(app: &App, document: Document, pages: Labels, options: Options, is_encrypted: bool) -> Self {
        Self {
            app: app.clone(),
            document,
            pages: Arc::new(pages),
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

    /// Returns the context that the request carries.
    ///
    /// # Errors
    /// 500 if the request carries none, which is a bug of the server.
    pub fn of(request: &Request) -> Result<&Self, Problem> {
        let missing = || Error::Internal("a request without its context".to_owned());
        Ok(request.data().ok_or_else(missing)?)
    }
}

/// Cell for the caller of a request, which is empty until the token has been validated. The log and the rate limit
/// headers read the caller after the response. Clones share the cell.
#[derive(Clone, Default)]
pub struct SeenCaller(Arc<OnceLock<Seen>>);

/// Properties of the caller that the log and the rate limit headers need.
pub struct Seen {
    /// Name of the token.
    pub name: String,
    /// Organisation of the token. `None` for an admin.
    pub organisation_id: Option<Uuid>,
    /// Remainder of the token's rate limit after this request. `None` if the rate limit is disabled.
    pub left: Option<Left>,
    turn: Option<Arc<Turn>>,
}

impl SeenCaller {
    /// Stores the caller, the remainder of the token's rate limit, and the counter of its concurrent request. Only the
    /// first call has an effect.
    pub fn set(&self, caller: &Caller, left: Option<Left>, turn: Option<Arc<Turn>>) {
        let _ = self.0.set(Seen {
            name: caller.name.to_string(),
            organisation_id: caller.organisation_id,
            left,
            turn,
        });
    }

    /// Returns the caller. `None` until the token has been validated.
    pub fn caller(&self) -> Option<&Seen> {
        self.0.get()
    }

    /// Returns the organisation of the caller. `None` for an admin, and until the token has been validated.
    pub fn organisation_id(&self) -> Option<Uuid> {
        self.0.get().and_then(|seen| seen.organisation_id)
    }

    /// Returns the [`Turn`] that counts this request as concurrent. `None` until the token has been validated, and if
    /// the request exceeded a limit of the token.
    pub fn turn(&self) -> Option<Arc<Turn>> {
        self.0.get()?.turn.clone()
    }
}

/// Marks a request on a connection that is reserved for monitoring. Such a request may only call health checks and
/// `/metrics`.
#[derive(Clone, Copy)]
pub struct OnlyProbes;
