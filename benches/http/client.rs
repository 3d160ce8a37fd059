//! Client that sets things up and checks responses. The measured requests are sent by wrk.

use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::{Outcome, request::Request};

/// Client that makes one call after the other.
pub struct Client {
    /// Runtime of all waiting work.
    pub runtime: Runtime,
    /// Client that sends the requests.
    pub http: reqwest::Client,
}

impl Client {
    /// Creates a client with a runtime of its own.
    pub fn new() -> Outcome<Self> {
        Ok(Self {
            runtime: Runtime::new()?,
            http: reqwest::Client::builder().no_proxy().build()?,
        })
    }

    /// Sends a JSON body and returns the body of a successful response.
    pub fn call(&self, method: Method, url: &str, token: &str, body: &Value) -> Outcome<Value> {
        let request = self.http.request(method, url).bearer_auth(token).json(body);
        Ok(serde_json::from_slice(&self.answer(request)?)?)
    }

    /// Returns whether a GET succeeds.
    pub fn is_answered(&self, url: &str) -> bool {
        self.answer(self.http.get(url)).is_ok()
    }

    /// Sends a request of wrk once, and returns the body of a successful response.
    pub fn send(&self, url: &str, request: &Request, issue_time: &str) -> Outcome<Vec<u8>> {
        let body = request.body_issued_at(issue_time);
        let builder = self.builder(url, request).body(body);
        self.answer(builder)
    }

    /// Returns the body of a successful response to a GET, while other requests are waiting.
    pub async fn get(&self, url: &str, request: &Request) -> Outcome<Vec<u8>> {
        good(self.builder(url, request)).await
    }

    /// Returns all pages of a list as CSV, under one head.
    pub fn pages(&self, url: &str, request: &Request) -> Outcome<Vec<u8>> {
        let mut request = request.clone();
        let mut all = Vec::new();
        loop {
            let response = self.runtime.block_on(self.builder(url, &request).send())?;
            let response = response.error_for_status()?;
            let link = response.headers().get("link").and_then(|link| link.to_str().ok());
            let next = link.and_then(|link| link.strip_prefix('<')?.split('>').next());
            let next = next.map(str::to_owned);
            let page = self.runtime.block_on(response.bytes())?;
            let head = page.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            all.extend_from_slice(if all.is_empty() { &page } else { &page[head..] });
            match next {
                Some(path) => request.path = path,
                None => return Ok(all),
            }
        }
    }

    /// Returns the request, ready to be sent.
    pub fn builder(&self, url: &str, request: &Request) -> RequestBuilder {
        let url = format!("{url}{}", request.path);
        let mut builder = self.http.request(request.method.clone(), url);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        builder
    }

    fn answer(&self, request: RequestBuilder) -> Outcome<Vec<u8>> {
        self.runtime.block_on(good(request))
    }
}

async fn good(request: RequestBuilder) -> Outcome<Vec<u8>> {
    let response = request.send().await?;
    let (status, url) = (response.status(), response.url().clone());
    let body = response.bytes().await?;
    if !status.is_success() {
        let text = String::from_utf8_lossy(&body);
        return Err(format!("{url} answered {status}: {text}").into());
    }
    Ok(body.to_vec())
}
