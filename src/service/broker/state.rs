//! The settings of the broker's connection, and its state.

use std::{
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Settings of the connection to the broker.
#[derive(Debug, Clone)]
pub struct Options {
    /// Host of the broker.
    pub host: String,
    /// Port of the broker.
    pub port: u16,
    /// Whether the connection uses TLS.
    pub is_encrypted: bool,
    /// User; empty for no login.
    pub username: String,
    /// Password of the user.
    pub password: String,
    /// File that contains the password; empty for none.
    pub password_file: PathBuf,
    /// Id of the session at the broker.
    pub client_id: String,
    /// File of certificate authorities that are trusted besides those of the system; empty for none.
    pub ca_file: PathBuf,
}

/// State of the connection. Clones of the application share it.
#[derive(Debug, Default)]
pub struct State(Mutex<Connection>);

#[derive(Debug, Default)]
enum Connection {
    /// This process does not receive messages.
    #[default]
    None,
    /// The broker is connected.
    Connected,
    /// The broker is connected, and refuses a subscription.
    Refused,
    /// The broker is away.
    Away,
}

impl State {
    /// Returns whether the broker is connected.
    pub fn is_connected(&self) -> bool {
        matches!(*self.connection(), Connection::Connected | Connection::Refused)
    }

    /// Returns a warning if messages do not arrive that should. Everybody may read it, so the reason is in the log only.
    pub fn warning(&self) -> Option<String> {
        let text = match *self.connection() {
            Connection::Away => "the MQTT broker is away, so feeds receive no messages: the log has the reason",
            Connection::Refused => {
                "the MQTT broker refuses the topic of a feed, which receives no messages: see the log"
            }
            Connection::None | Connection::Connected => return None,
        };
        Some(text.to_owned())
    }

    /// Notes that the broker is connected.
    pub fn connected(&self) {
        *self.connection() = Connection::Connected;
    }

    /// Notes that the broker refuses a subscription.
    pub fn refused(&self) {
        *self.connection() = Connection::Refused;
    }

    /// Notes that the broker is away.
    pub fn away(&self) {
        *self.connection() = Connection::Away;
    }

    /// Notes that this process does not receive messages.
    pub fn none(&self) {
        *self.connection() = Connection::None;
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
