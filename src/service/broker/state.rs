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
    /// Largest message, in bytes.
    pub message_bytes: usize,
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
    /// The broker is away, for this reason.
    Away(String),
}

impl State {
    /// Returns whether the broker is connected.
    pub fn is_connected(&self) -> bool {
        matches!(*self.connection(), Connection::Connected)
    }

    /// Returns a warning if the broker should be connected and is not.
    pub fn warning(&self) -> Option<String> {
        match &*self.connection() {
            Connection::Away(why) => Some(format!("the MQTT broker is away, so feeds receive no messages: {why}")),
            _ => None,
        }
    }

    /// Notes that the broker is connected.
    pub fn connected(&self) {
        *self.connection() = Connection::Connected;
    }

    /// Notes that the broker is away.
    pub fn away(&self, why: &str) {
        *self.connection() = Connection::Away(why.to_owned());
    }

    /// Notes that this process does not receive messages.
    pub fn none(&self) {
        *self.connection() = Connection::None;
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
