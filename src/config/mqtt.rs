//! The settings of the MQTT broker from which feeds receive messages.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{fault::Fault, secret};

/// Maximum length of a client id, in bytes. Brokers may refuse longer ones.
const MAX_CLIENT_ID: usize = 100;

/// The MQTT broker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mqtt {
    /// Address of the broker: `mqtt://host:1883`, or `mqtts://host:8883` with TLS. If empty, no messages are received.
    pub url: String,
    /// User that the broker is logged in with. Empty for no login.
    pub username: String,
    /// Password of the user.
    pub password: String,
    /// File that contains the password of the user. It is read for each connection.
    pub password_file: PathBuf,
    /// Id by which the broker knows this server. It stores the messages that arrive while the server is off for this
    /// id.
    pub client_id: String,
    /// PEM file of certificate authorities that are trusted besides those of the system.
    pub ca_file: PathBuf,
}

impl Default for Mqtt {
    fn default() -> Self {
        Self {
            url: String::new(),
            username: String::new(),
            password: String::new(),
            password_file: PathBuf::new(),
            client_id: "prediction-api".to_owned(),
            ca_file: PathBuf::new(),
        }
    }
}

impl Mqtt {
    /// Returns the settings for people, without the password.
    pub fn without_secrets(&self) -> Self {
        Self {
            password: secret::hidden(&self.password),
            ..self.clone()
        }
    }

    /// Returns the host and the port of the broker, and whether the connection uses TLS. `None` if the address is none.
    pub fn address(&self) -> Option<(String, u16, bool)> {
        let url = url::Url::parse(&self.url).ok()?;
        let is_encrypted = match url.scheme() {
            "mqtt" => false,
            "mqtts" => true,
            _ => return None,
        };
        let is_bare = url.username().is_empty() && url.password().is_none() && matches!(url.path(), "" | "/");
        let has_more = url.query().is_some() || url.fragment().is_some();
        let host = url.host_str().filter(|host| !host.is_empty() && is_bare && !has_more)?;
        let port = url.port().unwrap_or(if is_encrypted { 8883 } else { 1883 });
        // The brackets of an IPv6 address belong to the URL, not to the address.
        let host = host.trim_start_matches('[').trim_end_matches(']');
        Some((host.to_owned(), port, is_encrypted))
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// The first setting with an invalid value.
    pub fn check(&self) -> Result<(), Fault> {
        let file = |path: &PathBuf| path.display().to_string();
        let has_file = !self.password_file.as_os_str().is_empty();
        let has_password = has_file || !self.password.is_empty();
        if self.url.is_empty() {
            return match !self.username.is_empty() || has_password {
                true => fault(
                    "mqtt.url",
                    "",
                    "is missing: the other settings of mqtt have no effect without it",
                ),
                false => Ok(()),
            };
        }
        let Some((_, _, is_encrypted)) = self.address() else {
            // The address may have a password, which is not shown.
            let why =
                "is no address of a broker: write mqtt://host:1883 or mqtts://host:8883, and the user in mqtt.username";
            return fault("mqtt.url", secret::HIDDEN, why);
        };
        if has_file && !self.password.is_empty() {
            let why = "is one of two passwords: give one, in mqtt.password_file or mqtt.password";
            return fault("mqtt.password_file", &file(&self.password_file), why);
        }
        if self.username.is_empty() && has_password {
            return fault("mqtt.username", "", "is missing: the password is that of a user");
        }
        let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '+' | '#' | '/');
        if self.client_id.is_empty() || self.client_id.len() > MAX_CLIENT_ID || !self.client_id.chars().all(is_plain) {
            let why = "is no client id: write 1 to 100 letters, digits, dots, hyphens or underscores";
            return fault("mqtt.client_id", &self.client_id, why);
        }
        if !is_encrypted && !self.ca_file.as_os_str().is_empty() {
            let why = "is not used without encryption: write mqtts:// in mqtt.url";
            return fault("mqtt.ca_file", &file(&self.ca_file), why);
        }
        Ok(())
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

    fn fault_of(change: impl Fn(&mut Mqtt)) -> String {
        let mut mqtt = Mqtt {
            url: "mqtts://broker.farm.example".to_owned(),
            username: "server".to_owned(),
            password: "secret".to_owned(),
            ..Mqtt::default()
        };
        change(&mut mqtt);
        let fault = mqtt.check().err();
        fault.map_or_else(String::new, |fault| {
            format!("{} = {} {}", fault.key, fault.value, fault.fault)
        })
    }

    #[test]
    fn settings_are_checked_and_passwords_are_not_shown() {
        assert!(Mqtt::default().check().is_ok());
        assert_eq!(fault_of(|_| {}), "");
        for (change, key) in [
            ((|mqtt| mqtt.url = String::new()) as fn(&mut Mqtt), "mqtt.url"),
            (|mqtt| mqtt.url = "http://broker".to_owned(), "mqtt.url"),
            (|mqtt| mqtt.url = "mqtt://u:secret@broker".to_owned(), "mqtt.url"),
            (|mqtt| mqtt.url = "mqtt://broker/topic".to_owned(), "mqtt.url"),
            (|mqtt| mqtt.url = "broker:1883".to_owned(), "mqtt.url"),
            (|mqtt| mqtt.username = String::new(), "mqtt.username"),
            (|mqtt| mqtt.password_file = "file".into(), "mqtt.password_file"),
            (|mqtt| mqtt.client_id = " a".to_owned(), "mqtt.client_id"),
            (
                |mqtt| (mqtt.url, mqtt.ca_file) = ("mqtt://broker".to_owned(), "file".into()),
                "mqtt.ca_file",
            ),
        ] {
            let fault = fault_of(change);
            assert!(fault.starts_with(&format!("{key} = ")), "{fault}");
            assert!(!fault.contains("secret"), "{fault}");
        }
    }

    #[test]
    fn each_scheme_has_its_usual_port() {
        let of = |url: &str| {
            Mqtt {
                url: url.to_owned(),
                ..Mqtt::default()
            }
            .address()
        };
        assert_eq!(of("mqtt://a"), Some(("a".to_owned(), 1883, false)));
        assert_eq!(of("mqtts://a/"), Some(("a".to_owned(), 8883, true)));
        assert_eq!(of("mqtts://[::1]:1"), Some(("::1".to_owned(), 1, true)));
        assert_eq!(of("mqtts://127.0.0.1:1"), Some(("127.0.0.1".to_owned(), 1, true)));
    }
}
