//! Secrets that sign messages, and their signatures (HMAC-SHA256 by the Standard Webhooks convention).

use std::fmt::Display;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::time::Timestamp;

/// Time for which messages are also signed with the previous secret after a rotation, in hours.
pub const OLD_SECRET_HOURS: i64 = 24;

/// Prefix of a secret's text.
const PREFIX: &str = "whsec_";

/// Allowed number of bytes of a key.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Key that signs a webhook's messages. It cannot be printed by accident, because it implements neither `Debug` nor
/// `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Generates a secret of 32 bytes. It is the SHA-256 of 488 random bits from the operating system.
    pub fn generate() -> Self {
        let mut digest = Sha256::new();
        for _ in 0..4 {
            digest.update(Uuid::new_v4());
        }
        Self(digest.finalize().to_vec())
    }

    /// Parses the text of a secret, which is `whsec_` and the base64 of 24 to 64 bytes.
    ///
    /// # Errors
    /// Returns a description of what is wrong with the text, without quoting it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        text.strip_prefix(PREFIX)
            .and_then(|encoded| STANDARD.decode(encoded).ok())
            .filter(|bytes| BYTES.contains(&bytes.len()))
            .map(Self)
            .ok_or("must be whsec_ and the base64 of 24 to 64 bytes")
    }

    /// Creates a secret from a key.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Returns the bytes of the key.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the secret as text that is shown to the webhook's owner: `whsec_` and the base64 of the key.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    /// Returns the signature for the header `webhook-signature`. `message` is the id of the message, `seconds` the time
    /// of sending in seconds since 1970-01-01T00:00:00Z.
    pub fn sign(&self, message: impl Display, seconds: i64, body: &str) -> String {
        // HMAC accepts a key of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            return String::new();
        };
        mac.update(format!("{message}.{seconds}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

/// Secrets that sign a webhook's messages: the newest secret, and for [`OLD_SECRET_HOURS`] after a rotation the
/// previous one.
#[derive(Clone)]
pub struct Secrets {
    /// Newest secret.
    pub current: Secret,
    /// Previous secret, and the time until which messages are also signed with it. `None` if there is no previous
    /// secret.
    pub old: Option<(Secret, Timestamp)>,
}

impl Secrets {
    /// Returns the signatures of a message with the id `message` that is sent at `at`. Several signatures are separated
    /// by a space. The signature with the newest secret comes first.
    pub fn sign(&self, message: impl Display, at: Timestamp, body: &str) -> String {
        let seconds = at.micros().div_euclid(1_000_000);
        let old = self.old.iter().filter(|(_, until)| at < *until);
        let secrets = std::iter::once(&self.current).chain(old.map(|(secret, _)| secret));
        let signatures: Vec<_> = secrets.map(|secret| secret.sign(&message, seconds, body)).collect();
        signatures.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_back_as_it_is_shown_and_signs_alike() {
        let made = Secret::generate();
        let shown = made.reveal();
        assert!(shown.starts_with(PREFIX) && shown.len() == 50);
        assert!(shown != Secret::generate().reveal());
        let read = Secret::parse(&shown).unwrap_or_else(|fault| panic!("{fault}"));
        let id = Uuid::from_u128(1);
        assert_eq!(read.sign(id, 1, "{}"), made.sign(id, 1, "{}"));
        assert_ne!(read.sign(id, 1, "{}"), made.sign(id, 2, "{}"));
    }

    #[test]
    fn the_signature_is_what_other_implementations_make_it() {
        let Ok(secret) = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") else {
            panic!("the example's secret is refused");
        };
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        let signature = secret.sign(id, 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        let of = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![7; bytes]));
        for good in [of(24), of(64)] {
            assert!(Secret::parse(&good).is_ok(), "{good}");
        }
        let bare = STANDARD.encode([7; 24]);
        for bad in [&of(23), &of(65), "", "whsec_", "whsec_?", &bare] {
            assert!(Secret::parse(bad).is_err(), "{bad}");
        }
    }
}
