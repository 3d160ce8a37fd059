//! The settings of the server that sends e-mail.

use std::{net::IpAddr, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::{fault::Fault, in_any_case::in_any_case, secret};
use crate::domain::webhook::email::Sender;

/// The server that sends e-mail.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    /// Name or IP address of the server. If empty, no e-mail is sent.
    pub host: String,
    /// Port of the server. 0 for the usual one of `tls`.
    pub port: u16,
    /// Encryption of the connection.
    #[serde(deserialize_with = "in_any_case")]
    pub tls: SmtpTls,
    /// User that the server is logged in with. Empty for no login.
    pub username: String,
    /// Password of the user.
    pub password: String,
    /// File that contains the password of the user. It is read for each message.
    pub password_file: PathBuf,
    /// PEM file of certificate authorities that are trusted besides those of the system.
    pub ca_file: PathBuf,
    /// Sender of the messages, with or without a name.
    pub from: String,
}

/// Encryption of the connection to the server that sends e-mail.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpTls {
    /// The connection is encrypted before the login.
    #[default]
    Starttls,
    /// The connection is encrypted from its beginning.
    Tls,
    /// The connection is not encrypted.
    None,
}

impl Smtp {
    /// Returns the port of the server.
    pub fn port(&self) -> u16 {
        match (self.port, self.tls) {
            (0, SmtpTls::Starttls) => 587,
            (0, SmtpTls::Tls) => 465,
            (0, SmtpTls::None) => 25,
            (port, _) => port,
        }
    }

    /// Returns the settings for people, without the password.
    pub fn without_secrets(&self) -> Self {
        Self {
            password: secret::hidden(&self.password),
            ..self.clone()
        }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// The first setting with an invalid value.
    pub fn check(&self) -> Result<(), Fault> {
        let file = |path: &PathBuf| path.display().to_string();
        let has_file = !self.password_file.as_os_str().is_empty();
        let has_password = has_file || !self.password.is_empty();
        let has_user = !self.username.is_empty();
        if self.host.is_empty() {
            return match has_user || has_password || !self.from.is_empty() {
                true => fault(
                    "smtp.host",
                    "",
                    "is missing: the other settings of smtp have no effect without it",
                ),
                false => Ok(()),
            };
        }
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if !self.host.chars().all(is_plain) && self.host.parse::<IpAddr>().is_err() {
            let why = "is not a host: write its name alone, such as mail.farm.example, and the port in smtp.port";
            return fault("smtp.host", &self.host, why);
        }
        if let Err(why) = Sender::parse(&self.from) {
            let why = format!("{why}: write the sender as alerts@farm.example or Farm <alerts@farm.example>");
            return fault("smtp.from", &self.from, &why);
        }
        if has_file && !self.password.is_empty() {
            let why = "is one of two passwords: give one, in smtp.password_file or smtp.password";
            return fault("smtp.password_file", &file(&self.password_file), why);
        }
        if has_user != has_password {
            let why = "is given alone: give both the user and a password, or neither";
            return match has_user {
                true => fault("smtp.username", &self.username, why),
                false if has_file => fault("smtp.password_file", &file(&self.password_file), why),
                false => fault("smtp.password", secret::HIDDEN, why),
            };
        }
        if self.tls == SmtpTls::None && has_user && !self.is_on_this_machine() {
            let why = "sends the password unencrypted to another machine: use starttls or tls";
            return fault("smtp.tls", "none", why);
        }
        if self.tls == SmtpTls::None && !self.ca_file.as_os_str().is_empty() {
            let why = "is not used without encryption: set smtp.tls to starttls or tls";
            return fault("smtp.ca_file", &file(&self.ca_file), why);
        }
        Ok(())
    }

    fn is_on_this_machine(&self) -> bool {
        let address = self.host.parse::<IpAddr>();
        self.host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }
}

fn fault(key: &'static str, value: &str, fault: &str) -> Result<(), Fault> {
    Err(Fault {
        key,
        value: format!("{value:?}"),
        fault: fault.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Smtp {
        Smtp {
            host: "mail.farm.example".to_owned(),
            username: "alerts".to_owned(),
            password: "secret".to_owned(),
            from: "Farm <alerts@farm.example>".to_owned(),
            ..Smtp::default()
        }
    }

    fn fault_of(change: impl Fn(&mut Smtp)) -> String {
        let mut smtp = good();
        change(&mut smtp);
        let fault = smtp.check().err();
        fault.map_or_else(String::new, |fault| {
            format!("{} = {} {}", fault.key, fault.value, fault.fault)
        })
    }

    #[test]
    fn settings_are_checked_and_passwords_are_not_shown() {
        assert!(Smtp::default().check().is_ok());
        let without_login = |smtp: &mut Smtp| (smtp.username, smtp.password) = (String::new(), String::new());
        for change in [
            (|_| {}) as fn(&mut Smtp),
            |smtp| smtp.tls = SmtpTls::Tls,
            |smtp| smtp.host = "::1".to_owned(),
            |smtp| (smtp.host, smtp.tls) = ("127.0.0.1".to_owned(), SmtpTls::None),
            |smtp| (smtp.password, smtp.password_file) = (String::new(), "file".into()),
        ] {
            assert_eq!(fault_of(change), "");
        }
        assert_eq!(fault_of(without_login), "");
        for (change, key, part) in [
            (
                (|smtp| smtp.host = String::new()) as fn(&mut Smtp),
                "smtp.host",
                "is missing",
            ),
            (
                |smtp| smtp.host = "mail.farm.example:25".to_owned(),
                "smtp.host",
                "smtp.port",
            ),
            (
                |smtp| smtp.host = "smtp://mail".to_owned(),
                "smtp.host",
                "is not a host",
            ),
            (|smtp| smtp.from = String::new(), "smtp.from", "alerts@farm.example"),
            (|smtp| smtp.from = "Farm".to_owned(), "smtp.from", "alerts@farm.example"),
            (|smtp| smtp.username = String::new(), "smtp.password", "given alone"),
            (|smtp| smtp.password = String::new(), "smtp.username", "given alone"),
            (
                |smtp| smtp.password_file = "file".into(),
                "smtp.password_file",
                "two passwords",
            ),
            (|smtp| smtp.tls = SmtpTls::None, "smtp.tls", "unencrypted"),
        ] {
            let fault = fault_of(change);
            assert!(
                fault.starts_with(&format!("{key} = ")) && fault.contains(part),
                "{fault}"
            );
            assert!(!fault.contains("secret"), "{fault}");
        }
        assert!(!format!("{:?}", good().without_secrets()).contains("secret"));
        assert_eq!(Smtp::default().without_secrets(), Smtp::default());
    }

    #[test]
    fn each_encryption_has_its_usual_port() {
        let of = |tls| Smtp { tls, ..good() }.port();
        assert_eq!([SmtpTls::Starttls, SmtpTls::Tls, SmtpTls::None].map(of), [587, 465, 25]);
        assert_eq!(Smtp { port: 2525, ..good() }.port(), 2525);
    }
}
