//! The settings of connections to PostgreSQL.

use std::{fs, path::PathBuf, str::FromStr, time::Duration};

use tokio_postgres::{Config, config};
use url::Url;

use super::errors::Error;

/// The name under which connections are listed by the server.
const APPLICATION: &str = "prediction-api";

/// The settings of connections to PostgreSQL.
#[derive(Debug, Clone)]
pub struct Options {
    /// The address, the user and the database: `postgres://user@host/database?sslmode=verify-full`.
    pub url: String,
    /// The password. Empty if there is none, or another setting has it.
    pub password: String,
    /// The file that contains the password. Empty for none.
    pub password_file: PathBuf,
    /// The PEM file of the certificate authorities that are trusted. Empty for those of the system.
    pub ca_file: PathBuf,
    /// The number of connections for short reads. 0 for twice the number of processors.
    pub connections: usize,
    /// The time for one attempt to connect, in seconds.
    pub connect_seconds: u64,
    /// The longest time of a statement, in seconds.
    pub statement_seconds: u64,
    /// The longest time for which a group of writes waits for those of other processes, in seconds.
    pub lock_seconds: u64,
    /// The time for which the start waits until the server can be reached, in seconds.
    pub start_seconds: u64,
}

/// The protection of connections by TLS, in PostgreSQL's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SslMode {
    /// Connections are not encrypted.
    Disable,
    /// Connections are encrypted if the server supports this. The server's certificate is not verified.
    Prefer,
    /// Connections are encrypted. The certificate is verified only if `ca_file` is set.
    Require,
    /// The certificate must be of a trusted authority.
    VerifyCa,
    /// The certificate must be of a trusted authority, and name the host.
    VerifyFull,
}

impl SslMode {
    /// Returns the mode with this name. `None` if there is none.
    pub fn of(name: &str) -> Option<Self> {
        Some(match name {
            "disable" => Self::Disable,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => return None,
        })
    }
}

impl Options {
    /// Returns the configuration of the client. The password's file is read at each call, so that a changed password is
    /// used by new connections.
    ///
    /// # Errors
    /// The address is wrong, or the password's file cannot be read.
    pub fn config(&self) -> Result<Config, Error> {
        let (url, mode) = self.parts()?;
        let mut config =
            Config::from_str(url.as_str()).map_err(|error| Error::Setting(format!("storage.url: {error}")))?;
        config.ssl_mode(match mode {
            SslMode::Disable => config::SslMode::Disable,
            SslMode::Prefer => config::SslMode::Prefer,
            _ => config::SslMode::Require,
        });
        if !self.password.is_empty() {
            config.password(&self.password);
        }
        if !self.password_file.as_os_str().is_empty() {
            let path = self.password_file.display();
            let text = fs::read_to_string(&self.password_file)
                .map_err(|error| Error::Setting(format!("storage.password_file {path} cannot be read: {error}")))?;
            config.password(text.trim_end_matches(['\n', '\r']));
        }
        config.application_name(APPLICATION);
        config.connect_timeout(Duration::from_secs(self.connect_seconds));
        config.keepalives_idle(Duration::from_secs(15));
        config.keepalives_interval(Duration::from_secs(5));
        config.keepalives_retries(3);
        config.tcp_user_timeout(Duration::from_secs(self.statement_seconds));
        Ok(config)
    }

    /// Returns the mode of TLS that the address names. Without one it is `prefer`.
    ///
    /// # Errors
    /// The address is wrong.
    pub fn ssl_mode(&self) -> Result<SslMode, Error> {
        Ok(self.parts()?.1)
    }

    /// Returns the statement that sets up a new connection. What the product relies on does not depend on the settings of
    /// the server, of the database and of the user.
    pub fn set_up(&self) -> String {
        format!(
            "SET statement_timeout = '{}s'; SET lock_timeout = '{}s'; SET client_connection_check_interval = '1s';
            SET idle_in_transaction_session_timeout = '{}s'; SET search_path = public; SET client_encoding = 'UTF8';
            SET default_transaction_isolation = 'read committed'; SET default_transaction_read_only = off;
            SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3",
            self.statement_seconds, self.lock_seconds, self.statement_seconds
        )
    }

    /// Returns the address without the mode of TLS, which the client's parser does not know in all its forms, and the
    /// mode.
    fn parts(&self) -> Result<(Url, SslMode), Error> {
        let wrong = |why: &str| Error::Setting(format!("storage.url: {why}"));
        let mut url = Url::parse(&self.url).map_err(|error| wrong(&error.to_string()))?;
        let mut mode = SslMode::Prefer;
        let mut others = Vec::new();
        // The parts stay encoded as they are, since a value may contain the separators.
        for part in url
            .query()
            .unwrap_or_default()
            .split('&')
            .filter(|part| !part.is_empty())
        {
            match part.strip_prefix("sslmode=") {
                Some(value) => mode = SslMode::of(value).ok_or_else(|| wrong("sslmode is unknown"))?,
                None => others.push(part),
            }
        }
        let others = others.join("&");
        url.set_query((!others.is_empty()).then_some(&others));
        Ok((url, mode))
    }
}
