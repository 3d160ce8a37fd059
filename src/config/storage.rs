//! The settings of the database.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    fault::Fault,
    secret::{HIDDEN, hidden},
};

/// Modes of TLS that a URL may name.
const SSL_MODES: [&str; 5] = ["disable", "prefer", "require", "verify-ca", "verify-full"];

/// Example of a URL for messages.
const EXAMPLE: &str = "postgres://user@host/database?sslmode=verify-full";

/// The place of the data, and the connections to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// URL of a database of PostgreSQL, such as `postgres://user@host/database?sslmode=verify-full`. If empty, the data
    /// is in one SQLite file in the data folder.
    pub url: String,
    /// Password of the database's user.
    pub password: String,
    /// File that contains the password of the database's user. It is read for each new connection.
    pub password_file: PathBuf,
    /// PEM file of the certificate authorities that are trusted. Empty for those of the system.
    pub ca_file: PathBuf,
    /// Number of connections for short reads. 0 for twice the number of processors.
    pub connections: usize,
    /// Seconds for one attempt to connect.
    pub connect_seconds: u64,
    /// Seconds after which a statement is stopped.
    pub statement_seconds: u64,
    /// Seconds for which a group of writes waits for the writes of other servers.
    pub lock_seconds: u64,
    /// Seconds for which the start waits until the database can be reached.
    pub start_seconds: u64,
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            url: String::new(),
            password: String::new(),
            password_file: PathBuf::new(),
            ca_file: PathBuf::new(),
            connections: 0,
            connect_seconds: 10,
            statement_seconds: 60,
            lock_seconds: 10,
            start_seconds: 60,
        }
    }
}

impl Storage {
    /// Returns whether the data is in PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        !self.url.is_empty()
    }

    /// Returns the URL for messages, without its password.
    pub fn shown(&self) -> String {
        let Some(mut url) = self.parts() else {
            return HIDDEN.to_owned();
        };
        if url.password().is_some() && url.set_password(Some(HIDDEN)).is_err() {
            return HIDDEN.to_owned();
        }
        if has_password_parameter(&url) {
            url.set_query(None);
        }
        url.into()
    }

    /// Returns the parts of the URL. `None` if they are not certain, because it is not a URL or a password contains
    /// `#`, `/` or `?` as it is. Then any part may be secret.
    fn parts(&self) -> Option<Url> {
        let url = Url::parse(&self.url).ok()?;
        let has_user_later = url.path().contains('@') || url.query().is_some_and(|query| query.contains('@'));
        (url.has_authority() && url.fragment().is_none() && !has_user_later).then_some(url)
    }

    /// Returns the settings for people, without passwords.
    pub fn without_secrets(&self) -> Self {
        let url = match self.is_postgres() {
            true => self.shown(),
            false => String::new(),
        };
        Self {
            url,
            password: hidden(&self.password),
            ..self.clone()
        }
    }

    /// Checks the URL, and the settings that depend on it.
    ///
    /// # Errors
    /// The first setting with an invalid value.
    pub fn check(&self) -> Result<(), Fault> {
        if !self.is_postgres() {
            return Ok(());
        }
        let shown = self.shown();
        let wrong = |why: String| fault("storage.url", &shown, &why);
        let Some(url) = self.parts() else {
            return wrong(format!(
                "is no URL: write {EXAMPLE}, and #, /, ? and @ in a password as %23, %2F, %3F and %40"
            ));
        };
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return wrong(format!("is no URL of PostgreSQL: write {EXAMPLE}"));
        }
        let has_host = url.host_str().is_some_and(|host| !host.is_empty());
        if !has_host && !url.query_pairs().any(|(name, _)| name == "host") {
            return wrong(format!("names no host: write {EXAMPLE}"));
        }
        if url.path().trim_start_matches('/').is_empty() {
            return wrong(format!("names no database: write {EXAMPLE}"));
        }
        if has_password_parameter(&url) {
            return wrong("has a password as a parameter: set storage.password_file or storage.password".to_owned());
        }
        let modes = url.query_pairs().filter(|(name, _)| name == "sslmode");
        let mode = modes.map(|(_, mode)| mode.into_owned()).last();
        if mode.as_deref().is_some_and(|mode| !SSL_MODES.contains(&mode)) {
            return wrong(format!("has an unknown sslmode: allowed are {}", SSL_MODES.join(", ")));
        }
        self.check_passwords(&url)?;
        let has_ca_file = !self.ca_file.as_os_str().is_empty();
        if has_ca_file && matches!(mode.as_deref(), None | Some("disable" | "prefer")) {
            let why = "is not used without verification: add sslmode=verify-full to storage.url";
            return fault("storage.ca_file", &self.ca_file.display().to_string(), why);
        }
        Ok(())
    }

    /// Checks that there is at most one password.
    fn check_passwords(&self, url: &Url) -> Result<(), Fault> {
        let has_file = !self.password_file.as_os_str().is_empty();
        let passwords = [url.password().is_some(), !self.password.is_empty(), has_file];
        if passwords.iter().filter(|has| **has).count() < 2 {
            return Ok(());
        }
        let why = "is one of several passwords: give one, in storage.password_file, storage.password or storage.url";
        match has_file {
            true => fault("storage.password_file", &self.password_file.display().to_string(), why),
            false => fault("storage.password", HIDDEN, why),
        }
    }
}

fn fault(key: &'static str, value: &str, fault: &str) -> Result<(), Fault> {
    Err(Fault {
        key,
        value: format!("{value:?}"),
        fault: fault.to_owned(),
    })
}

/// Returns whether the URL has a password among its parameters, where the product does not look for one.
fn has_password_parameter(url: &Url) -> bool {
    url.query_pairs().any(|(name, _)| name.eq_ignore_ascii_case("password"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str) -> Storage {
        Storage {
            url: url.to_owned(),
            ..Storage::default()
        }
    }

    /// Returns the fault of the settings as text, with its key. Empty if there is none.
    fn fault_of(storage: &Storage) -> String {
        let fault = storage.check().err();
        fault.map_or_else(String::new, |fault| {
            format!("{} = {} {}", fault.key, fault.value, fault.fault)
        })
    }

    #[test]
    fn no_password_is_shown() {
        for (url, shown) in [
            (
                "postgres://a@host/b?sslmode=require",
                "postgres://a@host/b?sslmode=require",
            ),
            ("postgres://a:secret@host:5433/b", "postgres://a:***@host:5433/b"),
            ("postgres://a:p@secret@host/b", "postgres://a:***@host/b"),
            ("postgres://a:%23secret@host/b", "postgres://a:***@host/b"),
            ("postgres://a@host/b?Password=secret", "postgres://a@host/b"),
            ("postgres://a@[secret/b", HIDDEN),
            ("postgres:a:secret@host/b", HIDDEN),
            // The first part of these passwords looks like a port.
            ("postgres://a:1#secret@host/b", HIDDEN),
            ("postgres://a:1/secret@host/b", HIDDEN),
            ("postgres://a:1?secret@host/b", HIDDEN),
        ] {
            assert_eq!(of(url).shown(), shown, "{url}");
            assert!(!fault_of(&of(url)).contains("secret"), "{url}");
        }
        let with = Storage {
            password: "secret".to_owned(),
            ..of("postgres://a@host/b")
        };
        assert!(!format!("{:?}", with.without_secrets()).contains("secret"));
        assert_eq!(Storage::default().without_secrets(), Storage::default());
    }

    #[test]
    fn urls_are_checked() {
        for url in [
            "",
            "postgres://a@host/b",
            "postgresql://a@host:5433/b?sslmode=verify-ca",
            "postgres://a@[::1]/b?sslmode=disable",
            "postgres://a@%2Frun%2Fpostgresql/b",
            "postgres:///b?host=/run/postgresql",
        ] {
            assert_eq!(fault_of(&of(url)), "", "{url}");
        }
        for (url, part) in [
            ("host/b", "is no URL: "),
            ("postgres://a:#@host/b", "is no URL: "),
            ("mysql://a@host/b", "is no URL of PostgreSQL"),
            ("postgres:///b", "names no host"),
            ("postgres://a@host", "names no database"),
            ("postgres://a@host/?sslmode=require", "names no database"),
            ("postgres://a@host/b?sslmode=on", "unknown sslmode"),
            ("postgres://a@host/b?password=x", "password as a parameter"),
        ] {
            let fault = fault_of(&of(url));
            assert!(
                fault.starts_with("storage.url = ") && fault.contains(part),
                "{url}: {fault}"
            );
        }
    }

    #[test]
    fn one_password_is_allowed() {
        let with = |url: &str, password: &str, file: &str| Storage {
            password: password.to_owned(),
            password_file: file.into(),
            ..of(url)
        };
        let (plain, own) = ("postgres://a@host/b", "postgres://a:secret@host/b");
        for one in [with(own, "", ""), with(plain, "secret", ""), with(plain, "", "file")] {
            assert_eq!(fault_of(&one), "");
        }
        for (several, key) in [
            (with(own, "secret", ""), "storage.password = "),
            (with(own, "", "file"), "storage.password_file = "),
            (with(plain, "secret", "file"), "storage.password_file = "),
        ] {
            let fault = fault_of(&several);
            assert!(fault.starts_with(key) && fault.contains("several passwords"), "{fault}");
            assert!(!fault.contains("secret"), "{fault}");
        }
    }

    #[test]
    fn an_authority_that_is_not_used_is_refused() {
        let with = |mode: &str| {
            fault_of(&Storage {
                ca_file: "ca.pem".into(),
                ..of(&format!("postgres://a@host/b{mode}"))
            })
        };
        for mode in ["", "?sslmode=disable", "?sslmode=prefer"] {
            assert!(
                with(mode).starts_with("storage.ca_file = \"ca.pem\" is not used"),
                "{mode}"
            );
        }
        for mode in ["?sslmode=require", "?sslmode=verify-ca", "?sslmode=verify-full"] {
            assert_eq!(with(mode), "", "{mode}");
        }
    }
}
