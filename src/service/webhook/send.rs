//! Sends messages to the receivers of webhooks: HTTP requests of all formats, and e-mail. No other module of the server
//! sends requests. Unless the operator allows them, addresses that are not public are refused here, whether the URL
//! contains an IP address or a name that resolves to one. The server for e-mail is the operator's own choice.

use std::{
    error::Error as _,
    net::SocketAddr,
    sync::OnceLock,
    time::{Duration, Instant},
};

use reqwest::{
    Client,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};
use tokio::sync::Semaphore;

use super::{email, reply, request};
use crate::domain::{
    Timestamp,
    webhook::{
        Rules, WebhookFormat,
        address::{self, NOT_PUBLIC, is_public},
        delivery::{Attempt, Message},
    },
};

/// Time limit for opening a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// Number of bytes of a response's body after which reading stops. Of the body only the reason of a refusal is stored.
const READ_BYTES: usize = 4096;

/// Maximum length of a stored error, in characters.
const MAX_ERROR: usize = 200;

/// Largest number of test messages that are sent concurrently.
const TESTS: usize = 8;

const AGENT: &str = concat!("prediction-api/", env!("CARGO_PKG_VERSION"));

/// Sender of webhook messages, with its HTTP client.
pub struct Sender {
    /// The operator's settings.
    pub rules: Rules,
    /// Permits for test messages. A test without a permit is refused as busy.
    pub tests: Semaphore,
    client: OnceLock<Result<Client, String>>,
}

impl Sender {
    /// Creates a sender. Its HTTP client is created at the first use, because creating it reads the machine's
    /// certificates.
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            tests: Semaphore::new(TESTS),
            client: OnceLock::new(),
        }
    }

    /// Sends a message to its receiver once. `at` is stored as the time of the attempt and signed with the message.
    /// Never fails: an error is part of the returned attempt.
    pub async fn attempt(&self, message: &Message, at: Timestamp) -> Attempt {
        let begun = Instant::now();
        let mut is_final = false;
        let mut retry_after = None;
        let (status, error) = if message.target.format == WebhookFormat::Email {
            let sent = email::send(message, &self.rules).await;
            is_final = sent.2;
            (sent.0, sent.1)
        } else {
            match self.post(message, at).await {
                Ok(reply) => {
                    retry_after = reply.retry_after;
                    (Some(reply.status), reply.error)
                }
                Err(error) => (None, Some(error)),
            }
        };
        Attempt {
            at,
            status,
            error: error.map(|error| error.chars().take(MAX_ERROR).collect()),
            retry_after,
            is_final,
            milliseconds: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// Sends a message by HTTP and returns the receiver's response, or a text that describes the error.
    async fn post(&self, message: &Message, at: Timestamp) -> Result<Reply, String> {
        let wire = request::of(message, at, &self.rules.public_url)?;
        // The resolver does not see a host that is an IP address, so it is checked here.
        address::check(&wire.url, self.rules.allow_private_addresses)?;
        if at < Timestamp::from_micros(0) && wire.url.starts_with("https:") {
            return Err("no certificate can be checked: the clock is before 1970".to_owned());
        }
        let client = self.client.get_or_init(|| client(&self.rules));
        let client = client.as_ref().map_err(Clone::clone)?;
        let request = client
            .request(wire.method, &wire.url)
            .headers(wire.headers)
            .body(wire.body);
        let mut response = request.send().await.map_err(|error| self.explain(&error))?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while body.len() < READ_BYTES
            && let Ok(Some(part)) = response.chunk().await
        {
            body.extend_from_slice(&part);
        }
        Ok(match status {
            200..300 => Reply {
                status,
                error: None,
                retry_after: None,
            },
            300..400 => Reply {
                status,
                error: Some("redirects are not followed".to_owned()),
                retry_after: None,
            },
            _ => Reply {
                status,
                error: reply::reason(&message.target, &body),
                retry_after: reply::retry_after(response.headers(), &message.target, &body),
            },
        })
    }

    /// Describes an error without the URL, which may contain a secret.
    fn explain(&self, error: &reqwest::Error) -> String {
        if error.is_timeout() {
            return format!("no response within {:?}", self.rules.time_out);
        }
        let mut cause = error.source();
        let mut said = "the call failed".to_owned();
        while let Some(inner) = cause {
            said = inner.to_string();
            cause = inner.source();
        }
        if error.is_connect() {
            return format!("cannot connect: {said}");
        }
        said
    }
}

/// Response of a receiver.
struct Reply {
    /// HTTP status.
    status: u16,
    /// Reason why the message was not accepted, if it is known.
    error: Option<String>,
    /// Seconds that the receiver wants to wait for before the next attempt.
    retry_after: Option<u32>,
}

fn client(rules: &Rules) -> Result<Client, String> {
    Client::builder()
        .user_agent(AGENT)
        .timeout(rules.time_out)
        .connect_timeout(CONNECT.min(rules.time_out))
        .redirect(Policy::none())
        .no_proxy()
        // The receiver may have closed a pooled connection, which would look like a failed attempt.
        .pool_max_idle_per_host(0)
        .dns_resolver(std::sync::Arc::new(Resolver {
            allow_private: rules.allow_private_addresses,
        }))
        .build()
        .map_err(|error| format!("the client cannot be created: {error}"))
}

/// DNS resolver that returns only addresses that may be called. It runs for each connection, because a name may resolve
/// to another address than when the webhook was created.
struct Resolver {
    allow_private: bool,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let mut allowed: Vec<SocketAddr> = found.collect();
            allowed.retain(|address| allow_private || is_public(address.ip()));
            if allowed.is_empty() {
                return Err(format!("the name {NOT_PUBLIC}").into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_connected_to_only_if_that_is_allowed() {
        let resolve = |allow_private| {
            let name = "localhost".parse().unwrap();
            Resolver { allow_private }.resolve(name)
        };
        assert!(resolve(true).await.is_ok());
        let Err(refused) = resolve(false).await else {
            panic!("it was not refused");
        };
        assert!(refused.to_string().contains("loopback"), "{refused}");
    }
}
