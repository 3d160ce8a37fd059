//! The operator's settings for messages to webhooks.

use std::{path::PathBuf, time::Duration};

use super::email::Sender;

/// The operator's settings for the delivery of messages to webhooks.
#[derive(Clone)]
pub struct Rules {
    /// Whether messages may be sent to loopback, private and reserved addresses.
    pub allow_private_addresses: bool,
    /// Timeout of one request.
    pub time_out: Duration,
    /// Server that sends e-mail. `None` if this server does not send any.
    pub smtp: Option<Smtp>,
    /// Address at which people reach this server, without a slash at its end. Empty if it is not known.
    pub public_url: String,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            allow_private_addresses: false,
            time_out: Duration::from_secs(10),
            smtp: None,
            public_url: String::new(),
        }
    }
}

/// The operator's server for e-mail.
#[derive(Clone)]
pub struct Smtp {
    /// Name or IP address of the server.
    pub host: String,
    /// Port of the server.
    pub port: u16,
    /// Encryption of the connection.
    pub tls: SmtpTls,
    /// User that the server is logged in with. Empty for no login.
    pub username: String,
    /// Password of the user.
    pub password: String,
    /// File with the password of the user, read for each message. Empty for none.
    pub password_file: PathBuf,
    /// PEM file of further certificate authorities that are trusted. Empty for none.
    pub ca_file: PathBuf,
    /// Sender of the messages.
    pub from: Sender,
}

/// Encryption of a connection to a server for e-mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpTls {
    /// The connection is encrypted from its second command on. A server without encryption is refused.
    Starttls,
    /// The connection is encrypted from its beginning.
    Tls,
    /// The connection is not encrypted.
    None,
}
