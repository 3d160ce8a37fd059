//! The kinds of problems, each with its status.

/// A kind of problem: its page in the guides, its status, its title, and what it means in the API's document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The last part of the `type` URI; the name of the page in `assets/docs/problems`.
    pub slug: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// A short text that is the same for all problems of the kind.
    pub title: &'static str,
    /// What it means, for the API's document.
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
    BAD_REQUEST = "bad-request", 400, "The request cannot be read",
        "The body is no JSON, or a parameter is unknown, missing or of the wrong form.";
    UNAUTHENTICATED = "unauthenticated", 401, "A valid token is needed",
        "There is no token, or it is unknown, revoked or expired.";
    FORBIDDEN = "forbidden", 403, "This token may not do that",
        "The token's role is too low, or the request names another organisation.";
    NOT_FOUND = "not-found", 404, "There is no such thing",
        "It does not exist, or it is another organisation's.";
    METHOD_NOT_ALLOWED = "method-not-allowed", 405, "This cannot be done here",
        "The path does not know the method; `Allow` lists those it knows.";
    TOO_SLOW = "too-slow", 408, "The body came too slowly",
        "The body, or the next piece of it, did not come in time; nothing was kept.";
    CONFLICT = "conflict", 409, "Something is in the way",
        "A name or id is taken, or the thing is still used; `existing_id` has what is in the way.";
    STALE = "stale", 412, "It was changed meanwhile",
        "`If-Match` names a state that is not the current one.";
    TOO_LARGE = "too-large", 413, "The body is too large",
        "The body is larger than the server's limit, or holds more runs than one request may.";
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type", 415, "The body has another form than this takes",
        "`Content-Type` is missing, or none that the operation takes: mostly it is application/json. Or the body is compressed.";
    INVALID = "invalid", 422, "The request breaks the rules",
        "The body is well-formed but wrong; `errors` lists every violation.";
    TOO_MANY_REQUESTS = "too-many-requests", 429, "This token asks too often",
        "The token has used up its requests for now, or has too many or too large ones under way; `Retry-After` says when to try again.";
    INTERNAL = "internal", 500, "The server failed",
        "A fault of the server; its log has the request_id.";
    UNAVAILABLE = "unavailable", 503, "The server cannot do this now",
        "Too much is waiting, or the database is not available; `Retry-After` says when to try again.";
}
