//! The format of exports: newline-delimited JSON that contains everything that one database stores.
//!
//! Each line is an object with one member. Its name is the kind of the line. The first line is the [`Head`], and the
//! last is the [`End`] with the number of lines of each kind. A line refers only to what earlier lines contain, so that
//! a reader needs no look-ahead. The guide `assets/docs/export.md` documents each kind. The version of the format
//! changes whenever a reader of the previous version could not read a file correctly.

mod alerts;
mod catalogue;
mod column;
mod feeds;
mod line;
mod points;
mod records;
mod values;

pub use alerts::{Alert, AlertChange, AlertState};
pub use catalogue::{Binding, Job, JobShadow, Location, Organisation, Sensor, Source, SourceVersion, Token};
pub use column::{Credential, Exact, Hex, Moment, SigningKey, Verbatim};
pub use feeds::{Feed, FeedState};
pub use line::{End, FORMAT, Head, KINDS, Line, VERSION, kind_of};
pub use points::Points;
pub use records::{Audit, Clock, Health, HealthChange, JobHistory, Report, Webhook, WebhookDelivery};
pub use values::{Post, Reading, ReadingSeries, Run, Series};
