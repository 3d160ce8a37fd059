//! Operations of the API, one file for each resource. [`super::routes`] has the table of all.

pub mod accuracy;
pub mod alert;
pub mod audit;
pub mod backup;
pub mod feed;
pub mod health;
pub mod job;
pub mod job_run;
pub mod location;
pub mod organisation;
pub mod prediction;
pub mod probe;
pub mod reading;
pub mod sensor;
pub mod shadow;
pub mod source;
pub mod source_version;
pub mod space;
pub mod tag;
pub mod token;
#[cfg(feature = "webhooks")]
pub mod webhook;
#[cfg(not(feature = "webhooks"))]
#[path = "webhook_off.rs"]
pub mod webhook;
