//! Calls the health check of a running server, for the command line.

use std::{error::Error as _, net::IpAddr, time::Duration};

use reqwest::{Client, Url};

/// The number of bytes of a response that are read.
const READ_BYTES: usize = 4096;

/// Gets a URL, and returns the status and the beginning of the body. The certificate of a server on this machine is not
/// verified, because it is issued for another name, and the request has no secret.
///
/// # Errors
/// The server cannot be reached, or does not respond within `timeout`.
pub async fn get(url: &str, timeout: Duration) -> Result<(u16, String), String> {
    let url = Url::parse(url).map_err(|error| format!("it is not a URL ({error}): write http://127.0.0.1:8000"))?;
    let is_local = url.host_str().is_some_and(is_loopback);
    let client = Client::builder()
        .timeout(timeout)
        .no_proxy()
        .danger_accept_invalid_certs(is_local)
        .build()
        .map_err(|error| error.to_string())?;
    let mut response = client.get(url).send().await.map_err(|error| explain(&error, timeout))?;
    let (status, mut body) = (response.status().as_u16(), Vec::new());
    while body.len() < READ_BYTES
        && let Some(part) = response.chunk().await.map_err(|error| explain(&error, timeout))?
    {
        body.extend_from_slice(&part);
    }
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

fn is_loopback(host: &str) -> bool {
    let address: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    host == "localhost" || address.is_some_and(|address| address.is_loopback())
}

/// Returns the innermost cause, which says most.
fn explain(error: &reqwest::Error, timeout: Duration) -> String {
    if error.is_timeout() {
        return format!("no response within {timeout:?}");
    }
    let mut cause = error.source();
    let mut text = error.to_string();
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    match error.is_connect() {
        true => format!("cannot connect: {text}"),
        false => text,
    }
}
