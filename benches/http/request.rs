//! Requests as wrk sends them: created here, written to files, and read by `benches/wrk/requests.lua`.

use std::fmt::Write;

use reqwest::Method;
use serde_json::Value;

/// Placeholder that `requests.lua` replaces by an issue time that no other request has; it has the same length.
pub const ISSUE_TIME: &str = "0000-00-00T00:00:00.000Z";

/// A request without the server's address.
#[derive(Clone)]
pub struct Request {
    /// Method: GET or POST.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// Headers other than those that every request has.
    pub headers: Vec<(&'static str, String)>,
    /// Body; empty if there is none.
    pub body: String,
}

impl Request {
    /// Creates a GET with a token.
    pub fn get(path: String, token: &str) -> Self {
        Self {
            method: Method::GET,
            path,
            headers: vec![("Authorization", format!("Bearer {token}"))],
            body: String::new(),
        }
    }

    /// Creates a POST of JSON with a token.
    pub fn post(path: &str, token: &str, body: &Value) -> Self {
        Self {
            method: Method::POST,
            path: path.to_owned(),
            headers: vec![
                ("Authorization", format!("Bearer {token}")),
                ("Content-Type", "application/json".to_owned()),
            ],
            body: body.to_string(),
        }
    }

    /// Creates a POST of text.
    pub fn post_text(path: &str, body: String) -> Self {
        Self {
            method: Method::POST,
            path: path.to_owned(),
            headers: vec![("Content-Type", "text/plain".to_owned())],
            body,
        }
    }

    /// Returns the body with an issue time.
    pub fn body_issued_at(&self, time: &str) -> String {
        self.body.replace(ISSUE_TIME, time)
    }

    /// Returns the bytes of the request.
    pub fn text(&self, address: &str) -> String {
        let (method, path) = (&self.method, &self.path);
        let mut text = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\n");
        for (name, value) in &self.headers {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        if !self.body.is_empty() {
            let _ = write!(text, "Content-Length: {}\r\n", self.body.len());
        }
        text + "\r\n" + &self.body
    }
}
