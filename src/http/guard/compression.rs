//! Compressed answers, for clients that ask for them (RFC 9110, section 12.5.3).

use std::{
    io::{self, Write},
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use flate2::write::GzEncoder;
use futures_util::{Stream, StreamExt, stream};
use hyper::body::Body as _;
use poem::{
    Body, Response,
    http::{HeaderMap, HeaderValue, header},
};

use crate::service::Recurring;

static FAILED: Recurring = Recurring::new();

/// Smaller answers stay as they are: little is gained.
const LEAST: u64 = 1024;

/// More than this is compressed off the async threads.
const INLINE: usize = 16 * 1024;

/// Fast ones: an answer is compressed once and read once.
const GZIP_LEVEL: u32 = 4;
const ZSTD_LEVEL: i32 = 3;

/// The media types that shrink.
const TYPES: [&str; 5] = [
    "text/",
    "application/json",
    "application/problem+json",
    "application/yaml",
    "image/svg+xml",
];

/// A way to compress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// zstd (RFC 8878), the faster one.
    Zstd,
    /// gzip (RFC 1952), which all know.
    Gzip,
}

/// What was compressed once, for an answer that is always the same.
#[derive(Clone, Default)]
pub struct Kept(Arc<[OnceLock<Bytes>; 2]>);

impl Coding {
    /// All, the preferred first.
    const ALL: [Self; 2] = [Self::Zstd, Self::Gzip];

    fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }

    /// The one that the client likes best.
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

    fn encoder(self) -> io::Result<Encoder> {
        Ok(match self {
            Self::Zstd => Encoder::Zstd(zstd::stream::write::Encoder::new(Vec::new(), ZSTD_LEVEL)?),
            Self::Gzip => {
                let level = flate2::Compression::new(GZIP_LEVEL);
                Encoder::Gzip(GzEncoder::new(Vec::new(), level))
            }
        })
    }

    fn whole(self, body: &[u8]) -> io::Result<Vec<u8>> {
        let mut encoder = self.encoder()?;
        encoder.write(body)?;
        encoder.finish()
    }
}

/// The weight among the parameters of an item of `Accept` or `Accept-Encoding`, from 0 to 1; 1 if there is none.
pub fn quality<'a>(mut parameters: impl Iterator<Item = &'a str>) -> f32 {
    let given = parameters.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
    let weight = given.map_or(Some(1.0), |weight| weight.parse().ok());
    weight.filter(|weight| (0.0..=1.0).contains(weight)).unwrap_or(0.0)
}

/// How much the client likes a coding, from 0 to 1.
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

/// How the answer is to be compressed, if at all, where `asked` would be; its ETag is made to say so.
pub fn choose(asked: Option<Coding>, response: &mut Response) -> Option<Coding> {
    let headers = response.headers();
    let is_compressible = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| TYPES.iter().any(|known| kind.starts_with(known)));
    // What nobody may keep holds a secret, whose length compression would tell about.
    let is_secret = headers
        .get(header::CACHE_CONTROL)
        .is_some_and(|control| control == "no-store");
    if !is_compressible || is_secret || headers.contains_key(header::CONTENT_ENCODING) {
        return None;
    }
    let (body, size) = sized(response.take_body());
    response.set_body(body);
    if size.is_some_and(|size| size < LEAST) {
        return None;
    }
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    let coding = asked?;
    let tag = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
    if let Some(tag) = tag.and_then(|tag| tag.strip_suffix('"'))
        && let Ok(tag) = HeaderValue::from_str(&format!("{tag}-{}\"", coding.name()))
    {
        headers.insert(header::ETAG, tag);
    }
    Some(coding)
}

/// The ETag of the same state, uncompressed and strong: to compare.
pub fn plain_tag(tag: &str) -> &str {
    let tag = tag.trim();
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    let tag = tag.strip_suffix('"').unwrap_or(tag);
    let codings = Coding::ALL.into_iter();
    let mut plain = codings.filter_map(|coding| tag.strip_suffix(coding.name())?.strip_suffix('-'));
    plain.next().unwrap_or(tag)
}

/// Compresses the answer: one that is whole at once, one that is written as it is sent piece by piece.
pub async fn compress(response: &mut Response, coding: Coding) {
    let (body, size) = sized(response.take_body());
    let compressed = if size.is_some() {
        let kept = response.data::<Kept>().cloned();
        whole(body, coding, kept).await.map(Body::from)
    } else {
        coding
            .encoder()
            .map(|encoder| Body::from_bytes_stream(pieces(body.into_bytes_stream(), encoder)))
    };
    match compressed {
        Ok(compressed) => {
            response.set_body(compressed);
            let name = HeaderValue::from_static(coding.name());
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_ENCODING, name);
            headers.remove(header::CONTENT_LENGTH);
        }
        // Out of memory, say. What is sent ends before its time, which the client sees.
        Err(error) => {
            if let Some(times) = FAILED.failed(&error.to_string()) {
                tracing::error!(%error, times, "an answer could not be compressed");
            }
            let broken = stream::once(async { Err::<Bytes, _>(error) });
            response.set_body(Body::from_bytes_stream(broken));
        }
    }
}

async fn whole(body: Body, coding: Coding, kept: Option<Kept>) -> io::Result<Bytes> {
    let kept_one = kept.as_ref().map(|kept| match coding {
        Coding::Zstd => &kept.0[0],
        Coding::Gzip => &kept.0[1],
    });
    if let Some(known) = kept_one.and_then(OnceLock::get) {
        return Ok(known.clone());
    }
    let plain = body.into_bytes().await.map_err(io::Error::other)?;
    let compressed: Bytes = if plain.len() <= INLINE {
        coding.whole(&plain)?.into()
    } else {
        off_thread(move || coding.whole(&plain)).await?.into()
    };
    if let Some(kept) = kept_one {
        let _ = kept.set(compressed.clone());
    }
    Ok(compressed)
}

fn pieces(
    body: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    encoder: Encoder,
) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::unfold(Some((body.boxed(), encoder)), |state| async {
        let (mut body, mut encoder) = state?;
        loop {
            let piece = match body.next().await {
                Some(Ok(piece)) => piece,
                Some(Err(error)) => return Some((Err(error), None)),
                None => return Some((encoder.finish().map(Bytes::from), None)),
            };
            let written = off_thread(move || {
                encoder.write(&piece)?;
                Ok(encoder)
            });
            encoder = match written.await {
                Ok(encoder) => encoder,
                Err(error) => return Some((Err(error), None)),
            };
            let out = std::mem::take(encoder.out());
            if !out.is_empty() {
                return Some((Ok(Bytes::from(out)), Some((body, encoder))));
            }
        }
    })
}

async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|fault| Err(io::Error::other(fault)))
}

/// A body whose size is known, if it has one.
fn sized(body: Body) -> (Body, Option<u64>) {
    // Only the HTTP library's own response can be asked.
    let body: hyper::Response<_> = Response::from(body).into();
    let body = body.into_body();
    let size = body.size_hint().exact();
    (body.into(), size)
}

/// Something that compresses what is written to it.
enum Encoder {
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
    Gzip(GzEncoder<Vec<u8>>),
}

impl Encoder {
    fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        match self {
            Self::Zstd(encoder) => encoder.write_all(piece),
            Self::Gzip(encoder) => encoder.write_all(piece),
        }
    }

    /// What has come out so far.
    fn out(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Zstd(encoder) => encoder.get_mut(),
            Self::Gzip(encoder) => encoder.get_mut(),
        }
    }

    fn finish(self) -> io::Result<Vec<u8>> {
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
