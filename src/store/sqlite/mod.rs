//! The code that is specific to SQLite: connections, the thread that writes, the write-ahead log, migrations, and
//! copies and checks of the file.

pub mod backup;
pub(super) mod checkpointer;
pub(super) mod connect;
pub(super) mod errors;
pub(super) mod identity;
pub mod integrity;
pub(super) mod migrations;
pub(super) mod normalise;
pub(super) mod pool;
pub(super) mod reopen;
pub(super) mod room;
pub(super) mod rota;
pub(super) mod settings;
pub mod space;
#[cfg(test)]
pub mod traced;
pub(super) mod turns;
pub(super) mod writer;
