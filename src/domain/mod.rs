//! Types and rules of the product. This layer uses neither SQL nor HTTP, and does not read the clock.
//!
//! A type that the API accepts or returns derives its JSON format and its OpenAPI schema in this layer. The layer
//! `http` defines the statuses, headers and media types.

pub mod alert;
pub mod audit;
pub mod caller;
pub mod class;
pub mod clock;
pub mod columns;
pub mod contract;
pub mod counts;
pub mod duration;
pub mod error;
pub mod feed;
pub mod health;
pub mod id;
pub mod interval;
pub mod job;
pub mod job_history;
pub mod job_inputs;
pub mod job_run;
pub mod job_setup;
mod lenient_time;
pub mod limit;
pub mod location;
mod object;
mod object_or_array;
pub mod organisation;
pub mod page;
pub mod patch;
pub mod prediction;
pub mod reading;
pub mod relative_time;
pub mod retention;
pub mod row_limit;
mod scalar;
pub mod sensor;
pub mod sensor_reading;
pub mod shadow;
pub mod source;
pub mod source_version;
pub mod space;
pub mod spelling;
pub mod text;
pub mod thinning;
pub mod time;
pub mod token;
pub mod track;
pub mod transfer;
pub mod value;
pub mod verification;
pub mod violation;
pub mod violations;
pub mod webhook;
pub mod window;

pub use caller::{Caller, Role};
pub use counts::Counts;
pub use duration::Duration;
pub use error::{Error, Result};
pub use page::Page;
pub use time::Timestamp;
pub use value::{Gaps, PostedValue};
pub use violation::Violation;
pub use violations::Violations;
pub use window::{AskedWindow, Window};
