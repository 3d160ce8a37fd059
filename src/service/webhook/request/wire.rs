//! A request before it is sent.

use reqwest::{
    Method,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use serde_json::Value;

use crate::domain::webhook::{delivery::Target, format::AccessToken};

/// A request before it is sent.
pub struct Wire {
    /// Method.
    pub method: Method,
    /// Address. It may contain an access token.
    pub url: String,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: String,
}

impl Wire {
    /// Creates a POST of JSON.
    pub fn json(url: String, body: &Value) -> Self {
        Self::new(url, "application/json", body.to_string())
    }

    /// Creates a POST.
    pub fn new(url: String, content_type: &'static str, body: String) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self {
            method: Method::POST,
            url,
            headers,
            body,
        }
    }

    /// Adds a header.
    ///
    /// # Errors
    /// The value has characters that a header must not have.
    pub fn header(&mut self, name: &'static str, value: &str) -> Result<(), String> {
        let value = HeaderValue::try_from(value).map_err(|_| format!("the header {name} is not valid"))?;
        self.headers.insert(HeaderName::from_static(name), value);
        Ok(())
    }

    /// Adds the access token of the webhook, if it has one.
    ///
    /// # Errors
    /// The token has characters that a header must not have.
    pub fn authorise(&mut self, target: &Target) -> Result<(), String> {
        let Some(token) = &target.token else {
            return Ok(());
        };
        let value = HeaderValue::try_from(format!("Bearer {}", token.reveal()));
        let mut value = value.map_err(|_| "the access token is not valid".to_owned())?;
        value.set_sensitive(true);
        self.headers.insert(AUTHORIZATION, value);
        Ok(())
    }
}

/// Returns the webhook's access token.
///
/// # Errors
/// There is none.
pub fn token_of(target: &Target) -> Result<&AccessToken, String> {
    target
        .token
        .as_ref()
        .ok_or_else(|| "the webhook has no access token".to_owned())
}
