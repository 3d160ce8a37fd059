//! Values of exports that are more exact than those of the API: every stored bit and every character is kept.

use std::{fmt::Write, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, DeserializeOwned},
    ser,
};
use serde_json::value::RawValue;

use crate::domain::{time::Timestamp, webhook::secret::Secret};

/// A number whose text is read exactly. `serde_json` may read a number with many digits as its neighbour, which is
/// faster, and it writes infinity as `null`, which would withdraw a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exact(pub f64);

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.0.is_finite() {
            return Err(ser::Error::custom(format!(
                "the stored value {} is not a number",
                self.0
            )));
        }
        serializer.serialize_f64(self.0)
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let text = <&RawValue>::deserialize(reader)?.get();
        let number = text.parse().ok().filter(|number: &f64| number.is_finite());
        number
            .map(Self)
            .ok_or_else(|| de::Error::custom(format!("{text} is not a number")))
    }
}

/// A time that may also be the least integer, which stands for none at all and is written as `null`. The table of series
/// has such times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub i64);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let time = (self.0 > i64::MIN).then(|| Timestamp::from_micros(self.0));
        time.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let time = Option::<Timestamp>::deserialize(reader)?;
        Ok(Self(time.map_or(i64::MIN, Timestamp::micros)))
    }
}

/// Bytes, written as hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hex(pub Vec<u8>);

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(self.0.len() * 2);
        for byte in &self.0 {
            let _ = write!(text, "{byte:02x}");
        }
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let text = String::deserialize(reader)?;
        let is_hex = text.len() % 2 == 0 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let bytes = (0..text.len()).step_by(2).map(|at| text.get(at..at + 2));
        let bytes = bytes.map(|digits| u8::from_str_radix(digits?, 16).ok()).collect();
        Option::filter(bytes, |_| is_hex)
            .map(Self)
            .ok_or_else(|| de::Error::custom("bytes must be hexadecimal digits"))
    }
}

/// A key that signs the messages of a webhook, written as the text that the webhook's owner knows.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey(pub Vec<u8>);

impl Serialize for SigningKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Secret::from_bytes(self.0.clone()).reveal())
    }
}

impl<'de> Deserialize<'de> for SigningKey {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let secret = Secret::parse(&String::deserialize(reader)?).map_err(de::Error::custom)?;
        Ok(Self(secret.bytes().to_vec()))
    }
}

/// An access token of a service that a webhook sends messages to, written as it is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Credential(pub String);

/// JSON that is moved character by character. Its text must be that of a `T`.
#[derive(Debug, Clone)]
pub struct Verbatim<T> {
    text: Box<RawValue>,
    of: PhantomData<fn() -> T>,
}

impl<T> Verbatim<T> {
    /// Creates the value from a text that is stored.
    ///
    /// # Errors
    /// The text is not JSON.
    pub fn stored(text: &str) -> Result<Self, serde_json::Error> {
        Ok(Self {
            text: serde_json::from_str(text)?,
            of: PhantomData,
        })
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        self.text.get()
    }
}

impl<T> Serialize for Verbatim<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text.serialize(serializer)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Verbatim<T> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(reader)?;
        serde_json::from_str::<T>(text.get()).map_err(de::Error::custom)?;
        Ok(Self { text, of: PhantomData })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_number_keeps_its_bits(bits: u64) {
            let number = f64::from_bits(bits);
            prop_assume!(number.is_finite());
            let text = serde_json::to_string(&Exact(number)).unwrap();
            let read: Exact = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(read.0.to_bits(), bits);
        }

        #[test]
        fn every_byte_is_kept(bytes: Vec<u8>) {
            let text = serde_json::to_string(&Hex(bytes.clone())).unwrap();
            prop_assert_eq!(serde_json::from_str::<Hex>(&text).unwrap().0, bytes);
        }
    }

    #[test]
    fn only_numbers_are_numbers() {
        for text in ["\"1\"", "null", "1e999", "[1]", "true"] {
            assert!(serde_json::from_str::<Exact>(text).is_err(), "{text}");
        }
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(serde_json::to_string(&Exact(number)).is_err(), "{number}");
        }
        assert!(serde_json::from_str::<Hex>("\"0\"").is_err());
        assert!(serde_json::from_str::<Hex>("\"+1\"").is_err());
    }

    #[test]
    fn the_least_time_is_null() {
        assert_eq!(serde_json::to_string(&Moment(i64::MIN)).unwrap(), "null");
        assert_eq!(serde_json::from_str::<Moment>("null").unwrap().0, i64::MIN);
        let text = serde_json::to_string(&Moment(1)).unwrap();
        assert_eq!(text, "\"1970-01-01T00:00:00.000001Z\"");
        assert_eq!(serde_json::from_str::<Moment>(&text).unwrap().0, 1);
    }

    #[test]
    fn json_keeps_its_text_and_must_be_of_its_type() {
        let text = r"[3,1, 2]";
        let read: Verbatim<Vec<u8>> = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        assert!(serde_json::from_str::<Verbatim<Vec<u8>>>("[-1]").is_err());
    }
}
