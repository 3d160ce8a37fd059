//! Content codings of compressed responses: selection by the client's preference, and the encoders (RFC 9110, section
//! 12.5.3).

use std::io::{self, Write};

use flate2::write::GzEncoder;
use poem::http::{HeaderMap, header};

/// Compression levels. They are low and therefore fast, because most responses are compressed for one client only.
const GZIP_LEVEL: u32 = 4;
const ZSTD_LEVEL: i32 = 3;

/// Content coding of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// zstd (RFC 8878), which is faster than gzip.
    Zstd,
    /// gzip (RFC 1952), which every client supports.
    Gzip,
}

impl Coding {
    /// All codings, the server's preferred one first.
    const ALL: [Self; 2] = [Self::Zstd, Self::Gzip];

    /// Returns the coding's name in HTTP headers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }

    /// Returns the coding with the highest weight in `Accept-Encoding`, or `None` if the client accepts no known
    /// coding.
    pub fn asked(accepted: &HeaderMap) -> Option<Self> {
        let lines = accepted.get_all(header::ACCEPT_ENCODING).iter();
        let lines: Vec<_> = lines.filter_map(|line| line.to_str().ok()).collect();
        let mut best = None;
        for coding in Self::ALL {
            let weight = weight(&lines, coding.name());
            if weight > 0.0 && best.is_none_or(|(_, most)| weight > most) {
                best = Some((coding, weight));
            }
        }
        best.map(|(coding, _)| coding)
    }

    /// Creates an encoder for a streamed body.
    ///
    /// # Errors
    /// The compression library cannot create the encoder.
    pub fn encoder(self) -> io::Result<Encoder> {
        Ok(match self {
            Self::Zstd => Encoder::Zstd(zstd::stream::write::Encoder::new(Vec::new(), ZSTD_LEVEL)?),
            Self::Gzip => {
                let level = flate2::Compression::new(GZIP_LEVEL);
                Encoder::Gzip(GzEncoder::new(Vec::new(), level))
            }
        })
    }

    /// Returns the compressed bytes of a whole body.
    ///
    /// # Errors
    /// The compression library fails.
    pub fn whole(self, body: &[u8]) -> io::Result<Vec<u8>> {
        let mut encoder = self.encoder()?;
        encoder.write(body)?;
        encoder.finish()
    }
}

/// Returns the weight (`q`) among the parameters of an item of `Accept` or `Accept-Encoding`, from 0 to 1. Returns 1 if
/// there is no weight, and 0 if it is invalid.
pub fn quality<'a>(mut parameters: impl Iterator<Item = &'a str>) -> f32 {
    let given = parameters.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
    let weight = given.map_or(Some(1.0), |weight| weight.parse().ok());
    weight.filter(|weight| (0.0..=1.0).contains(weight)).unwrap_or(0.0)
}

/// Returns the client's weight for a coding, from 0 to 1, by the lines of `Accept-Encoding`. The weight of `*` counts
/// if the coding is not named. Returns 0 if neither is present.
fn weight(lines: &[&str], name: &str) -> f32 {
    let (mut named, mut others) = (None, None);
    for item in lines.iter().flat_map(|line| line.split(',')) {
        let mut parts = item.split(';').map(str::trim);
        let coding = parts.next().unwrap_or_default();
        let weight = quality(parts);
        if coding.eq_ignore_ascii_case(name) {
            named = Some(weight);
        } else if coding == "*" {
            others = Some(weight);
        }
    }
    named.or(others).unwrap_or(0.0)
}

/// Returns the ETag without the weakness mark `W/`, the closing quote and the suffix of a coding, so that ETags of the
/// same state compare equal whatever their coding. The opening quote stays.
pub fn plain_tag(tag: &str) -> &str {
    let tag = tag.trim();
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    let tag = tag.strip_suffix('"').unwrap_or(tag);
    let codings = Coding::ALL.into_iter();
    let mut plain = codings.filter_map(|coding| tag.strip_suffix(coding.name())?.strip_suffix('-'));
    plain.next().unwrap_or(tag)
}

/// Encoder that compresses the bytes written to it.
pub enum Encoder {
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
    Gzip(GzEncoder<Vec<u8>>),
}

impl Encoder {
    /// Compresses a chunk of the body.
    ///
    /// # Errors
    /// The compression library fails.
    pub fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        match self {
            Self::Zstd(encoder) => encoder.write_all(piece),
            Self::Gzip(encoder) => encoder.write_all(piece),
        }
    }

    /// Returns the buffer of the compressed bytes so far. The caller takes the bytes out of it.
    pub fn out(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Zstd(encoder) => encoder.get_mut(),
            Self::Gzip(encoder) => encoder.get_mut(),
        }
    }

    /// Ends the compressed data and returns the bytes that are still in the buffer.
    ///
    /// # Errors
    /// The compression library fails.
    pub fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Zstd(encoder) => encoder.finish(),
            Self::Gzip(encoder) => encoder.finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_says_which_coding_it_likes_best() {
        for (accepted, expected) in [
            ("", None),
            ("identity", None),
            ("br", None),
            ("gzip", Some(Coding::Gzip)),
            ("gzip, zstd, br", Some(Coding::Zstd)),
            ("GZIP;Q=1, zstd; q=0.9", Some(Coding::Gzip)),
            ("*", Some(Coding::Zstd)),
            ("zstd;q=0, *;q=0.5", Some(Coding::Gzip)),
            ("gzip;q=0", None),
            ("gzip;q=x", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, accepted.parse().unwrap());
            assert_eq!(Coding::asked(&headers), expected, "{accepted}");
        }
    }

    #[test]
    fn a_compressed_states_tag_is_that_of_the_state() {
        for tag in ["\"3-a\"", "W/\"3-a\"", "\"3-a-gzip\"", " W/\"3-a-zstd\""] {
            assert_eq!(plain_tag(tag), "\"3-a");
        }
    }
}
