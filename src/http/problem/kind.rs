//! Kinds of problems, each with its status.

/// Kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// Last part of the `type` URI, and name of the page in `assets/docs/problems`.
    pub slug: &'static str,
    /// HTTP status.
    pub status: u16,
    /// Title, which is the same for all problems of the kind.
    pub title: &'static str,
    /// Description of the responses with this problem in the API document.
    pub meaning: &'static str,
}

macro_rules! kinds {
    ($($name:ident = $slug:literal, $status:literal, $title:literal, $meaning:literal;)*) => {
        $(pub const $name: Kind = Kind { slug: $slug, status: $status, title: $title, meaning: $meaning };)*
        /// Every kind of problem.
        pub const KINDS: &[Kind] = &[$($name),*];
    };
}

kinds! {
    BAD_REQUEST = "bad-request", 400, "Bad request",
        "Bad request: the body is not JSON, or a parameter is unknown, missing or malformed.";
    UNAUTHENTICATED = "unauthenticated", 401, "Authentication required",
        "Authentication required: there is no token, or it is unknown, revoked or expired.";
    FORBIDDEN = "forbidden", 403, "Permission denied",
        "Permission denied: the token's role is too low, or the request names another organisation.";
    NOT_FOUND = "not-found", 404, "Not found",
        "Not found: it does not exist, or it belongs to another organisation.";
    METHOD_NOT_ALLOWED = "method-not-allowed", 405, "Method not allowed",
        "Method not allowed: `Allow` lists the methods that the path supports.";
    TOO_SLOW = "too-slow", 408, "Request timeout",
        "Request timeout: the body, or its next part, did not arrive in time. Nothing was stored, except \
         the lines that `detail` names.";
    CONFLICT = "conflict", 409, "Conflict",
        "Conflict: a name or id is taken, or the resource is still in use. `existing_id` is the id of the existing one.";
    STALE = "stale", 412, "Precondition failed",
        "Precondition failed: `If-Match` does not match the current state.";
    TOO_LARGE = "too-large", 413, "Payload too large",
        "Payload too large: the body is larger than the server's limit, or contains more runs than one request may.";
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type", 415, "Unsupported media type",
        "Unsupported media type: `Content-Type` is missing or not supported (most operations accept application/json), or the \
        body is compressed.";
    INVALID = "invalid", 422, "Validation failed",
        "Validation failed: `errors` lists every violation.";
    TOO_MANY_REQUESTS = "too-many-requests", 429, "Rate limit exceeded",
        "Rate limit exceeded: the token has sent too many requests, or has too many or too large ones in progress. Retry \
        after `Retry-After` seconds.";
    INTERNAL = "internal", 500, "Internal server error",
        "Internal server error. The server's log has the cause, together with the request_id.";
    UNAVAILABLE = "unavailable", 503, "Service unavailable",
        "Service unavailable: a queue is full, the request took too long, or the database is not \
         available. Retry after `Retry-After` seconds.";
}
