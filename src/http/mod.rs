//! HTTP layer, which serves the product and decides nothing itself. [`routes`] has the table of all operations.

mod api;
mod base;
mod context;
pub mod csv;
mod document;
mod form;
mod guard;
mod ingest;
mod labels;
mod limited;
mod metrics;
mod options;
mod problem;
mod request;
mod routes;
mod serve;
mod site;

pub use base::{BadProxy, Proxies};
pub use document::Document;
pub use guard::browser::Origins;
pub use metrics::Metrics;
pub use options::{Demo, Limits, Options};
pub use problem::KINDS as PROBLEM_KINDS;
pub use routes::document;
pub use serve::server::{serve, serve_metrics};
pub use serve::tls::Tls;
pub use site::{
    guide::{has_guide, licences},
    weather::weather_csv,
};
