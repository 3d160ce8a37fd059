//! Everything that is served in addition to the API: the dashboard, the guides, Swagger UI, the document and the
//! metrics.

pub mod file;
pub mod files;
pub mod guide;
mod markdown;
pub mod metrics;
pub mod pages;
mod search;
mod sign_in;
mod swagger;
pub mod weather;
