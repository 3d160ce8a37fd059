//! The MQTT broker from which feeds receive messages: its connection, and the messages on their way into the database.
//!
//! The session at the broker is persistent, and a message is acknowledged after its readings are committed. So the
//! broker repeats what a crash, a restart or a database that is away has left open. A repeated message stores nothing
//! again if it has a time of its own.

#[cfg(feature = "mqtt")]
mod client;
#[cfg(feature = "mqtt")]
mod receiver;
mod state;
#[cfg(feature = "mqtt")]
mod tls;

#[cfg(feature = "mqtt")]
pub use receiver::Receiver;
pub use state::{Options, State};

use super::App;

/// Returns the condition of the broker that needs attention. `None` if there is none.
pub fn warning(app: &App) -> Option<String> {
    app.broker.warning()
}
