//! Headers for browsers: security headers, and the origins whose pages may call the API (CORS).

use poem::{
    Request, Response,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
};

/// On every answer: it is what it says, it is framed nowhere, and it tells nobody where one came from.
const ALWAYS: [(HeaderName, HeaderValue); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

/// On pages: they share nothing with what opened them, and use nothing of the machine.
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

/// With TLS: for a year from now on no plain HTTP.
const TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// The headers that a page of another origin may read besides the plain ones.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "Content-Disposition, ETag, Link, Location, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, X-Request-Id",
);

/// The methods and headers that such a page may send.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, DELETE");
const HEADERS: HeaderValue =
    HeaderValue::from_static("Accept, Authorization, Content-Type, If-Match, If-None-Match, X-Request-Id");

/// For how long a browser need not ask again, in seconds: ten minutes.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("600");

/// On what is answered to a token: nobody between, and no browser, stores it.
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-store");

/// Whether the response at a path is for the holder of a token only. Pages are for everybody, also those below `/api`.
pub fn is_private(path: &str, is_page: bool) -> bool {
    (path.starts_with("/api/") && !is_page) || path == "/metrics"
}

/// Sets what every answer carries.
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

/// The origins whose pages may call the API; none by default.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    all: bool,
    some: Vec<HeaderValue>,
}

impl Origins {
    /// These origins; `*` is all.
    pub fn new(origins: &[String]) -> Self {
        let some = origins.iter().filter_map(|one| one.parse().ok());
        Self {
            all: origins.iter().any(|one| one == "*"),
            some: some.collect(),
        }
    }

    /// The answer to a browser that asks whether a page may send what it is about to send.
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

    /// Lets the page that asked read the answer, if it may.
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
