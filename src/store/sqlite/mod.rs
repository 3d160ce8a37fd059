//! The code that is specific to SQLite: connections, the transactions of the writer, the write-ahead log, migrations, and
//! copies and checks of the file.

pub mod backup;
pub(super) mod checkpointer;
mod commit;
pub(super) mod connect;
pub(super) mod database;
pub(super) mod errors;
pub(super) mod identity;
pub mod integrity;
pub(super) mod migrations;
pub(super) mod normalise;
pub(super) mod pool;
pub(super) mod reopen;
pub(super) mod room;
pub(super) mod settings;
#[cfg(test)]
pub mod traced;
