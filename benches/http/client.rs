//! Calls that set things up and check answers. What is measured, wrk sends.

use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::{Outcome, request::Request};

/// Makes calls one after the other and waits for each.
pub struct Client {
    /// Where everything that waits runs.
    pub runtime: Runtime,
    /// What sends.
    pub http: reqwest::Client,
}

impl Client {
    /// A client with a runtime of its own.
    pub fn new() -> Outcome<Self> {
        Ok(Self {
            runtime: Runtime::new()?,
            http: reqwest::Client::builder().no_proxy().build()?,
        })
    }

    /// Calls with a JSON body and answers the body of a good answer.
    pub fn call(&self, method: Method, url: &str, token: &str, body: &Value) -> Outcome<Value> {
        let request = self.http.request(method, url).bearer_auth(token).json(body);
        Ok(serde_json::from_slice(&self.answer(request)?)?)
    }

    /// Whether a GET is answered well.
    pub fn is_answered(&self, url: &str) -> bool {
        self.answer(self.http.get(url)).is_ok()
    }

    /// Sends what wrk would send, once, and answers the body of a good answer.
    pub fn send(&self, url: &str, request: &Request, issue_time: &str) -> Outcome<Vec<u8>> {
        let body = request.body_issued_at(issue_time);
        let builder = self.builder(url, request).body(body);
        self.answer(builder)
    }

    /// The body of a good answer to a GET, while others wait for theirs.
    pub async fn get(&self, url: &str, request: &Request) -> Outcome<Vec<u8>> {
        good(self.builder(url, request)).await
    }

    fn builder(&self, url: &str, request: &Request) -> RequestBuilder {
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
