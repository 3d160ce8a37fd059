//! Formats of messages: for programs, for chats and phones, and for e-mail. Each format needs other settings.

use poem_openapi::Enum;
use serde::Serialize;
use url::Url;

use super::{email, rules::Rules};
use crate::domain::{object::names, violations::Violations};

names!(WebhookFormat);

/// Base address of Telegram's Bot API, for a webhook that names none.
pub const TELEGRAM: &str = "https://api.telegram.org";

/// Maximum number of e-mail addresses of a webhook.
pub const MAX_TO: usize = 20;

/// Maximum length of an access token, in characters.
pub const MAX_TOKEN: usize = 1000;

/// Maximum length of the id of a room or chat, in bytes.
const MAX_PLACE: usize = 255;

/// Format of a webhook's messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename_all = "lowercase")]
pub enum WebhookFormat {
    /// Signed JSON for programs, by the Standard Webhooks convention.
    #[default]
    Standard,
    /// Incoming webhook of Slack; also of Mattermost, and of Discord with `/slack` after its address.
    Slack,
    /// Adaptive Card for a workflow of Microsoft Teams.
    Teams,
    /// Notification to a topic of ntfy.
    Ntfy,
    /// Message in a room of Matrix.
    Matrix,
    /// Message of a Telegram bot.
    Telegram,
    /// E-mail through the operator's SMTP server.
    Email,
}

impl WebhookFormat {
    /// Every format.
    pub const ALL: [Self; 7] = [
        Self::Standard,
        Self::Slack,
        Self::Teams,
        Self::Ntfy,
        Self::Matrix,
        Self::Telegram,
        Self::Email,
    ];

    /// Returns the format's name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Slack => "slack",
            Self::Teams => "teams",
            Self::Ntfy => "ntfy",
            Self::Matrix => "matrix",
            Self::Telegram => "telegram",
            Self::Email => "email",
        }
    }

    /// Returns the format with this name in the API, or `None` if the name is unknown.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }

    /// Returns whether a webhook of this format may have an access token.
    pub fn takes_token(self) -> bool {
        matches!(self, Self::Ntfy | Self::Matrix | Self::Telegram)
    }
}

/// Token by which the server may send messages to a service. It cannot be printed by accident, because it implements
/// neither `Debug` nor `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken(String);

impl AccessToken {
    /// Creates a token from its text.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Checks the text of a token, and creates the token.
    ///
    /// # Errors
    /// Returns a description of what is wrong with the text, without quoting it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        if text.is_empty() || text.len() > MAX_TOKEN || !is_plain {
            return Err(format!("must be 1 to {MAX_TOKEN} ASCII characters without spaces"));
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the text of the token.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Returns whether the token has the form of a bot's token of Telegram, such as `123456:ABC-DEF`. It becomes a part
    /// of the address.
    fn is_of_a_bot(&self) -> bool {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        self.0
            .split_once(':')
            .is_some_and(|(bot, key)| is_number(bot) && !key.is_empty() && key.bytes().all(is_plain))
    }
}

/// The settings of a webhook that depend on its format.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    /// Format of the messages.
    pub format: WebhookFormat,
    /// Whether the webhook did not have this format before.
    pub is_new: bool,
    /// Address that messages are sent to.
    pub url: Option<&'a str>,
    /// E-mail addresses.
    pub to: Option<&'a [String]>,
    /// Id of a chat of Telegram.
    pub chat_id: Option<&'a str>,
    /// Id of a room of Matrix.
    pub room_id: Option<&'a str>,
    /// Whether there is an access token.
    pub has_token: bool,
    /// Token that the request gives.
    pub new_token: Option<&'a AccessToken>,
    /// Whether the request gives a secret, or creates or drops one.
    pub has_secret: bool,
}

impl Settings<'_> {
    /// Checks that the format has the settings that it needs and no others, and that a new webhook for e-mail has a mail
    /// server. One whose mail server is gone can still be changed.
    pub fn check(self, rules: &Rules, violations: &mut Violations) {
        use WebhookFormat::{Email, Matrix, Standard, Telegram};
        let format = self.format;
        let has_url = self.url.is_some();
        for (pointer, is_given, is_used, is_needed, of) in [
            (
                "/url",
                has_url,
                format != Email,
                format != Email && format != Telegram,
                "all formats but email",
            ),
            (
                "/to",
                self.to.is_some(),
                format == Email,
                format == Email,
                "the format email",
            ),
            (
                "/chat_id",
                self.chat_id.is_some(),
                format == Telegram,
                format == Telegram,
                "the format telegram",
            ),
            (
                "/room_id",
                self.room_id.is_some(),
                format == Matrix,
                format == Matrix,
                "the format matrix",
            ),
            (
                "/token",
                self.has_token,
                format.takes_token(),
                format == Matrix || format == Telegram,
                "the formats ntfy, matrix and telegram",
            ),
            (
                "/secret",
                self.has_secret,
                format == Standard,
                false,
                "the format standard",
            ),
        ] {
            if is_given && !is_used {
                violations.add(pointer, format!("is for {of} only"));
            } else if is_needed && !is_given {
                violations.add(pointer, format!("is required with the format {}", format.as_str()));
            }
        }
        if format == Email && self.is_new && rules.smtp.is_none() {
            violations.add(
                "/format",
                "cannot be email: this server does not send e-mail until the operator configures smtp.host",
            );
        }
        if let Some(fault) = self.url.and_then(|url| self.fault_of_url(url)) {
            violations.add("/url", fault);
        }
        if format == Telegram && self.new_token.is_some_and(|token| !token.is_of_a_bot()) {
            violations.add("/token", "must be the token of a bot, such as 123456:ABC-DEF");
        }
    }

    /// Returns what the format does not allow in its address.
    fn fault_of_url(self, url: &str) -> Option<&'static str> {
        let url = Url::parse(url).ok()?;
        let is_bare = url.query().is_none() && url.fragment().is_none();
        let is_root = url.path() == "/";
        match self.format {
            WebhookFormat::Ntfy if is_root || url.path().ends_with('/') => {
                Some("must end with the topic, such as https://ntfy.sh/my-topic")
            }
            WebhookFormat::Matrix if !is_bare || url.path().contains("/_matrix") => {
                Some("must be the base address of the homeserver, such as https://matrix.example.org")
            }
            WebhookFormat::Telegram if !is_bare || !is_root => {
                Some("must be the base address of a Bot API server, such as https://api.telegram.org")
            }
            _ => None,
        }
    }
}

/// Checks the e-mail addresses.
pub fn check_to(to: Option<&[String]>, violations: &mut Violations) {
    let Some(to) = to else { return };
    if to.is_empty() || to.len() > MAX_TO {
        violations.add("/to", format!("must have 1 to {MAX_TO} addresses"));
    }
    for (index, address) in to.iter().enumerate().take(MAX_TO) {
        if let Err(fault) = email::check(address) {
            violations.add(format!("/to/{index}"), fault);
        } else if to[..index].contains(address) {
            violations.add(format!("/to/{index}"), "is repeated");
        }
    }
}

/// Checks the id of a chat of Telegram.
pub fn check_chat_id(chat: Option<&str>, violations: &mut Violations) {
    let is_chat = |chat: &str| {
        let number = chat.strip_prefix('-').unwrap_or(chat);
        let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let name = chat.strip_prefix('@').filter(|name| !name.is_empty() && is_name(name));
        let is_id = is_number(number) && chat.parse::<i64>().is_ok();
        chat.len() <= MAX_PLACE && (is_id || name.is_some())
    };
    if chat.is_some_and(|chat| !is_chat(chat)) {
        violations.add(
            "/chat_id",
            "must be the number of a chat, or @ and the name of a channel",
        );
    }
}

/// Checks the id of a room of Matrix.
pub fn check_room_id(room: Option<&str>, violations: &mut Violations) {
    let is_room = |room: &str| {
        let is_plain = |byte: u8| byte.is_ascii_graphic();
        room.len() > 1 && room.len() <= MAX_PLACE && room.starts_with('!') && room.bytes().all(is_plain)
    };
    if room.is_some_and(|room| !is_room(room)) {
        violations.add(
            "/room_id",
            "must be the internal id of a room, which begins with !, such as !abc:matrix.example.org",
        );
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_is_a_number_or_a_name_of_limited_length() {
        let is_wrong = |chat: &str| {
            let mut violations = Violations::default();
            check_chat_id(Some(chat), &mut violations);
            !violations.is_empty()
        };
        for chat in ["12345", "-1001234567890", "@weather_alerts"] {
            assert!(!is_wrong(chat), "{chat}");
        }
        // Zeros in front do not make a number larger.
        for chat in [
            "",
            "-",
            "@",
            "9223372036854775808",
            "@a b",
            &"0".repeat(256),
            &format!("@{}", "a".repeat(255)),
        ] {
            assert!(is_wrong(chat), "{chat}");
        }
    }
}
