//! Headers for browsers: security headers, and the origins whose pages may call the API (CORS).

use poem::{
    Request, Response,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
};

/// Security headers of every response: browsers must not guess the media type, show the response in a frame, or send
/// the page's address to other servers.
const ALWAYS: [(HeaderName, HeaderValue); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

/// Additional headers of HTML pages. They isolate a page from the window that opened it, and forbid the page to use
/// devices and payments.
const ON_PAGES: [(HeaderName, HeaderValue); 2] = [
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ),
];

/// Value of `Strict-Transport-Security`, which is sent over TLS: browsers use only HTTPS for this server during one
/// year (the value is in seconds).
const TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Response headers that a page of another origin may read in addition to the ones that CORS always allows.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "Content-Disposition, ETag, Link, Location, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, X-Request-Id",
);

/// Methods, and below them request headers, that an allowed page of another origin may use.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, DELETE");
const HEADERS: HeaderValue =
    HeaderValue::from_static("Accept, Authorization, Content-Type, If-Match, If-None-Match, X-Request-Id");

/// Value of `Access-Control-Max-Age`: browsers cache the response to a preflight request for 10 minutes.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("600");

/// Value of `Cache-Control` for responses that only the holder of a token may see: neither browsers nor proxies store
/// them.
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-store");

/// Returns whether only the holder of a token may see the response at a path. This applies to `/metrics` and to all
/// paths under `/api/`, except for public pages (`is_page`).
pub fn is_private(path: &str, is_page: bool) -> bool {
    (path.starts_with("/api/") && !is_page) || path == "/metrics"
}

/// Sets the security headers of a response. A response with a content security policy counts as an HTML page.
pub fn secure(response: &mut Response, over_tls: bool, is_private: bool) {
    let is_page = response.headers().contains_key(header::CONTENT_SECURITY_POLICY);
    let headers = response.headers_mut();
    headers.extend(ALWAYS);
    if is_page {
        headers.extend(ON_PAGES);
    }
    if is_private {
        headers.insert(header::CACHE_CONTROL, PRIVATE);
    }
    if over_tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, TRANSPORT);
    }
}

/// Origins whose web pages may call the API from a browser (CORS). None by default.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    all: bool,
    some: Vec<HeaderValue>,
}

impl Origins {
    /// Creates the list from the setting. The item `*` allows all origins. Items that cannot be header values are
    /// ignored.
    pub fn new(origins: &[String]) -> Self {
        let some = origins.iter().filter_map(|one| one.parse().ok());
        Self {
            all: origins.iter().any(|one| one == "*"),
            some: some.collect(),
        }
    }

    /// Returns the response to a CORS preflight request from an allowed origin. Returns `None` for any other request.
    pub fn preflight(&self, request: &Request) -> Option<Response> {
        let is_one = *request.method() == Method::OPTIONS
            && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if !is_one || !self.allow(request.headers().get(header::ORIGIN)?) {
            return None;
        }
        let mut response = Response::builder().status(StatusCode::NO_CONTENT).finish();
        response.headers_mut().extend([
            (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS),
            (header::ACCESS_CONTROL_MAX_AGE, ASK_AGAIN),
        ]);
        Some(response)
    }

    /// Sets the headers that let an allowed page of another origin read the response.
    pub fn let_read(&self, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
        if !self.all && self.some.is_empty() {
            return;
        }
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        let Some(origin) = origin.filter(|origin| self.allow(origin)) else {
            return;
        };
        let others = [
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone()),
            (header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED),
            (
                HeaderName::from_static("cross-origin-resource-policy"),
                HeaderValue::from_static("cross-origin"),
            ),
        ];
        for (name, value) in others {
            headers.insert(name, value);
        }
    }

    fn allow(&self, origin: &HeaderValue) -> bool {
        self.all || self.some.contains(origin)
    }
}
