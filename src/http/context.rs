//! Context of a request: the product, its settings, and the caller.

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

/// Context that each request carries.
#[derive(Clone)]
pub struct Context {
    /// The product.
    pub app: App,
    /// OpenAPI document of the API, against which requests are validated.
    pub document: Document,
    /// Route patterns of the pages, which label their requests in the log and the metrics.
    pub pages: Arc<Labels>,
    /// Limits of connections and requests.
    pub limits: Limits,
    /// Rate limit of tokens. `None` if it is disabled.
    pub rate: Option<Rate>,
    /// Counters and limits of each token's concurrent requests and body bytes.
    pub shares: Shares,
    /// Origins whose pages may call the API.
    pub origins: Arc<Origins>,
    /// Recorder of the metrics. `None` if they are not served.
    pub metrics: Option<Metrics>,
    /// Present if the server is a demo.
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

    /// Returns the context of the request.
    pub fn of(request: &Request) -> Result<&Self, Problem> {
        let missing = || Error::Internal("a request without its context".to_owned());
        Ok(request.data().ok_or_else(missing)?)
    }
}

/// Caller of a request, for the log and the limits. It is set when the token is checked.
#[derive(Clone, Default)]
pub struct SeenCaller(Arc<OnceLock<Seen>>);

/// Caller of a request, as the log and the limits need it.
pub struct Seen {
    /// Name of the token.
    pub name: String,
    /// Organisation of the token. `None` for an admin.
    pub organisation_id: Option<Uuid>,
    /// What is left of the token's rate limit.
    pub left: Option<Left>,
    turn: Option<Arc<Turn>>,
}

impl SeenCaller {
    /// Records the caller, the rest of the token's rate limit, and its concurrent request.
    pub fn set(&self, caller: &Caller, left: Option<Left>, turn: Option<Arc<Turn>>) {
        let _ = self.0.set(Seen {
            name: caller.name.to_string(),
            organisation_id: caller.organisation_id,
            left,
            turn,
        });
    }

    /// Returns the caller, once the token was checked.
    pub fn caller(&self) -> Option<&Seen> {
        self.0.get()
    }

    /// Returns the organisation of the caller. `None` for an admin, or before the token was checked.
    pub fn organisation_id(&self) -> Option<Uuid> {
        self.0.get().and_then(|seen| seen.organisation_id)
    }

    /// Returns the [`Turn`] that counts this request as concurrent. `None` before the token was checked, or if the
    /// request was refused.
    pub fn turn(&self) -> Option<Arc<Turn>> {
        self.0.get()?.turn.clone()
    }
}

/// Marks a request on a reserved place, which may only call probes and metrics.
#[derive(Clone, Copy)]
pub struct OnlyProbes;
