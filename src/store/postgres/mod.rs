//! The code that is specific to PostgreSQL: connections, values, errors, the transactions of the writer, and migrations.
//!
//! Several server processes may share one database. An advisory lock makes their groups of writes follow one another,
//! so that everything that is exact with the single writer of SQLite is exact here too: revisions, arrival times that
//! increase, and the rules of health. Reads never wait for writes.

mod check;
pub(super) mod client;
pub(super) mod errors;
mod leader;
mod migrations;
mod options;
mod pool;
mod pooled;
#[cfg(feature = "tls")]
mod tls;
#[cfg(not(feature = "tls"))]
#[path = "tls_off.rs"]
mod tls;
pub(super) mod value;
mod wait;
mod writer;

pub use check::{check_rows, schema};
pub use leader::Leader;
pub use migrations::{OpenError, connect, number_on, open};
pub use options::{Options, SslMode};
pub use pool::Pool;
pub use pooled::Pooled;
pub use wait::waiting;
pub use writer::Writing;
