//! The only layer that accesses the database. Each resource has a file or a folder with its SQL. `sqlite/` contains the
//! code that is specific to SQLite.
//!
//! Only this layer names `rusqlite`. The rest of the program sees [`Db`], [`engine::Connection`] and
//! [`engine::Transaction`]. Functions that read take a connection, and functions that write take a transaction, so that
//! the compiler rejects calls of writing functions outside of a transaction. SQL is written once for all engines: with
//! `ON CONFLICT` and `RETURNING`, numbered parameters and `IS NOT DISTINCT FROM`, and without reliance on the order of
//! row ids.
//!
//! One thread executes all writes ([`sqlite::writer`]). Another thread copies the committed pages from the write-ahead
//! log into the database file ([`sqlite::checkpointer`]). Readers use separate connections and never wait for either
//! thread.
//!
//! The tables, and the meaning of a row in each:
//!
//! | table | row |
//! | --- | --- |
//! | `organisations` | An organisation. |
//! | `tokens` | A token, with the SHA-256 of its secret. |
//! | `locations`, `sensors` | Inputs of jobs; a placeholder is marked. |
//! | `sources` | A model; shared if it has no organisation. |
//! | `source_versions` | A release of a source; its roles are JSON, only ever read whole. |
//! | `jobs`, `role_bindings` | A job, and the inputs of its roles. |
//! | `series` | The predictions of one metric and stage, for one job and location, by one version. |
//! | `runs` | One revision of one issue of one series, with its points in `payload`. |
//! | `health`, `health_changes` | The health state of a job or of one of its targets; each change of it. |
//! | `reports` | The runs that workers reported. |
//! | `webhooks`, `webhook_deliveries` | Receivers of changes with their signing keys; messages, pending and done. |
//! | `feeds`, `feed_states` | A way in for the messages of devices, with its mappings; what arrived last. |
//! | `audit` | Who created, changed or deleted what; deleted after `retention.audit_days`. |
//! | `clock` | The time of the clock as it was trusted last (`seen`), the latest `available_at` (`stamped`), and whether no deadline passes (`held`). |
//! | `imports` | The export that was imported, or is being imported. |
//! | `reading_series`, `readings` | The number of a sensor's readings; one revision of one reading. |

mod cache;
mod conflict;
pub mod courtesy;
mod db;
pub mod engine;
mod filter;
pub mod integrity;
mod payload;
mod recurring;
mod rota;
mod row;
mod set;
mod stop;
mod stopwatch;
mod turns;
mod writer;

pub mod alert;
pub mod audit;
pub mod clock;
pub mod delivery;
pub mod feed;
pub mod health;
pub mod job;
pub mod job_run;
pub mod job_setup;
pub mod location;
pub mod organisation;
pub mod postgres;
pub mod prediction;
pub mod reading;
pub mod sensor;
pub mod source;
pub mod source_version;
pub mod space;
pub mod sqlite;
pub mod token;
pub mod transfer;
pub mod webhook;

pub use cache::{Cache, Freshness};
pub use db::{Copy, Db, Limits, Load, describe_metrics};
pub use recurring::Recurring;
pub use sqlite::errors::OpenError;
pub use stop::Limit;
pub use stopwatch::{Behalf, among, called_by, on_behalf};
