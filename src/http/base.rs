//! The server's base path and address as the client sees them.
//!
//! A reverse proxy may serve the product under a path such as `/farm`. The path is a setting, or a proxy that is
//! trusted names it with `X-Forwarded-Prefix`. The proxy may strip the path from requests or leave it there.

use std::net::IpAddr;

use ipnet::IpNet;
use poem::{
    Addr, Request, Response,
    http::{HeaderMap, HeaderName, HeaderValue, Uri, header, uri::PathAndQuery},
};

const FORWARDED_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Maximum length of a base path and of a host, in bytes.
const MAX_LENGTH: usize = 255;

/// First segments of the paths that the server itself serves. A base path must not begin with one of them, because the
/// two could not be distinguished.
const OWN: &[&str] = &[
    "assets", "clients", "docs", "swagger", "livez", "readyz", "metrics", "health",
];

/// Settings about reverse proxies in front of the server: the base path, and the networks of trusted proxies.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    base_path: String,
    trusted: Vec<IpNet>,
}

/// Error of an invalid setting about proxies.
#[derive(Debug)]
pub struct BadProxy {
    /// Name of the setting: `base_path` or `trusted_proxies`.
    pub key: &'static str,
    /// Invalid value. If the setting is a list, the invalid item of the list.
    pub value: String,
    /// Description of the error, which follows the value in a sentence.
    pub fault: &'static str,
}

impl Proxies {
    /// Validates the settings. `base_path` is empty or a path such as `/farm`. `trusted` lists addresses such as
    /// `192.0.2.1` and networks such as `10.0.0.0/8`; the server trusts forwarding headers in requests from them.
    ///
    /// # Errors
    /// The first invalid setting.
    pub fn new(base_path: &str, trusted: &[String]) -> Result<Self, BadProxy> {
        let bad = |key, value: &str, fault| BadProxy {
            key,
            value: value.to_owned(),
            fault,
        };
        if !base_path.is_empty() && !is_path(base_path) {
            let fault = "must begin with / and not end with it, such as /farm, with letters, digits and - . _ ~ between \
                         the slashes";
            return Err(bad("base_path", base_path, fault));
        }
        if is_own(base_path) {
            let fault = "is a path of the server's own: choose another, such as /farm";
            return Err(bad("base_path", base_path, fault));
        }
        let mut networks = Vec::new();
        for text in trusted {
            let address = || text.parse::<IpAddr>().map(IpNet::from);
            let Ok(network) = text.parse::<IpNet>().or_else(|_| address()) else {
                let fault = "is no address or network: write 192.0.2.1, 10.0.0.0/8, ::1 or fd00::/8";
                return Err(bad("trusted_proxies", text, fault));
            };
            networks.push(network);
        }
        Ok(Self {
            base_path: base_path.to_owned(),
            trusted: networks,
        })
    }

    fn trusts(&self, request: &Request) -> bool {
        let Addr::SocketAddr(address) = request.remote_addr().0 else {
            return false;
        };
        let ip = address.ip().to_canonical();
        self.trusted.iter().any(|network| network.contains(&ip))
    }
}

/// Base path and address of the server as the client of one request sees them.
#[derive(Debug, Clone)]
pub struct Base {
    /// Base path that precedes all paths of the server, such as `/farm`. Empty if there is none.
    pub path: String,
    /// Scheme and host, such as `https://example.org`, without a path.
    origin: String,
}

impl Base {
    /// Returns the base path and the address as the client of the request sees them. The forwarding headers count only
    /// if a trusted proxy sent the request. Otherwise the path is the setting, the scheme follows from `is_encrypted`,
    /// and the host is the `Host` header or, if that is missing or malformed, the local address.
    pub fn of(request: &Request, proxies: &Proxies, is_encrypted: bool) -> Self {
        let headers = request.headers();
        let trusted = proxies.trusts(request).then_some(headers);
        let forwarded = |name: &HeaderName| trusted.and_then(|headers| first(headers, name));
        let path = forwarded(&FORWARDED_PREFIX)
            .map(|path| path.trim_end_matches('/'))
            .filter(|path| path.is_empty() || (is_path(path) && !is_own(path)))
            .unwrap_or(&proxies.base_path);
        let scheme = match forwarded(&FORWARDED_PROTO) {
            Some("https") => "https",
            Some("http") => "http",
            _ if is_encrypted => "https",
            _ => "http",
        };
        let own = || headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let host = forwarded(&FORWARDED_HOST).filter(|host| is_host(host));
        let host = host.or_else(|| own().filter(|host| is_host(host)));
        let host = host.map_or_else(
            || match request.local_addr().0 {
                Addr::SocketAddr(address) => address.to_string(),
                _ => "localhost".to_owned(),
            },
            str::to_owned,
        );
        Self {
            path: path.to_owned(),
            origin: format!("{scheme}://{host}"),
        }
    }

    /// Returns the URL of the server with the base path, such as `https://example.org/farm`. Its characters need no
    /// escaping in a shell.
    pub fn address(&self) -> String {
        format!("{}{}", self.origin, self.path)
    }

    /// Returns `path` with the base path in front, as the client must request it.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.path)
    }

    /// Removes the base path from the request's path, if the proxy left it there.
    pub fn strip(&self, request: &mut Request) {
        let path = request.uri().path();
        let Some(rest) = path.strip_prefix(&self.path) else {
            return;
        };
        if self.path.is_empty() || !(rest.is_empty() || rest.starts_with('/')) {
            return;
        }
        let rest = if rest.is_empty() { "/" } else { rest };
        let full = match request.uri().query() {
            Some(query) => format!("{rest}?{query}"),
            None => rest.to_owned(),
        };
        if let Ok(stripped) = PathAndQuery::try_from(full) {
            let mut parts = request.uri().clone().into_parts();
            parts.path_and_query = Some(stripped);
            if let Ok(uri) = Uri::from_parts(parts) {
                *request.uri_mut() = uri;
            }
        }
    }

    /// Prepends the base path to the response's `Location` header, if the header contains a path and not a whole URL.
    pub fn relocate(&self, response: &mut Response) {
        let headers = response.headers_mut();
        let Some(path) = headers.get(header::LOCATION).and_then(|to| to.to_str().ok()) else {
            return;
        };
        if let (true, Ok(to)) = (path.starts_with('/'), self.at(path).parse::<HeaderValue>()) {
            headers.insert(header::LOCATION, to);
        }
    }

    /// Returns the HTML of a page with the base path in front of every path in `href` and `src`.
    pub fn rebase(&self, html: &str) -> String {
        if self.path.is_empty() {
            return html.to_owned();
        }
        let path = &self.path;
        html.replace("href=\"/", &format!("href=\"{path}/"))
            .replace("src=\"/", &format!("src=\"{path}/"))
    }
}

/// Returns the first of the comma-separated values of a header. If several proxies added values, the first is from the
/// proxy nearest to the client. Returns `None` if the header is absent or not text.
fn first<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let value = headers.get(name)?.to_str().ok()?;
    value.split(',').next().map(str::trim)
}

/// Returns whether the text is a path such as `/farm/predictions`, without characters that have a meaning in HTML,
/// headers or shells.
fn is_path(text: &str) -> bool {
    let is_segment = |segment: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        !matches!(segment, "" | "." | "..") && segment.bytes().all(plain)
    };
    let segments = text.strip_prefix('/').map(|rest| rest.split('/'));
    text.len() <= MAX_LENGTH && segments.is_some_and(|mut segments| segments.all(is_segment))
}

/// Returns whether a base path could be confused with the server's own paths.
fn is_own(path: &str) -> bool {
    let mut segments = path.split('/').skip(1);
    match segments.next() {
        Some("api") => matches!(segments.next(), None | Some("v1")),
        Some(first) => OWN.contains(&first),
        None => false,
    }
}

/// Returns whether the text can be a host, with or without a port: it has the right length and only the characters of
/// host names and addresses.
fn is_host(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(plain)
}
